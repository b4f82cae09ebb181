// The next cards: claimed, drawn and with their pictures decoded before they are asked for.
import { enhanceComboboxes } from "../lib/combobox.js";
import { post, whyNotIn } from "./outbox.js";
import { page } from "./tab.js";

const DEPTH = 2;

export class Ahead {
  // shelf: hidden element that holds the cards; moderator: whose page this is; taken(): ids that are
  // on the page or on their way
  constructor({ shelf, url, moderator, queue, taken, onArrival }) {
    Object.assign(this, { shelf, url, moderator, queue, taken, onArrival });
    this.filling = null;
    // With the next claim: bring here what other pages of the person hold.
    this.isTaking = false;
  }

  cards() {
    return [...this.shelf.children];
  }

  next() {
    const card = this.shelf.firstElementChild;
    card?.remove();
    return card;
  }

  putBack(card) {
    this.shelf.prepend(card);
  }

  // Fill the shelf. Resolves when it is full or nothing more is to be had.
  fill() {
    this.filling ??= this.fetchAll().finally(() => {
      this.filling = null;
      // The counters above the card ask anew.
      document.body.dispatchEvent(new CustomEvent("desk:changed"));
    });
    return this.filling;
  }

  async fetchAll() {
    while (this.shelf.children.length < DEPTH) {
      const card = await this.fetchCard();
      if (!card) return;
      this.shelf.append(card);
      this.onArrival("card", "");
    }
  }

  // Claim one more item; its card, or null after telling onArrival why there is none.
  async fetchCard() {
    let response;
    const { moderator, queue } = this;
    const take = this.isTaking ? { take: "1" } : {};
    this.isTaking = false;
    try {
      response = await post(this.url, { moderator, have: this.taken().join(","), queue, page, ...take });
    } catch {
      return this.without("offline");
    }
    const why = whyNotIn(response);
    if (why) return this.without(why);
    if (!response.ok) return this.without("trouble");
    const state = response.headers.get("Desk-State");
    if (state !== "card") return this.without(state, await response.text());
    const card = toElement(await response.text());
    // Two requests at once can be handed the same item of ours.
    if (this.taken().includes(card.dataset.item)) return null;
    prepare(card);
    await warm(card);
    return card;
  }

  without(state, html = "") {
    this.onArrival(state, html);
    return null;
  }
}

export function toElement(html) {
  const template = document.createElement("template");
  template.innerHTML = html.trim();
  return template.content.firstElementChild;
}

// Give a card its list of categories (the page holds it once) and make it searchable.
export function prepare(card) {
  const picker = card.querySelector("select[data-picker]");
  if (picker && picker.options.length <= 1) {
    picker.append(document.getElementById("picker-options").content.cloneNode(true));
  }
  picker?.setAttribute("data-combobox", "");
  for (const button of card.querySelectorAll("[data-next-picture]")) button.hidden = false;
  enhanceComboboxes(card);
}

// A picture that cannot be decoded shows its alternative text; the card comes all the same.
function warm(card) {
  const picture = card.querySelector(".review-picture img");
  return picture ? picture.decode().catch(() => null) : Promise.resolve();
}
