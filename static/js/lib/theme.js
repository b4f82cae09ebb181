// The theme changes at once; the server is told, so that the next page is drawn in it from the start.
import { say } from "./toast.js";

export function listenForTheme() {
  document.addEventListener("submit", async (event) => {
    const form = event.target;
    if (!form.matches("[data-theme-form]") || !event.submitter?.value) return;
    event.preventDefault();
    const body = new FormData(form, event.submitter);
    document.documentElement.dataset.theme = event.submitter.value;
    for (const button of form.querySelectorAll("[name=theme]")) {
      button.toggleAttribute("aria-current", false);
      if (button === event.submitter) button.setAttribute("aria-current", "true");
    }
    try {
      const answer = await fetch(form.action, { method: "POST", body });
      if (!answer.ok) say("server-error-text");
    } catch {
      say("offline-text");
    }
  });
}
