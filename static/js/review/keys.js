// One key for each action, as the person has set them. Digits by their place on the keyboard, so
// that AZERTY and the numeric pad work without Shift; other keys by what they write. Keys rest
// while someone types.
import { isTyping } from "../lib/text.js";

// What Space or Enter means something of its own to: Space ticks a box, and turns the page in a
// region that scrolls.
const OWN_ENTER = "a, button, summary, input, [role=option], [data-zoom], [role=region][tabindex]";

// keys: action -> key; hasCharacters: digits pick, letters search; actions: {digit, letter, close} and
// one function for each action in keys
export function listenForKeys(keys, hasCharacters, actions) {
  const actionByKey = new Map(Object.entries(keys).filter(([, key]) => key).map(([action, key]) => [key, action]));
  document.addEventListener("keydown", (event) => {
    if (event.defaultPrevented || event.repeat || event.isComposing) return;
    // AltGr writes characters on many keyboards and reports Ctrl and Alt.
    if ((event.ctrlKey || event.altKey || event.metaKey) && !event.getModifierState("AltGraph")) return;
    if (event.key === "Escape") {
      actions.close(event);
      return;
    }
    if (isTyping(event.target) || document.querySelector("dialog[open]")) return;
    const action = actionOf(event, actionByKey, hasCharacters);
    if (!action) return;
    const [name, value] = action;
    if (actions[name](value) !== false) event.preventDefault();
  });
}

export function actionOf(event, actionByKey, hasCharacters = true) {
  if (event.key === "Enter" || event.key === " ") {
    return event.target.closest?.(OWN_ENTER) ? null : ["confirm"];
  }
  if (!hasCharacters) return null;
  const key = event.key.toLowerCase();
  const isByAltGr = event.getModifierState("AltGraph");
  const digit = /^(?:Digit|Numpad)([1-9])$/.exec(event.code)?.[1];
  // "/" is Shift+7 on a Swiss keyboard, "?" is Shift+6 on a Canadian one: what is meant is the sign.
  if (digit && event.shiftKey && actionByKey.has(key)) return [actionByKey.get(key)];
  // On AZERTY "Digit1" writes "&"; with Shift it writes "1". Both mean the digit.
  if (digit && !isByAltGr && (event.code.startsWith("Numpad") ? event.key === digit : true)) return ["digit", Number(digit)];
  if (actionByKey.has(key)) return [actionByKey.get(key)];
  if (event.key.length === 1 && /\p{L}/u.test(event.key)) return ["letter", event.key];
  return null;
}
