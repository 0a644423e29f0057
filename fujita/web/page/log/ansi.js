// Text with terminal sequences → plain text and styled spans. Colours (SGR) are kept, every other sequence is removed;
// state is carried over the borders of records and lines. What the colours look like is left to colours.js.

const flags = ["bold", "dim", "italic", "underline", "inverse", "strike"];
export const PLAIN = Object.freeze({
  fg: null,
  bg: null,
  bold: false,
  dim: false,
  italic: false,
  underline: false,
  inverse: false,
  strike: false,
});

// Everything that is not simply a letter on the line: C0 but tab, DEL, C1, and Unicode's two line separators.
const CONTROL = /[\x00-\x08\x0a-\x1f\x7f-\x9f\u2028\u2029]/g;
const MOST_PARAMETERS = 64;
const MOST_STYLES = 4096;

const SWITCHES = new Map([
  [1, { bold: true }],
  [2, { dim: true }],
  [3, { italic: true }],
  [4, { underline: true }],
  [7, { inverse: true }],
  [9, { strike: true }],
  [21, { underline: true }],
  [22, { bold: false, dim: false }],
  [23, { italic: false }],
  [24, { underline: false }],
  [27, { inverse: false }],
  [29, { strike: false }],
  [39, { fg: null }],
  [49, { bg: null }],
]);

let interned = new Map();

function intern(style) {
  const key = `${style.fg}/${style.bg}/${flags.map((flag) => (style[flag] ? 1 : 0)).join("")}`;
  if (key === "null/null/000000") return PLAIN;
  if (!interned.has(key)) {
    if (interned.size >= MOST_STYLES) interned = new Map();
    interned.set(key, Object.freeze(style));
  }
  return interned.get(key);
}

/** A true colour as a number beyond the 256 of the palette. */
export const trueColour = (red, green, blue) => 0x1000000 | (red << 16) | (green << 8) | blue;

function extendedColour(codes, at) {
  const isByte = (value) => value >= 0 && value <= 255;
  if (codes[at] === 5) return [isByte(codes[at + 1]) ? codes[at + 1] : null, at + 1];
  if (codes[at] === 2) {
    const [red, green, blue] = [codes[at + 1] ?? 0, codes[at + 2] ?? 0, codes[at + 3] ?? 0];
    return [[red, green, blue].every(isByte) ? trueColour(red, green, blue) : null, at + 3];
  }
  return [null, codes.length];
}

// 38:2::1:2:3 has an empty field for the colour space which 38;2;1;2;3 has not.
const withoutColourSpace = (parameters) => parameters.replace(/([34]8:2):\d*:(\d+:\d+:\d+)/g, "$1:$2");

/** The style after a CSI … m with these parameters. */
export function select(style, parameters) {
  const codes = withoutColourSpace(parameters)
    .replace(/\b4:0\b/g, "24")
    .split(/[;:]/)
    .map((code) => (code === "" ? 0 : Number(code)));
  let next = style;
  for (let i = 0; i < codes.length; i++) {
    const code = codes[i];
    if (code === 0) next = PLAIN;
    else if (SWITCHES.has(code)) next = { ...next, ...SWITCHES.get(code) };
    else if (code >= 30 && code <= 37) next = { ...next, fg: code - 30 };
    else if (code >= 40 && code <= 47) next = { ...next, bg: code - 40 };
    else if (code >= 90 && code <= 97) next = { ...next, fg: code - 82 };
    else if (code >= 100 && code <= 107) next = { ...next, bg: code - 92 };
    else if (code === 38 || code === 48) {
      const [colour, last] = extendedColour(codes, i + 1);
      next = { ...next, [code === 38 ? "fg" : "bg"]: colour };
      i = last;
    }
  }
  return intern(next);
}

/** One line being drawn: pieces of text, each with a style. */
export class Sheet {
  pieces = [];
  returned = false;

  add(text, style) {
    if (this.returned) this.clear();
    this.pieces.push({ text, style });
  }

  clear() {
    this.pieces = [];
    this.returned = false;
  }

  back() {
    const last = this.pieces[this.pieces.length - 1];
    if (!last) return;
    if (last.text.length > 1) this.pieces[this.pieces.length - 1] = { text: last.text.slice(0, -1), style: last.style };
    else this.pieces.pop();
  }

  /** The text, and its styled parts as [start, end, style], null where there are none. */
  read() {
    if (this.pieces.length === 1 && this.pieces[0].style === PLAIN) return { text: this.pieces[0].text, spans: null };
    const merged = [];
    for (const piece of this.pieces) {
      const last = merged[merged.length - 1];
      if (last && last.style === piece.style) last.texts.push(piece.text);
      else merged.push({ texts: [piece.text], style: piece.style });
    }
    this.pieces = merged.map(({ texts, style }) => ({ text: texts.join(""), style }));
    const spans = [];
    let start = 0;
    for (const { text, style } of this.pieces) {
      if (style !== PLAIN) spans.push([start, start + text.length, style]);
      start += text.length;
    }
    return { text: this.pieces.map((piece) => piece.text).join(""), spans: spans.length ? spans : null };
  }
}

const picture = (code) => {
  if (code < 0x20) return String.fromCharCode(0x2400 + code);
  if (code === 0x7f) return "\u2421";
  return code > 0x9f ? "\u2424" : "";
};

/** One stream's terminal state. `write` takes text without newlines, `newline` ends what must not reach the next line. */
export class Pen {
  style = PLAIN;
  #mode = "text";
  #parameters = "";

  newline() {
    this.#mode = "text";
  }

  write(sheet, text) {
    let at = 0;
    while (at < text.length) at = this[`_${this.#mode}`](sheet, text, at);
  }

  _text(sheet, text, at) {
    CONTROL.lastIndex = at;
    const found = CONTROL.exec(text);
    const end = found ? found.index : text.length;
    if (end > at) sheet.add(at === 0 && !found ? text : text.slice(at, end), this.style);
    if (found) this.#control(sheet, text.charCodeAt(end));
    return end + 1;
  }

  #control(sheet, code) {
    if (code === 0x1b) this.#mode = "escape";
    else if (code === 0x9b) this.#begin("sequence");
    else if (code === 0x90 || code === 0x98 || (code >= 0x9d && code <= 0x9f)) this.#begin("string");
    else if (code === 0x0d) sheet.returned = true;
    else if (code === 0x08) sheet.back();
    else if (code !== 0x07 && picture(code)) sheet.add(picture(code), this.style);
  }

  #begin(mode) {
    this.#mode = mode;
    this.#parameters = "";
  }

  _escape(sheet, text, at) {
    const code = text.charCodeAt(at);
    if (text[at] === "[") this.#begin("sequence");
    else if ("]PX^_".includes(text[at])) this.#begin("string");
    else if (code < 0x20 || code > 0x2f) this.#mode = "text";
    return at + 1;
  }

  _sequence(sheet, text, at) {
    const code = text.charCodeAt(at);
    if (code === 0x1b) this.#mode = "escape";
    else if (code >= 0x40) {
      this.#mode = "text";
      if (code === 0x6d && /^[\d;:]*$/.test(this.#parameters)) this.style = select(this.style, this.#parameters);
      if (code === 0x4b && (sheet.returned || this.#parameters === "2")) sheet.clear();
      if (code === 0x47 && /^1?$/.test(this.#parameters)) sheet.returned = true;
    } else if (this.#parameters.length <= MOST_PARAMETERS) {
      this.#parameters += this.#parameters.length === MOST_PARAMETERS ? "?" : text[at];
    }
    return at + 1;
  }

  // OSC, DCS, PM, APC: titles, links, clipboard. All of it goes, up to BEL, ST or the end of the line.
  _string(sheet, text, at) {
    for (let i = at; i < text.length; i++) {
      const code = text.charCodeAt(i);
      if (code === 0x1b) {
        this.#mode = "escape";
        return i + 1;
      }
      if (code === 0x07 || code === 0x9c) {
        this.#mode = "text";
        return i + 1;
      }
    }
    return text.length;
  }
}
