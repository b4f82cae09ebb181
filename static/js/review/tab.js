// This tab by a token of its own. What the tab holds no other tab of the same person is handed, nor
// lets go. The token outlives a reload, and nothing else: a duplicated tab would copy what lies in
// its storage, so the token lies there only between two pages.
import { newKey } from "./outbox.js";

const SLOT = "bonrayon.page";

export const page = take() ?? newKey();

window.addEventListener("pagehide", () => {
  try {
    sessionStorage.setItem(SLOT, page);
  } catch {
    // No storage here: a reloaded page counts as a new one, and its items come free by themselves.
  }
});
window.addEventListener("pageshow", (event) => event.persisted && take());

function take() {
  try {
    const kept = sessionStorage.getItem(SLOT);
    sessionStorage.removeItem(SLOT);
    return kept;
  } catch {
    return null;
  }
}

// Another tab has sent this one's undo: the tabs share what waits to be sent, and one of them sends.
export function onUndoneElsewhere(react) {
  window.addEventListener("storage", (event) => {
    if (event.newValue !== null || !event.oldValue?.includes(page)) return;
    if (JSON.parse(event.oldValue).undo) react();
  });
}
