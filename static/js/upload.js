// Uploads with a progress bar, and files dropped anywhere on the form go to the field that takes
// them. Without this module the form works by itself.
import { say } from "./lib/toast.js";

const form = document.querySelector("form[data-upload]");
const box = form.querySelector("[data-upload-progress]");
const bar = box.querySelector("progress");
const percent = box.querySelector("[data-upload-percent]");
const button = form.querySelector("button:not([type=button])");

function show(loaded, total) {
  const share = total ? loaded / total : 0;
  bar.value = share * 100;
  percent.textContent = new Intl.NumberFormat(document.documentElement.lang, { style: "percent" }).format(share);
}

function waiting(isWaiting) {
  box.hidden = !isWaiting;
  button.setAttribute("aria-busy", String(isWaiting));
}

function answered(request) {
  const address = new URL(request.responseURL);
  if (request.status < 400 && address.pathname !== location.pathname) {
    location.assign(address);
    return;
  }
  // The same page with what is wrong, or a page that says why not: the server has drawn it.
  waiting(false);
  const page = new DOMParser().parseFromString(request.responseText, "text/html");
  const fresh = page.querySelector(
    page.getElementById("import-form") ? "#import-form > .callout" : "main .callout, main h1",
  );
  form.querySelector(":scope > .callout")?.remove();
  for (const list of form.querySelectorAll(".errorlist")) list.remove();
  if (fresh) form.prepend(document.adoptNode(fresh));
  for (const list of page.querySelectorAll("#import-form .field > .errorlist")) {
    const input = list.parentElement.querySelector("input");
    if (input) form.querySelector(`#${CSS.escape(input.id)}`)?.closest(".field").append(list);
  }
  form.scrollIntoView({ block: "start" });
}

function failed() {
  waiting(false);
  say("offline-text");
}

form.addEventListener("submit", (event) => {
  event.preventDefault();
  if (button.getAttribute("aria-busy") === "true") return;
  const request = new XMLHttpRequest();
  request.upload.addEventListener("progress", (step) => show(step.loaded, step.total));
  request.addEventListener("load", () => answered(request));
  for (const name of ["error", "abort", "timeout"]) request.addEventListener(name, failed);
  request.open("POST", form.action || location.href);
  request.send(new FormData(form));
  waiting(true);
  show(0, 1);
});

function fieldFor(name) {
  const low = name.toLowerCase();
  if (low.endsWith(".zip")) return "images_zip";
  if (low.endsWith(".npy")) return "images_npy";
  if (/(^y|label)[^/]*\.csv$/.test(low)) return "labels";
  return "table";
}

form.addEventListener("dragover", (event) => event.preventDefault());
form.addEventListener("drop", (event) => {
  const files = [...event.dataTransfer.files];
  if (!files.length || (files.length === 1 && event.target.matches("input[type=file]"))) return;
  event.preventDefault();
  for (const file of files) {
    const input = form.elements[fieldFor(file.name)];
    const held = new DataTransfer();
    held.items.add(file);
    input.files = held.files;
    input.dispatchEvent(new Event("change", { bubbles: true }));
  }
});
