// One project's log stream → its model: messages wait here and are read in slices, so that a flood never costs the
// reader the buttons. When too much waits, the connection rests and comes back by its cursor.

import { reason } from "../api.js";
import { Stream } from "../stream.js";
import { LogModel } from "./model.js";

const MOST_WAITING = 8 * 1024 * 1024; // letters
const HIDDEN_FOR = 60_000;

export class Feed {
  #queue = [];
  #at = 0; // where in the first message we are
  #waiting = 0;
  #overrun = false;
  #lostAt = null;
  #hiddenTimer = null;

  constructor(name, { directory, arrived, changed, ended }) {
    this.name = name;
    this.arrived = arrived;
    this.shown = true; // of several projects in one view
    this.model = new LogModel({ project: name, directory });
    this.stream = new Stream({
      path: () => this.#path(),
      why: () => reason(name),
      message: (text) => this.#took(text),
      changed: (state) => {
        if (state === "waiting") this.#lostAt ??= Date.now();
        changed(state);
      },
      ended,
    });
    this.onVisibility = () => this.#visibility();
    document.addEventListener("visibilitychange", this.onVisibility);
  }

  get busy() {
    return this.#queue.length > 0;
  }

  close() {
    clearTimeout(this.#hiddenTimer);
    document.removeEventListener("visibilitychange", this.onVisibility);
    this.stream.close();
  }

  /** Reads what waits until `performance.now()` reaches `deadline`. */
  read(deadline) {
    while (this.#queue.length && performance.now() < deadline) this.#readOne();
    if (this.#overrun && !this.#queue.length) {
      this.#overrun = false;
      if (!document.hidden) this.stream.now();
    }
  }

  #path() {
    const { cursor } = this.model;
    return `/api/projects/${encodeURIComponent(this.name)}/log/stream${cursor === null ? "" : `?after=${encodeURIComponent(cursor)}`}`;
  }

  #took(text) {
    this.#queue.push(text);
    this.#waiting += text.length;
    if (this.#waiting > MOST_WAITING && this.model.epoch !== null && this.model.live) {
      this.#overrun = true;
      this.stream.rest();
    }
    this.arrived();
  }

  #readOne() {
    const text = this.#queue[0];
    const newline = text.indexOf("\n", this.#at);
    const end = newline < 0 ? text.length : newline;
    if (end > this.#at) this.#object(JSON.parse(text.slice(this.#at, end)));
    this.#at = end + 1;
    if (this.#at >= text.length) {
      this.#waiting -= text.length;
      this.#queue.shift();
      this.#at = 0;
    }
  }

  #object(object) {
    if (object.hello) this.#hello(object.hello);
    else if (typeof object.id === "number" && typeof object.text === "string") this.model.record(object);
    else if (object.gap) this.model.gap(object.gap);
    else if (object.live !== undefined) this.model.live = true;
  }

  #hello(hello) {
    const same = this.model.epoch === hello.epoch;
    this.model.hello(hello);
    if (same && this.#lostAt !== null) this.model.note("resumed", { seconds: (Date.now() - this.#lostAt) / 1000 });
    this.#lostAt = null;
  }

  #visibility() {
    clearTimeout(this.#hiddenTimer);
    if (document.hidden) this.#hiddenTimer = setTimeout(() => this.stream.rest(), HIDDEN_FOR);
    else if (!this.#overrun) this.stream.now();
  }
}
