// The log on the screen: one or several projects' feeds, what is shown of them, search and filters.
// It puts the parts together; models know no DOM, the view no filters, the toolbar no lines. Ways to a line are going.js's.

import { api } from "../api.js";
import { el } from "../el.js";
import { words } from "../words.js";
import { Around } from "./around.js";
import { Copying } from "./copying.js";
import { Feed } from "./feed.js";
import { readFilters, shows, writeFilters } from "./filters.js";
import { Going } from "./going.js";
import { Highlights } from "./highlights.js";
import { Printing } from "./printing.js";
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

  constructor(app, names, { together = false, extra = [], changed = () => {}, ended = () => {} } = {}) {
    Object.assign(this, { app, together, changed });
    this.compare = together ? byTime : byNumber;
    this.#build(names, extra);
    this.feeds = [];
    for (const name of names) this.feeds.push(this.#feed(name, ended));
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
    this.going.close();
    this.printing.close();
  }

  get state() {
    const states = this.feeds.map((feed) => feed.stream.state);
    return ["ended", "waiting", "connecting", "resting"].find((state) => states.includes(state)) ?? "open";
  }

  /** Whether "Clear view" hides lines. */
  get cleared() {
    return this.#cleared.size > 0;
  }

  #build(names, extra) {
    const name = this.together ? null : names[0];
    this.scroller = el("div", {
      class: "scroller",
      id: "log",
      tabindex: "0",
      role: "log",
      "aria-live": "off",
      "aria-label": words.log.label,
    });
    this.around = new Around(this);
    this.toolbar = new Toolbar({
      filters: readFilters(location.search),
      changed: (filters) => this.#filter(filters),
      step: (direction) => this.step(direction),
      leave: () => this.scroller.focus(),
      extra,
      settings: this.app.settings,
      actions: [[words.tools.clear, () => this.clear()]],
      links: name
        ? [
            [words.tools.download, api.logAddress(name, "?download")],
            [words.tools.plain, api.logAddress(name)],
          ]
        : [],
    });
    this.projection = new Projection(this.compare, (line) => this.isShown(line));
    this.maker = new RowMaker({
      places: (line) => this.#places(line),
      name: (line) =>
        this.together &&
        el("span", { class: `name name-${names.indexOf(line.log.project) % 8}` }, this.app.title(line.log.project)),
    });
    this.view = new LogView(this.scroller, this.projection, this.maker, {
      followChanged: () => this.around.drawPill(),
      moved: () => this.highlights?.plan(),
    });
    this.search = new Search({
      compare: this.compare,
      searched: (lines) => this.#searched(lines),
      progressed: () => this.#sayFound(),
    });
    this.highlights = new Highlights(this.view, this.search);
    this.copying = new Copying(this.view, (text) => this.app.toast(text));
    this.printing = new Printing(this.view);
    this.going = new Going(this);
    const { empty, back, pill, notice, footer } = this.around;
    const stage = el("div", { class: "stage" }, this.scroller, empty, back, pill);
    this.element = el(
      "section",
      { class: "log", "aria-label": words.log.label },
      this.toolbar.element,
      notice,
      stage,
      footer,
    );
    this.scroller.addEventListener("click", (event) => this.#clicked(event));
  }

  #feed(name, ended) {
    return new Feed(name, {
      directory: () => this.app.statuses.get(name)?.directory ?? null,
      arrived: () => this.#plan(),
      changed: () => {
        this.around.drawConnection();
        this.changed();
      },
      ended,
    });
  }

  #places(line) {
    const directory = this.app.statuses.get(line.log.project)?.directory ?? null;
    return { directory, folders: this.app.statuses.folders, editor: this.app.settings.editorPattern() };
  }

  isShown(line) {
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
    const hold = this.view.following ? null : (this.view.eye()?.line ?? null);
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
    this.around.draw();
    if (this.view.hurried || this.feeds.some((feed) => feed.busy)) this.#plan();
    this.going.arrive();
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

  #rebuild() {
    const eye = this.view.eye();
    this.projection.rows = [];
    this.projection.add(this.feeds.flatMap(({ model }) => model.lines()));
    this.view.draw(this.view.following ? null : eye);
    this.around.draw();
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
    this.search.start(
      { text, caseSensitive, wholeWord, regex },
      this.feeds.flatMap(({ model }) => model.lines()),
    );
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
    this.around.draw();
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
    this.going.reveal(match.line);
    this.#sayFound();
    this.highlights.plan();
  }

  /** Lines that "Clear view" hid are shown again. */
  unclear() {
    this.#cleared.clear();
  }

  clear() {
    let hidden = 0;
    for (const { model } of this.feeds) {
      const lines = model.lines();
      hidden += lines.length;
      if (lines.length) this.#cleared.set(model, lines[lines.length - 1].n + 1);
    }
    this.#rebuild();
    this.around.say(words.log.cleared(hidden), words.log.undo, () => {
      this.#cleared.clear();
      this.around.say(null);
      this.#rebuild();
    });
  }

  // Clicks in rows

  #clicked(event) {
    const row = event.target.closest(".row");
    if (!row) return;
    const act = event.target.closest("[data-do]")?.dataset.do;
    if (act === "fold" && !this.view.selecting) this.unfold(row.line.fold, !row.line.fold.expanded);
    else if (act === "copy-fold") this.copying.write(row.line.fold.text, words.log.copied);
    else if (act === "whole") {
      this.maker.whole.add(row.line);
      this.maker.redraw(row);
    } else if (event.target.closest(".time, .mark")) {
      if (event.ctrlKey || event.metaKey || event.shiftKey) return;
      event.preventDefault();
      this.going.copyLink(row.line);
    }
  }

  unfold(fold, expanded) {
    fold.expanded = expanded;
    this.view.pause();
    this.projection.review(fold.lines);
    const focused = document.activeElement?.closest(".fold-toggle") && document.activeElement.closest(".row").line;
    this.view.update({ dirty: fold.lines });
    if (focused) this.view.row(focused)?.querySelector(".fold-toggle")?.focus({ preventScroll: true });
    this.around.drawPill();
  }
}
