// <a data-zoom="dialog id"> opens the large picture; a click or Z looks closer, arrows move it.
const STEP = 120;

export function openZoom(id) {
  const dialog = document.getElementById(id);
  if (!dialog) return;
  dialog.querySelector(".zoom-stage").classList.remove("is-close");
  dialog.showModal();
  dialog.querySelector(".zoom-stage").focus();
}

export function listenForZoom() {
  document.addEventListener("click", (event) => {
    const opener = event.target.closest("[data-zoom]");
    if (opener && !(event.ctrlKey || event.metaKey || event.shiftKey)) {
      event.preventDefault();
      openZoom(opener.dataset.zoom);
      return;
    }
    const stage = event.target.closest(".zoom-stage");
    if (stage) lookCloser(stage, event);
  });
  document.addEventListener("keydown", (event) => {
    const stage = event.target.closest?.("dialog.dialog-zoom")?.querySelector(".zoom-stage");
    if (stage && event.key.toLowerCase() === "z") lookCloser(stage, null);
    const move = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] }[event.key];
    if (!stage || !move) return;
    event.preventDefault();
    stage.scrollBy(move[0] * STEP, move[1] * STEP);
  });
}

// Centre what was pressed (or the middle, from the keyboard).
function lookCloser(stage, event) {
  const box = stage.getBoundingClientRect();
  const x = event ? (event.clientX - box.left) / box.width : 0.5;
  const y = event ? (event.clientY - box.top) / box.height : 0.5;
  if (stage.classList.toggle("is-close")) {
    stage.scrollTo(x * stage.scrollWidth - box.width / 2, y * stage.scrollHeight - box.height / 2);
  }
}
