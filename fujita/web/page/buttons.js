// Which buttons make sense in which state: one table, read from STATUS alone; and what happens while one is pressed.

import { api } from "./api.js";
import { el, icon } from "./el.js";
import { words } from "./words.js";

// The first is the large one.
const BUTTONS = {
  waiting: ["start", "stop"],
  starting: ["stop", "restart"],
  running: ["restart", "stop"],
  broken: ["restart", "stop"],
  stopping: [],
  stopped: ["start"],
  exited: ["start"],
  backoff: ["start", "stop"],
};
const KILL_AFTER = 3; // seconds of stopping
const SLOW = 1500;

/** The actions for a STATUS at a time (unix seconds). */
export function actionsFor(status, now) {
  if (status.state === "stopping") return now - (status.since ?? now) >= KILL_AFTER ? ["kill"] : [];
  return BUTTONS[status.state] ?? [];
}

/** The buttons of one project. `draw(status, enabled)` after every change and every second. */
export class Buttons {
  element = el("div", { class: "buttons", role: "group", "aria-label": words.buttons.group });
  #note = el("span", { class: "buttons-note", role: "status" });
  #buttons = new Map();
  #pressed = null;
  #state = null;

  constructor(name, failed) {
    Object.assign(this, { name, failed });
    this.element.append(this.#note);
  }

  draw(status, enabled) {
    const state = `${status.state}/${status.since}`;
    if (state !== this.#state && this.#pressed) this.#release();
    this.#state = state;
    const actions = actionsFor(status, Date.now() / 1000);
    for (const [action, button] of this.#buttons) if (!actions.includes(action)) this.#remove(action, button);
    for (const [at, action] of actions.entries()) {
      const button = this.#buttons.get(action) ?? this.#make(action);
      button.querySelector("span").textContent = words.buttons[action](status);
      button.classList.toggle("primary", at === 0);
      button.disabled = !enabled;
      button.setAttribute("aria-disabled", String(Boolean(this.#pressed)));
      button.classList.toggle("busy", this.#pressed === action);
      if (this.element.children[at] !== button) this.element.insertBefore(button, this.element.children[at]);
    }
  }

  #make(action) {
    const press = () => this.press(action);
    const button = el(
      "button",
      { type: "button", class: "button", "data-action": action, on: { click: press } },
      icon(action),
      el("span"),
    );
    this.#buttons.set(action, button);
    return button;
  }

  #remove(action, button) {
    const focused = button === document.activeElement;
    button.remove();
    this.#buttons.delete(action);
    if (focused)
      setTimeout(() =>
        (this.element.querySelector("button") ?? this.element.closest("section"))?.focus({ preventScroll: true }),
      );
  }

  async press(action) {
    if (this.#pressed) return;
    this.#pressed = action;
    this.failed(null);
    const button = this.#buttons.get(action);
    button?.classList.add("busy");
    button?.setAttribute("aria-disabled", "true");
    const slow = setTimeout(() => (this.#note.textContent = words.buttons.slow), SLOW);
    try {
      await api.press(this.name, action);
    } catch (error) {
      this.failed(error);
    } finally {
      clearTimeout(slow);
      this.#note.textContent = "";
      if (this.#pressed === action) this.#release();
    }
  }

  #release() {
    this.#pressed = null;
    for (const button of this.#buttons.values()) {
      button.classList.remove("busy");
      button.setAttribute("aria-disabled", "false");
    }
  }
}
