// The page's face in the tab bar and on the desktop: title and favicon bear the state, notifications tell of what broke
// and what runs again; once, however many tabs are open.

import { News, isBad, worst } from "./status.js";
import { words } from "./words.js";

const favicon = document.querySelector("link[rel=icon]");

export class Face {
  #news = new News();
  #leading = false;

  constructor(app) {
    this.app = app;
    // The tab that holds the lock speaks; when it closes the next one gets it.
    navigator.locks?.request("fujita-notifications", () => new Promise(() => (this.#leading = true)));
  }

  draw(name) {
    const { statuses, connected } = this.app;
    const status = name ? statuses.get(name) : worst(statuses.projects.values());
    document.title = this.#title(status, name);
    const face = connected ? (status?.state ?? "stopped") : "offline";
    const href = `/static/icons/${face}.svg`;
    if (favicon.getAttribute("href") !== href) favicon.setAttribute("href", href);
    for (const each of statuses.projects.values()) this.#tell(each, this.#news.of(each));
  }

  #title(status, name) {
    if (!status) return words.title;
    if (!name && !isBad(status)) return words.title;
    const what = status.problem && isBad(status) ? status.problem.kind : (words.states[status.state] ?? status.state);
    return `● ${status.title}: ${what}`;
  }

  #tell(status, news) {
    if (!news || !this.#leading || !this.app.settings.values.notify || Notification.permission !== "granted") return;
    const notification = new Notification(words.news[news](status.title), {
      body: status.summary,
      tag: `fujita-${status.project}`,
    });
    notification.onclick = () => {
      window.focus();
      this.app.go(`/projects/${encodeURIComponent(status.project)}`);
    };
  }
}
