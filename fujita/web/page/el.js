// Makes elements: `el("a", {class: "link", href}, "text")`. Text is only ever set as text, so nothing that was printed
// or configured can become markup.

const SPRITE = "/static/sprite.svg";

export function el(tag, attributes = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (value === null || value === undefined || value === false) continue;
    if (name === "on") for (const [event, listener] of Object.entries(value)) element.addEventListener(event, listener);
    else if (name === "class") element.className = value;
    else element.setAttribute(name, value === true ? "" : value);
  }
  element.append(...children.flat().filter((child) => child !== null && child !== undefined && child !== false));
  return element;
}

/** A picture from the sprite; decoration, the words stand beside it. */
export function icon(name) {
  const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg");
  svg.setAttribute("class", "icon");
  svg.setAttribute("aria-hidden", "true");
  const use = document.createElementNS("http://www.w3.org/2000/svg", "use");
  use.setAttribute("href", `${SPRITE}#${name}`);
  svg.append(use);
  return svg;
}

/** A button with a picture, named by its words for those who don't see it. */
export const iconButton = (name, label, on, attributes = {}) =>
  el(
    "button",
    { type: "button", class: "icon-button", "aria-label": label, title: label, on: { click: on }, ...attributes },
    icon(name),
  );

/** Replaces the children only where they differ from what stands there: focus and selection stay. */
export function fill(parent, children) {
  const wanted = children.filter(Boolean);
  const same = wanted.length === parent.childNodes.length && wanted.every((child, i) => child === parent.childNodes[i]);
  if (!same) parent.replaceChildren(...wanted);
}

/** Sets text only where it changed, so that nothing is announced twice. */
export function say(element, text) {
  if (element.textContent !== text) element.textContent = text;
}
