import assert from "node:assert/strict";
import { test } from "node:test";
import { FILTERS, readFilters, shows, writeFilters } from "../../../fujita/web/page/log/filters.js";
import { isProblem, isWorthMending, kindOf } from "../../../fujita/web/page/log/kinds.js";
import { matcher } from "../../../fujita/web/page/log/matcher.js";
import { LogModel } from "../../../fujita/web/page/log/model.js";
import { Projection, byTime } from "../../../fujita/web/page/log/projection.js";

function model(options = {}) {
  const made = new LogModel({ project: "blog", directory: () => "/site", ...options });
  made.hello({ epoch: "one", first: 1, next: 1 });
  return made;
}

let time = 0;
const record = (id, text, stream = "stdout") => ({ id, time: ++time, stream, text });
const texts = (log) => log.lines().map((line) => line.text);

const TRACEBACK = `Internal Server Error: /boom/
Traceback (most recent call last):
  File "/lib/python3.13/site-packages/django/core/handlers/exception.py", line 55, in inner
    response = get_response(request)
  File "/site/polls/views.py", line 22, in boom
    raise ValueError("boom in view")
ValueError: boom in view
[24/Nov/2026 15:16:57] "GET /boom/ HTTP/1.1" 500 57647
`;

test("records become lines, however they are cut", () => {
  const whole = "one\ntwo\n\nthree\nopen";
  for (let cut = 1; cut < whole.length; cut++) {
    const log = model();
    log.record(record(1, whole.slice(0, cut)));
    log.record(record(2, whole.slice(cut)));
    log.changes();
    assert.deepEqual(texts(log), ["one", "two", "", "three", "open"]);
  }
});

test("a partial line is never glued to another stream's", () => {
  const log = model();
  log.record(record(1, "Name: "));
  log.record(record(2, "warning\n", "stderr"));
  log.record(record(3, "Ann\n"));
  log.changes();
  assert.deepEqual(texts(log), ["Name: Ann", "warning"]);
});

test("a record that comes twice counts once", () => {
  const log = model();
  log.record(record(1, "one\n"));
  log.hello({ epoch: "one", first: 1, next: 2 });
  log.record(record(1, "one\n"));
  log.record(record(2, "two\n"));
  assert.deepEqual(texts(log), ["one", "two"]);
  assert.equal(log.cursor, "one:2");
});

test("a new epoch begins with a divider and numbers anew", () => {
  const log = model();
  log.record(record(7, "old\n"));
  log.hello({ epoch: "two", first: 1, next: 2 });
  log.record(record(1, "new\n"));
  assert.deepEqual(
    log.lines().map((line) => line.kind),
    ["plain", "epoch", "plain"],
  );
  assert.equal(log.find("two", 1).text, "new");
  assert.equal(log.find("one", 7).text, "old");
  assert.equal(log.find("two", 7), null);
});

test("the bound holds, the oldest go, and a held line stays while there is room", () => {
  const log = model({ bound: 20_000 });
  for (let id = 1; id <= 1000; id++) {
    log.record(record(id, `line ${id}\n`));
    log.changes();
    assert.ok(log.weight <= 20_000 + 200);
    if (id === 500) log.hold = null;
  }
  assert.ok(log.first > 800);
  [log.hold] = log.lines();
  for (let id = 1001; id <= 1050; id++) log.record(record(id, `line ${id}\n`));
  log.changes();
  assert.equal(log.hold.gone, false);
  for (let id = 1051; id <= 2000; id++) log.record(record(id, `line ${id}\n`));
  log.changes();
  assert.equal(log.hold.gone, true);
  assert.ok(log.weight <= 40_000);
});

test("a traceback is folded to its exception and the project's own deepest frame", () => {
  for (let cut = 1; cut < TRACEBACK.length; cut += 7) {
    const log = model();
    log.record(record(1, TRACEBACK.slice(0, cut), "stderr"));
    log.record(record(2, TRACEBACK.slice(cut), "stderr"));
    log.changes();
    const folds = new Set(
      log
        .lines()
        .map((line) => line.fold)
        .filter(Boolean),
    );
    assert.equal(folds.size, 1);
    const [fold] = folds;
    assert.equal(fold.exception, "ValueError: boom in view");
    assert.deepEqual(fold.frame, { file: "/site/polls/views.py", line: 22, name: "boom" });
    assert.equal(fold.source, 'raise ValueError("boom in view")');
    assert.equal(fold.lines.length, 6);
    assert.equal(log.lines().at(-1).kind, "request");
  }
});

test("chained tracebacks are one fold", () => {
  const log = model();
  const chained =
    'Traceback (most recent call last):\n  File "/site/a.py", line 1, in f\n    g()\nKeyError: \'endfor\'\n\nDuring handling of the above exception, another exception occurred:\n\nTraceback (most recent call last):\n  File "/site/b.py", line 2, in h\n    i()\nValueError: last\nafter\n';
  log.record(record(1, chained, "stderr"));
  log.changes();
  const [first] = log.lines();
  assert.equal(first.fold.exception, "ValueError: last");
  assert.equal(first.fold.frame.file, "/site/b.py");
  assert.equal(log.lines().at(-1).fold, null);
});

test("kinds are read from the text", () => {
  const kinds = {
    '[24/Nov/2026 15:16:57] "GET /a"b HTTP/1.1" 404 9': "request",
    "Watching for file changes with StatReloader": "notice",
    "/site/polls/views.py changed, reloading.": "notice",
    "Not Found: /nosuch": "warning",
    "Internal Server Error: /boom/": "error",
    "Error: That port is already in use.": "error",
    hello: "plain",
  };
  for (const [text, kind] of Object.entries(kinds)) assert.equal(kindOf(text, "stderr").kind, kind, text);
  assert.equal(kindOf("migrate: started", "fujita").kind, "run-begin");
  assert.deepEqual(kindOf("migrate: ended with code 0 after 1.2 s", "fujita").data, {
    command: "migrate",
    code: 0,
    after: "1.2 s",
  });
  assert.equal(kindOf("migrate: started", "stdout").kind, "plain");
  assert.ok(isProblem({ kind: "request", data: { status: 500 }, fold: null }));
});

test("a command's output and an answer begin lines of their own", () => {
  const log = model();
  log.record(record(1, "(Pdb) "));
  log.record({ ...record(2, "started\nOperations"), run: 7 });
  log.record({ ...record(3, "p 6 * 7\n", "fujita"), input: true });
  log.record(record(4, "42\n(Pdb) "));
  log.record({ ...record(5, " to perform\nrest"), run: 7, code: 0, signal: null });
  log.record({ ...record(6, "next\n"), run: 8 });
  log.changes();
  const texts = ["(Pdb) ", "started", "Operations to perform", "p 6 * 7", "42", "(Pdb) ", "rest", "next"];
  assert.deepEqual(
    log.lines().map((line) => line.text),
    texts,
  );
  assert.equal(log.lines()[3].kind, "typed");
});

test("a request is slow only where the server says how long it took", () => {
  const slow = {
    "HTTP GET /polls/ 200 [1.20, 127.0.0.1:42886]": true,
    "HTTP GET /a [0.10, b] 200 [0.99, 127.0.0.1:42886]": false,
    '[24/Nov/2026 15:16:57] "GET /polls/ HTTP/1.1" 200 9000': false,
  };
  for (const [text, expected] of Object.entries(slow)) {
    const { kind, data } = kindOf(text, "stderr");
    assert.equal(kind, "request", text);
    assert.deepEqual(data, { status: 200, slow: expected }, text);
    assert.equal(isWorthMending({ kind, data }), expected, text);
  }
});

test("a matcher finds plain text, words and expressions", () => {
  assert.deepEqual(matcher({ text: "a.b" }).find("a.b axb A.B"), [
    [0, 3],
    [8, 11],
  ]);
  assert.deepEqual(matcher({ text: "a-b/c" }).find("xa-b/c"), [[1, 6]]);
  assert.deepEqual(matcher({ text: "a", caseSensitive: true }).find("aA"), [[0, 1]]);
  assert.deepEqual(matcher({ text: "art", wholeWord: true }).find("start art"), [[6, 9]]);
  assert.deepEqual(matcher({ text: "x*", regex: true }).find("axx"), [[1, 3]]);
  assert.ok(matcher({ text: "(", regex: true }).error);
  assert.equal(matcher({ text: "" }).find, null);
});

test("filters survive the address", () => {
  const filters = { ...FILTERS, text: "a&b", regex: true, only: true, hidden: ["stdout", "http4"] };
  assert.deepEqual(readFilters(writeFilters(filters, "?view=together")), filters);
  assert.match(writeFilters(filters, "?view=together"), /view=together/);
  assert.deepEqual(readFilters("?hide=<b>,stdout").hidden, ["stdout"]);
});

test("a fold is shown by its head until it is opened", () => {
  const log = model();
  log.record(record(1, TRACEBACK, "stderr"));
  log.changes();
  const shown = () => log.lines().filter((line) => shows(line, FILTERS, null)).length;
  assert.equal(shown(), 3);
  log.lines()[1].fold.expanded = true;
  assert.equal(shown(), 8);
});

test("several logs are merged by time, late lines at their place", () => {
  const [anna, bert] = [model({ project: "anna" }), model({ project: "bert" })];
  anna.record({ id: 1, time: 1, stream: "stdout", text: "a1\n" });
  anna.record({ id: 2, time: 4, stream: "stdout", text: "a4\n" });
  bert.record({ id: 1, time: 2, stream: "stdout", text: "b2\n" });
  bert.record({ id: 2, time: 3, stream: "stdout", text: "b3\n" });
  const together = new Projection(byTime);
  together.add(anna.lines());
  together.add(bert.lines());
  assert.deepEqual(
    together.rows.map((line) => line.text),
    ["a1", "b2", "b3", "a4"],
  );
  assert.equal(together.indexOf(bert.lines()[1]), 2);
});
