// Asks the sidecar over HTTP and turns every way of failing into one error with a sentence and a status.
// What is done about it is left to whoever asked.

import { words } from "./words.js";

const PATIENCE = 15_000;

export class ApiError extends Error {
  constructor(status, message) {
    super(message);
    this.status = status; // 0: no answer at all
  }
}

async function ask(path, options = {}, patience = PATIENCE) {
  let answer;
  try {
    answer = await fetch(path, {
      cache: "no-store",
      redirect: "manual",
      ...options,
      signal: AbortSignal.timeout(patience),
    });
  } catch {
    throw new ApiError(0, words.api.unreachable);
  }
  if (answer.ok) return answer;
  let message = null;
  try {
    message = (await answer.json()).error;
  } catch {
    // An answer of somebody in between, not ours.
  }
  throw new ApiError(answer.status || 401, message ?? words.api.refused(answer.status));
}

const project = (name) => `/api/projects/${encodeURIComponent(name)}`;
const json = (body) => ({
  method: "POST",
  headers: { "Content-Type": "application/json" },
  body: JSON.stringify(body),
});

export const api = {
  projects: async () => (await ask("/api/projects")).json(),
  project: async (name) => (await ask(project(name))).json(),
  press: async (name, action) => ask(`${project(name)}/${action}`, { method: "POST" }, 120_000),
  run: async (name, command) => ask(`${project(name)}/run`, json({ command })),
  stopRun: async (name) => ask(`${project(name)}/run/stop`, { method: "POST" }),
  input: async (name, text) => ask(`${project(name)}/input`, json({ text })),
  reload: async () => ask("/api/reload", { method: "POST" }),
  alive: async () => ask("/healthz", {}, 8_000),
  needsToken: async () => (await fetch("/api/projects", { credentials: "omit", cache: "no-store" })).status === 401,
  signOut: async () => ask("/sign-out", { method: "POST" }).catch(() => null),
  logAddress: (name, query = "") => `${project(name)}/log${query}`,
};

/** Why a WebSocket could not be opened, which browsers don't tell: "ok", "signed-out", "gone" or "offline". */
export async function reason(name) {
  try {
    await (name ? api.project(name) : api.projects());
    return "ok";
  } catch (error) {
    if (error.status === 401) return "signed-out";
    return error.status === 404 ? "gone" : "offline";
  }
}
