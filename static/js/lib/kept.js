// What somebody entered in a form whose log-in had ended when it was sent: it is kept in the tab, and
// offered again in the same form after the log-in. Nothing is sent by itself.
// Forms opt in by data-keep, a name for this form and this person; [data-kept-note] within tells.
const SLOT = "bonrayon.kept";
const FIELDS = "input:not([type=hidden], [type=password], [type=file]), select, textarea";

export function keepForms() {
  const kept = read();
  if (kept) settle(kept);
  document.addEventListener("submit", ({ target }) => {
    if (target.dataset.keep) write({ name: target.dataset.keep, fields: fieldsOf(target) });
  });
}

// The log-in page right after sending means that nothing arrived; any other page, that it did.
function settle(kept) {
  if (document.querySelector("[data-log-in]")) {
    write({ ...kept, isRefused: true });
    return;
  }
  const form = [...document.querySelectorAll("form[data-keep]")].find(({ dataset }) => dataset.keep === kept.name);
  if (kept.isRefused && form) bringBack(form, kept.fields);
  if (form || !kept.isRefused) write(null);
}

function fieldsOf(form) {
  return [...form.querySelectorAll(FIELDS)].filter(({ name }) => name)
    .map(({ name, value, checked }) => ({ name, value, checked }));
}

function bringBack(form, fields) {
  for (const control of form.querySelectorAll(FIELDS)) {
    const isBox = ["checkbox", "radio"].includes(control.type);
    const was = fields.find(({ name, value }) => name === control.name && (!isBox || value === control.value));
    if (!was) continue;
    if (isBox) control.checked = was.checked;
    else control.value = was.value;
  }
  const note = form.querySelector("[data-kept-note]");
  if (note) note.hidden = false;
}

function read() {
  try {
    return JSON.parse(sessionStorage.getItem(SLOT));
  } catch {
    return null;
  }
}

function write(kept) {
  try {
    if (kept) sessionStorage.setItem(SLOT, JSON.stringify(kept));
    else sessionStorage.removeItem(SLOT);
  } catch {
    // No storage here: what was entered is lost with an ended log-in, as in any form.
  }
}
