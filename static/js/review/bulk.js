// A grid of near duplicates: keys, a count, and the leases of its tiles. It works without.
import { Lease } from "./lease.js";
import { post } from "./outbox.js";
import { page } from "./tab.js";

const RETRY_MS = 5000;

const form = document.getElementById("bulk");
const tiles = [...form.querySelectorAll("[data-item]")];
const boxes = tiles.map((tile) => tile.querySelector("input[type=checkbox]"));
const confirm = form.querySelector("[data-confirm]");
const shownAt = performance.now();
const status = document.getElementById("bulk-status");
const waiting = form.querySelector("[data-waiting]");
// isSent: confirmed; isAsking: whether the server can be reached is being asked
let isSent = false;
let isAsking = false;
let retry;

function count() {
  const ticked = boxes.filter((box) => box.checked).length;
  form.querySelector("[data-count]").textContent = ticked;
}

function toggle(box) {
  if (!box || box.disabled) return;
  box.checked = !box.checked;
  box.focus();
  count();
}

// A tile that was lost cannot be reached: the way goes on past it.
function move(step) {
  const open = boxes.filter((box) => !box.disabled);
  const at = boxes.indexOf(document.activeElement);
  const wanted = at + step;
  const ahead = open.filter((box) => (step > 0 ? boxes.indexOf(box) >= wanted : boxes.indexOf(box) <= wanted));
  const target = step > 0 ? ahead[0] ?? open.at(-1) : ahead.at(-1) ?? open[0];
  target?.focus();
}

// How many tiles lie side by side: up and down go by rows.
function perRow() {
  const top = tiles[0].offsetTop;
  const next = tiles.findIndex((tile) => tile.offsetTop > top);
  return next < 0 ? tiles.length : next;
}

const MOVES = { ArrowLeft: () => -1, ArrowRight: () => 1, ArrowUp: () => -perRow(), ArrowDown: perRow };

document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.altKey || event.metaKey || event.repeat) return;
  const isElsewhere = event.target.closest?.("a, button, summary, select, textarea");
  const digit = form.hasAttribute("data-characters") && /^(?:Digit|Numpad)([1-9])$/.exec(event.code)?.[1];
  if (digit) toggle(boxes[Number(digit) - 1]);
  else if (MOVES[event.key]) move(MOVES[event.key]());
  else if (event.key === "Enter" && !isElsewhere) confirm.click();
  else return;
  event.preventDefault();
});
form.addEventListener("change", count);
form.addEventListener("submit", (event) => {
  event.preventDefault();
  if (!isSent) form.elements.seconds.value = ((performance.now() - shownAt) / 1000).toFixed(2);
  isSent = true;
  send();
});
window.addEventListener("online", () => isSent && send());
window.addEventListener("beforeunload", (event) => {
  if (!waiting.hidden) event.preventDefault();
});
// The page may come back from the browser's memory after a look elsewhere.
window.addEventListener("pageshow", () => {
  isSent = false;
  count();
});

// The grid is a plain form. It goes once the server can be reached: the browser's error page would take
// it away. That the leases are renewed meanwhile lets it find its items.
async function send() {
  if (isAsking) return;
  isAsking = true;
  clearTimeout(retry);
  const fields = { moderator: form.dataset.moderator, items: items().join(","), page };
  const isReached = await post(form.dataset.heartbeatUrl, fields).then(() => true, () => false);
  isAsking = false;
  if (!isReached && waiting.hidden) status.textContent = waiting.textContent;
  waiting.hidden = isReached;
  if (isReached) form.submit();
  else retry = setTimeout(send, RETRY_MS);
}

const items = () => tiles.filter((tile) => !tile.hasAttribute("data-lost")).map((tile) => tile.dataset.item);
const lease = new Lease({
  heartbeatUrl: form.dataset.heartbeatUrl,
  leaveUrl: form.dataset.leaveUrl,
  seconds: Number(form.dataset.leaseSeconds),
  moderator: form.dataset.moderator,
  items,
  // What is being sent must still find its items.
  waiting: () => (isSent ? items() : []),
  onLost(ids) {
    for (const [place, tile] of tiles.entries()) {
      if (!ids.includes(tile.dataset.item)) continue;
      tile.setAttribute("data-lost", "");
      boxes[place].checked = false;
      boxes[place].disabled = true;
    }
    status.textContent = status.dataset.lost;
    count();
  },
});
// At once: the tiles are this page's from now on, or marked as another tab's.
lease.beat();
boxes[0].focus({ preventScroll: true });
