// Help that is fetched after a card. Cards are put in by hand, so htmx has to be told of each; one
// that waits on the shelf gets its help there, after the card itself and its picture have come.
for (const id of ["desk-stage", "desk-ahead"]) {
  const place = document.getElementById(id);
  new MutationObserver((changes) => {
    for (const change of changes) {
      for (const node of change.addedNodes) wakeUp(node);
    }
  }).observe(place, { childList: true });
}

function wakeUp(node) {
  if (node.nodeType !== Node.ELEMENT_NODE || node.hasAttribute("data-awake")) return;
  if (!node.querySelector("[data-lazy]")) return;
  // Once: a card that moves from the shelf to the stage keeps what it has.
  node.setAttribute("data-awake", "");
  window.htmx.process(node);
}
