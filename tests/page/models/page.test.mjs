import assert from "node:assert/strict";
import { test } from "node:test";
import {
  editorAddress,
  hostPath,
  isEditorPattern,
  linksIn,
  permalink,
  readPermalink,
  siteAddress,
} from "../../../fujita/web/page/links.js";
import { News, Statuses, worst } from "../../../fujita/web/page/status.js";
import { duration } from "../../../fujita/web/page/when.js";

test("the site is where the page came from", () => {
  const status = { url: "http://localhost:2201/", port: 8000 };
  assert.equal(siteAddress(status, "localhost"), "http://localhost:2201/");
  assert.equal(siteAddress(status, "127.0.0.1"), "http://localhost:2201/");
  assert.equal(siteAddress(status, "10.0.2.15"), "http://10.0.2.15:8000/");
  assert.equal(siteAddress({ url: "https://blog.test/", port: null }, "10.0.2.15"), "https://blog.test/");
  assert.equal(siteAddress({ url: "javascript:alert(1)", port: 1 }, "localhost"), null);
  assert.equal(siteAddress({ url: null, port: null }, "localhost"), null);
});

test("an editor link leads to the file on the host", () => {
  const place = {
    directory: "/vagrant/blog",
    folders: { "/vagrant": "/home/me/site", "/vagrant/blog/libs": "/opt/libs" },
  };
  const pattern = "vscode://file{path}:{line}";
  assert.equal(
    editorAddress(pattern, "polls/views.py", 12, place),
    "vscode://file/home/me/site/blog/polls/views.py:12",
  );
  assert.equal(editorAddress(pattern, "/vagrant/blog/libs/a b.py", 1, place), "vscode://file/opt/libs/a%20b.py:1");
  assert.equal(hostPath("/vagrantx/a", place.folders), "/vagrantx/a");
  assert.equal(editorAddress("javascript:{path}", "a.py", 1, place), null);
  assert.ok(!isEditorPattern("https://evil/{path}"));
  assert.equal(editorAddress(pattern, "<frozen importlib>", 1, place), null);
});

test("links in a line are web addresses and places in files, nothing else", () => {
  const found = linksIn(
    'see https://a.b/c(d). File "/x/y.py", line 3, in f; also polls/views.py:12 and javascript:alert(1)',
  );
  assert.deepEqual(
    found.map((link) => link.href ?? `${link.file}:${link.line}`),
    ["https://a.b/c(d)", "/x/y.py:3", "polls/views.py:12"],
  );
  const begun = performance.now();
  linksIn(".py:1".repeat(100_000));
  linksIn("a".repeat(1_000_000));
  linksIn('File "'.repeat(10_000));
  assert.ok(performance.now() - begun < 2000);
});

test("a permalink reads as it is written", () => {
  const line = { epoch: "k3v9", id: 118, part: 2 };
  assert.deepEqual(readPermalink(`#${permalink(line)}`), line);
  assert.equal(readPermalink("#log"), null);
  assert.equal(readPermalink("#<b>:1"), null);
});

test("news are told of what broke and of what runs after that, never of a restart that worked", () => {
  const news = new News();
  const told = [
    "starting",
    "running",
    "stopping",
    "starting",
    "running",
    "broken",
    "starting",
    "running",
    "exited",
    "backoff",
    "running",
  ];
  assert.deepEqual(
    told.map((state) => news.of({ project: "blog", state })),
    [null, null, null, null, null, "broke", null, "runs", "broke", null, "runs"],
  );
});

test("a project that was broken when the page came is no news", () => {
  const news = new News();
  assert.equal(news.of({ project: "blog", state: "broken" }), null);
});

test("statuses follow the stream", () => {
  const statuses = new Statuses();
  statuses.take({ projects: [{ project: "a", state: "running" }], config: { path: "x", error: null }, version: "1" });
  statuses.read(
    '{"project": "b", "state": "broken"}\n{"config": {"path": "x", "error": "oops"}}\n{"removed": "a"}\n{"unknown": 1}\n',
  );
  assert.deepEqual(statuses.names, ["b"]);
  assert.equal(statuses.config.error, "oops");
  assert.equal(worst([{ state: "running" }, { state: "broken" }]).state, "broken");
});

test("durations are short", () => {
  assert.deepEqual([0.2, 59, 60, 3700, 90000].map(duration), ["0 s", "59 s", "1 min", "1 h 1 min", "1 d 1 h"]);
});
