// What is known of all projects: STATUS by name, the config's error, whether we are connected. No DOM.
// Messages of the status stream go in, listeners hear that something changed; drawing is left to the screens.

const KEPT_SAMPLES = 60; // five minutes at one every five seconds

export class Statuses {
  projects = new Map();
  config = { path: null, error: null };
  folders = {};
  version = null;
  known = false; // the first answer came
  samples = new Map();
  #listeners = new Set();

  /** Calls back at once and after every change; returns how to stop it. */
  watch(listener) {
    this.#listeners.add(listener);
    listener();
    return () => this.#listeners.delete(listener);
  }

  changed() {
    for (const listener of [...this.#listeners]) listener();
  }

  get(name) {
    return this.projects.get(name) ?? null;
  }

  get names() {
    return [...this.projects.keys()];
  }

  /** The answer of GET /api/projects: everything, in the config's order. */
  take({ projects, config, version, host }) {
    this.projects = new Map(projects.map((status) => [status.project, status]));
    this.config = config ?? this.config;
    this.version = version ?? null;
    this.folders = host?.folders ?? {};
    this.known = true;
    this.changed();
  }

  /** A message of the status stream: objects, one a line. */
  read(message) {
    for (const line of message.split("\n")) if (line) this.#object(JSON.parse(line));
    this.changed();
  }

  #object(object) {
    if (typeof object.removed === "string") this.projects.delete(object.removed);
    else if (object.config) this.config = object.config;
    else if (typeof object.project === "string" && object.state) {
      this.projects.set(object.project, object);
      this.#sample(object);
    }
  }

  #sample({ project, usage }) {
    if (!usage) return this.samples.delete(project);
    const samples = this.samples.get(project) ?? [];
    if (samples[samples.length - 1] !== usage) samples.push(usage);
    return this.samples.set(project, samples.slice(-KEPT_SAMPLES));
  }
}

const BAD = new Set(["broken", "exited", "backoff"]);

/** Whether a state is bad news: it ended or broke without being asked. */
export const isBad = (status) => BAD.has(status.state);

/** The most alarming of several statuses. */
export function worst(statuses) {
  const order = ["broken", "exited", "backoff", "waiting", "stopping", "starting", "running", "stopped"];
  return [...statuses].sort((a, b) => order.indexOf(a.state) - order.indexOf(b.state))[0] ?? null;
}

/** Which news are worth a notification: it broke; it runs again after that. Nothing for a restart that worked. */
export class News {
  #broken = new Map();

  /** null, "broke" or "runs". */
  of(status) {
    const before = this.#broken.get(status.project);
    if (isBad(status)) {
      this.#broken.set(status.project, true);
      return before === false ? "broke" : null;
    }
    if (status.state === "running") {
      this.#broken.set(status.project, false);
      return before === true ? "runs" : null;
    }
    if (status.state === "stopped") this.#broken.set(status.project, false); // somebody was there
    return null;
  }
}
