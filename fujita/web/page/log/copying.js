// The clipboard: what is selected in the log is copied as it was printed, without times, marks and buttons;
// a folded traceback is copied whole.

import { words } from "../words.js";

export class Copying {
  constructor(view, said) {
    Object.assign(this, { view, said });
    view.list.addEventListener("copy", (event) => this.#copy(event));
  }

  async write(text, sentence) {
    try {
      await navigator.clipboard.writeText(text);
      this.said(sentence);
    } catch {
      this.said(words.log.notCopied);
    }
  }

  #copy(event) {
    const selection = document.getSelection();
    if (!selection.rangeCount) return;
    const text = selectedText(this.view.elements(), selection.getRangeAt(0));
    if (text === null) return;
    event.clipboardData.setData("text/plain", text);
    event.preventDefault();
  }
}

function selectedText(rows, selected) {
  const touched = rows.filter((row) => selected.intersectsNode(row));
  if (!touched.length) return null;
  return touched.map((row) => partOf(row, selected)).join("\n");
}

function partOf(row, selected) {
  const { line } = row;
  const cell = row.querySelector(".text");
  const part = document.createRange();
  part.selectNodeContents(cell);
  const whole = selected.comparePoint(cell, 0) >= 0 && selected.comparePoint(cell, cell.childNodes.length) <= 0;
  if (line.fold && line === line.fold.head)
    return whole || !line.fold.expanded ? (line.fold.expanded ? line.text : line.fold.text) : line.text;
  if (whole && line.stream !== "page") return line.text;
  if (part.compareBoundaryPoints(Range.START_TO_START, selected) < 0)
    part.setStart(selected.startContainer, selected.startOffset);
  if (part.compareBoundaryPoints(Range.END_TO_END, selected) > 0)
    part.setEnd(selected.endContainer, selected.endOffset);
  return part.toString().replaceAll("\u200b", "");
}
