// Addresses that lead out of the page: the site behind its forwarded port, files in the editor, lines of the log.
// Pure functions of plain values.

const HERE = new Set(["localhost", "127.0.0.1", "[::1]", "::1"]);
const PLACEHOLDER = /\{(path|line)\}/g;

export const EDITORS = {
  vscode: "vscode://file{path}:{line}",
  cursor: "cursor://file{path}:{line}",
  zed: "zed://file{path}:{line}",
  pycharm: "pycharm://open?file={path}&line={line}",
  sublime: "subl://open?url=file://{path}&line={line}",
};

export const isWeb = (address) => /^https?:\/\//i.test(address ?? "");

/** Where the site is for a reader whose page came from `hostname`. */
export function siteAddress(status, hostname) {
  if (!isWeb(status.url)) return null;
  if (HERE.has(hostname) || hostname.endsWith(".localhost") || !status.port) return status.url;
  return `http://${hostname}:${status.port}/`;
}

/** A path in the box → the same file on the host, by the longest shared folder. */
export function hostPath(path, folders) {
  const inside = Object.keys(folders).filter(
    (folder) => path === folder || path.startsWith(`${folder.replace(/\/$/, "")}/`),
  );
  const folder = inside.sort((a, b) => b.length - a.length)[0];
  return folder === undefined
    ? path
    : folders[folder].replace(/\/$/, "") + path.slice(folder.replace(/\/$/, "").length);
}

/** A pattern that may be opened: an own scheme, never one that runs or loads something in this page. */
export const isEditorPattern = (pattern) =>
  /^[a-z][a-z0-9+.-]*:/i.test(pattern) &&
  !/^(javascript|data|vbscript|blob|file|https?|about):/i.test(pattern) &&
  pattern.includes("{path}");

/** The address that opens a file in the editor; null where none is set or the pattern is not one. */
export function editorAddress(pattern, file, line, { directory, folders }) {
  if (!pattern || !isEditorPattern(pattern) || !file || file.startsWith("<")) return null;
  const path = hostPath(file.startsWith("/") ? file : `${(directory ?? "").replace(/\/$/, "")}/${file}`, folders ?? {});
  const values = { path: encodeURI(path).replace(/[?#&]/g, encodeURIComponent), line: String(line ?? 1) };
  return pattern.replace(PLACEHOLDER, (_, name) => values[name]);
}

const WEB = /\bhttps?:\/\/[^\s<>"'`\u0000-\u001f]+/gi;
const PYTHON_FILE = /File "([^"\n]{1,1000})", line (\d+)/g;
const ENDING = /\.(?:py|html|txt|js|css|yml):(\d+)/g;

/** Links in a line of text: `{start, end, href}` or `{start, end, file, line}`, in order, none overlapping. */
export function linksIn(text) {
  const found = [];
  for (const match of text.matchAll(WEB)) {
    const href = trimmed(match[0]);
    if (URL.canParse(href)) found.push({ start: match.index, end: match.index + href.length, href });
  }
  for (const match of text.matchAll(PYTHON_FILE)) {
    found.push({ start: match.index, end: match.index + match[0].length, file: match[1], line: Number(match[2]) });
  }
  for (const match of text.matchAll(ENDING)) {
    let start = match.index;
    while (start > 0 && /[\w./\-@+]/.test(text[start - 1])) start -= 1;
    if (start === match.index) continue;
    const end = match.index + match[0].length;
    found.push({ start, end, file: text.slice(start, end - match[1].length - 1), line: Number(match[1]) });
  }
  found.sort((a, b) => a.start - b.start);
  return found.filter((link, i) => i === 0 || link.start >= found[i - 1].end);
}

// A full stop or a closing bracket after an address belongs to the sentence, not to the address.
function trimmed(address) {
  let end = address.length;
  for (; end > 0; end--) {
    const last = address[end - 1];
    if (".,;:!?".includes(last)) continue;
    if (last === ")" && !address.slice(0, end).includes("(")) continue;
    if (last === "]" && !address.slice(0, end).includes("[")) continue;
    break;
  }
  return address.slice(0, end);
}

/** `EPOCH:ID` or `EPOCH:ID:PART` of a line, as it stands after the #. */
export const permalink = (line) => `${line.epoch}:${line.id}${line.part ? `:${line.part}` : ""}`;

/** After the #, it leads to the newest problem of a log. */
export const PROBLEM = "#problem";

/** The other way round; null for anything else. */
export function readPermalink(fragment) {
  const found = /^#?([A-Za-z0-9_-]{1,64}):(\d{1,15})(?::(\d{1,9}))?$/.exec(fragment);
  return found && { epoch: found[1], id: Number(found[2]), part: Number(found[3] ?? 0) };
}
