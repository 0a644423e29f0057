// Searches everything that is kept, in slices: what was found, how often, and which match is the current one.
// Regular expressions run in a worker, where one that never ends can be ended. No DOM.

import { matcher } from "./matcher.js";
import { byNumber } from "./projection.js";

const SLICE = 6; // milliseconds
const LINES_A_MESSAGE = 2_000;
const PATIENCE = 2_000;

export class Search {
  query = { text: "" };
  error = null;
  hits = new Map(); // line → [[start, end]…]
  total = 0;
  current = null; // {line, at}
  #find = null;
  #queue = [];
  #next = 0;
  #timer = null;
  #worker = null;
  #asked = null;

  /** `searched(lines)` after each slice; `progressed()` when figures changed. */
  constructor({ compare, searched, progressed, makeWorker = startWorker }) {
    Object.assign(this, { compare, searched, progressed, makeWorker });
  }

  get active() {
    return this.#find !== null;
  }

  get searching() {
    return this.#next < this.#queue.length || this.#asked !== null;
  }

  start(query, lines) {
    this.stop();
    this.query = query;
    const { find, error } = matcher(query);
    this.#find = find;
    this.error = error;
    if (find) this.add(lines);
    this.progressed();
  }

  stop() {
    clearTimeout(this.#timer);
    this.#timer = null;
    this.#endWorker();
    this.#find = null;
    this.#queue = [];
    this.#next = 0;
    this.hits = new Map();
    this.total = 0;
    this.current = null;
    this.error = null;
  }

  /** New lines, or lines whose text changed. */
  add(lines) {
    if (!this.#find || !lines.length) return;
    for (const line of lines) this.#queue.push(line);
    this.#plan();
  }

  /** Lines that are no longer kept take their matches with them. */
  forget() {
    for (const [line, ranges] of this.hits) {
      if (!line.gone && this.compare === byNumber) return; // the oldest stand first, and only the oldest go
      if (!line.gone) continue;
      this.total -= ranges.length;
      this.hits.delete(line);
    }
  }

  /** Steps to the next or previous match after a line; returns it. */
  step(direction, from) {
    const lines = [...this.hits.keys()].sort(this.compare);
    if (!lines.length) return null;
    let { line, at } = this.current ?? { line: from, at: direction > 0 ? -1 : Infinity };
    let place = lines.findIndex((other) => this.compare(other, line) >= 0);
    if (place < 0) place = direction > 0 ? 0 : lines.length - 1;
    else if (lines[place] !== line) [place, at] = direction > 0 ? [place, -1] : [place - 1, Infinity];
    const wrapped = (index) => (index + lines.length) % lines.length;
    place = wrapped(place);
    const ranges = this.hits.get(lines[place]);
    at = Math.min(at, ranges.length) + direction;
    if (at >= ranges.length || at < 0) {
      place = wrapped(place + direction);
      at = direction > 0 ? 0 : this.hits.get(lines[place]).length - 1;
    }
    line = lines[place];
    this.current = { line, at };
    return this.current;
  }

  /** Which of all matches the current one is, from 1; 0 for none. */
  ordinal() {
    if (!this.current || !this.hits.has(this.current.line)) return 0;
    let before = this.current.at + 1;
    for (const [line, ranges] of this.hits) if (this.compare(line, this.current.line) < 0) before += ranges.length;
    return before;
  }

  #note(line, ranges) {
    this.total -= this.hits.get(line)?.length ?? 0;
    if (ranges.length && !line.gone) {
      this.hits.set(line, ranges);
      this.total += ranges.length;
    } else this.hits.delete(line);
  }

  #plan() {
    if (this.#timer === null && this.#asked === null) this.#timer = setTimeout(() => this.#slice());
  }

  #slice() {
    this.#timer = null;
    if (this.query.regex) return this.#ask();
    const end = performance.now() + SLICE;
    const from = this.#next;
    while (this.#next < this.#queue.length && performance.now() < end) {
      for (let i = 0; i < 64 && this.#next < this.#queue.length; i++) {
        const line = this.#queue[this.#next++];
        this.#note(line, this.#find(line.text));
      }
    }
    return this.#done(this.#queue.slice(from, this.#next));
  }

  #done(lines) {
    if (this.#next >= this.#queue.length) [this.#queue, this.#next] = [[], 0];
    else this.#plan();
    this.searched(lines);
    this.progressed();
  }

  #ask() {
    const lines = this.#queue.slice(this.#next, this.#next + LINES_A_MESSAGE);
    if (!this.#worker) {
      this.#worker = this.makeWorker();
      this.#worker.onmessage = ({ data }) => this.#answered(data);
    }
    this.#asked = lines;
    this.#worker.postMessage({ query: this.query, texts: lines.map((line) => line.text) });
    this.#timer = setTimeout(() => this.#tooSlow(), PATIENCE);
  }

  #answered(found) {
    clearTimeout(this.#timer);
    this.#timer = null;
    const lines = this.#asked;
    this.#asked = null;
    this.#next += lines.length;
    lines.forEach((line, i) => this.#note(line, found[i]));
    this.#done(lines);
  }

  #tooSlow() {
    this.stop();
    this.error = "slow";
    this.searched([]);
    this.progressed();
  }

  #endWorker() {
    this.#worker?.terminate();
    this.#worker = null;
    this.#asked = null;
  }
}

const startWorker = () => new Worker(new URL("./search-worker.js", import.meta.url), { type: "module" });
