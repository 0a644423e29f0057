// What somebody searches for → a function that finds it in a line. Pure; used by the page and by the search worker.

const MOST_IN_A_LINE = 100_000;
const escaped = (text) => text.replace(/[.*+?^${}()|[\]\\\/]/g, "\\$&");

/** `{find, error}`: `find(text)` gives `[[start, end]…]`; null where nothing is searched for. */
export function matcher({ text, caseSensitive = false, wholeWord = false, regex = false }) {
  if (!text) return { find: null, error: null };
  const source = regex ? text : escaped(text);
  const whole = wholeWord ? `(?<![\\p{L}\\p{N}_])(?:${source})(?![\\p{L}\\p{N}_])` : source;
  let pattern;
  try {
    if (regex) new RegExp(text, "u"); // so that the error speaks of what was typed
    pattern = new RegExp(whole, caseSensitive ? "gu" : "giu");
  } catch (error) {
    return { find: null, error: error.message.replace(/^Invalid regular expression: /, "") };
  }
  return { find: (line) => findAll(pattern, line), error: null };
}

function findAll(pattern, line) {
  const found = [];
  pattern.lastIndex = 0;
  for (let match = pattern.exec(line); match && found.length < MOST_IN_A_LINE; match = pattern.exec(line)) {
    if (match[0] === "") pattern.lastIndex += line.codePointAt(pattern.lastIndex) > 0xffff ? 2 : 1;
    else found.push([match.index, match.index + match[0].length]);
  }
  return found;
}
