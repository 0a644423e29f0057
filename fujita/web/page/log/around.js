// What stands around the rows: the pill that leads back to the end, the sentence above, what to expect of a log without
// output, the footer.
// It reads the log and never changes what is shown of it, but by the buttons it offers.

import { el, icon, say } from "../el.js";
import { words } from "../words.js";
import { isFiltering } from "./filters.js";

const pill = (name, label, act) =>
  el(
    "button",
    { type: "button", class: `pill ${name}`, hidden: true, on: { click: act } },
    icon(name === "back" ? "up" : "down"),
    el("span", {}, label),
  );

export class Around {
  constructor(log) {
    this.log = log;
    this.pill = pill("end", "", () => log.going.toEnd());
    this.back = pill("back", words.log.back, () => log.going.goBack());
    this.empty = el("div", { class: "empty", hidden: true });
    this.notice = el("div", { class: "log-notice", role: "status", hidden: true });
    this.kept = el("span");
    this.connection = el("span", { class: "connection" });
    this.footer = el("footer", { class: "log-footer" }, this.kept, this.connection);
  }

  /** How many lines, from when to when, what is missing, where the reader is. */
  draw() {
    const { feeds, projection, view, together, highlights, toolbar, cleared } = this.log;
    const { rows } = projection;
    const kept = feeds.reduce((sum, { model }) => sum + model.length, 0);
    const lines = cleared || isFiltering(toolbar.filters) ? words.log.shown(rows.length, kept) : words.log.kept(kept);
    const times = rows.length > 1 ? words.log.span(rows[0].time, rows[rows.length - 1].time) : "";
    say(this.kept, [lines, times].filter(Boolean).join(" · "));
    const evicted = !together && feeds[0]?.model.epoch ? feeds[0].model.first - 1 : 0;
    view.setTop(evicted > 0 ? words.log.evicted(evicted) : "");
    this.#drawEmpty(kept);
    highlights.plan();
    this.drawPill();
  }

  drawPill() {
    const { view } = this.log;
    this.pill.hidden = view.following || (view.atEnd() && !view.unseen);
    say(this.pill.lastChild, words.log.newLines(view.unseen));
    this.drawConnection();
  }

  /** Whether new lines come, and whether they are followed. */
  drawConnection() {
    const { view, state } = this.log;
    const follow = view.following && state === "open" ? words.log.follow : null;
    say(this.connection, [follow, words.connection.states[state]].filter(Boolean).join(" · "));
  }

  /** A sentence above the log, with a button; null takes it away. */
  say(sentence, label, act) {
    this.notice.hidden = !sentence;
    if (!sentence) return;
    const button = el("button", { type: "button", class: "button small", on: { click: act } }, label);
    this.notice.replaceChildren(el("span", {}, sentence), button);
  }

  #expected(status) {
    const state = status?.state === "running" && status.url ? "serving" : status?.state;
    return words.log.empty[state] ?? "";
  }

  #drawEmpty(kept) {
    const { feeds, projection, app, toolbar, cleared, view } = this.log;
    const wasHidden = this.empty.hidden;
    const live = feeds.every(({ model }) => model.live);
    const silent = live && feeds.length === 1 && !feeds[0].model.printed;
    const expect = silent ? this.#expected(app.statuses.get(feeds[0].name)) : "";
    view.setEnd(projection.rows.length ? expect : "");
    this.empty.hidden = projection.rows.length > 0 || cleared || !live;
    if (this.empty.hidden) return;
    if (!kept) {
      this.empty.replaceChildren(el("p", {}, expect));
    } else if (wasHidden) {
      const showAll = { type: "button", class: "button small", on: { click: () => toolbar.showAll() } };
      this.empty.replaceChildren(el("p", {}, words.log.nothingMatches), el("button", showAll, words.log.showAll));
    }
  }
}
