// A WebSocket that comes back by itself: growing, jittered waits, at once when the network or the reader returns.
// It only receives. What the messages mean, and where to resume, is left to its owner.

const FIRST_WAIT = 500;
const LONGEST_WAIT = 30_000;
const SETTLED = 5_000; // a connection that lasted this long starts the waits anew

export class Stream {
  state = "connecting"; // connecting · open · waiting · resting · ended
  retryAt = null;
  #socket = null;
  #timer = null;
  #failures = 0;
  #openedAt = 0;

  /** `path` is asked at every attempt; `why` tells by fetch what a closed socket does not. */
  constructor({ path, why, message, changed = () => {}, ended = () => {} }) {
    Object.assign(this, { path, why, message, changed, ended });
    this.now = this.now.bind(this);
    window.addEventListener("online", this.now);
    this.#connect();
  }

  /** Try at once. */
  now() {
    if (this.state === "waiting" || this.state === "resting") this.#connect();
  }

  /** Drop the connection and come back: what was heard of it is no longer believed. */
  again() {
    if (this.state !== "open") return;
    this.#drop();
    this.#wait();
  }

  /** Close until `now` is called. */
  rest() {
    if (this.state === "ended") return;
    this.#drop();
    this.#become("resting");
  }

  close() {
    this.#drop();
    window.removeEventListener("online", this.now);
    this.#become("ended");
  }

  #become(state) {
    this.state = state;
    this.changed(state);
  }

  #drop() {
    clearTimeout(this.#timer);
    this.#timer = null;
    const socket = this.#socket;
    this.#socket = null;
    socket?.close();
  }

  #connect() {
    this.#drop();
    this.retryAt = null;
    const address = new URL(this.path(), location.href);
    address.protocol = location.protocol === "https:" ? "wss:" : "ws:";
    const socket = new WebSocket(address);
    this.#socket = socket;
    this.#become("connecting");
    socket.onmessage = ({ data }) => {
      if (socket !== this.#socket || typeof data !== "string") return;
      if (this.state !== "open") {
        this.#openedAt = Date.now();
        this.#become("open");
      }
      this.message(data);
    };
    socket.onclose = () => socket === this.#socket && this.#closed();
  }

  async #closed() {
    const heard = this.state === "open";
    this.#socket = null;
    if (heard && Date.now() - this.#openedAt > SETTLED) this.#failures = 0;
    if (heard) return this.#wait();
    const why = await this.why();
    if (this.#socket || this.state === "ended" || this.state === "resting") return undefined;
    if (why === "signed-out" || why === "gone") {
      this.close();
      return this.ended(why);
    }
    return this.#wait();
  }

  #wait() {
    const longest = Math.min(FIRST_WAIT * 2 ** this.#failures, LONGEST_WAIT);
    const wait = longest / 2 + (Math.random() * longest) / 2;
    this.#failures += 1;
    this.retryAt = Date.now() + wait;
    this.#timer = setTimeout(() => this.#connect(), wait);
    this.#become("waiting");
  }
}
