// Lines → tracebacks: which lines belong together, how they end, and which frame is the project's own.
// One reader a stream; it is given finished lines in order and knows nothing of how a fold is shown.

const BEGIN =
  /^(?:[ |+]*(?:Exception Group )?Traceback \(most recent call last\):|Exception in thread .+:|Unhandled exception in thread started by .+)$/;
const FRAME = /^[ |]*File "([^"]+)", line (\d+)(?:, in (.+))?$/;
const CHAIN = /^(?:[ |]*)(?:During handling of the above exception|The above exception was the direct cause)/;
const EXCEPTION = /^(?:[ |]*)([A-Za-z_][\w.]*)(?:: (.*))?$/;
const CHECKS_END = /^System check identified \d+ issue/;
const LIBRARY = /\/(?:site|dist)-packages\/|\/lib(?:64)?\/python\d|\/\.?v?env\/|^<|\/importlib\//;
const MOST_LINES = 20_000;

/** Whether a file is the project's own, and not Django's or python's. */
export function ownFile(file, directory) {
  if (LIBRARY.test(file)) return false;
  return !directory || file.startsWith(directory.endsWith("/") ? directory : `${directory}/`) || !file.startsWith("/");
}

/** `{file, line, name}` where a line of a traceback names a place. */
export function frameOf(text) {
  const found = FRAME.exec(text);
  return found && { file: found[1], line: Number(found[2]), name: found[3] ?? null };
}

export class Fold {
  lines = [];
  expanded = false;
  exception = "";
  frame = null; // the project's own deepest frame
  source = "";
  frames = 0;

  get head() {
    return this.lines[0];
  }

  get text() {
    return this.lines.map((line) => line.text).join("\n");
  }
}

export class TracebackReader {
  #fold = null;
  #said = false; // the exception itself was read: the fold may end here
  #checks = false;
  #frame = null;

  constructor(directory = () => null) {
    this.directory = directory;
  }

  /** The fold that this line belongs to, or null. */
  take(line) {
    if (this.#fold && !this.#goesOn(line.text)) this.end();
    if (!this.#fold && this.#begins(line.text)) {
      this.#fold = new Fold();
      this.#said = false;
      this.#checks = false;
    }
    if (!this.#fold) return null;
    this.#fold.lines.push(line);
    this.#read(line.text);
    const fold = this.#fold;
    if (fold.lines.length >= MOST_LINES || (this.#checks && CHECKS_END.test(line.text))) this.end();
    return fold;
  }

  end() {
    this.#fold = null;
    this.#frame = null;
  }

  #begins(text) {
    return BEGIN.test(text) || (text.startsWith("  File ") && FRAME.test(text));
  }

  #goesOn(text) {
    if (!this.#said || this.#checks) return true;
    if (text === "" || CHAIN.test(text) || /^\s/.test(text)) return true;
    return this.#fold.lines[this.#fold.lines.length - 1].text === "" && BEGIN.test(text) && this.#chained();
  }

  #chained() {
    const before = this.#fold.lines.filter((line) => line.text !== "");
    return CHAIN.test(before[before.length - 1].text);
  }

  #read(text) {
    const frame = frameOf(text);
    if (frame) {
      this.#fold.frames += 1;
      this.#frame = frame;
      this.#said = false;
      if (ownFile(frame.file, this.directory())) {
        this.#fold.frame = frame;
        this.#fold.source = "";
      }
    } else if (BEGIN.test(text) || CHAIN.test(text)) {
      this.#said = false;
    } else if (
      /^[ |]{4,}\S/.test(text) &&
      !/^[ |]*[A-Za-z_][\w.]*(Error|Exception|Group|Exit|Interrupt|Warning)\b/.test(text)
    ) {
      if (this.#frame === this.#fold.frame && !this.#fold.source) this.#fold.source = text.trim();
    } else if (!this.#said) this.#readException(text);
  }

  #readException(text) {
    const found = EXCEPTION.exec(text);
    if (!found) return;
    this.#said = true;
    this.#fold.exception = text.replace(/^[ |]+/, "");
    this.#checks = /SystemCheckError$/.test(found[1]) && /System check identified/.test(text);
  }
}
