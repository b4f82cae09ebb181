// A request that fails says so: htmx by itself would leave the person waiting for nothing.
import { say } from "./toast.js";

export function listenForFailures() {
  document.addEventListener("htmx:sendError", (event) => isAsked(event) && say("offline-text"));
  document.addEventListener("htmx:timeout", (event) => isAsked(event) && say("offline-text"));
  document.addEventListener("htmx:responseError", (event) => {
    if ([401, 403].includes(event.detail.xhr.status)) say("signed-out-text");
    else if (isAsked(event)) say("server-error-text");
  });
  // A second press while the first is under way would send the form twice.
  document.addEventListener("submit", (event) => {
    const button = event.submitter;
    if (event.defaultPrevented || !button || event.target.matches("[method=dialog], [data-resend]")) return;
    if (button.getAttribute("aria-busy") === "true") event.preventDefault();
    else if (!event.target.hasAttribute("hx-post")) setTimeout(() => button.setAttribute("aria-busy", "true"));
  });
  // Back from the browser's cache: the buttons are ready again.
  window.addEventListener("pageshow", (event) => {
    if (!event.persisted) return;
    for (const button of document.querySelectorAll("button[aria-busy]")) button.removeAttribute("aria-busy");
  });
}

// What a page fetches by itself is fetched again by itself: nobody has sent anything.
function isAsked(event) {
  return Boolean(event.detail.requestConfig?.triggeringEvent?.isTrusted);
}
