// What the reader wants to see of the log, and how that stands in the page's address. Pure.

import { isWorthMending } from "./kinds.js";

export const FILTERS = Object.freeze({
  text: "",
  caseSensitive: false,
  wholeWord: false,
  regex: false,
  only: false, // matching lines only
  problems: false,
  hidden: Object.freeze([]), // streams and classes of HTTP: "stdout", "http4"
});

const SWITCHES = { case: "caseSensitive", word: "wholeWord", regex: "regex", only: "only", problems: "problems" };

export function readFilters(query) {
  const parameters = new URLSearchParams(query);
  const filters = { ...FILTERS, text: parameters.get("q") ?? "" };
  for (const [name, key] of Object.entries(SWITCHES)) filters[key] = parameters.has(name);
  filters.hidden = (parameters.get("hide") ?? "")
    .split(",")
    .filter((word) => /^(stdout|stderr|fujita|http[2-5])$/.test(word));
  return filters;
}

export function writeFilters(filters, query = "") {
  const parameters = new URLSearchParams(query);
  for (const name of ["q", "hide", ...Object.keys(SWITCHES)]) parameters.delete(name);
  if (filters.text) parameters.set("q", filters.text);
  for (const [name, key] of Object.entries(SWITCHES)) if (filters[key]) parameters.set(name, "1");
  if (filters.hidden.length) parameters.set("hide", filters.hidden.join(","));
  const written = parameters.toString();
  return written && `?${written}`;
}

/** Whether a line is shown; `hits` are the search's, for filters that leave only what matches. */
export function shows(line, filters, hits) {
  const { fold } = line;
  if (fold && !fold.expanded && line !== fold.head) return false;
  if (line.stream === "page") return !filters.only && !filters.problems;
  if (filters.hidden.includes(line.stream)) return false;
  if (line.kind === "request" && filters.hidden.includes(`http${Math.floor(line.data.status / 100)}`)) return false;
  if (filters.problems && !isWorthMending(line)) return false;
  if (!filters.only || !hits) return true;
  return fold && line === fold.head ? fold.lines.some((member) => hits.has(member)) : hits.has(line);
}

export const isFiltering = (filters) =>
  Boolean((filters.only && filters.text) || filters.problems || filters.hidden.length);
