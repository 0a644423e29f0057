// What is wrong with the page itself or with fujita.yml, said in a sentence above the screen, with the way out.

import { el, fill } from "./el.js";
import { words } from "./words.js";

const PATIENCE = 300; // milliseconds in which nothing is said of connecting
const HAS_PLACE = /:\d+:/; // a mistake in a file that is there; one that is missing has none

export class Banners {
  #began = Date.now();
  #ended = null; // {why, name}
  #drawn = null;

  constructor(app) {
    this.app = app;
    this.element = el("div", { class: "banners", role: "status" });
    setTimeout(() => this.draw(), PATIENCE);
  }

  ended(why, name) {
    this.#ended = { why, name };
    this.draw();
  }

  draw() {
    const { statuses, stream } = this.app;
    if (this.#ended?.name && statuses.get(this.#ended.name)) this.#ended = null;
    const seconds = stream?.retryAt ? Math.max(0, Math.ceil((stream.retryAt - Date.now()) / 1000)) : 0;
    const key = JSON.stringify([
      this.#ended,
      stream?.state,
      seconds,
      statuses.config,
      statuses.known,
      statuses.names.length,
    ]);
    if (key === this.#drawn) return;
    this.#drawn = key;
    fill(this.element, [this.#connection(seconds), this.#gone(), this.#config(), this.#nothing()]);
  }

  #connection(seconds) {
    const { stream, statuses } = this.app;
    const { connection } = words;
    if (this.#ended?.why === "signed-out") {
      const next = encodeURIComponent(location.pathname + location.search);
      return el(
        "p",
        { class: "banner bad" },
        el("span", {}, connection.signedOut),
        el("a", { class: "button small", href: `/sign-in?next=${next}` }, connection.signIn),
      );
    }
    if (!stream || stream.state === "open" || stream.state === "ended" || Date.now() - this.#began < PATIENCE)
      return null;
    if (stream.state === "connecting" && !statuses.known) return el("p", { class: "banner" }, connection.connecting);
    const now = el(
      "button",
      { type: "button", class: "button small", on: { click: () => this.#now() } },
      connection.now,
    );
    return el(
      "p",
      { class: "banner bad" },
      el("span", {}, connection.lost),
      el("span", {}, connection.again(seconds)),
      now,
    );
  }

  #now() {
    this.app.stream.now();
    for (const feed of this.app.screen.log?.feeds ?? []) feed.stream.now();
  }

  #gone() {
    if (this.#ended?.why !== "gone") return null;
    const { gone, backToOverview } = words.connection;
    return el(
      "p",
      { class: "banner bad" },
      el("span", {}, gone(this.#ended.name)),
      el("a", { class: "button small", href: "/?view=projects", "data-route": true }, backToOverview),
    );
  }

  #config() {
    const { error } = this.app.statuses.config;
    if (!error) return null;
    const { wrong, wrongAtFirst } = words.config;
    const lines = error
      .split("\n")
      .filter(Boolean)
      .map((line) => el("li", {}, line));
    return el(
      "div",
      { class: "banner bad config" },
      el("p", {}, this.app.statuses.names.length ? wrong : wrongAtFirst),
      el("ul", {}, lines),
    );
  }

  #nothing() {
    const { statuses } = this.app;
    const { error } = statuses.config;
    if (!statuses.known || statuses.names.length || (error && HAS_PLACE.test(error))) return null;
    const { none, how, example, reload } = words.config;
    const again = el(
      "button",
      {
        type: "button",
        class: "button small",
        on: { click: () => this.app.reload() },
      },
      reload,
    );
    return el(
      "section",
      { class: "nothing" },
      el("h1", {}, none),
      el("p", {}, how(statuses.config.path)),
      el("pre", {}, example),
      again,
    );
  }
}
