// Why there is no card. Asked anew every few seconds: what says the same stays as it is, and whoever
// has the focus in it keeps it.
import { announce } from "./page.js";

const titleOf = (element) => element?.querySelector(".empty-title").textContent;
const controlsOf = (element) => [...(element?.querySelectorAll("a, button") ?? [])];

export function tellWhy(stage, element) {
  const before = stage.querySelector("[data-empty]");
  if (before?.textContent === element.textContent) return;
  const focused = controlsOf(before).find((control) => control === document.activeElement)?.textContent;
  stage.replaceChildren(element);
  const same = controlsOf(element).find((control) => control.textContent === focused);
  if (document.activeElement === document.body) (same ?? element).focus({ preventScroll: true });
  else if (titleOf(element) !== titleOf(before)) announce(titleOf(element));
}
