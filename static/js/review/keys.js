// One key for each action. Digits by their place on the keyboard, so that AZERTY and the numeric
// pad work without Shift; letters by what they write. Keys rest while someone types.
import { isTyping } from "../lib/text.js";

const LETTERS = { s: "skip", e: "escalate", u: "undo", z: "zoom", "?": "help", "/": "search" };
const OWN_ENTER = "a, button, summary, [role=option], [data-zoom]";

// actions: {confirm, digit, letter, skip, escalate, undo, zoom, help, search, close}
export function listenForKeys(actions) {
  document.addEventListener("keydown", (event) => {
    if (event.defaultPrevented || event.repeat || event.isComposing) return;
    if (event.ctrlKey || event.altKey || event.metaKey) return;
    if (event.key === "Escape") {
      actions.close(event);
      return;
    }
    if (isTyping(event.target) || document.querySelector("dialog[open]")) return;
    const action = actionOf(event);
    if (!action) return;
    const [name, value] = action;
    if (actions[name](value) !== false) event.preventDefault();
  });
}

export function actionOf(event) {
  if (event.key === "Enter" || event.key === " ") {
    return event.target.closest?.(OWN_ENTER) ? null : ["confirm"];
  }
  const digit = /^(?:Digit|Numpad)([1-9])$/.exec(event.code)?.[1];
  // On AZERTY "Digit1" writes "&"; with Shift it writes "1". Both mean the digit.
  if (digit && (event.code.startsWith("Numpad") ? event.key === digit : true)) return ["digit", Number(digit)];
  const key = event.key.toLowerCase();
  if (LETTERS[key]) return [LETTERS[key]];
  if (event.key.length === 1 && /\p{L}/u.test(event.key)) return ["letter", event.key];
  return null;
}
