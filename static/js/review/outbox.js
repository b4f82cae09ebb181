// Answers that are on their way. Each is stored before it is sent and leaves the store only when the
// server has answered for it, so that a lost network, an ended session or a closed tab loses none.
// A repeat is harmless: the client key makes the server return the first outcome.
import { Shelf } from "./shelf.js";

const FIRST_RETRY_MS = 1000;
const LAST_RETRY_MS = 30000;
// After so many refusals without a reason an answer lets the others go first.
const STUCK_AFTER = 3;

const isStuck = (entry) => (entry.failures ?? 0) >= STUCK_AFTER;

export class Outbox {
  // onState("sending" | "idle" | "offline" | "signedOut" | "someoneElse" | "notAllowed" | "trouble" |
  // "stuck", count, label): label names the product of the first answer that is stuck
  // onSaved(entry, response) and onRefused(entry, html): the server's last word on an entry
  constructor({ moderator, onState, onSaved, onRefused }) {
    this.moderator = moderator;
    this.shelf = new Shelf(`bonrayon.outbox.${moderator}`);
    this.handlers = { onState, onSaved, onRefused };
    this.retryMs = FIRST_RETRY_MS;
    this.running = null;
    window.addEventListener("online", () => this.flush());
    window.addEventListener("focus", () => this.shelf.entries().length && this.flush());
    window.addEventListener("storage", (event) => this.shelf.holds(event.key) && this.tell("idle"));
    window.addEventListener("beforeunload", (event) => {
      // Only where the browser gives no storage would leaving lose something.
      if (this.shelf.isFragile()) event.preventDefault();
    });
  }

  // entry: {id, url, fields, item, label}
  push(entry) {
    this.shelf.add({ ...entry, tried: false });
    this.tell("sending");
    return this.flush();
  }

  items() {
    return this.shelf.entries().map((entry) => entry.item).filter(Boolean);
  }

  // Take back the newest answer that has certainly never reached the server. What takes back another
  // one is no answer: it stays.
  dropUnsent() {
    const last = this.shelf.entries().at(-1);
    if (!last || last.tried || last.undo) return null;
    this.shelf.remove(last.id);
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
    return navigator.locks.request(this.shelf.name, work);
  }

  async drain() {
    clearTimeout(this.timer);
    this.shelf.takeOver();
    const passed = new Set();
    for (let entry = this.next(passed); entry; entry = this.next(passed)) {
      const problem = await this.send(entry);
      if (!problem) {
        this.retryMs = FIRST_RETRY_MS;
        continue;
      }
      passed.add(entry.id);
      if (problem !== "stuck") {
        this.later(problem);
        return;
      }
    }
    if (this.shelf.entries().length) this.later("stuck");
    else this.tell("idle");
  }

  // What goes next: in the order of the answers, those that are stuck last. What takes back an
  // answer waits for it.
  next(passed) {
    const waiting = this.shelf.entries();
    const stuck = waiting.filter((entry) => isStuck(entry) && !entry.undo);
    const mustWait = ({ undo, fields }) => undo && stuck.some(({ id }) => !fields.of || fields.of === id);
    const open = waiting.filter((entry) => !passed.has(entry.id) && !mustWait(entry));
    return open.find((entry) => !isStuck(entry)) ?? open[0];
  }

  later(problem) {
    this.tell(problem);
    this.timer = setTimeout(() => this.flush(), this.retryMs);
    this.retryMs = Math.min(this.retryMs * 2, LAST_RETRY_MS);
  }

  // Send one entry; a word for what keeps it waiting, or null when it has been answered for.
  async send(entry) {
    if (!navigator.onLine) return "offline";
    // Taken back, or answered for in another tab, since it was read.
    if (!this.shelf.update(entry.id, { tried: true })) return null;
    let response;
    let body;
    try {
      response = await post(entry.url, { ...entry.fields, moderator: this.moderator });
      body = await response.text();
    } catch {
      return "offline";
    }
    const problem = problemOf(entry, response);
    if (problem) return isItsOwn(response) ? this.fail(entry, problem) : problem;
    this.shelf.remove(entry.id);
    if (response.ok) this.handlers.onSaved(entry, body, response);
    else this.handlers.onRefused(entry, body, response);
    return null;
  }

  fail(entry, problem) {
    const failures = (entry.failures ?? 0) + 1;
    this.shelf.update(entry.id, { failures });
    return failures >= STUCK_AFTER ? "stuck" : problem;
  }

  tell(state) {
    const waiting = this.shelf.entries();
    this.handlers.onState(state, waiting.length, waiting.find(isStuck)?.label ?? "");
  }
}

// Why a response is not the desk's last word on an entry, or null when it is. Anything on the way
// (the log-in page of a hotel's network, a proxy) may answer too, even with 200.
function problemOf(entry, response) {
  const why = whyNotIn(response);
  if (why) return why;
  if (response.status === 429 || response.status >= 500) return "trouble";
  if (!response.headers.has("Desk-Answer")) return response.ok ? "offline" : "trouble";
  const isJson = response.headers.get("Content-Type")?.startsWith("application/json");
  return response.ok && !entry.undo && !isJson ? "trouble" : null;
}

// Whether the log-in has ended, is by now that of another person than the page is of, or that of
// somebody who may not review any more; else null.
export function whyNotIn(response) {
  const why = response.headers.has("Desk-Answer") && { 401: "someoneElse", 403: "notAllowed" }[response.status];
  if (why) return why;
  return response.type === "opaqueredirect" || [401, 403].includes(response.status) ? "signedOut" : null;
}

// An ended session, a right that is gone, a limit or a foreign page says nothing about this one answer.
function isItsOwn(response) {
  const isOfPerson = response.status === 401 || whyNotIn(response) === "notAllowed";
  return response.status >= 400 && response.status !== 429 && !isOfPerson;
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
