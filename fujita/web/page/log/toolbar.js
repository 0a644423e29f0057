// The row of tools above the log: search, filters, what to show. It holds the filters' state and reports changes;
// what they do to the log is left to log.js.

import { el, iconButton } from "../el.js";
import { check, menu, toggle } from "../menu.js";
import { words } from "../words.js";
import { FILTERS } from "./filters.js";

const STREAMS = ["stdout", "stderr", "fujita"];
const CLASSES = [2, 3, 4, 5];

export class Toolbar {
  /** `changed(filters)`, `step(direction)`, `actions` are further entries of the menu "More": [label, function]. */
  constructor({ filters, changed, step, leave, settings, actions, links, extra = [] }) {
    Object.assign(this, { filters, changed, step, leave });
    this.field = el("input", {
      type: "search",
      class: "search-text",
      placeholder: words.tools.search,
      "aria-label": words.tools.search,
      spellcheck: "false",
      autocomplete: "off",
      enterkeyhint: "search",
      on: { input: () => this.#set({ text: this.field.value }), keydown: (event) => this.#key(event) },
    });
    this.count = el("span", { class: "search-count", role: "status" });
    const bind = (key, label, text) => toggle(label, text, (on) => this.#set({ [key]: on }));
    this.toggles = {
      caseSensitive: bind("caseSensitive", words.tools.caseSensitive, "Aa"),
      wholeWord: bind("wholeWord", words.tools.wholeWord, "W"),
      regex: bind("regex", words.tools.regex, ".*"),
      only: bind("only", words.tools.only, words.tools.only),
      problems: bind("problems", words.tools.problems, words.tools.problems),
    };
    const show = this.#showMenu();
    this.showButton = show.button;
    const more = this.#moreMenu(settings, actions, links);
    this.error = el("p", { class: "search-error", role: "alert", hidden: true });
    const { caseSensitive, wholeWord, regex, only, problems } = this.toggles;
    for (const part of [caseSensitive, wholeWord, regex, only]) part.classList.add("of-search");
    this.element = el(
      "div",
      { class: "toolbar", role: "toolbar", "aria-label": words.tools.label },
      el("div", { class: "search", role: "search" }, this.field, this.count, caseSensitive, wholeWord, regex),
      iconButton("up", words.tools.previous, () => this.step(-1), { class: "icon-button of-search" }),
      iconButton("down", words.tools.next, () => this.step(1), { class: "icon-button of-search" }),
      only,
      problems,
      ...extra,
      show.button,
      show.panel,
      more.button,
      more.panel,
      this.error,
    );
    this.draw();
  }

  draw() {
    this.#mark();
    if (this.field.value !== this.filters.text) this.field.value = this.filters.text;
    for (const [key, button] of Object.entries(this.toggles)) button.set(this.filters[key]);
    for (const [word, box] of this.boxes) box.input.checked = !this.filters.hidden.includes(word);
  }

  /** The figures of the search. */
  say({ active, searching, ordinal, total, error }) {
    const { tools } = words;
    const found = total ? tools.found(ordinal, total) : searching ? tools.searching : tools.none;
    this.count.textContent = active ? found : "";
    this.error.hidden = !error;
    this.error.textContent = !error ? "" : error === "slow" ? tools.slow : tools.wrong(error);
    this.field.setAttribute("aria-invalid", String(Boolean(error)));
  }

  set(filters) {
    this.#set(filters);
    this.draw();
  }

  showAll() {
    this.set({ ...FILTERS, text: this.filters.text });
  }

  get focused() {
    return document.activeElement === this.field;
  }

  focus() {
    this.field.focus();
    this.field.select();
  }

  #set(part) {
    this.filters = { ...this.filters, ...part };
    this.#mark();
    this.changed(this.filters);
  }

  // What the tools look like while something is searched for or hidden.
  #mark() {
    const { text, hidden } = this.filters;
    this.element.classList.toggle("searching", Boolean(text));
    this.showButton.classList.toggle("active", hidden.length > 0);
    this.showButton.title = hidden.length ? words.tools.someHidden : words.tools.show;
    this.showButton.setAttribute("aria-label", this.showButton.title);
  }

  #key(event) {
    if (event.key === "Enter") this.step(event.shiftKey ? -1 : 1);
    else if (event.key === "Escape") {
      if (this.field.value) this.set({ text: "", only: false });
      else this.leave();
    } else return;
    event.preventDefault();
  }

  #showMenu() {
    const box = (word, label) => check(label, !this.filters.hidden.includes(word), (on) => this.#hide(word, !on));
    this.boxes = [
      ...STREAMS.map((stream) => [stream, box(stream, words.log.streams[stream])]),
      ...CLASSES.map((number) => [`http${number}`, box(`http${number}`, words.tools.http[number])]),
    ];
    return menu({ label: words.tools.show, iconName: "filter" }, ...this.boxes.map(([, element]) => element));
  }

  #hide(word, hide) {
    const hidden = this.filters.hidden.filter((other) => other !== word);
    this.#set({ hidden: hide ? [...hidden, word] : hidden });
  }

  #moreMenu(settings, actions, links) {
    const switches = ["wrap", "times"].map((name) => [
      name,
      check(words.tools[name], settings.values[name], (on) => settings.set(name, on)),
    ]);
    const open = () => switches.forEach(([name, box]) => (box.input.checked = settings.values[name]));
    const more = menu(
      { label: words.tools.more, iconName: "more", open },
      ...switches.map(([, box]) => box),
      ...actions.map(([label, act]) =>
        el("button", { type: "button", class: "entry", on: { click: () => (more.panel.hidePopover(), act()) } }, label),
      ),
      ...links.map(([label, href]) => el("a", { class: "entry", href }, label)),
    );
    return more;
  }
}
