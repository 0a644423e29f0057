import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { PLAIN, trueColour } from "../../../fujita/web/page/log/ansi.js";
import { GROUNDS, contrast, look, rgb } from "../../../fujita/web/page/log/colours.js";

const hex = (text) => [1, 3, 5].map((at) => parseInt(text.slice(at, at + 2), 16));

test("the grounds are those of the style sheet", () => {
  const tokens = readFileSync(new URL("../../../fujita/web/page/style/tokens.css", import.meta.url), "utf8");
  const [, light, dark] = /--ground: light-dark\((#\w{6}), (#\w{6})\)/.exec(tokens);
  assert.deepEqual(GROUNDS, { light: hex(light), dark: hex(dark) });
});

test("every colour can be read on both themes, on the log's ground and on its own", () => {
  const colours = [
    null,
    ...Array(256).keys(),
    trueColour(255, 255, 255),
    trueColour(0, 0, 0),
    trueColour(127, 127, 127),
  ];
  for (const theme of ["light", "dark"]) {
    for (const fg of colours) {
      for (const style of [
        { fg },
        { fg, inverse: true },
        { fg, dim: true },
        { fg, bg: 1 },
        { fg, bg: 244 },
        { fg: null, bg: fg },
      ]) {
        const { ink, ground } = look({ ...PLAIN, ...style }, theme);
        assert.ok(contrast(ink, ground ?? GROUNDS[theme]) >= 4.5, `${JSON.stringify(style)} on ${theme}`);
      }
    }
  }
});

test("the cube and the greys are xterm's", () => {
  assert.deepEqual(rgb(16, "light"), [0, 0, 0]);
  assert.deepEqual(rgb(208, "light"), [255, 135, 0]);
  assert.deepEqual(rgb(255, "light"), [238, 238, 238]);
});
