// Which lines are shown, in which order: the log as the view sees it. No DOM.
// Holds one array of lines, sorted by `compare`; new ones are merged in, forgotten ones leave.

export const byNumber = (a, b) => a.n - b.n;
export const byTime = (a, b) =>
  a.time - b.time || (a.log.project < b.log.project ? -1 : a.log.project > b.log.project ? 1 : a.n - b.n);

export class Projection {
  rows = [];

  constructor(compare = byNumber, shows = () => true) {
    this.compare = compare;
    this.shows = shows;
  }

  /** Where the line is or would be. */
  place(line) {
    let low = 0;
    let high = this.rows.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (this.compare(this.rows[middle], line) < 0) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  indexOf(line) {
    const at = this.place(line);
    return this.rows[at] === line ? at : -1;
  }

  /** Merges lines in; how many of them are shown. */
  add(lines) {
    const shown = lines.filter((line) => !line.gone && this.shows(line));
    if (!shown.length) return 0;
    const { rows, compare } = this;
    for (let i = 1; i < shown.length; i++) {
      if (compare(shown[i - 1], shown[i]) > 0) {
        shown.sort(compare);
        break;
      }
    }
    if (rows.length && compare(rows[rows.length - 1], shown[0]) > 0) this.#merge(shown);
    else for (const line of shown) rows.push(line);
    return shown.length;
  }

  #merge(shown) {
    const tail = this.rows.splice(this.place(shown[0]));
    let [a, b] = [0, 0];
    while (a < tail.length || b < shown.length) {
      const takeOld = b >= shown.length || (a < tail.length && this.compare(tail[a], shown[b]) <= 0);
      this.rows.push(takeOld ? tail[a++] : shown[b++]);
    }
  }

  /** Takes away what is gone, or is not shown any more; says how many went. */
  sweep() {
    const before = this.rows.length;
    let gone = 0;
    while (gone < before && this.rows[gone].gone) gone += 1;
    if (gone) this.rows.splice(0, gone);
    // Sorted by number only the oldest leave; sorted by time a talkative project's leave from the middle.
    if (this.compare !== byNumber && this.rows.some((line) => line.gone))
      this.rows = this.rows.filter((line) => !line.gone);
    return before - this.rows.length;
  }

  /** Lines whose fold or text changed since they were placed: in or out. */
  review(lines) {
    for (const line of lines) {
      if (line.gone) continue;
      const at = this.place(line);
      const here = this.rows[at] === line;
      const wanted = this.shows(line);
      if (here && !wanted) this.rows.splice(at, 1);
      else if (!here && wanted) this.rows.splice(at, 0, line);
    }
  }
}
