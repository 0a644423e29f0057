import assert from "node:assert/strict";
import { test } from "node:test";
import { PLAIN, Pen, Sheet, select, trueColour } from "../../../fujita/web/page/log/ansi.js";

function drawn(...chunks) {
  const [pen, sheet] = [new Pen(), new Sheet()];
  for (const chunk of chunks) pen.write(sheet, chunk);
  return { ...sheet.read(), pen };
}

test("plain text stays itself and has no spans", () => {
  assert.deepEqual(drawn("hello\tyou").text, "hello\tyou");
  assert.equal(drawn("hello").spans, null);
});

test("a colour reaches from its sequence to the reset", () => {
  const { text, spans } = drawn("a\x1b[31mred\x1b[0mb");
  assert.equal(text, "aredb");
  assert.equal(spans.length, 1);
  assert.deepEqual([spans[0][0], spans[0][1], spans[0][2].fg], [1, 4, 1]);
});

test("a sequence may be cut anywhere", () => {
  const whole = "a\x1b[1;38;5;208mb\x1b]8;;http://x\x07c\x1b[0md";
  const expected = drawn(whole);
  for (let cut = 1; cut < whole.length; cut++) {
    const { text, spans } = drawn(whole.slice(0, cut), whole.slice(cut));
    assert.equal(text, expected.text, `cut at ${cut}`);
    assert.deepEqual(
      spans.map(([start, end]) => [start, end]).at(-1),
      expected.spans.at(-1).slice(0, 2),
      `cut at ${cut}`,
    );
  }
});

test("colours of 256 and of 16 million, with semicolons and colons", () => {
  assert.equal(select(PLAIN, "38;5;208").fg, 208);
  assert.equal(select(PLAIN, "48:5:17").bg, 17);
  assert.equal(select(PLAIN, "38;2;1;2;3").fg, trueColour(1, 2, 3));
  assert.equal(select(PLAIN, "38:2::1:2:3").fg, trueColour(1, 2, 3));
  assert.equal(select(PLAIN, "38;5;300").fg, null);
});

test("what is no colour is removed", () => {
  for (const sequence of [
    "\x1b[2J",
    "\x1b[10;10H",
    "\x1b[6n",
    "\x1b]0;title\x07",
    "\x1b]52;c;eA==\x1b\\",
    "\x1b(B",
    "\x1bc",
    "\x9b3A",
    "\x1bPq\x1b\\",
    "\x1b[?25l",
  ]) {
    assert.equal(drawn(`a${sequence}b`).text, "ab", JSON.stringify(sequence));
  }
});

test("a carriage return starts the line anew when more comes", () => {
  assert.equal(drawn("\r 10%", "\r 20%").text, " 20%");
  assert.equal(drawn("done\r").text, "done");
  assert.equal(drawn("abc\b\bd").text, "ad");
});

test("controls become visible pictures", () => {
  assert.equal(drawn("\x00\x7f\u2028").text, "\u2400\u2421\u2424");
});

test("time is linear in the length of the line", () => {
  const begun = process.cpuUsage(); // not by the clock: others use this machine too
  drawn(`\x1b[${"9".repeat(1_000_000)}`);
  drawn("x\b".repeat(500_000));
  drawn("\x1b[31mx".repeat(100_000));
  drawn("\x1b]0;".concat("t".repeat(1_000_000)));
  assert.ok(process.cpuUsage(begun).user < 3_000_000);
});
