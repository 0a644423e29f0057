// The keys: one table, from which they work and from which the list behind ? is made. None fires while somebody types.

import { el, iconButton } from "./el.js";
import { words } from "./words.js";

/** `[keys, what it does, act(app)]`; a key is written as it is shown. */
export const KEYS = [
  ["/", words.keys.search, (app) => app.screen.log?.toolbar.focus()],
  ["Ctrl+F", words.keys.searchTwice, (app) => app.screen.log?.toolbar.focus()],
  ["Ctrl+K", words.keys.palette, (app) => app.palette.open()],
  ["n", words.keys.problem, (app) => app.screen.log?.going.jump(1)],
  ["p", words.keys.previousProblem, (app) => app.screen.log?.going.jump(-1)],
  ["e", words.keys.newest, (app) => app.screen.log?.going.showNewestProblem()],
  ["G", words.keys.end, (app) => app.screen.log?.going.toEnd()],
  ["g", words.keys.start, (app) => app.screen.log?.going.toStart()],
  ["w", words.keys.wrap, (app) => app.settings.flip("wrap")],
  ["t", words.keys.times, (app) => app.settings.flip("times")],
  ["l", words.keys.link, (app) => app.screen.log?.going.copyLink()],
  ["c", words.keys.context, (app) => app.screen.log?.going.showInContext()],
  ["i", words.keys.input, (app) => app.screen.openInput?.()],
  ["?", words.keys.help, (app) => app.keys.open()],
  ["Esc", words.keys.leave, null], // the browser and the fields do this themselves
];

const NEEDS_LOG = new Set(["/", "Ctrl+F"]);
const isTyping = (target) =>
  target instanceof Element &&
  Boolean(target.closest("input:not([type=checkbox]), textarea, select, [contenteditable]"));

function nameOf(event) {
  const held = event.ctrlKey || event.metaKey;
  if (event.altKey) return null;
  return held ? `Ctrl+${event.key.toUpperCase()}` : event.key;
}

export class Keys {
  constructor(app) {
    const rows = KEYS.map(([key, what]) =>
      el("div", { class: "key-row" }, el("dt", {}, el("kbd", {}, key)), el("dd", {}, what)),
    );
    this.dialog = el(
      "dialog",
      { class: "dialog", "aria-label": words.keys.heading },
      el(
        "header",
        {},
        el("h2", {}, words.keys.heading),
        iconButton("close", words.page.close, () => this.dialog.close()),
      ),
      el("dl", { class: "keys" }, rows),
    );
    document.addEventListener("keydown", (event) => this.#pressed(app, event));
  }

  open() {
    this.dialog.showModal();
  }

  #pressed(app, event) {
    const name = nameOf(event);
    const entry = KEYS.find(([key]) => key === name);
    const act = entry?.[2];
    if (!act || event.defaultPrevented) return;
    if (document.querySelector("dialog[open]") || (isTyping(event.target) && !name.startsWith("Ctrl+"))) return;
    if (NEEDS_LOG.has(name) && (!app.screen.log || app.screen.log.toolbar.focused)) return;
    event.preventDefault();
    act(app);
  }
}
