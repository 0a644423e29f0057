// A button that opens a small panel below it (a native popover: Esc and a click beside it close it, focus comes back).

import { el, icon } from "./el.js";

let made = 0;

/** `{button, panel}`; `open` is called before it is shown, to bring the contents up to date. */
export function menu({ label, iconName, text = null, attributes = {}, open = () => {} }, ...children) {
  const id = `panel-${++made}`;
  const panel = el("div", { id, class: "panel", popover: "auto", role: "group", "aria-label": label }, ...children);
  const button = el(
    "button",
    {
      type: "button",
      class: text ? "button small" : "icon-button",
      popovertarget: id,
      "aria-label": text ? null : label,
      title: text ? null : label,
      ...attributes,
    },
    iconName ? icon(iconName) : null,
    text ? el("span", {}, text) : null,
  );
  panel.addEventListener("beforetoggle", (event) => {
    if (event.newState !== "open") return;
    open();
    requestAnimationFrame(() => place(panel, button));
  });
  return { button, panel };
}

function place(panel, button) {
  const anchor = button.getBoundingClientRect();
  const { offsetWidth: width, offsetHeight: height } = panel;
  const left = Math.max(8, Math.min(anchor.right - width, innerWidth - width - 8));
  const below = anchor.bottom + 4;
  const top = below + height > innerHeight - 8 && anchor.top > height ? anchor.top - height - 4 : below;
  panel.style.left = `${left}px`;
  panel.style.top = `${Math.max(8, Math.min(top, innerHeight - height - 8))}px`;
}

/** A checkbox with its words. */
export function check(label, checked, changed) {
  const input = el("input", { type: "checkbox", checked, on: { change: () => changed(input.checked) } });
  return Object.assign(el("label", { class: "check" }, input, el("span", {}, label)), { input });
}

/** A button that stays pressed. */
export function toggle(label, text, changed, { iconName = null } = {}) {
  const button = el(
    "button",
    {
      type: "button",
      class: iconName || text.length < 3 ? "toggle tiny" : "toggle",
      "aria-pressed": "false",
      title: label,
      "aria-label": text === label ? null : label,
    },
    iconName ? icon(iconName) : text,
  );
  button.addEventListener("click", () => {
    button.setAttribute("aria-pressed", String(button.getAttribute("aria-pressed") !== "true"));
    changed(button.getAttribute("aria-pressed") === "true");
  });
  button.set = (on) => button.setAttribute("aria-pressed", String(on));
  return button;
}
