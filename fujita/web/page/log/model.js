// Records → lines, bounded in bytes: what the page knows of one project's log. No DOM, no clock, no network.
// Somebody calls `changes()` now and then and shows them; the view decides what is seen of it.

import { Pen, Sheet } from "./ansi.js";
import { kindOf } from "./kinds.js";
import { TracebackReader } from "./traceback.js";

const BOUND = 48 * 1024 * 1024;
const WEIGHT_OF_A_LINE = 160;

export class Line {
  text = "";
  spans = null;
  kind = "plain";
  data = null;
  fold = null;
  open = true;
  gone = false;

  constructor(n, log, record, part) {
    this.n = n;
    this.log = log;
    this.epoch = log.epoch;
    this.id = record.id;
    this.part = part; // which line of its record
    this.time = record.time;
    this.stream = record.stream;
    this.run = record.run ?? null;
    this.typed = record.input === true;
  }
}

export class LogModel {
  epoch = null;
  first = 1; // the first record that the server kept when we came
  last = 0; // the last record that we read
  live = false;
  printed = false; // anything but Fujita's own words
  hold = null; // the first line that a reader looks at: kept, if there is any room, while older ones go
  #lines = [];
  #start = 0;
  #count = 0;
  #weight = 0;
  #streams = new Map();
  #fresh = [];
  #dirty = new Set();
  #evicted = 0;

  constructor({ project = "", bound = BOUND, directory = () => null } = {}) {
    this.project = project;
    this.bound = bound;
    this.directory = directory;
  }

  get length() {
    return this.#lines.length - this.#start;
  }

  get weight() {
    return this.#weight;
  }

  get firstLine() {
    return this.#lines[this.#start];
  }

  get cursor() {
    return this.epoch === null ? null : `${this.epoch}:${this.last}`;
  }

  /** All kept lines, oldest first. */
  lines() {
    return this.#lines.slice(this.#start);
  }

  /** The line of a permalink. */
  find(epoch, id, part = 0) {
    let best = null;
    for (let i = this.#lines.length - 1; i >= this.#start; i--) {
      const line = this.#lines[i];
      if (line.epoch !== epoch || line.stream === "page") continue;
      if (line.id === id && line.part === part) return line;
      if (line.id <= id && (!best || best.id < line.id)) best = line; // the record may only continue a line
      if (line.id < id - 1000) break;
    }
    return best && best.id <= id && id <= this.last ? best : null;
  }

  hello({ epoch, first, next }) {
    const before = this.epoch;
    if (before !== epoch) {
      this.epoch = epoch;
      this.first = first;
      this.last = 0;
      for (const stream of this.#streams.values()) this.#close(stream);
      this.#streams = new Map();
      if (before !== null) this.note("epoch", null);
    }
    this.next = next;
    this.live = false;
  }

  record(record) {
    if (record.id <= this.last) return;
    this.last = record.id;
    if (record.input) this.#enter(record.run);
    const stream = this.#stream(record.stream, record.run);
    const { text } = record;
    let part = 0;
    let at = 0;
    while (at < text.length) {
      const newline = text.indexOf("\n", at);
      const end = newline < 0 ? text.length : newline;
      stream.line ??= this.#begin(record, part);
      stream.pen.write(stream.line.sheet, text.slice(at, end));
      if (newline < 0) this.#dirty.add(stream.line);
      else this.#close(stream);
      at = end + 1;
      part += 1;
    }
    if ("code" in record) this.#endRun(record.run);
  }

  gap({ from, to }) {
    this.last = Math.max(this.last, to);
    for (const stream of this.#streams.values()) this.#close(stream);
    this.note("gap", { count: to - from + 1, from, to });
  }

  /** A remark of the page itself between two lines. */
  note(kind, data) {
    const newest = this.#lines[this.#lines.length - 1];
    const line = this.#append(
      new Line(this.#count, this, { id: this.last, time: newest?.time ?? 0, stream: "page" }, 0),
    );
    Object.assign(line, { kind, data, open: false });
    return line;
  }

  /** What happened since the last call. */
  changes() {
    for (const line of this.#dirty) if (line.open) this.#settle(line);
    this.#evict();
    const known = this.#fresh[0]?.n ?? this.#count;
    const changes = {
      fresh: this.#fresh.filter((line) => !line.gone),
      dirty: [...this.#dirty].filter((line) => line.n < known && !line.gone),
      evicted: this.#evicted,
    };
    this.#fresh = [];
    this.#dirty = new Set();
    this.#evicted = 0;
    return changes;
  }

  // What a command prints never goes on with a line of the server beside it.
  #stream(name, run = null) {
    const key = `${name} ${run}`;
    if (!this.#streams.has(key)) {
      this.#streams.set(key, { run, pen: new Pen(), tracebacks: new TracebackReader(this.directory), line: null });
    }
    return this.#streams.get(key);
  }

  // As in a terminal the Enter of an answer ends the line with the question.
  #enter(run = null) {
    for (const stream of this.#streams.values()) if (stream.run === run) this.#close(stream);
  }

  #endRun(run) {
    this.#enter(run);
    for (const [key, stream] of this.#streams) if (stream.run === run) this.#streams.delete(key);
  }

  #begin(record, part) {
    if (record.stream !== "fujita") this.printed = true;
    const line = new Line(this.#count, this, record, part);
    line.sheet = new Sheet();
    return this.#append(line);
  }

  #append(line) {
    this.#count += 1;
    this.#lines.push(line);
    this.#fresh.push(line);
    this.#weight += WEIGHT_OF_A_LINE;
    return line;
  }

  #settle(line) {
    this.#weight -= line.text.length;
    Object.assign(line, line.sheet.read());
    this.#weight += line.text.length;
  }

  #close(stream) {
    const { line } = stream;
    stream.pen.newline();
    if (!line) return;
    stream.line = null;
    this.#settle(line);
    line.sheet = null;
    line.open = false;
    Object.assign(line, line.typed ? { kind: "typed", data: null } : kindOf(line.text, line.stream));
    line.fold = line.stream === "fujita" ? null : stream.tracebacks.take(line);
    this.#dirty.add(line);
    if (line.fold) this.#dirty.add(line.fold.head);
  }

  #evict() {
    const limit = this.hold && !this.hold.gone ? this.bound * 2 : this.bound;
    const start = this.#start;
    while (this.#weight > this.bound && this.length > 1) {
      const line = this.firstLine;
      if (line.open || (line === this.hold && this.#weight <= limit)) break;
      this.#weight -= WEIGHT_OF_A_LINE + line.text.length;
      line.gone = true;
      this.#lines[this.#start] = null;
      this.#start += 1;
      this.first = Math.max(this.first, this.firstLine.epoch === this.epoch ? this.firstLine.id : 0);
    }
    this.#evicted += this.#start - start;
    if (this.#start > 4096 && this.#start > this.#lines.length / 2) {
      this.#lines = this.#lines.slice(this.#start);
      this.#start = 0;
    }
  }
}
