// The review desk: shows a card, takes the answer, and has the next card on the screen before the
// server has heard of it. What is sent, and sent again, is the outbox's business.
import { openZoom } from "../lib/zoom.js";
import { showToast } from "../lib/toast.js";
import { Ahead, prepare, toElement } from "./ahead.js";
import { tellWhy } from "./empty.js";
import { Guide } from "./guide.js";
import { listenForKeys } from "./keys.js";
import { Lease } from "./lease.js";
import { tellWhoHas } from "./lost.js";
import { newKey, Outbox } from "./outbox.js";
import { lookCloserByWheel, showNextPicture } from "./pictures.js";
import { onUndoneElsewhere, page } from "./tab.js";
import { addNotice, announce, plainNotice, showOutbox, waitingNote, withWords, words } from "./page.js";

// A double click must not answer the card that appears under the pointer.
const LOOK_AT_LEAST_MS = 250;
const UNDO_DEPTH = 20;
// How often an empty desk asks again, as long as someone sits at it.
const ASK_AGAIN_MS = 10000;

const desk = document.getElementById("desk");
const stage = document.getElementById("desk-stage");
const urls = desk.dataset;
let shownAt = performance.now();
// What was answered on this page and can be taken back: {id, element}, newest last.
let answered = [];

const card = () => stage.querySelector("article[data-item]");
const onPage = () => [stage.querySelector("article[data-item]:not([data-lost])"), ...ahead.cards()]
  .filter(Boolean).map((element) => element.dataset.item);

const guide = new Guide(stage);
const outbox = new Outbox({ moderator: urls.moderator, onState: showOutbox, onSaved, onRefused });
const ahead = new Ahead({
  shelf: document.getElementById("desk-ahead"),
  url: urls.claimUrl,
  moderator: urls.moderator,
  queue: urls.queue,
  taken: () => [...onPage(), ...outbox.items()],
  onArrival,
});
const lease = new Lease({
  heartbeatUrl: urls.heartbeatUrl,
  leaveUrl: urls.leaveUrl,
  seconds: Number(urls.leaseSeconds),
  moderator: urls.moderator,
  items: onPage,
  waiting: () => outbox.items(),
  onLost,
});

// --- Showing ---

// A card that nobody asked for leaves the focus to whoever writes elsewhere on the page.
function show(element, { isFirst = false, isAsked = !isFirst } = {}) {
  const isElsewhere = document.activeElement !== document.body && !stage.contains(document.activeElement);
  stage.replaceChildren(element);
  shownAt = performance.now();
  guide.start(element);
  if (isElsewhere && !isAsked) return;
  element.focus({ preventScroll: true });
  if (!isFirst) stage.scrollIntoView({ behavior: "instant" });
}

function advance({ isAsked = true } = {}) {
  const next = ahead.next();
  if (next) show(next, { isAsked });
  else stage.replaceChildren(waitingNote());
  ahead.fill();
}

function onArrival(state, html) {
  if (card()) return;
  const next = ahead.next();
  if (next) show(next, { isAsked: false });
  else if (state === "empty" || state === "full") tellWhy(stage, toElement(html));
  else if (words.has(state)) stage.replaceChildren(waitingNote(words.get(state)));
  if (next) ahead.fill();
}

function measurePaint() {
  requestAnimationFrame(() => setTimeout(() => performance.measure("desk:answer-to-paint", "desk:answer")));
}

// --- Answering ---

function answer(form, button) {
  const current = form.closest("article[data-item]");
  const seconds = (performance.now() - shownAt) / 1000;
  if (!current || current !== card() || seconds * 1000 < LOOK_AT_LEAST_MS) return;
  performance.mark("desk:answer");
  const fields = Object.fromEntries(new FormData(form, button));
  delete fields.csrfmiddlewaretoken;
  fields.seconds = seconds.toFixed(2);
  const label = current.querySelector(".review-title").textContent;
  const entry = { id: fields.client_key, url: form.getAttribute("action"), fields, item: current.dataset.item, label };
  // First into the store: what the shelf asks for next must leave this item out.
  outbox.push(entry);
  answered = [...answered, { id: entry.id, element: current }].slice(-UNDO_DEPTH);
  advance();
  measurePaint();
}

function onSaved(entry, body, response) {
  if (entry.undo) {
    // Sent for another tab, which takes the product itself.
    if ((entry.fields.page ?? page) === page) bringBack(body, response);
    return;
  }
  const outcome = JSON.parse(body);
  // A toast is read out by itself.
  if (outcome.said) showToast(`${outcome.text}. ${outcome.said}`);
  else announce(outcome.text);
  ahead.fill();
}

function onRefused(entry, html, response) {
  answered = answered.filter(({ id }) => id !== entry.id);
  const notice = toElement(html);
  const isOurs = notice?.matches?.("[data-conflict]");
  const shown = isOurs ? notice : plainNotice(`${words.get("refused")} (${response.status}): ${entry.label ?? ""}`);
  addNotice(entry.fields.comment ? withWords(shown, entry.fields.comment) : shown);
  ahead.fill();
}

function onLost(ids) {
  for (const element of ahead.cards()) {
    if (ids.includes(element.dataset.item)) element.remove();
  }
  if (!card() || !ids.includes(card().dataset.item)) return ahead.fill();
  tellWhoHas(urls.lostUrl.replace("/0/", `/${card().dataset.item}/`));
  // What is being written stays until it is sent, and refused, or dropped.
  if (isWriting()) card().setAttribute("data-lost", "");
  else advance({ isAsked: false });
}

const isWriting = () => document.activeElement.matches("textarea, input") && stage.contains(document.activeElement);

// --- Undo: an answer that never left the page is dropped here, any other by the server ---

function undo() {
  const dropped = outbox.dropUnsent();
  if (dropped) {
    const kept = answered.find(({ id }) => id === dropped.id);
    answered = answered.filter((other) => other !== kept);
    announce(words.get("dropped"));
    goBackTo(kept?.element);
    return;
  }
  const key = newKey();
  const fields = { client_key: key, page };
  const last = answered.pop();
  if (last) fields.of = last.id;
  outbox.push({ id: key, url: urls.undoUrl, fields, undo: true });
}

function goBackTo(element) {
  if (element) returnTo(element);
  // After a reload the card is gone from the page; its item is still claimed and comes back first.
  else ahead.fetchCard().then((fetched) => fetched && returnTo(fetched));
}

function bringBack(html, response) {
  const element = toElement(html);
  if (response.headers.get("Desk-State") !== "card") return addNotice(element);
  prepare(element);
  returnTo(element);
  announce(words.get("undone"));
  ahead.fill();
}

function returnTo(element) {
  const current = card();
  if (current) ahead.putBack(current);
  show(element);
}

// --- Keys and presses ---

function press(selector) {
  const button = card()?.querySelector(selector);
  button?.click();
  return Boolean(button);
}

function openPicker(text = "") {
  const input = card()?.querySelector(".combobox input");
  if (!input) return false;
  input.focus({ preventScroll: true });
  input.value = text;
  input.dispatchEvent(new Event("input", { bubbles: true }));
  input.closest(".desk-pick").scrollIntoView({ block: "start" }); // the open list makes room to
  return true;
}

function nextPicture() {
  if (!card()) return false;
  if (!showNextPicture(card())) showToast(words.get("noPicture"));
  return true;
}

function openMenu(name) {
  const menu = card()?.querySelector(`[data-menu="${name}"]`);
  if (!menu) return false;
  menu.open = true;
  menu.querySelector("textarea, button").focus();
  return true;
}

const keys = JSON.parse(urls.keys);
listenForKeys(keys, desk.hasAttribute("data-characters"), {
  confirm() {
    const take = stage.querySelector("[data-claim] button");
    if (take) return take.click();
    if (!card()) return false;
    if (press("[data-confirm] button")) return true;
    showToast(words.get(card().hasAttribute("data-blind") ? "blind" : "noSuggestion"));
    return true;
  },
  digit(number) {
    const isSkipping = card()?.querySelector("[data-menu=skip]")?.open;
    return press(isSkipping ? `[data-skip-digit="${number}"]` : `[data-digit="${number}"]`);
  },
  letter: openPicker,
  search: () => openPicker(),
  skip: () => openMenu("skip"),
  escalate: () => openMenu("escalate"),
  undo,
  zoom() {
    const picture = card()?.querySelector("[data-zoom]");
    if (!picture) return false;
    openZoom(picture.dataset.zoom);
    return true;
  },
  next_picture: nextPicture,
  help: () => document.getElementById("desk-shortcuts").showModal(),
  close() {
    const menu = card()?.querySelector("details[open].desk-menu");
    if (menu) menu.open = false;
    if (card()?.hasAttribute("data-lost")) advance();
    else if (menu) card()?.focus();
  },
});

desk.addEventListener("submit", (event) => {
  const form = event.target;
  if (!form.matches("[data-answer], [data-undo], [data-claim]")) return;
  event.preventDefault();
  if (form.matches("[data-answer]")) answer(form, event.submitter);
  else if (form.matches("[data-undo]")) undo();
  else claim(form);
});

// Beside a card only what another tab holds, or held when it crashed, is asked for: it comes first.
function claim(form) {
  ahead.isTaking = Boolean(form.elements.take);
  if (card()) return goBackTo();
  stage.replaceChildren(waitingNote());
  return ahead.fill();
}
// Choosing in the search list is the answer; an emptied field is not.
stage.addEventListener("change", (event) => {
  if (event.target.matches("[data-picker]") && event.target.value) answer(event.target.form, null);
});
stage.addEventListener("click", (event) => {
  if (event.target.closest("[data-next-picture]")) nextPicture();
  if (!event.target.closest("[data-open-picker]")) return;
  event.preventDefault();
  openPicker();
});
// The list takes Escape for itself and keeps the focus; at the desk it means "back to the card".
stage.addEventListener("keydown", (event) => {
  if (event.key === "Escape" && event.target.closest(".combobox")) setTimeout(() => card()?.focus());
}, { capture: true });
// In the large view the common keys rest; this one goes on to the next picture there.
stage.addEventListener("keydown", (event) => {
  if (keys.next_picture && event.key.toLowerCase() === keys.next_picture && event.target.closest("dialog.dialog-zoom")) nextPicture();
});
stage.addEventListener("wheel", lookCloserByWheel, { passive: true });

// --- Start ---

// With the page's token the counters tell what is not on this page.
document.getElementById("desk-counts").setAttribute("hx-vals", JSON.stringify({ page }));
onUndoneElsewhere(() => goBackTo());
if (card()) {
  prepare(card());
  show(card(), { isFirst: true });
  // At once: from now on it is this page's, or turns out to be another tab's.
  lease.beat();
}
outbox.flush().then(() => ahead.fill());
window.addEventListener("online", () => ahead.fill());
setInterval(() => !card() && lease.isThere() && ahead.fill(), ASK_AGAIN_MS);
