// What the desk tells in words. All texts come, translated, from the page's templates.
import { enhanceToasts } from "../lib/toast.js";

export const words = new Map([...document.getElementById("desk-texts").content.querySelectorAll("[data-text]")]
  .map((element) => [element.dataset.text, element.textContent]));

export function announce(text) {
  document.getElementById("desk-status").textContent = text;
}

export function waitingNote(text = words.get("loading")) {
  const note = document.createElement("p");
  note.className = "empty muted";
  note.textContent = text;
  return note;
}

export function addNotice(notice) {
  const notices = document.getElementById("desk-notices");
  notices.append(notice);
  enhanceToasts(notices);
  notice.scrollIntoView({ behavior: "instant", block: "nearest" });
}

export function plainNotice(text) {
  const notice = document.getElementById("desk-notice").content.firstElementChild.cloneNode(true);
  notice.querySelector(".callout-title").textContent = text;
  return notice;
}

// What was written with an answer that was refused: to be copied, not written again.
export function withWords(notice, text) {
  const line = document.createElement("p");
  const quote = document.createElement("q");
  quote.textContent = text;
  line.append(`${words.get("yourWords")} `, quote);
  notice.append(line);
  return notice;
}

export function showOutbox(state, count, label) {
  const line = document.querySelector("[data-outbox]");
  const isStuck = count > 0 && ["offline", "signedOut", "someoneElse", "notAllowed", "trouble", "stuck"].includes(state);
  line.hidden = !isStuck;
  if (!isStuck) return;
  const number = count === 1 ? words.get("waitingOne") : words.get("waitingMany").replace("{count}", count);
  const text = `${number}. ${words.get(state).replace("{label}", () => label)}`;
  // Said once, not with every retry.
  const place = line.querySelector("[data-outbox-text]");
  if (place.textContent !== text) announce(text);
  place.textContent = text;
  line.querySelector("[data-outbox-login]").hidden = !["signedOut", "someoneElse"].includes(state);
}
