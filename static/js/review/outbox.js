// Answers that are on their way. Each is stored before it is sent and leaves the store only when the
// server has answered for it, so that a lost network, an ended session or a closed tab loses none.
// A repeat is harmless: the client key makes the server return the first outcome.
const FIRST_RETRY_MS = 1000;
const LAST_RETRY_MS = 30000;

export class Outbox {
  // onState("sending" | "idle" | "offline" | "signedOut" | "trouble", count)
  // onSaved(entry, response) and onRefused(entry, html): the server's last word on an entry
  constructor({ moderator, onState, onSaved, onRefused }) {
    this.moderator = moderator;
    this.key = `bonrayon.outbox.${moderator}`;
    this.handlers = { onState, onSaved, onRefused };
    this.memory = null;
    this.retryMs = FIRST_RETRY_MS;
    this.running = null;
    window.addEventListener("online", () => this.flush());
    window.addEventListener("focus", () => this.entries().length && this.flush());
    window.addEventListener("storage", (event) => event.key === this.key && this.tell("idle"));
    window.addEventListener("beforeunload", (event) => {
      // Only where the browser gives no storage would leaving lose something.
      if (this.memory?.length) event.preventDefault();
    });
  }

  entries() {
    if (this.memory) return this.memory;
    try {
      return JSON.parse(localStorage.getItem(this.key) ?? "[]");
    } catch {
      // No storage here, or text that is not ours: keep the answers in the page itself.
      this.memory = [];
      return this.memory;
    }
  }

  save(entries) {
    if (!this.memory) {
      try {
        localStorage.setItem(this.key, JSON.stringify(entries));
        return;
      } catch {
        // Full or forbidden: from now on in the page, with a warning before it is left.
      }
    }
    this.memory = entries;
  }

  // entry: {id, url, fields, item, label}
  push(entry) {
    this.save([...this.entries(), { ...entry, tried: false }]);
    this.tell("sending");
    return this.flush();
  }

  items() {
    return this.entries().map((entry) => entry.item).filter(Boolean);
  }

  // Take back the newest answer that has certainly never reached the server.
  dropUnsent() {
    const entries = this.entries();
    const last = entries.at(-1);
    if (!last || last.tried) return null;
    this.save(entries.slice(0, -1));
    this.tell("idle");
    return last;
  }

  flush() {
    this.running ??= this.exclusively(() => this.drain()).finally(() => {
      this.running = null;
    });
    return this.running;
  }

  // Two tabs of one person share the store; one of them sends at a time.
  exclusively(work) {
    if (!navigator.locks) return work();
    return navigator.locks.request(this.key, work);
  }

  async drain() {
    clearTimeout(this.timer);
    for (let entry = this.entries()[0]; entry; entry = this.entries()[0]) {
      const problem = await this.send(entry);
      if (problem) {
        this.tell(problem);
        this.timer = setTimeout(() => this.flush(), this.retryMs);
        this.retryMs = Math.min(this.retryMs * 2, LAST_RETRY_MS);
        return;
      }
      this.retryMs = FIRST_RETRY_MS;
    }
    this.tell("idle");
  }

  // Send one entry; a word for what keeps it waiting, or null when it has been answered for.
  async send(entry) {
    if (!navigator.onLine) return "offline";
    this.update(entry.id, { tried: true });
    let response;
    try {
      response = await post(entry.url, { ...entry.fields, moderator: this.moderator });
    } catch {
      return "offline";
    }
    if (response.type === "opaqueredirect" || [401, 403].includes(response.status)) return "signedOut";
    if (response.status === 429 || response.status >= 500) return "trouble";
    const body = await response.text();
    this.remove(entry.id);
    if (response.ok) this.handlers.onSaved(entry, body, response);
    else this.handlers.onRefused(entry, body, response);
    return null;
  }

  update(id, changes) {
    this.save(this.entries().map((entry) => (entry.id === id ? { ...entry, ...changes } : entry)));
  }

  remove(id) {
    this.save(this.entries().filter((entry) => entry.id !== id));
  }

  tell(state) {
    this.handlers.onState(state, this.entries().length);
  }
}

// The token is read when the answer leaves: a new log-in, in another tab, has changed it.
export function csrfToken() {
  return document.cookie.match(/(?:^|; )csrftoken=([^;]+)/)?.[1] ?? "";
}

export function post(url, fields) {
  return fetch(url, {
    method: "POST",
    body: new URLSearchParams(fields),
    headers: { "X-CSRFToken": csrfToken(), "X-Requested-With": "desk" },
    credentials: "same-origin",
    redirect: "manual",
  });
}

// A random UUID (RFC 9562, version 4); crypto.randomUUID exists on HTTPS and localhost only.
export function newKey() {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  bytes[6] = (bytes[6] & 0x0f) | 0x40;
  bytes[8] = (bytes[8] & 0x3f) | 0x80;
  const hex = [...bytes].map((byte) => byte.toString(16).padStart(2, "0")).join("");
  return hex.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, "$1-$2-$3-$4-$5");
}
