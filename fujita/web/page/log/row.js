// One line → one row of the DOM, whatever its kind. Text is only ever inserted as text.
// Where rows stand, and which exist, is left to view.js.

import { el, icon } from "../el.js";
import { editorAddress, linksIn, permalink } from "../links.js";
import { clockTime, fullTime } from "../when.js";
import { words } from "../words.js";
import { cssColours } from "./colours.js";
import { frameOf, ownFile } from "./traceback.js";

const MOST_LETTERS = 8_000; // of one line at once: a megabyte in one row would freeze the layout
const MARKS = { stderr: "e", fujita: "f" };
const DIVIDERS = new Set(["own", "run-begin", "run-end", "gap", "epoch", "resumed", "evicted"]);

/** `places(line)` gives `{directory, folders, editor}`: how a file becomes an editor link. */
export class RowMaker {
  whole = new WeakSet(); // long lines that somebody asked to see whole

  constructor({ places, name = () => null }) {
    Object.assign(this, { places, name });
  }

  make(line) {
    const row = el("div", { class: this.#classes(line) });
    row.line = line;
    row.append(...this.#parts(line));
    return row;
  }

  redraw(row) {
    row.className = this.#classes(row.line) + (row.classList.contains("current") ? " current" : "");
    row.replaceChildren(...this.#parts(row.line));
  }

  #classes(line) {
    const classes = ["row", `from-${line.stream}`, `kind-${line.kind}`];
    if (DIVIDERS.has(line.kind)) classes.push("divider");
    if (line.kind === "request") classes.push(`http-${Math.floor(line.data.status / 100)}`);
    if (line.data?.slow) classes.push("slow");
    if (line.kind === "run-end" && line.data.code !== 0) classes.push("failed");
    if (line.run) classes.push("of-run");
    if (line.fold)
      classes.push(
        line === line.fold.head ? "fold" : this.#frameClass(line),
        line.fold.expanded ? "expanded" : "folded",
      );
    return classes.join(" ");
  }

  #frameClass(line) {
    const { lines } = line.fold;
    const at = lines.indexOf(line);
    const frame =
      frameOf(line.text) ??
      (/^ {4}/.test(line.text) ? (frameOf(lines[at - 1]?.text ?? "") ?? frameOf(lines[at - 2]?.text ?? "")) : null);
    if (!frame) return "in-fold";
    return ownFile(frame.file, this.places(line).directory) ? "in-fold own-frame" : "in-fold library-frame";
  }

  #parts(line) {
    const parts = [this.#time(line), this.#mark(line)];
    const name = this.name(line);
    if (name) parts.push(name);
    parts.push(line.fold && line === line.fold.head ? this.#fold(line) : this.#text(line));
    return parts;
  }

  #time(line) {
    if (line.stream === "page") return el("span", { class: "time" });
    const label = clockTime(line.time);
    return el(
      "a",
      { class: "time", href: `#${permalink(line)}`, tabindex: "-1", title: words.log.copyLink(fullTime(line.time)) },
      label,
    );
  }

  #mark(line) {
    if (line.stream === "page") return el("span", { class: "mark" });
    const title = words.log.markTitle(line.stream, fullTime(line.time), line);
    return el(
      "a",
      {
        class: "mark",
        href: `#${permalink(line)}`,
        tabindex: "-1",
        title,
        "aria-label": line.typed ? words.log.typed : words.log.streams[line.stream],
      },
      line.typed ? ">" : (MARKS[line.stream] ?? ""),
    );
  }

  #text(line) {
    const cell = el("span", { class: "text" });
    if (line.stream === "page") cell.append(words.log.notes[line.kind](line.data));
    else if (line.kind === "run-end") cell.append(words.log.runEnd(line.data));
    else if (line.kind === "run-begin") cell.append(words.log.runBegin(line.data));
    else this.#letters(cell, line);
    return cell;
  }

  #letters(cell, line) {
    const cut = line.text.length > MOST_LETTERS && !this.whole.has(line);
    const text = cut ? line.text.slice(0, MOST_LETTERS) : line.text;
    if (text === "") cell.append("\u200b");
    const links = linksIn(text);
    let at = 0;
    for (const link of links) {
      this.#styled(cell, line.spans, text, at, link.start);
      const anchor = this.#anchor(link, line);
      this.#styled(anchor ?? cell, line.spans, text, link.start, link.end);
      if (anchor) cell.append(anchor);
      at = link.end;
    }
    this.#styled(cell, line.spans, text, at, text.length);
    if (cut)
      cell.append(
        el(
          "button",
          { type: "button", class: "more", "data-do": "whole" },
          words.log.moreLetters(line.text.length - MOST_LETTERS),
        ),
      );
  }

  #anchor(link, line) {
    if (link.href) return el("a", { href: link.href, target: "_blank", rel: "noreferrer noopener" });
    const { directory, folders, editor } = this.places(line);
    const href = editorAddress(editor, link.file, link.line, { directory, folders });
    return href && el("a", { href, class: "place", title: words.log.openInEditor });
  }

  #styled(parent, spans, text, from, to) {
    if (from >= to) return;
    let at = from;
    for (const [start, end, style] of spans ?? []) {
      if (end <= at) continue;
      if (start >= to) break;
      if (start > at) parent.append(text.slice(at, start));
      at = Math.max(at, start);
      const stop = Math.min(end, to);
      parent.append(styledSpan(text.slice(at, stop), style));
      at = stop;
    }
    if (at < to) parent.append(text.slice(at, to));
  }

  #fold(line) {
    const { fold } = line;
    // The words are no button, so that they can be selected; a click on them does the same.
    const what = fold.exception || line.text || words.log.tracebackGoesOn;
    const toggle = el(
      "button",
      {
        type: "button",
        class: "fold-toggle",
        "data-do": "fold",
        "aria-expanded": String(fold.expanded),
        "aria-label": what,
      },
      icon("chevron"),
    );
    const head = el("span", { class: "fold-head" }, toggle, el("strong", { class: "exception", "data-do": "fold" }, what));
    const copy = el("button", { type: "button", class: "fold-copy", "data-do": "copy-fold" }, words.log.copyTraceback);
    const foot = el("span", { class: "fold-foot" }, words.log.frames(fold.frames), " · ", copy);
    const summary = el(
      "span",
      { class: "fold-summary" },
      head,
      el("span", { class: "frame" }, fold.frame ? this.#frame(fold, line) : null, foot),
    );
    const cell = el("span", { class: "text" }, summary);
    if (fold.expanded) {
      const first = el("span", { class: "fold-first" });
      this.#letters(first, line);
      cell.append(first);
    }
    return cell;
  }

  #frame({ frame, source }, line) {
    const { directory, folders, editor } = this.places(line);
    const shown =
      directory && frame.file.startsWith(`${directory}/`) ? frame.file.slice(directory.length + 1) : frame.file;
    const href = editorAddress(editor, frame.file, frame.line, { directory, folders });
    const place = el(href ? "a" : "span", { href, class: "place" }, `${shown}:${frame.line}`);
    return [
      place,
      frame.name ? el("span", { class: "quiet" }, `in ${frame.name}`) : null,
      source ? el("code", {}, source) : null,
    ];
  }
}

function styledSpan(text, style) {
  const span = document.createElement("span");
  span.textContent = text;
  Object.assign(span.style, cssColours(style));
  if (style.bold) span.style.fontWeight = "700";
  if (style.italic) span.style.fontStyle = "italic";
  const lines = [style.underline && "underline", style.strike && "line-through"].filter(Boolean).join(" ");
  if (lines) span.style.textDecoration = lines;
  return span;
}
