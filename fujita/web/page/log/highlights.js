// Paints what the search found, in the rows that exist, by the CSS Custom Highlight API: no element is made for it.
// Where the browser lacks the API, rows with matches are marked as a whole.

const able = typeof Highlight === "function" && Boolean(globalThis.CSS?.highlights);

export class Highlights {
  #planned = false;

  constructor(view, search) {
    Object.assign(this, { view, search });
  }

  plan() {
    if (this.#planned || (!this.search.active && !this.painted)) return;
    this.#planned = true;
    requestAnimationFrame(() => {
      this.#planned = false;
      this.#paint();
    });
  }

  clear() {
    if (able) for (const name of ["found", "found-now"]) CSS.highlights.delete(name);
    this.painted = false;
  }

  #paint() {
    const all = [];
    const now = [];
    const { current, hits, active } = this.search;
    for (const row of this.view.elements()) {
      const ranges = active ? hits.get(row.line) : null;
      row.classList.toggle("has-match", Boolean(ranges) || (active && this.#inFold(row.line)));
      if (!ranges || !able) continue;
      const cell = row.querySelector(".fold-first") ?? row.querySelector(".text");
      if (!cell || row.classList.contains("folded")) continue;
      const places = new Places(cell);
      ranges.slice(0, 200).forEach(([start, end], i) => {
        const range = places.range(start, end);
        if (range) (current?.line === row.line && current.at === i ? now : all).push(range);
      });
    }
    if (!able) return;
    CSS.highlights.set("found", new Highlight(...all));
    CSS.highlights.set("found-now", new Highlight(...now));
    this.painted = active;
  }

  #inFold(line) {
    const { fold } = line;
    return fold && line === fold.head && !fold.expanded && fold.lines.some((member) => this.search.hits.has(member));
  }
}

// Letters of a cell → its text nodes, walked once from left to right.
class Places {
  constructor(cell) {
    this.walker = document.createTreeWalker(cell, NodeFilter.SHOW_TEXT);
    this.node = this.walker.nextNode();
    this.before = 0;
  }

  range(start, end) {
    const from = this.#at(start);
    const to = from && this.#at(end, true);
    if (!to) return null;
    const range = new Range();
    range.setStart(...from);
    range.setEnd(...to);
    return range;
  }

  #at(offset, closing = false) {
    while (
      this.node &&
      (closing ? offset > this.before + this.node.length : offset >= this.before + this.node.length)
    ) {
      this.before += this.node.length;
      this.node = this.walker.nextNode();
    }
    return this.node && [this.node, offset - this.before];
  }
}
