// The log on the screen: one or several projects' feeds, what is shown of them, search, following, links to lines.
// It puts the parts together; models know no DOM, the view no filters, the toolbar no lines.

import { api } from "../api.js";
import { el, icon, say } from "../el.js";
import { permalink, readPermalink } from "../links.js";
import { words } from "../words.js";
import { Copying } from "./copying.js";
import { Feed } from "./feed.js";
import { isFiltering, readFilters, shows, writeFilters } from "./filters.js";
import { Highlights } from "./highlights.js";
import { isProblem } from "./kinds.js";
import { Projection, byNumber, byTime } from "./projection.js";
import { RowMaker } from "./row.js";
import { Search } from "./search.js";
import { Toolbar } from "./toolbar.js";
import { LogView } from "./view.js";

const BUDGET = 8; // milliseconds of reading in a frame
const BUDGET_HIDDEN = 200; // timers of hidden tabs come once a second

export class Log {
  #frame = null;
  #cleared = new Map(); // model → the number of its first line that is shown
  #rebuildWhenSearched = false;
  #wanted = readPermalink(location.hash);
  #backTo = null;

  constructor(app, names, { together = false, extra = [], changed = () => {}, ended = () => {} } = {}) {
    Object.assign(this, { app, together, changed });
    this.compare = together ? byTime : byNumber;
    this.#build(names, extra);
    this.feeds = names.map((name) => this.#feed(name, ended));
    this.onHash = () => this.#goTo(readPermalink(location.hash));
    window.addEventListener("hashchange", this.onHash);
    this.#startSearch();
    this.#tick();
  }

  close() {
    cancelAnimationFrame(this.#frame);
    clearTimeout(this.#frame);
    this.#frame = "closed";
    for (const feed of this.feeds) feed.close();
    this.search.stop();
    this.highlights.clear();
    this.view.close();
    window.removeEventListener("hashchange", this.onHash);
  }

  get state() {
    const states = this.feeds.map((feed) => feed.stream.state);
    return ["ended", "waiting", "connecting", "resting"].find((state) => states.includes(state)) ?? "open";
  }

  #build(names, extra) {
    const name = this.together ? null : names[0];
    this.scroller = el("div", { class: "scroller", id: "log", tabindex: "0", role: "log", "aria-live": "off", "aria-label": words.log.label });
    this.pill = el("button", { type: "button", class: "pill", hidden: true, on: { click: () => this.toEnd() } }, icon("down"), el("span"));
    this.back = el("button", { type: "button", class: "pill back", hidden: true, on: { click: () => this.#goBack() } }, icon("up"), el("span", {}, words.log.back));
    this.empty = el("div", { class: "empty", hidden: true });
    this.notice = el("div", { class: "log-notice", role: "status", hidden: true });
    this.footer = el("footer", { class: "log-footer" });
    this.toolbar = new Toolbar({
      filters: readFilters(location.search),
      changed: (filters) => this.#filter(filters),
      step: (direction) => this.step(direction),
      leave: () => this.scroller.focus(),
      extra,
      actions: [
        [words.tools.wrap, () => this.app.settings.flip("wrap")],
        [words.tools.times, () => this.app.settings.flip("times")],
        [words.tools.clear, () => this.clear()],
      ],
      links: name ? [[words.tools.download, api.logAddress(name, "?download")], [words.tools.plain, api.logAddress(name)]] : [],
    });
    this.projection = new Projection(this.compare, (line) => this.#shows(line));
    this.maker = new RowMaker({
      places: (line) => this.#places(line),
      name: (line) => this.together && el("span", { class: `name name-${names.indexOf(line.log.project) % 8}` }, this.app.title(line.log.project)),
    });
    this.view = new LogView(this.scroller, this.projection, this.maker, { followChanged: () => this.#drawPill(), moved: () => this.highlights?.plan() });
    this.search = new Search({ compare: this.compare, searched: (lines) => this.#searched(lines), progressed: () => this.#sayFound() });
    this.highlights = new Highlights(this.view, this.search);
    this.copying = new Copying(this.view, (text) => this.app.toast(text));
    this.stage = el("div", { class: "stage" }, this.scroller, this.empty, this.back, this.pill);
    this.element = el("section", { class: "log", "aria-label": words.log.label }, this.toolbar.element, this.notice, this.stage, this.footer);
    this.scroller.addEventListener("click", (event) => this.#clicked(event));
  }

  #feed(name, ended) {
    return new Feed(name, {
      directory: () => this.app.statuses.get(name)?.directory ?? null,
      arrived: () => this.#plan(),
      changed: () => this.changed(),
      ended,
    });
  }

  #places(line) {
    const directory = this.app.statuses.get(line.log.project)?.directory ?? null;
    return { directory, folders: this.app.statuses.folders, editor: this.app.settings.editorPattern() };
  }

  #shows(line) {
    if (line.n < (this.#cleared.get(line.log) ?? 0)) return false;
    if (this.together && this.feeds.some((feed) => feed.model === line.log && !feed.shown)) return false;
    return shows(line, this.toolbar.filters, this.search.active ? this.search.hits : null);
  }

  #plan() {
    if (this.#frame !== null) return;
    this.#frame = document.hidden ? setTimeout(() => this.#tick()) : requestAnimationFrame(() => this.#tick());
  }

  #tick() {
    this.#frame = null;
    const hold = this.view.following ? null : this.view.eye()?.line ?? null;
    const deadline = performance.now() + (document.hidden ? BUDGET_HIDDEN : BUDGET);
    const changes = { added: 0, dirty: [] };
    let evicted = 0;
    for (const feed of this.feeds) {
      feed.model.hold = hold?.log === feed.model ? hold : null;
      feed.read(deadline);
      evicted += this.#take(feed.model.changes(), changes);
    }
    if (evicted) {
      this.projection.sweep();
      if (this.search.active) this.search.forget();
    }
    this.view.update(changes);
    this.#drawAround();
    if (this.feeds.some((feed) => feed.busy)) this.#plan();
    this.#goToWanted();
  }

  #take({ fresh, dirty, evicted }, changes) {
    if (!(this.toolbar.filters.only && this.search.active)) {
      changes.added += this.projection.add(fresh);
      this.projection.review(dirty);
    }
    if (this.search.active) this.search.add([...fresh, ...dirty]);
    changes.dirty.push(...dirty);
    return evicted;
  }

  /** What stands around the rows: how many, from when, what is missing. */
  #drawAround() {
    const [feed] = this.feeds;
    const { rows } = this.projection;
    const kept = this.feeds.reduce((sum, { model }) => sum + model.length, 0);
    const times = rows.length > 1 ? words.log.span(rows[0].time, rows[rows.length - 1].time) : "";
    say(this.footer, [words.log.kept(kept), times].filter(Boolean).join(" · "));
    const evicted = feed && !this.together && feed.model.epoch !== null ? feed.model.first - 1 : 0;
    this.view.setTop(evicted > 0 ? words.log.evicted(evicted) : "");
    this.#drawEmpty(kept);
    this.highlights.plan();
    this.#drawPill();
  }

  #drawEmpty(kept) {
    const nothing = this.projection.rows.length === 0;
    const ready = this.feeds.every(({ model }) => model.live);
    this.empty.hidden = !nothing || !ready;
    if (this.empty.hidden) return;
    if (kept && this.#cleared.size === 0) {
      const all = el("button", { type: "button", class: "button small", on: { click: () => this.toolbar.showAll() } }, words.log.showAll);
      if (!this.empty.querySelector("button")) this.empty.replaceChildren(el("p", {}, words.log.nothingMatches), all);
    } else if (!kept) {
      const state = this.app.statuses.get(this.feeds[0]?.name)?.state;
      this.empty.replaceChildren(el("p", {}, words.log.empty[state] ?? ""));
    } else this.empty.replaceChildren();
  }

  #drawPill() {
    this.pill.hidden = this.view.following || (this.view.atEnd() && !this.view.unseen);
    say(this.pill.lastChild, words.log.newLines(this.view.unseen));
  }

  #rebuild() {
    const eye = this.view.eye();
    this.projection.rows = [];
    this.projection.add(this.feeds.flatMap(({ model }) => model.lines()));
    this.view.draw(this.view.following ? null : eye);
    this.#drawAround();
  }

  /** Editor links in rows are made anew when what they lead to changes. */
  redrawWhenPlacesChange(key) {
    if (this.placesKey !== undefined && this.placesKey !== key) this.view.redrawAll();
    this.placesKey = key;
  }

  /** Projects of the interleaved view were switched on or off. */
  reshow() {
    this.#rebuild();
  }

  // Search and filters

  #filter(filters) {
    const { query } = this.search;
    const same = ["text", "caseSensitive", "wholeWord", "regex"].every((key) => query[key] === filters[key]);
    history.replaceState(history.state, "", location.pathname + writeFilters(filters, location.search) + location.hash);
    if (!same) this.#startSearch();
    if (!(filters.only && this.search.searching)) this.#rebuild();
    else this.#rebuildWhenSearched = true;
  }

  #startSearch() {
    const { text, caseSensitive, wholeWord, regex } = this.toolbar.filters;
    this.search.start({ text, caseSensitive, wholeWord, regex }, this.feeds.flatMap(({ model }) => model.lines()));
    this.highlights.plan();
  }

  #searched(lines) {
    if (this.toolbar.filters.only) {
      if (this.#rebuildWhenSearched && !this.search.searching) {
        this.#rebuildWhenSearched = false;
        this.#rebuild();
      } else if (!this.#rebuildWhenSearched) {
        const before = this.projection.rows.length;
        this.projection.review(new Set(lines.flatMap((line) => (line.fold ? [line.fold.head, line] : [line]))));
        this.view.update({ added: Math.max(0, this.projection.rows.length - before) });
      }
    }
    this.#drawAround();
  }

  #sayFound() {
    const { active, searching, total, error } = this.search;
    this.toolbar.say({ active, searching, total, error, ordinal: active ? this.search.ordinal() : 0 });
  }

  step(direction) {
    const from = this.view.current ?? this.view.eye()?.line;
    if (!from) return;
    const match = this.search.step(direction, from);
    if (!match) return;
    this.reveal(match.line);
    this.#sayFound();
    this.highlights.plan();
  }

  // Going places

  /** Brings a line to the reader, unfolding and unfiltering what hides it. */
  reveal(line) {
    if (line.fold && line !== line.fold.head && !line.fold.expanded) this.#unfold(line.fold, true);
    if (!this.#shows(line)) {
      this.#cleared.clear();
      this.toolbar.showAll();
    }
    this.view.reveal(line);
    this.#drawPill();
  }

  toEnd() {
    this.view.follow();
    this.#drawPill();
  }

  toStart() {
    this.view.toStart();
    this.#drawPill();
  }

  jump(direction) {
    const { rows } = this.projection;
    const from = this.view.current ?? this.view.eye()?.line;
    if (!from) return;
    const place = this.projection.place(from);
    const started = Boolean(this.view.current);
    for (let i = started || direction < 0 ? 1 : 0; i <= rows.length; i++) {
      const line = rows[(place + direction * i + rows.length * 2) % rows.length];
      if (isProblem(line) && line !== this.view.current) return this.reveal(line);
    }
  }

  /** The line of a record of this project's log: the problem card's "Show in log". */
  showRecord(id) {
    const { model } = this.feeds[0];
    this.#goTo({ epoch: model.epoch, id, part: 0 });
  }

  showNewestProblem() {
    const { rows } = this.projection;
    for (let i = rows.length - 1; i >= 0; i--) if (isProblem(rows[i])) return this.reveal(rows[i]);
    return undefined;
  }

  #goToWanted() {
    const [feed] = this.feeds;
    if (!this.#wanted || !feed || feed.busy || !feed.model.live) return;
    const wanted = this.#wanted;
    this.#wanted = null;
    this.#goTo(wanted);
  }

  #goTo(wanted) {
    if (!wanted) return;
    for (const { model } of this.feeds) {
      const line = model.find(wanted.epoch, wanted.id, wanted.part);
      if (line) return this.reveal(line);
    }
    const { model } = this.feeds[0];
    const why = wanted.epoch !== model.epoch ? "epoch" : wanted.id > model.last ? "unknown" : "evicted";
    this.say(words.log.whichLine[why], words.page.close, () => this.say(null));
  }

  /** A sentence above the log, with a button; null takes it away. */
  say(sentence, label, act) {
    this.notice.hidden = !sentence;
    if (sentence) this.notice.replaceChildren(el("span", {}, sentence), el("button", { type: "button", class: "button small", on: { click: act } }, label));
  }

  clear() {
    let hidden = 0;
    for (const { model } of this.feeds) {
      const lines = model.lines();
      hidden += lines.length;
      if (lines.length) this.#cleared.set(model, lines[lines.length - 1].n + 1);
    }
    this.#rebuild();
    this.say(words.log.cleared(hidden), words.log.undo, () => {
      this.#cleared.clear();
      this.say(null);
      this.#rebuild();
    });
  }

  showInContext(line = this.view.current ?? this.view.eye()?.line) {
    if (!line || !isFiltering(this.toolbar.filters)) return;
    this.#backTo = { filters: this.toolbar.filters, eye: this.view.eye() };
    this.toolbar.showAll();
    this.view.reveal(line);
    this.back.hidden = false;
  }

  #goBack() {
    const { filters, eye } = this.#backTo;
    this.back.hidden = true;
    this.toolbar.set(filters);
    if (eye) this.view.draw(eye);
  }

  copyLink(line = this.view.current ?? this.view.eye()?.line) {
    if (!line || line.stream === "page") return;
    history.replaceState(history.state, "", `#${permalink(line)}`);
    this.view.mark(line);
    this.copying.write(location.href, words.log.linkCopied);
  }

  // Clicks in rows

  #clicked(event) {
    const row = event.target.closest(".row");
    if (!row) return;
    const act = event.target.closest("[data-do]")?.dataset.do;
    if (act === "fold") this.#unfold(row.line.fold, !row.line.fold.expanded);
    else if (act === "copy-fold") this.copying.write(row.line.fold.text, words.log.copied);
    else if (act === "whole") {
      this.maker.whole.add(row.line);
      this.maker.redraw(row);
    } else if (event.target.closest(".time, .mark")) {
      if (event.ctrlKey || event.metaKey || event.shiftKey) return;
      event.preventDefault();
      this.copyLink(row.line);
    } else if (isFiltering(this.toolbar.filters) && event.target.closest(".context")) this.showInContext(row.line);
  }

  #unfold(fold, expanded) {
    fold.expanded = expanded;
    this.view.pause();
    this.projection.review(fold.lines);
    const focused = document.activeElement?.dataset?.do === "fold" ? document.activeElement.closest(".row")?.line : null;
    this.view.update({ dirty: fold.lines });
    if (focused) this.view.row(focused)?.querySelector("[data-do=fold]")?.focus({ preventScroll: true });
    this.#drawPill();
  }
}
