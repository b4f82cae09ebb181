// Behaviour shared by every page. Each module finds its own elements by data attribute, and finds
// them again in what htmx swaps in; without JavaScript the pages work by links and forms.
import { enhanceComboboxes } from "./lib/combobox.js";
import { listenForDialogs } from "./lib/dialog.js";
import { enhanceFileDrops } from "./lib/filedrop.js";
import { keepForms } from "./lib/kept.js";
import { listenForMenus } from "./lib/menu.js";
import { listenForFailures } from "./lib/requests.js";
import { listenForTheme } from "./lib/theme.js";
import { enhanceSliders } from "./lib/slider.js";
import { enhanceToasts, listenForToasts } from "./lib/toast.js";
import { listenForZoom } from "./lib/zoom.js";

function enhance(root) {
  enhanceComboboxes(root);
  enhanceFileDrops(root);
  enhanceSliders(root);
  enhanceToasts(root);
}

// On a narrow screen the link of the present page may lie beside what is to be seen of the others.
function showPresent(strip) {
  const present = strip.querySelector("[aria-current]");
  if (!present) return;
  const before = present.getBoundingClientRect().left - strip.getBoundingClientRect().left;
  strip.scrollLeft += before - (strip.clientWidth - present.offsetWidth) / 2;
}

listenForDialogs();
listenForFailures();
listenForMenus();
listenForTheme();
listenForToasts();
listenForZoom();
// Before the search lists are built: they show what their fields hold.
keepForms();
enhance(document);
document.querySelectorAll(".site-nav, .tabs").forEach(showPresent);
document.addEventListener("htmx:load", (event) => enhance(event.detail.elt));
