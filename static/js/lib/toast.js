// Toasts: the server adds them to #toasts out of band, or sends HX-Trigger: {"toast": {"text": "…"}}.
const STAY_MS = 8000;

export function listenForToasts() {
  document.addEventListener("click", (event) => {
    const button = event.target.closest("[data-dismiss]");
    button?.closest("[data-toast], [data-dismissible]")?.remove();
  });
  document.addEventListener("toast", (event) => showToast(event.detail.text));
}

// Show a text that base.html holds, already translated, in <template id>.
export function say(templateId) {
  showToast(document.getElementById(templateId).content.textContent.trim());
}

export function showToast(text) {
  const toast = document.getElementById("toast-template").content.firstElementChild.cloneNode(true);
  toast.querySelector(".toast-text").textContent = text;
  document.getElementById("toasts").append(toast);
  enhanceToasts(toast.parentElement);
}

export function enhanceToasts(root) {
  for (const button of root.querySelectorAll("[data-dismiss][hidden]")) button.hidden = false;
  const toasts = [...root.querySelectorAll("#toasts > [data-toast]:not([data-ready])")];
  if (root.id === "toasts") toasts.push(...root.querySelectorAll(":scope > [data-toast]:not([data-ready])"));
  if (root.matches?.("[data-toast]:not([data-ready])") && root.closest("#toasts")) toasts.push(root);
  toasts.forEach(fadeAway);
}

// A toast goes by itself, but never under someone's pointer or focus: WCAG 2.2.1.
function fadeAway(toast) {
  toast.dataset.ready = "";
  let timer = setTimeout(() => toast.remove(), STAY_MS);
  const hold = () => clearTimeout(timer);
  const release = () => {
    clearTimeout(timer);
    timer = setTimeout(() => toast.remove(), STAY_MS);
  };
  for (const name of ["mouseenter", "focusin"]) toast.addEventListener(name, hold);
  for (const name of ["mouseleave", "focusout"]) toast.addEventListener(name, release);
}
