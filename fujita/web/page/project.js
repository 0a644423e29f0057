// The screen of one project: band, log, input line. It redraws from STATUS once a second and after every change.

import { Band } from "./band.js";
import { el } from "./el.js";
import { Input } from "./input.js";
import { Log } from "./log/log.js";
import { words } from "./words.js";

export class ProjectScreen {
  constructor(app, name) {
    Object.assign(this, { app, name });
    this.log = new Log(app, [name], { changed: () => this.draw(), ended: (why) => app.ended(why, name) });
    this.band = new Band(app, name, {
      showRecord: (id) => (id === null ? this.log.going.showNewestProblem() : this.log.going.showRecord(id)),
    });
    this.input = new Input(app, name, { left: () => this.log.scroller.focus() });
    this.element = el(
      "main",
      { class: "screen project" },
      this.band.element,
      this.log.element,
      this.input.element,
      this.band.foot,
    );
    this.timer = setInterval(() => this.draw(), 1000);
  }

  draw() {
    const status = this.app.statuses.get(this.name);
    if (!status || !this.band) return;
    const { connected } = this.app;
    this.band.draw(status, connected);
    this.input.draw(status, connected);
    this.log.redrawWhenPlacesChange(`${status.directory} ${this.app.settings.editorPattern()}`);
    this.element.classList.toggle("unconnected", !connected);
  }

  /** What the palette and the keys can do here. */
  get actions() {
    const status = this.app.statuses.get(this.name);
    if (!status) return [];
    const press = [...this.band.buttons.element.querySelectorAll("button:enabled")].map((button) => [
      words.palette.action(button.textContent, status.title),
      () => this.band.buttons.press(button.dataset.action),
    ]);
    const runs = status.run
      ? []
      : status.commands.map((command) => [words.palette.run(command), () => this.band.run(command)]);
    return [...press, ...runs];
  }

  openInput() {
    const status = this.app.statuses.get(this.name);
    if (status?.pid || status?.run) this.input.open(status);
  }

  close() {
    clearInterval(this.timer);
    this.band.close();
    this.log.close();
  }
}
