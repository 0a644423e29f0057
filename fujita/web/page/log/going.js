// Ways to a line: problems, matches, links, the ends, the context of a filtered line and back.
// Which lines are shown is the log's to say, where they stand is the view's.

import { el } from "../el.js";
import { permalink, readPermalink } from "../links.js";
import { words } from "../words.js";
import { isFiltering } from "./filters.js";
import { isProblem } from "./kinds.js";

export class Going {
  #wanted = readPermalink(location.hash);
  #backTo = null;

  constructor(log) {
    this.log = log;
    this.onHash = () => this.#goTo(readPermalink(location.hash));
    window.addEventListener("hashchange", this.onHash);
    const show = () => this.showInContext(this.button.closest(".row")?.line);
    this.button = el(
      "button",
      { type: "button", class: "context", tabindex: "-1", on: { click: show } },
      words.log.context,
    );
    log.scroller.addEventListener("pointerover", (event) => this.#offer(event.target.closest(".row")));
  }

  // One button for all rows: it goes along with the pointer. By keyboard the same is a key.
  #offer(row) {
    if (!isFiltering(this.log.toolbar.filters)) this.button.remove();
    else if (row && row !== this.button.parentNode) row.append(this.button);
  }

  close() {
    window.removeEventListener("hashchange", this.onHash);
  }

  get #here() {
    return this.log.view.current ?? this.log.view.eye()?.line ?? null;
  }

  /** Brings a line to the reader, unfolding and unfiltering what hides it. */
  reveal(line) {
    if (line.fold && line !== line.fold.head && !line.fold.expanded) this.log.unfold(line.fold, true);
    if (!this.log.isShown(line)) {
      this.log.unclear();
      this.log.toolbar.showAll();
    }
    this.log.view.reveal(line);
    this.log.around.drawPill();
  }

  toEnd() {
    this.log.view.follow();
    this.log.around.drawPill();
  }

  toStart() {
    this.log.view.toStart();
    this.log.around.drawPill();
  }

  jump(direction) {
    const { rows } = this.log.projection;
    const from = this.#here;
    if (!from) return;
    const place = this.log.projection.place(from);
    const started = Boolean(this.log.view.current);
    for (let i = started || direction < 0 ? 1 : 0; i <= rows.length; i++) {
      const line = rows[(place + direction * i + rows.length * 2) % rows.length];
      if (isProblem(line) && line !== this.log.view.current) return this.reveal(line);
    }
  }

  /** The line of a record of this project's log: the problem card's "Show in log". */
  showRecord(id) {
    const { model } = this.log.feeds[0];
    this.#goTo({ epoch: model.epoch, id, part: 0 });
  }

  showNewestProblem() {
    const { rows } = this.log.projection;
    for (let i = rows.length - 1; i >= 0; i--) if (isProblem(rows[i])) return this.reveal(rows[i]);
    return undefined;
  }

  /** Goes to the line of the page's own link as soon as the log has come. */
  arrive() {
    const [feed] = this.log.feeds;
    if (!this.#wanted || !feed || feed.busy || !feed.model.live) return;
    const wanted = this.#wanted;
    this.#wanted = null;
    this.#goTo(wanted);
  }

  #goTo(wanted) {
    if (!wanted) return;
    for (const { model } of this.log.feeds) {
      const line = model.find(wanted.epoch, wanted.id, wanted.part);
      if (line) return this.reveal(line);
    }
    const { model } = this.log.feeds[0];
    const why = wanted.epoch !== model.epoch ? "epoch" : wanted.id > model.last ? "unknown" : "evicted";
    this.log.around.say(words.log.whichLine[why], words.page.close, () => this.log.around.say(null));
  }

  showInContext(line = this.#here) {
    if (!line || !isFiltering(this.log.toolbar.filters)) return;
    this.#backTo = { filters: this.log.toolbar.filters, eye: this.log.view.eye() };
    this.log.toolbar.showAll();
    this.log.view.reveal(line);
    this.log.around.back.hidden = false;
  }

  goBack() {
    const { filters, eye } = this.#backTo;
    this.log.around.back.hidden = true;
    this.log.toolbar.set(filters);
    if (eye) this.log.view.draw(eye);
  }

  copyLink(line = this.#here) {
    if (!line || line.stream === "page") return;
    history.replaceState(history.state, "", `#${permalink(line)}`);
    this.log.view.mark(line);
    this.log.copying.write(location.href, words.log.linkCopied);
  }
}
