// On paper: what is shown of the log, whether or not its rows are in the DOM. They stand in a list of their own while the
// browser prints, so that nothing moves under the reader.

import { el } from "../el.js";
import { words } from "../words.js";

const MOST_PRINTED = 5_000; // rows: about a hundred pages

export class Printing {
  #paper = null;

  constructor(view) {
    this.view = view;
    this.before = () => this.#lay();
    this.after = () => this.#clear();
    window.addEventListener("beforeprint", this.before);
    window.addEventListener("afterprint", this.after);
  }

  close() {
    window.removeEventListener("beforeprint", this.before);
    window.removeEventListener("afterprint", this.after);
    this.#clear();
  }

  #lay() {
    const { rows, maker, scroller } = this.view;
    const left = Math.max(0, rows.length - MOST_PRINTED);
    const printed = rows.slice(left).map((line) => maker.make(line));
    this.#clear();
    this.#paper = el("div", { class: "paper" }, left ? el("p", {}, words.log.notPrinted(left)) : null, ...printed);
    scroller.after(this.#paper);
  }

  #clear() {
    this.#paper?.remove();
    this.#paper = null;
  }
}
