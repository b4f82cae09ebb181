// <button data-dialog="id"> opens the dialog of that id; [data-close] and a click beside it close it.
export function listenForDialogs() {
  document.addEventListener("click", (event) => {
    const opener = event.target.closest("[data-dialog]");
    if (opener) {
      event.preventDefault();
      document.getElementById(opener.dataset.dialog)?.showModal();
      return;
    }
    if (event.target.closest("[data-close]") || event.target.matches("dialog[open]")) {
      // The backdrop belongs to the dialog: a press on the padding must not count as one beside it.
      const dialog = event.target.closest("dialog");
      if (event.target !== dialog || isOutside(event, dialog)) dialog?.close();
    }
  });
}

function isOutside(event, dialog) {
  const box = dialog.getBoundingClientRect();
  return event.clientX < box.left || event.clientX > box.right
    || event.clientY < box.top || event.clientY > box.bottom;
}
