// The next picture in the large view: the product's own, then those of the nearest confirmed
// products, each with its category.
import { openZoom } from "../lib/zoom.js";
import { words } from "./page.js";

// Show the picture after the one in view; false when there is no other.
export function showNextPicture(card) {
  const dialog = card?.querySelector("dialog.dialog-zoom");
  const pictures = picturesOf(card, dialog);
  if (!dialog || pictures.length < 2) return false;
  const at = dialog.open ? Number(dialog.dataset.at ?? 0) : 0;
  if (!dialog.open) openZoom(dialog.id);
  show(dialog, pictures, (at + 1) % pictures.length);
  dialog.addEventListener("close", () => show(dialog, pictures, 0), { once: true });
  return true;
}

function picturesOf(card, dialog) {
  const own = dialog?.querySelector(".zoom-stage img");
  if (!own) return [];
  own.dataset.own ??= own.getAttribute("src");
  const near = [...card.querySelectorAll(".near-item[data-picture]")].map((item) => ({
    url: item.dataset.picture,
    text: `${item.dataset.caption}: ${item.querySelector(".near-name").textContent}`,
  }));
  return [{ url: own.dataset.own, text: words.get("ownPicture") }, ...near];
}

function show(dialog, pictures, at) {
  const image = dialog.querySelector(".zoom-stage img");
  image.src = pictures[at].url;
  image.alt = pictures[at].text;
  dialog.dataset.at = String(at);
  dialog.querySelector("[data-zoom-caption]").textContent =
    at === 0 && !dialog.open ? "" : `${at + 1}/${pictures.length} ${pictures[at].text}`;
}

// Turning the wheel over the picture, with Ctrl as everywhere, opens it large.
export function lookCloserByWheel(event) {
  const picture = event.target.closest?.("[data-zoom]");
  if (picture && event.ctrlKey && event.deltaY < 0) openZoom(picture.dataset.zoom);
}
