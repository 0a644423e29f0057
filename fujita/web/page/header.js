// The line on top: where we are, the way to the other projects and to the site, settings, commands, keys.

import { api } from "./api.js";
import { el, fill, icon, iconButton, say } from "./el.js";
import { siteAddress } from "./links.js";
import { menu } from "./menu.js";
import { words } from "./words.js";

export class Header {
  constructor(app) {
    this.app = app;
    this.home = el("a", { class: "home", href: "/", "data-route": true }, icon("mark"), el("span", {}, words.title));
    this.title = el("bdi", { class: "here" });
    this.switcher = menu({ label: words.page.switchProject, iconName: "chevron", open: () => this.#fill() });
    this.site = el(
      "a",
      { class: "site button small", target: "_blank", rel: "noreferrer noopener", hidden: true },
      el("span"),
      icon("out"),
    );
    this.settings = menu({
      label: words.page.settings,
      iconName: "settings",
      open: () => this.settings.panel.replaceChildren(...app.settings.panel(app.statuses.version), this.#signOut()),
    });
    this.element = el(
      "header",
      { class: "header" },
      this.home,
      el(
        "nav",
        { class: "crumbs", "aria-label": words.page.switchProject },
        this.title,
        this.switcher.button,
        this.switcher.panel,
      ),
      this.site,
      el(
        "button",
        {
          type: "button",
          class: "icon-button",
          "aria-label": words.page.palette,
          title: `${words.page.palette} (Ctrl+K)`,
          on: { click: () => app.palette.open() },
        },
        icon("command"),
      ),
      iconButton("keyboard", words.page.keys, () => app.keys.open(), { class: "icon-button on-wide" }),
      this.settings.button,
      this.settings.panel,
    );
  }

  draw() {
    const { statuses, project, view } = this.app;
    const status = project && statuses.get(project);
    say(this.title, status ? status.title : view === "together" ? words.page.together : words.page.overview);
    this.home.hidden = false;
    const address = status ? siteAddress(status, location.hostname) : null;
    this.site.hidden = !address;
    if (address) {
      this.site.href = address;
      say(this.site.firstChild, words.page.openSite(address));
    }
  }

  #fill() {
    const { statuses, project } = this.app;
    const link = (href, label, current, state = null) =>
      el(
        "a",
        {
          class: "entry",
          href,
          "data-route": true,
          "aria-current": current ? "page" : null,
          "data-state": state,
          on: { click: () => this.switcher.panel.hidePopover() },
        },
        state ? el("span", { class: "dot", "aria-hidden": "true" }) : null,
        el("bdi", {}, label),
        state ? el("span", { class: "quiet" }, words.states[state]) : null,
      );
    const links = statuses.names.map((name) => {
      const { title, state } = statuses.get(name);
      return link(`/projects/${encodeURIComponent(name)}`, title, name === project, state);
    });
    fill(this.switcher.panel, [
      ...links,
      links.length > 0 && el("hr"),
      link("/?view=projects", words.page.overview),
      link("/?view=together", words.page.together),
    ]);
  }

  // The cookie is not for scripts to see: whether there is a token shows in an answer to somebody without it.
  #signOut() {
    const out = el(
      "button",
      {
        type: "button",
        class: "entry",
        hidden: true,
        on: { click: async () => (await api.signOut(), this.app.signedOut()) },
      },
      words.page.signOut,
    );
    api.needsToken().then((needed) => (out.hidden = !needed));
    return out;
  }
}
