// What this reader likes: kept in localStorage, applied to the root element, shared with the other tabs.

import { el } from "./el.js";
import { EDITORS, isEditorPattern } from "./links.js";
import { check } from "./menu.js";
import { words } from "./words.js";

const KEY = "fujita";
const DEFAULTS = {
  theme: "auto",
  density: "normal",
  wrap: true,
  times: false,
  editor: "vscode",
  pattern: "",
  notify: false,
};
const CHOICES = {
  theme: ["auto", "light", "dark"],
  density: ["compact", "normal", "airy"],
  editor: [...Object.keys(EDITORS), "none", "own"],
};

function stored() {
  let read = {};
  try {
    read = JSON.parse(localStorage.getItem(KEY)) ?? {};
  } catch {
    // Storage may be forbidden or hold somebody else's words: the defaults do.
  }
  const fits = ([name, value]) =>
    typeof value === typeof DEFAULTS[name] && (!CHOICES[name] || CHOICES[name].includes(value));
  return { ...DEFAULTS, ...Object.fromEntries(Object.entries(read).filter(fits)) };
}

export class Settings {
  values = stored();

  constructor(changed) {
    this.changed = changed;
    window.addEventListener("storage", (event) => event.key === KEY && this.#apply(stored()));
    this.#apply(this.values);
  }

  editorPattern() {
    const { editor, pattern } = this.values;
    return editor === "own" ? (isEditorPattern(pattern) ? pattern : null) : (EDITORS[editor] ?? null);
  }

  flip(name) {
    this.set(name, !this.values[name]);
  }

  set(name, value) {
    const values = { ...this.values, [name]: value };
    try {
      localStorage.setItem(KEY, JSON.stringify(values));
    } catch {
      // Not kept, but it holds for this page.
    }
    this.#apply(values);
  }

  #apply(values) {
    this.values = values;
    const { dataset } = document.documentElement;
    dataset.theme = values.theme;
    dataset.density = values.density;
    dataset.wrap = String(values.wrap);
    dataset.times = String(values.times);
    this.changed();
  }

  /** The contents of the settings' panel, with what is set now. */
  panel(version) {
    const { settings } = words;
    const pattern = el("input", {
      class: "field",
      value: this.values.pattern,
      placeholder: EDITORS.vscode,
      "aria-label": settings.pattern,
      on: { input: () => this.set("pattern", pattern.value) },
    });
    const own = el(
      "label",
      { class: "setting", hidden: this.values.editor !== "own" },
      el("span", {}, settings.pattern),
      pattern,
    );
    const editor = this.#choice("editor", settings.editor, settings.editors, (value) => (own.hidden = value !== "own"));
    return [
      el("h2", { class: "panel-heading" }, settings.heading),
      this.#choice("theme", settings.theme, settings.themes),
      this.#choice("density", settings.density, settings.densities),
      check(settings.wrap, this.values.wrap, (on) => this.set("wrap", on)),
      check(settings.times, this.values.times, (on) => this.set("times", on)),
      editor,
      own,
      this.#notify(),
      version && el("p", { class: "quiet" }, settings.version(version)),
    ].filter(Boolean);
  }

  #choice(name, label, labels, changed = () => {}) {
    const options = CHOICES[name].map((value) =>
      el("option", { value, selected: value === this.values[name] }, labels[value]),
    );
    const select = el(
      "select",
      { class: "field", on: { change: () => (this.set(name, select.value), changed(select.value)) } },
      ...options,
    );
    return el("label", { class: "setting" }, el("span", {}, label), select);
  }

  #notify() {
    const able = "Notification" in window && window.isSecureContext && Notification.permission !== "denied";
    const box = check(words.settings.notify, able && this.values.notify, async (on) => {
      const allowed = on && (await Notification.requestPermission()) === "granted";
      box.input.checked = allowed;
      this.set("notify", allowed);
    });
    box.input.disabled = !able;
    return el("div", {}, box, able ? null : el("p", { class: "quiet" }, words.settings.notifyDenied));
  }
}
