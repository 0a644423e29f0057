// What a project is doing, in one large sentence, with the buttons that make sense now; below it the problem, the help,
// failed requests and the command that runs. Drawn from STATUS alone.

import { api } from "./api.js";
import { Buttons } from "./buttons.js";
import { el, fill, icon, say } from "./el.js";
import { editorAddress } from "./links.js";
import { menu } from "./menu.js";
import { bytes, percent } from "./when.js";
import { words } from "./words.js";

const narrow = matchMedia("(max-width: 640px)");

export class Band {
  /** `showRecord(id or null)` brings a record of the log, or the newest problem, to the reader. */
  constructor(app, name, { showRecord }) {
    Object.assign(this, { app, name, showRecord });
    this.buttons = new Buttons(name, (error) => this.#failed(error));
    this.state = el("span", { class: "state" });
    this.summary = el("h1", { class: "summary", id: "summary" });
    this.since = el("span", { class: "since" });
    this.facts = el("span", { class: "facts" });
    this.failure = el("p", { class: "failure", role: "alert", hidden: true });
    this.commands = menu({
      label: words.run.menu,
      iconName: "run",
      text: words.run.menu,
      open: () => this.#fillCommands(),
    });
    this.actions = el("div", { class: "actions" }, this.buttons.element, this.commands.button, this.commands.panel);
    this.top = el(
      "div",
      { class: "band-top" },
      el("div", { class: "band-words" }, this.summary, el("p", { class: "meta" }, this.state, this.since, this.facts)),
    );
    this.cards = el("div", { class: "cards" });
    this.element = el(
      "section",
      { class: "band", tabindex: "-1", "aria-label": words.band.label },
      this.top,
      this.failure,
      this.cards,
    );
    this.foot = el("div", { class: "thumb" });
    this.onNarrow = () => (narrow.matches ? this.foot : this.top).append(this.actions);
    narrow.addEventListener("change", this.onNarrow);
    this.onNarrow();
  }

  close() {
    narrow.removeEventListener("change", this.onNarrow);
  }

  draw(status, connected) {
    const now = Date.now() / 1000;
    this.element.dataset.state = status.state;
    say(this.summary, words.band.summary(status, now));
    say(this.state, words.states[status.state] ?? status.state);
    say(this.since, status.since ? words.band.since(now - status.since) : "");
    say(this.facts, connected ? this.#facts(status) : words.band.unknown);
    this.buttons.draw(status, connected);
    this.commands.button.hidden = !status.commands?.length;
    this.commands.button.disabled = !connected;
    const key = JSON.stringify([
      status.problem,
      status.help,
      status.errors,
      status.run?.id,
      status.state === "waiting",
      connected,
      this.app.settings.editorPattern(),
    ]);
    if (key !== this.key) fill(this.cards, this.#cards(status, connected));
    this.key = key;
    if (status.run && this.running) say(this.running, words.run.running(status.run.command, now - status.run.since));
  }

  #facts(status) {
    const { band } = words;
    return [
      status.pid ? band.pid(status.pid) : null,
      status.usage ? band.usage(percent(status.usage.cpu), bytes(status.usage.memory)) : null,
      status.restarts ? band.restarts(status.restarts) : null,
    ]
      .filter(Boolean)
      .join(" · ");
  }

  #cards(status, connected) {
    return [
      status.problem && this.#problem(status),
      status.state === "waiting" && el("p", { class: "card quiet" }, words.waiting),
      status.help && this.#help(status.help, connected),
      status.errors?.count && this.#errors(status.errors),
      status.run && this.#run(status.run, connected),
    ];
  }

  #place(status, { file, line }) {
    if (!file) return null;
    const href = editorAddress(this.app.settings.editorPattern(), file, line, {
      directory: status.directory,
      folders: this.app.statuses.folders,
    });
    return el(
      href ? "a" : "span",
      { class: "place", href, title: href ? words.problem.openInEditor : null },
      words.problem.line(file, line),
    );
  }

  #problem(status) {
    const { problem } = status;
    const show = { type: "button", class: "button small", on: { click: () => this.showRecord(problem.record ?? null) } };
    return el(
      "div",
      { class: "card problem", role: "group", "aria-label": words.problem.label },
      el("p", { class: "problem-kind" }, el("strong", {}, problem.kind), this.#place(status, problem)),
      el("button", show, words.problem.showInLog),
      problem.message ? el("p", { class: "problem-message" }, problem.message) : null,
      problem.hint ? el("p", { class: "problem-hint" }, problem.hint) : null,
    );
  }

  #help({ text, command }, connected) {
    const run =
      command &&
      el(
        "button",
        { type: "button", class: "button small", disabled: !connected, on: { click: () => this.run(command) } },
        words.help.run(command),
      );
    return el("p", { class: "card help" }, el("span", {}, text), run);
  }

  #errors({ count, newest }) {
    const show = el(
      "button",
      { type: "button", class: "button small", on: { click: () => this.showRecord(newest?.record ?? null) } },
      words.problem.newest,
    );
    const what = newest ? `${newest.kind}${newest.message ? `: ${newest.message}` : ""}` : "";
    return el(
      "p",
      { class: "card errors" },
      el("span", {}, words.problem.errors(count)),
      el("span", { class: "quiet one-line", title: newest?.hint }, newest?.hint ? `${what}. ${newest.hint}` : what),
      show,
    );
  }

  #run(run, connected) {
    this.running = el("span", {});
    const stop = el(
      "button",
      {
        type: "button",
        class: "button small",
        disabled: !connected,
        on: { click: () => this.#try(api.stopRun(this.name)) },
      },
      words.run.stop(run.command),
    );
    return el("p", { class: "card run" }, icon("run"), this.running, stop);
  }

  #fillCommands() {
    const status = this.app.statuses.get(this.name);
    this.commands.panel.replaceChildren(
      ...(status?.commands ?? []).map((command) =>
        el(
          "button",
          {
            type: "button",
            class: "entry",
            disabled: Boolean(status.run),
            on: { click: () => (this.commands.panel.hidePopover(), this.run(command)) },
          },
          command,
        ),
      ),
    );
  }

  run(command) {
    return this.#try(api.run(this.name, command));
  }

  async #try(asked) {
    this.#failed(null);
    try {
      await asked;
    } catch (error) {
      this.#failed(error);
    }
  }

  #failed(error) {
    this.failure.hidden = !error;
    this.failure.textContent = error?.message ?? "";
    if (error?.status === 401) this.app.signedOut();
  }
}
