// All projects' logs in one, ordered by time; each project can be switched on and off.

import { el } from "./el.js";
import { Log } from "./log/log.js";
import { check, menu } from "./menu.js";
import { words } from "./words.js";

export class TogetherScreen {
  actions = [];

  constructor(app) {
    this.app = app;
    this.names = app.statuses.names;
    const choice = menu(
      { label: words.tools.projects, iconName: "projects", text: words.tools.projects },
      ...this.names.map((name) => check(app.title(name), true, (on) => this.#show(name, on))),
    );
    this.log = new Log(app, this.names, {
      together: true,
      extra: [choice.button, choice.panel],
      changed: () => {},
      ended: (why) => why === "signed-out" && app.signedOut(),
    });
    this.element = el(
      "main",
      { class: "screen together" },
      el("h1", { class: "hidden" }, words.page.together),
      this.log.element,
    );
  }

  draw() {}

  #show(name, on) {
    this.log.feeds.find((feed) => feed.name === name).shown = on;
    this.log.reshow();
  }

  close() {
    this.log.close();
  }
}
