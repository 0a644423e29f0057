// All projects at a glance: one row each, with its state as a word, its problem, its figures and its buttons.

import { Buttons } from "./buttons.js";
import { el, fill, icon, say } from "./el.js";
import { PROBLEM, siteAddress } from "./links.js";
import { bytes, percent } from "./when.js";
import { words } from "./words.js";

export class Overview {
  #rows = new Map();

  constructor(app) {
    this.app = app;
    this.head = el(
      "div",
      { class: "overview-head" },
      el("h1", {}, words.overview.heading),
      el("a", { href: "/?view=together", "data-route": true }, words.page.together),
    );
    this.list = el("ul", { class: "projects" });
    this.element = el(
      "main",
      { class: "screen overview", id: "log", tabindex: "-1" },
      this.head,
      this.list,
    );
    this.timer = setInterval(() => this.draw(), 1000);
  }

  actions = [];

  close() {
    clearInterval(this.timer);
  }

  draw() {
    const { statuses, connected } = this.app;
    for (const name of this.#rows.keys()) if (!statuses.get(name)) this.#rows.delete(name);
    const rows = statuses.names.map((name) => {
      if (!this.#rows.has(name)) this.#rows.set(name, new Row(this.app, name));
      const row = this.#rows.get(name);
      row.draw(statuses.get(name), connected);
      return row.element;
    });
    this.head.hidden = !rows.length;
    fill(this.list, rows);
  }
}

class Row {
  constructor(app, name) {
    Object.assign(this, { app, name });
    this.buttons = new Buttons(name, (error) => this.#failed(error));
    this.state = el("span", { class: "state" });
    this.link = el("a", { class: "project-link", href: `/projects/${encodeURIComponent(name)}`, "data-route": true });
    this.summary = el("p", { class: "row-summary" });
    this.problem = el("a", {
      class: "row-problem",
      href: `/projects/${encodeURIComponent(name)}${PROBLEM}`,
      "data-route": true,
      hidden: true,
    });
    this.site = el(
      "a",
      { class: "site", target: "_blank", rel: "noreferrer noopener", hidden: true },
      el("span"),
      icon("out"),
    );
    this.since = el("span", { class: "since" });
    this.failure = el("p", { class: "failure", role: "alert", hidden: true });
    this.cpu = new Spark(words.overview.cpu);
    this.memory = new Spark(words.overview.memory);
    this.element = el(
      "li",
      { class: "project-row" },
      el("div", { class: "row-title" }, el("h2", {}, el("bdi", {}, this.link)), this.site),
      el("p", { class: "row-state" }, this.state, this.since),
      el("div", { class: "row-words" }, this.summary, this.problem, this.failure),
      el("div", { class: "row-figures" }, this.cpu.element, this.memory.element),
      this.buttons.element,
    );
  }

  draw(status, connected) {
    const now = Date.now() / 1000;
    this.element.dataset.state = status.state;
    say(this.state, words.states[status.state] ?? status.state);
    say(this.link, status.title);
    say(this.summary, words.band.summary(status, now));
    const restarts = status.restarts ? ` · ${words.band.restarts(status.restarts)}` : "";
    say(this.since, status.since ? words.overview.uptime(now - status.since) + restarts : "");
    const { problem } = status;
    this.problem.hidden = !problem;
    if (problem)
      say(
        this.problem,
        [problem.kind, problem.file && words.problem.line(problem.file, problem.line)].filter(Boolean).join(" · "),
      );
    const address = siteAddress(status, location.hostname);
    this.site.hidden = !address;
    if (address) {
      this.site.href = address;
      say(this.site.firstChild, words.page.openSite(address));
    }
    const samples = this.app.statuses.samples.get(this.name) ?? [];
    this.cpu.draw(
      samples.map(({ cpu }) => cpu),
      1,
      status.usage && percent(status.usage.cpu),
    );
    this.memory.draw(
      samples.map(({ memory }) => memory),
      0,
      status.usage && bytes(status.usage.memory),
    );
    this.buttons.draw(status, connected);
  }

  #failed(error) {
    this.failure.hidden = !error;
    say(this.failure, error?.message ?? "");
    if (error?.status === 401) this.app.signedOut();
  }
}

const WIDTH = 60;
const HEIGHT = 16;

// A little line of the last minutes. The figure beside it says the same in words.
class Spark {
  constructor(label) {
    const make = (tag) => document.createElementNS("http://www.w3.org/2000/svg", tag);
    this.svg = make("svg");
    this.svg.setAttribute("viewBox", `0 0 ${WIDTH} ${HEIGHT}`);
    this.svg.setAttribute("class", "spark");
    this.svg.setAttribute("aria-hidden", "true");
    this.line = make("polyline");
    const ground = make("polyline"); // five minutes without a figure yet
    ground.setAttribute("class", "spark-ground");
    ground.setAttribute("points", `0,${HEIGHT - 0.5} ${WIDTH},${HEIGHT - 0.5}`);
    this.svg.append(ground, this.line);
    this.figure = el("span", { class: "figure" });
    this.element = el(
      "span",
      { class: "sparked", title: words.overview.lastMinutes(label) },
      el("span", { class: "figure-name" }, label),
      this.svg,
      this.figure,
    );
  }

  draw(values, least, figure) {
    this.element.hidden = !figure;
    say(this.figure, figure ?? "");
    const most = Math.max(least, ...values) || 1;
    const points = values.map(
      (value, i) => `${WIDTH - (values.length - 1 - i)},${(HEIGHT - 1 - (value / most) * (HEIGHT - 2)).toFixed(1)}`,
    );
    this.line.setAttribute("points", points.join(" "));
  }
}
