// Behaviour shared by every page. Each module finds its own elements by data attribute, and finds
// them again in what htmx swaps in; without JavaScript the pages work by links and forms.
import { enhanceComboboxes } from "./lib/combobox.js";
import { listenForDialogs } from "./lib/dialog.js";
import { enhanceFileDrops } from "./lib/filedrop.js";
import { keepForms } from "./lib/kept.js";
import { listenForMenus } from "./lib/menu.js";
import { listenForFailures } from "./lib/requests.js";
import { listenForTheme } from "./lib/theme.js";
import { enhanceToasts, listenForToasts } from "./lib/toast.js";
import { listenForZoom } from "./lib/zoom.js";

function enhance(root) {
  enhanceComboboxes(root);
  enhanceFileDrops(root);
  enhanceToasts(root);
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
document.addEventListener("htmx:load", (event) => enhance(event.detail.elt));
