// Keeps the items on the page leased while someone is there, and lets them go when the page is left.
import { csrfToken, post } from "./outbox.js";
import { page } from "./tab.js";

const IDLE_AFTER_MS = 5 * 60 * 1000;
const FIRST_BEAT_MS = 3000;

export class Lease {
  // moderator: whose page this is; items(): ids on it; waiting(): ids whose answer is on its way;
  // onLost(ids)
  constructor({ heartbeatUrl, leaveUrl, seconds, moderator, items, waiting, onLost }) {
    Object.assign(this, { heartbeatUrl, leaveUrl, moderator, items, waiting, onLost });
    this.seenAt = Date.now();
    for (const name of ["keydown", "pointerdown", "pointermove", "scroll"]) {
      document.addEventListener(name, () => this.stir(), { passive: true, capture: true });
    }
    window.addEventListener("pagehide", () => this.leave());
    window.addEventListener("pageshow", (event) => event.persisted && this.beat());
    document.addEventListener("visibilitychange", () => document.visibilityState === "visible" && this.beat());
    // Soon once: the farewell of the page before a reload may arrive after this page's claim.
    setTimeout(() => this.beat(), FIRST_BEAT_MS);
    setInterval(() => this.isThere() && this.beat(), (seconds / 3) * 1000);
  }

  isThere() {
    return Date.now() - this.seenAt < IDLE_AFTER_MS;
  }

  // Someone who comes back after a break learns at once whether the item is still theirs.
  stir() {
    const wasAway = !this.isThere();
    this.seenAt = Date.now();
    if (wasAway) this.beat();
  }

  async beat() {
    const items = this.items();
    if (!items.length) return;
    let kept;
    try {
      const response = await post(this.heartbeatUrl, { moderator: this.moderator, items: items.join(","), page });
      // Also while somebody else is signed in: it is for the person of this page to lose items.
      if (!response.ok) return;
      ({ kept } = await response.json());
    } catch {
      // The network is away: answers wait in the outbox, and the next beat tries again.
      return;
    }
    const current = new Set(this.items());
    const lost = items.filter((id) => !kept.includes(Number(id)) && current.has(id));
    if (lost.length) this.onLost(lost);
  }

  // A beacon outlives the page. Items with an answer on its way stay: it must still find them.
  leave() {
    const waiting = new Set(this.waiting());
    const items = this.items().filter((id) => !waiting.has(id));
    if (!items.length) return;
    const form = new FormData();
    form.set("csrfmiddlewaretoken", csrfToken());
    form.set("items", items.join(","));
    form.set("page", page);
    navigator.sendBeacon(this.leaveUrl, form);
  }
}
