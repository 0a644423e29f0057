// What kind of line this is, from its text and stream alone: a table of patterns, first match wins.
// Tracebacks span lines and are read by traceback.js; what a kind looks like is left to row.js.

// Of Django's runserver, whose quotes are not escaped, so it is read from the right; and of Daphne's, the only one that
// says how long a request took: a line of runserver's is never called slow.
const REQUESTS = [
  /^\[\d\d\/\w{3}\/\d{4} \d\d:\d\d:\d\d\] ".*" (?<status>\d{3}) (?:\d+|-)$/,
  /^HTTP [A-Z]+ .* (?<status>\d{3}) \[(?<seconds>\d+\.\d\d), [^\]]*\]$/,
];
const SLOW = 1; // seconds
const LONGEST_WORTH_READING = 10_000;

const OWN = [
  ["run-begin", /^([\w-]+): started$/, ([, command]) => ({ command })],
  [
    "run-end",
    /^([\w-]+): ended with code (-?\d+)(?: after (.+))?$/,
    ([, command, code, after]) => ({ command, code: Number(code), after }),
  ],
  [
    "run-end",
    /^([\w-]+): ended (?:by|with) (?:signal )?(SIG\w+|\w+)(?: after (.+))?$/,
    ([, command, code, after]) => ({ command, code, after }),
  ],
];

const PRINTED = [
  [
    "error",
    /^(Internal Server Error: |Exception in thread |Unhandled exception in thread|Error: |CommandError: |ERRORS:$|CRITICAL\b|ERROR\b)/,
  ],
  ["error", /^(django\.core\.management\.base\.)?SystemCheckError: /],
  [
    "warning",
    /^(Not Found: |Forbidden|Bad Request: |Method Not Allowed|Invalid HTTP_HOST header|You have \d+ unapplied migration|WARNINGS?\b|Run 'python manage\.py migrate')/,
  ],
  ["warning", /^\[[^\]]+\] You're accessing the development server over HTTPS/],
  ["warning", /^\S+:\d+: \w*Warning: /],
  [
    "notice",
    /^(Watching for file changes with |Performing system checks\.\.\.|System check identified |Django version |Starting (?:\w+ )*development server at |Quit the server with |For more information on production servers)/,
  ],
  ["notice", / changed, reloading\.$/],
];

/** `{kind, data}` of a finished line. */
export function kindOf(text, stream) {
  if (stream === "fujita") {
    for (const [kind, pattern, data] of OWN) {
      const found = pattern.exec(text);
      if (found) return { kind, data: data(found) };
    }
    return { kind: "own", data: null };
  }
  if (text.length > LONGEST_WORTH_READING) return { kind: "plain", data: null };
  for (const pattern of REQUESTS) {
    const found = pattern.exec(text)?.groups;
    if (found) return { kind: "request", data: { status: Number(found.status), slow: Number(found.seconds) >= SLOW } };
  }
  for (const [kind, pattern] of PRINTED) if (pattern.test(text)) return { kind, data: null };
  return { kind: "plain", data: null };
}

/** Whether a reader who looks for problems wants to stop here. */
export function isProblem(line) {
  if (line.fold) return line === line.fold.head;
  if (line.kind === "request") return line.data.status >= 500;
  if (line.kind === "run-end") return line.data.code !== 0;
  return line.kind === "error";
}

/** As above, and the things that one may want to mend: what the switch "Only problems" leaves. */
export const isWorthMending = (line) =>
  isProblem(line) ||
  Boolean(line.fold) ||
  line.kind === "warning" ||
  (line.kind === "request" && (line.data.status >= 400 || line.data.slow));
