// The command palette: projects, their actions and commands, and what the page can do, found by a few letters.

import { el } from "./el.js";
import { words } from "./words.js";

/** Whether all letters of `typed` come in this order in `label`. */
export function fits(label, typed) {
  let at = 0;
  const lower = label.toLowerCase();
  for (const letter of typed.toLowerCase().replace(/\s+/g, "")) {
    at = lower.indexOf(letter, at) + 1;
    if (!at) return false;
  }
  return true;
}

export class Palette {
  #chosen = 0;
  #entries = [];

  constructor(app) {
    this.app = app;
    this.list = el("ul", { class: "choices", id: "choices", role: "listbox", "aria-label": words.palette.label });
    this.field = el("input", {
      class: "palette-text",
      placeholder: words.palette.placeholder,
      "aria-label": words.palette.placeholder,
      role: "combobox",
      "aria-expanded": "true",
      "aria-controls": "choices",
      autocomplete: "off",
      spellcheck: "false",
      on: { input: () => this.#draw(0), keydown: (event) => this.#key(event) },
    });
    this.dialog = el(
      "dialog",
      {
        class: "dialog palette",
        "aria-label": words.palette.label,
        on: { click: (event) => event.target === this.dialog && this.dialog.close() },
      },
      this.field,
      this.list,
    );
  }

  open() {
    this.field.value = "";
    this.dialog.showModal();
    this.#draw(0);
  }

  #all() {
    const { app } = this;
    const { statuses } = app;
    return [
      ...app.screen.actions,
      ...statuses.names.map((name) => [
        words.palette.project(statuses.get(name).title),
        () => app.go(`/projects/${encodeURIComponent(name)}`),
      ]),
      [words.page.overview, () => app.go("/?view=projects")],
      [words.page.together, () => app.go("/?view=together")],
      ...(app.screen.log
        ? [
            [words.tools.search, () => app.screen.log.toolbar.focus()],
            [words.tools.clear, () => app.screen.log.clear()],
          ]
        : []),
      [words.settings.wrap, () => app.settings.flip("wrap")],
      [words.settings.times, () => app.settings.flip("times")],
      [words.palette.reload, () => app.reload()],
      [words.page.keys, () => app.keys.open()],
    ];
  }

  #draw(chosen) {
    this.#entries = this.#all().filter(([label]) => fits(label, this.field.value));
    this.#chosen = Math.max(0, Math.min(chosen, this.#entries.length - 1));
    const options = this.#entries.map(([label], i) =>
      el(
        "li",
        {
          id: `choice-${i}`,
          role: "option",
          class: "entry",
          "aria-selected": String(i === this.#chosen),
          on: { click: () => this.#do(i) },
        },
        label,
      ),
    );
    this.list.replaceChildren(
      ...(options.length
        ? options
        : [
            el(
              "li",
              { class: "quiet", role: "option", "aria-disabled": "true", "aria-selected": "false" },
              words.palette.nothing,
            ),
          ]),
    );
    this.field.setAttribute("aria-activedescendant", `choice-${this.#chosen}`);
    options[this.#chosen]?.scrollIntoView({ block: "nearest" });
  }

  #key(event) {
    if (event.key === "ArrowDown" || event.key === "ArrowUp")
      this.#draw(this.#chosen + (event.key === "ArrowDown" ? 1 : -1));
    else if (event.key === "Enter") this.#do(this.#chosen);
    else if (event.key.toLowerCase() === "k" && (event.ctrlKey || event.metaKey)) this.dialog.close();
    else return;
    event.preventDefault();
  }

  #do(index) {
    const entry = this.#entries[index];
    this.dialog.close();
    entry?.[1]();
  }
}
