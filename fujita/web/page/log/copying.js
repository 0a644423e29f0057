// The clipboard: what is selected in the log is copied as it was printed, without times, marks and buttons; a folded
// traceback within a selection is copied whole. Ctrl+A selects all that is shown, the rows that are not in the DOM too.

import { words } from "../words.js";

export class Copying {
  constructor(view, said) {
    Object.assign(this, { view, said });
    view.scroller.addEventListener("copy", (event) => this.#copy(event));
    view.scroller.addEventListener("keydown", (event) => {
      if (event.key.toLowerCase() === "a" && (event.ctrlKey || event.metaKey)) this.#selectAll(event);
    });
  }

  #selectAll(event) {
    event.preventDefault();
    document.getSelection().selectAllChildren(this.view.list);
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
    const text = coversAll(selection, this.view.list)
      ? this.view.rows.map(wholeText).join("\n")
      : selectedText(this.view.elements(), selection.getRangeAt(0));
    if (text === null) return;
    event.clipboardData.setData("text/plain", text);
    event.preventDefault();
  }
}

function selectedText(rows, selected) {
  const parts = rows.map((row) => partOf(row, selected)).filter(Boolean);
  if (!parts.length) return null;
  const [{ line, whole, text }, another] = parts;
  if (!another) return whole ? wholeText(line) : text;
  return parts.map((part) => (part.whole || isHead(part.line) ? wholeText(part.line) : part.text)).join("\n");
}

// Ctrl+A sets the selection's ends between rows, a mouse or the arrow keys never do.
const coversAll = ({ anchorNode, focusNode }, list) => anchorNode === list && focusNode === list;

// A row of the page's own says what it says on the screen; a folded traceback stands for all its lines.
function wholeText(line) {
  if (line.stream === "page") return words.log.notes[line.kind](line.data);
  return isHead(line) && !line.fold.expanded ? line.fold.text : line.text;
}

const isHead = (line) => line.fold?.head === line;

// What is selected of a row: null where a selection only touches it, as one does that ends before its first letter.
function partOf(row, selected) {
  const cell = row.querySelector(".text");
  if (!selected.intersectsNode(cell)) return null;
  const part = document.createRange();
  part.selectNodeContents(cell);
  const startsInside = part.compareBoundaryPoints(Range.START_TO_START, selected) < 0;
  const endsInside = part.compareBoundaryPoints(Range.END_TO_END, selected) > 0;
  if (startsInside) part.setStart(selected.startContainer, selected.startOffset);
  if (endsInside) part.setEnd(selected.endContainer, selected.endOffset);
  const text = part.toString();
  return text && { line: row.line, whole: !startsInside && !endsInside, text: text.replaceAll("\u200b", "") };
}
