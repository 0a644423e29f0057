// The window of rows around the reader's eye: makes and removes them, keeps the line under the eye where it is, follows
// the end. The only module that touches the log's DOM; which lines there are is left to the projection.

const AROUND = 120; // rows kept above and below what is seen
const NEAR_THE_EDGE = 30;
const MOST_ROWS = 1_900;
const AT_END = 3; // pixels

export class LogView {
  following = true;
  hurried = false; // in a flood only what is seen is drawn: all of it is gone with the next frame
  unseen = 0;
  from = 0;
  to = 0;
  #rows = new Map(); // line → row
  #height = 20; // what an unmeasured row is taken for
  #lastTop = 0;
  #held = false; // a pointer holds the scrollbar
  #current = null;
  #screenTop = null; // where the window began on the screen
  #widest = 0; // of rows that are not wrapped: the sideways scrollbar must not jump while they come and go
  #eye = null; // where the reader looks since they last scrolled: measured once, so that roundings never add up

  constructor(scroller, projection, maker, { followChanged = () => {}, moved = () => {} } = {}) {
    Object.assign(this, { scroller, projection, maker, followChanged, moved });
    this.above = document.createElement("div");
    this.list = document.createElement("div");
    this.below = document.createElement("div");
    this.list.className = "rows";
    this.top = document.createElement("div");
    this.top.className = "log-top";
    this.top.hidden = true;
    this.end = document.createElement("p");
    this.end.className = "log-end";
    this.end.hidden = true;
    this.above.append(this.top);
    this.scroller.replaceChildren(this.above, this.list, this.below, this.end);
    scroller.addEventListener("scroll", () => this.#scrolled(), { passive: true });
    scroller.addEventListener("wheel", (event) => event.deltaY < 0 && this.#canScroll() && this.pause(), {
      passive: true,
    });
    scroller.addEventListener("pointerdown", (event) => (this.#held = event.target === scroller));
    this.onRelease = () => (this.#held = false);
    this.onSelection = () => this.selecting && this.pause();
    window.addEventListener("pointerup", this.onRelease);
    document.addEventListener("selectionchange", this.onSelection);
    this.observer = new ResizeObserver(() => this.#resized());
    this.observer.observe(scroller);
  }

  get rows() {
    return this.projection.rows;
  }

  get selecting() {
    const selection = document.getSelection();
    return Boolean(
      selection && !selection.isCollapsed && selection.anchorNode && this.list.contains(selection.anchorNode),
    );
  }

  get current() {
    return this.#current?.gone ? null : this.#current;
  }

  /** The rows in the DOM, top to bottom. */
  elements() {
    return [...this.list.children];
  }

  row(line) {
    return this.#rows.get(line) ?? null;
  }

  close() {
    this.observer.disconnect();
    document.removeEventListener("selectionchange", this.onSelection);
    window.removeEventListener("pointerup", this.onRelease);
  }

  /** A sentence above the very first row. */
  setTop(sentence) {
    if (this.top.textContent === sentence) return;
    const eye = this.following ? null : this.eye();
    this.top.textContent = sentence;
    this.draw(eye);
  }

  /** A sentence below the last row. */
  setEnd(sentence) {
    if (this.end.textContent === sentence) return;
    this.end.textContent = sentence;
    this.end.hidden = !sentence;
    this.draw();
  }

  pause() {
    if (!this.following) return;
    this.following = false;
    this.unseen = 0;
    this.#eye = null;
    this.followChanged();
  }

  follow() {
    this.following = true;
    this.unseen = 0;
    this.draw();
    this.followChanged();
  }

  /** The line under the reader's eye, and how far below the window's top it stands. */
  eye() {
    if (this.following || !this.#eye || this.#eye.line.gone) this.#eye = this.#measureEye();
    return this.#eye;
  }

  // The first line that is seen, at least in part.
  #measureEye() {
    const top = this.scroller.getBoundingClientRect().top;
    const children = this.list.children;
    let low = 0;
    let high = children.length - 1;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (children[middle].getBoundingClientRect().bottom > top + 1) high = middle;
      else low = middle + 1;
    }
    const row = children[low];
    return row ? { line: row.line, offset: row.getBoundingClientRect().top - top } : null;
  }

  /** After the projection changed: `added` lines were appended, `dirty` ones look different. */
  update({ added = 0, dirty = [] } = {}) {
    if (this.scroller.scrollTop < this.#lastTop - 1 && !this.atEnd()) this.pause(); // scrolled since; the event is still to come
    if (this.scroller.scrollTop !== this.#lastTop) this.#eye = null;
    this.hurried = added > AROUND;
    if (!this.following) this.unseen += added;
    const eye = this.following ? null : this.eye();
    for (const line of dirty) {
      const row = this.#rows.get(line);
      if (row) this.maker.redraw(row);
    }
    this.draw(eye);
    if (!this.following && added) this.followChanged();
  }

  /** Draws the window again, around the eye or at the end. */
  draw(eye = this.following ? null : this.eye()) {
    if (this.following) return this.#drawEnd();
    if (!eye) return this.#place(0, Math.min(this.rows.length, this.#window()));
    this.#eye = eye;
    let at = this.projection.place(eye.line);
    if (at >= this.rows.length) at = this.rows.length - 1;
    return this.#drawAround(at, eye.offset);
  }

  /** Brings a line to the reader, a third down the window, and marks it. */
  reveal(line) {
    const at = this.projection.place(line);
    this.pause();
    this.#eye = null;
    this.#drawAround(Math.min(at, this.rows.length - 1), Math.round(this.scroller.clientHeight / 3));
    this.mark(line);
    this.moved();
  }

  mark(line) {
    this.#rows.get(this.#current)?.classList.remove("current");
    this.#current = line;
    this.#rows.get(line)?.classList.add("current");
  }

  toStart() {
    this.pause();
    this.#drawAround(0, 0);
    this.scroller.scrollTop = 0;
    this.#lastTop = 0;
    this.#eye = null;
  }

  /** All rows anew: words, names or widths changed. */
  redrawAll() {
    const eye = this.eye();
    for (const row of this.#rows.values()) this.maker.redraw(row);
    this.#widest = 0;
    this.list.style.minWidth = "";
    this.draw(this.following ? null : eye);
  }

  // A card that comes or goes above the log moves the window, not what a reader looks at.
  #resized() {
    const { top } = this.scroller.getBoundingClientRect();
    const moved = this.#screenTop === null ? 0 : top - this.#screenTop;
    this.#screenTop = top;
    if (!this.following && moved && this.eye()) this.#eye = { ...this.#eye, offset: this.#eye.offset - moved };
    this.draw();
  }

  #window() {
    return Math.ceil(this.scroller.clientHeight / this.#height) + AROUND * 2;
  }

  #canScroll() {
    return this.scroller.scrollHeight > this.scroller.clientHeight + AT_END;
  }

  atEnd() {
    const { scrollTop, scrollHeight, clientHeight } = this.scroller;
    return scrollHeight - clientHeight - scrollTop <= AT_END;
  }

  #drawEnd() {
    const seen = Math.ceil(this.scroller.clientHeight / this.#height);
    this.#place(Math.max(0, this.rows.length - seen - (this.hurried ? 0 : AROUND)), this.rows.length);
    this.scroller.scrollTop = this.scroller.scrollHeight;
    this.#lastTop = this.scroller.scrollTop;
  }

  #drawAround(at, offset) {
    if (at < 0) return this.#place(0, 0);
    const seen = Math.ceil(this.scroller.clientHeight / this.#height);
    this.#place(Math.max(0, at - AROUND), Math.min(this.rows.length, at + seen + AROUND));
    const row = this.#rows.get(this.rows[at]);
    const now = row.getBoundingClientRect().top - this.scroller.getBoundingClientRect().top;
    if (Math.abs(now - offset) >= 0.5) this.scroller.scrollTop += now - offset;
    this.#lastTop = this.scroller.scrollTop;
    return undefined;
  }

  // What is selected stays in the DOM, or the browser would forget the selection's ends.
  #withSelection(from, to) {
    if (!this.selecting || !this.list.children.length) return [from, to];
    const first = this.projection.place(this.list.firstChild.line);
    const last = this.projection.place(this.list.lastChild.line) + 1;
    const [low, high] = [Math.min(from, first), Math.max(to, last)];
    return high - low <= MOST_ROWS ? [low, high] : [from, to];
  }

  #place(wantedFrom, wantedTo) {
    const [from, to] = this.#withSelection(wantedFrom, Math.min(wantedTo, this.rows.length));
    const wanted = this.rows.slice(from, to);
    const staying = new Set(wanted);
    for (const [line, row] of this.#rows) {
      if (staying.has(line)) continue;
      row.remove();
      this.#rows.delete(line);
    }
    let next = this.list.firstChild;
    for (const line of wanted) {
      const row = this.#rows.get(line) ?? this.#make(line);
      if (row === next) next = next.nextSibling;
      else this.list.insertBefore(row, next);
    }
    [this.from, this.to] = [from, to];
    this.#measure(to - from);
    this.top.hidden = from > 0 || !this.top.textContent;
    this.above.style.height = from > 0 ? `${from * this.#height}px` : "";
    this.below.style.height = `${(this.rows.length - to) * this.#height}px`;
  }

  #make(line) {
    const row = this.maker.make(line);
    if (line === this.#current) row.classList.add("current");
    this.#rows.set(line, row);
    return row;
  }

  // The guess changes only when it is far off: each change moves the scrollbar under the reader's hand.
  #measure(count) {
    if (this.list.offsetWidth > Math.max(this.#widest, this.scroller.clientWidth)) {
      this.#widest = this.list.offsetWidth;
      this.list.style.minWidth = `${this.#widest}px`;
    }
    if (count < 20 || this.#held) return;
    const height = this.list.offsetHeight / count;
    if (height && Math.abs(height - this.#height) > this.#height / 4) this.#height = height;
  }

  #scrolled() {
    const { scrollTop } = this.scroller;
    if (scrollTop === this.#lastTop) return;
    const down = scrollTop > this.#lastTop;
    if (this.following && !down && !this.atEnd()) this.pause();
    if (!this.following && down && this.atEnd() && this.to === this.rows.length && !this.selecting)
      return this.follow();
    this.#lastTop = scrollTop;
    this.#eye = null;
    if (!this.following) this.#keepUp();
    this.moved();
    return undefined;
  }

  // The eye came near the edge of what is in the DOM, or was carried beyond it by the scrollbar.
  #keepUp() {
    const { scrollTop, clientHeight } = this.scroller;
    const top = this.above.offsetHeight;
    const bottom = top + this.list.offsetHeight;
    if (scrollTop > bottom || scrollTop + clientHeight < top) return this.#carried(top, bottom);
    const reach = NEAR_THE_EDGE * this.#height;
    const lacksAbove = this.from > 0 && scrollTop - top < reach;
    const lacksBelow = this.to < this.rows.length && bottom - scrollTop - clientHeight < reach;
    return lacksAbove || lacksBelow ? this.draw() : undefined;
  }

  #carried(top, bottom) {
    const { scrollTop } = this.scroller;
    const beyond = scrollTop < top ? scrollTop / this.#height : this.to + (scrollTop - bottom) / this.#height;
    const at = Math.max(0, Math.min(this.rows.length - 1, Math.floor(beyond)));
    this.#drawAround(at, 0);
    this.#eye = null;
  }
}
