// The line that answers a program which asks: it opens when the process shows a prompt, recalls what was typed before,
// and leaves with Esc. What is typed appears in the log by the sidecar's own account of it.

import { api } from "./api.js";
import { el } from "./el.js";
import { words } from "./words.js";

const REMEMBERED = 50;
const ALIVE = new Set(["starting", "running", "broken"]);

export class Input {
  #asked = null; // the prompt that opened it
  #open = false;

  constructor(app, name, { left }) {
    Object.assign(this, { app, name, left });
    this.key = `input:${name}`;
    this.at = this.past.length;
    this.prompt = el("span", { class: "prompt" });
    this.field = el("input", {
      class: "input-text",
      "aria-label": words.input.label,
      title: words.input.hint,
      autocomplete: "off",
      autocapitalize: "off",
      spellcheck: "false",
      on: { keydown: (event) => this.#key(event) },
    });
    this.failure = el("span", { class: "failure", role: "alert" });
    this.element = el(
      "form",
      { class: "input", hidden: true, on: { submit: (event) => (event.preventDefault(), this.#send()) } },
      this.prompt,
      this.field,
      el("button", { type: "submit", class: "button small" }, words.input.send),
      this.failure,
    );
  }

  get past() {
    return JSON.parse(sessionStorage.getItem(this.key) ?? "[]");
  }

  draw(status, connected) {
    const alive = connected && (ALIVE.has(status.state) || status.run);
    const prompt = status.prompt ?? null;
    if (prompt !== null && prompt !== this.#asked) {
      this.#open = true;
      if (document.activeElement === document.body || document.activeElement?.id === "log")
        setTimeout(() => this.field.focus());
    }
    if (prompt === null && this.#asked !== null && document.activeElement !== this.field) this.#open = false;
    this.#asked = prompt;
    this.prompt.textContent = prompt?.trim() ? prompt : ">";
    this.element.hidden = !(alive && this.#open);
  }

  open(status) {
    this.#open = true;
    this.draw(status, true);
    this.field.focus();
  }

  async #send() {
    const text = this.field.value;
    this.failure.textContent = "";
    try {
      await api.input(this.name, `${text}\n`);
    } catch (error) {
      this.failure.textContent = error.message;
      return;
    }
    if (text)
      sessionStorage.setItem(
        this.key,
        JSON.stringify([...this.past.filter((other) => other !== text), text].slice(-REMEMBERED)),
      );
    this.at = this.past.length;
    this.field.value = "";
  }

  #key(event) {
    if (event.key === "Escape") {
      this.#open = false;
      this.element.hidden = true;
      this.left();
    } else if (event.key === "ArrowUp" || event.key === "ArrowDown") {
      const { past } = this;
      this.at = Math.max(0, Math.min(past.length, this.at + (event.key === "ArrowUp" ? -1 : 1)));
      this.field.value = past[this.at] ?? "";
    } else return;
    event.preventDefault();
  }
}
