// What stands around the rows: the pill that leads back to the end, the sentence above, the empty state, the footer.
// It reads the log and never changes what is shown of it, but by the buttons it offers.

import { el, icon, say } from "../el.js";
import { words } from "../words.js";

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
    this.footer = el("footer", { class: "log-footer" });
  }

  /** How many lines, from when to when, what is missing, where the reader is. */
  draw() {
    const { feeds, projection, view, together, highlights } = this.log;
    const { rows } = projection;
    const kept = feeds.reduce((sum, { model }) => sum + model.length, 0);
    const times = rows.length > 1 ? words.log.span(rows[0].time, rows[rows.length - 1].time) : "";
    say(this.footer, [words.log.kept(kept), times].filter(Boolean).join(" · "));
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
  }

  /** A sentence above the log, with a button; null takes it away. */
  say(sentence, label, act) {
    this.notice.hidden = !sentence;
    if (!sentence) return;
    const button = el("button", { type: "button", class: "button small", on: { click: act } }, label);
    this.notice.replaceChildren(el("span", {}, sentence), button);
  }

  #drawEmpty(kept) {
    const { feeds, projection, app, toolbar, cleared } = this.log;
    const wasHidden = this.empty.hidden;
    this.empty.hidden = projection.rows.length > 0 || cleared || !feeds.every(({ model }) => model.live);
    if (this.empty.hidden) return;
    if (!kept) {
      const state = app.statuses.get(feeds[0]?.name)?.state;
      this.empty.replaceChildren(el("p", {}, words.log.empty[state] ?? ""));
    } else if (wasHidden) {
      const showAll = { type: "button", class: "button small", on: { click: () => toolbar.showAll() } };
      this.empty.replaceChildren(el("p", {}, words.log.nothingMatches), el("button", showAll, words.log.showAll));
    }
  }
}
