// The page: one status stream, one screen at a time, and what is around the screens (header, banners, dialogs).

import { api, reason } from "./api.js";
import { Banners } from "./banners.js";
import { el, say } from "./el.js";
import { Face } from "./face.js";
import { Header } from "./header.js";
import { Keys } from "./keys.js";
import { Overview } from "./overview.js";
import { Palette } from "./palette.js";
import { ProjectScreen } from "./project.js";
import { Settings } from "./settings.js";
import { Statuses } from "./status.js";
import { Stream } from "./stream.js";
import { TogetherScreen } from "./together.js";
import { words } from "./words.js";

const SILENCE = 10_000; // after it we ask whether somebody is still there
const TOAST = 2_500;

// What stands there until the first answer comes, should it take long enough to be seen.
const skeleton = () => el("main", { class: "screen skeleton" }, ...Array.from({ length: 12 }, () => el("div")));

class App {
  statuses = new Statuses();
  screen = { element: skeleton(), draw() {}, close() {}, actions: [] };
  #place = null;
  #early = null;
  #heard = Date.now();

  constructor() {
    this.settings = new Settings(() => this.#settingsChanged());
    this.palette = new Palette(this);
    this.keys = new Keys(this);
    this.header = new Header(this);
    this.banners = new Banners(this);
    this.face = new Face(this);
    this.toasts = el("div", { class: "toast", role: "status", hidden: true });
    this.aloud = el("div", { class: "hidden", role: "status" });
    document.body.append(
      this.header.element,
      this.banners.element,
      this.screen.element,
      this.toasts,
      this.aloud,
      this.palette.dialog,
      this.keys.dialog,
    );
    this.stream = new Stream({
      path: () => "/api/status/stream",
      why: () => reason(null),
      message: (text) => this.#message(text),
      changed: (state) => this.#connection(state),
      ended: (why) => this.ended(why),
    });
    this.statuses.watch(() => this.draw());
    document.addEventListener("click", (event) => this.#clicked(event));
    document.addEventListener("visibilitychange", () => document.hidden || this.#listen());
    window.addEventListener("popstate", () => this.#route());
    setInterval(() => this.#listen(), 2_000);
    setInterval(() => this.banners.draw(), 1_000);
  }

  get connected() {
    return this.stream?.state === "open" && this.statuses.known;
  }

  get project() {
    const found = /^\/projects\/([^/]+)\/?$/.exec(location.pathname);
    if (found) return decodeURIComponent(found[1]);
    return this.view === null && this.statuses.names.length === 1 ? this.statuses.names[0] : null;
  }

  get view() {
    return location.pathname === "/" ? new URLSearchParams(location.search).get("view") : null;
  }

  title(name) {
    return this.statuses.get(name)?.title ?? name;
  }

  go(path) {
    if (path !== location.pathname + location.search) history.pushState(null, "", path);
    this.#route();
  }

  toast(sentence) {
    this.toasts.textContent = sentence;
    this.toasts.hidden = false;
    clearTimeout(this.toastTimer);
    this.toastTimer = setTimeout(() => (this.toasts.hidden = true), TOAST);
  }

  /** Reads fujita.yml again. What is wrong with it comes with the status. */
  async reload() {
    try {
      await api.reload();
      this.toast(words.config.read);
    } catch (error) {
      this.toast(error.message);
    }
  }

  signedOut() {
    this.ended("signed-out");
  }

  /** A stream is over for good: signed out, or its project is gone. */
  ended(why, name = null) {
    if (why === "signed-out") this.stream.close();
    this.banners.ended(why, name);
    this.draw();
  }

  draw() {
    if (!this.statuses.known) return this.banners?.draw();
    if (this.project && !this.statuses.get(this.project)) this.banners.ended("gone", this.project);
    this.#route();
    this.header.draw();
    this.banners.draw();
    this.screen.draw();
    this.face.draw(this.project);
    return this.#sayAloud();
  }

  // The screen for this address; the same address keeps its screen.
  #route() {
    const place = this.project
      ? `project ${this.project}`
      : this.view === "together"
        ? `together ${this.statuses.names}`
        : "overview";
    if (place === this.#place || !this.statuses.known) return;
    this.#place = place;
    this.screen.close();
    const screen = this.#screen();
    this.screen.element.replaceWith(screen.element);
    this.screen = screen;
    this.header.draw();
    this.screen.draw();
    this.face.draw(this.project);
  }

  #screen() {
    if (this.project && this.statuses.get(this.project)) return new ProjectScreen(this, this.project);
    if (this.view === "together") return new TogetherScreen(this);
    return new Overview(this);
  }

  #message(text) {
    this.#heard = Date.now();
    this.#early?.push(text);
    if (!this.#early) this.statuses.read(text);
  }

  async #connection(state) {
    if (state === "open") {
      const early = (this.#early = []); // newer than the answer that is on its way
      try {
        this.statuses.take(await api.projects());
      } catch (error) {
        if (error.status === 401) return this.signedOut();
        this.stream.again();
      } finally {
        if (this.#early === early) this.#early = null;
        for (const text of early) this.statuses.read(text);
      }
    }
    return this.draw();
  }

  // A connection whose other end vanished looks open for minutes: a page cannot see pings, so it asks.
  async #listen() {
    if (this.stream.state !== "open" || Date.now() - this.#heard < SILENCE || this.asking) return;
    this.asking = true;
    try {
      await api.alive();
      this.#heard = Date.now();
    } catch {
      this.stream.again();
      for (const feed of this.screen.log?.feeds ?? []) feed.stream.again();
    } finally {
      this.asking = false;
    }
  }

  #sayAloud() {
    const status = this.project && this.statuses.get(this.project);
    const failed = status?.errors?.count ? words.problem.errors(status.errors.count) : null;
    say(this.aloud, status ? [status.summary, failed].filter(Boolean).join(". ") : "");
  }

  #settingsChanged() {
    this.screen.draw();
    this.screen.log?.view.redrawAll();
  }

  #clicked(event) {
    const link = event.target.closest?.("a[data-route]");
    if (!link || event.ctrlKey || event.metaKey || event.shiftKey || event.button) return;
    event.preventDefault();
    this.go(link.getAttribute("href"));
  }
}

window.fujita = new App();
if (window.name.startsWith("tried ")) window.name = ""; // by whole.js, until all of the page arrived
