// Ways to a line: problems, matches, links, the ends, the context of a filtered line and back; and back to where one was
// before a reload or a step in the browser's history.
// Which lines are shown is the log's to say, where they stand is the view's.

import { el } from "../el.js";
import { PROBLEM, permalink, readPermalink } from "../links.js";
import { words } from "../words.js";
import { isFiltering } from "./filters.js";
import { isProblem } from "./kinds.js";

export class Going {
  #wanted = location.hash === PROBLEM ? PROBLEM : readPermalink(location.hash);
  #left = history.state?.eye ?? null; // where this page of the history was left, if not at the end
  #backTo = null;

  constructor(log) {
    this.log = log;
    this.onHash = () => this.#goTo(readPermalink(location.hash));
    window.addEventListener("hashchange", this.onHash);
    this.onScroll = () => this.#remember();
    log.scroller.addEventListener("scrollend", this.onScroll);
    window.addEventListener("pagehide", this.onScroll);
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
    window.removeEventListener("pagehide", this.onScroll);
  }

  #remember() {
    if (this.#left) return; // still on the way there
    const { line, offset } = (!this.log.view.following && this.log.view.eye()) || {};
    const eye = line ? { epoch: line.epoch, id: line.id, part: line.part, offset } : null;
    if (eye || history.state?.eye) history.replaceState({ ...history.state, eye }, "");
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
    if (!rows.some(isProblem)) this.log.app.toast(words.log.noProblem);
  }

  /** The line of a record of this project's log: the problem card's "Show in log". */
  showRecord(id) {
    const { model } = this.log.feeds[0];
    this.#goTo({ epoch: model.epoch, id, part: 0 });
  }

  showNewestProblem() {
    const { rows } = this.log.projection;
    for (let i = rows.length - 1; i >= 0; i--) if (isProblem(rows[i])) return this.reveal(rows[i]);
    return this.log.app.toast(words.log.noProblem);
  }

  /** Goes to the line of the page's own link as soon as the log has come. */
  arrive() {
    const [feed] = this.log.feeds;
    if ((!this.#wanted && !this.#left) || !feed || feed.busy || !feed.model.live) return;
    const [wanted, left] = [this.#wanted, this.#left];
    [this.#wanted, this.#left] = [null, null];
    const isThere = left && this.#lookAgainAt(left);
    if (isThere) this.log.view.mark(wanted?.epoch ? this.#find(wanted) : null);
    else if (wanted === PROBLEM) this.showNewestProblem();
    else this.#goTo(wanted);
  }

  #find({ epoch, id, part }) {
    for (const { model } of this.log.feeds) {
      const line = model.find(epoch, id, part);
      if (line) return line;
    }
    return null;
  }

  #lookAgainAt({ offset, ...place }) {
    const line = this.#find(place);
    if (!line) return false;
    this.log.view.pause();
    this.log.view.draw({ line, offset });
    this.log.around.drawPill();
    return true;
  }

  #goTo(wanted) {
    if (!wanted) return;
    const line = this.#find(wanted);
    if (line) return this.reveal(line);
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
