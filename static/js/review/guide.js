// Shows the rules of the category someone is about to choose: the first suggestion at first, then
// whatever is under the pointer, has the focus, or is active in the search.
export class Guide {
  constructor(stage) {
    this.pages = new Map();
    for (const page of document.getElementById("guides").content.children) {
      this.pages.set(page.dataset.code, page);
    }
    for (const name of ["mouseover", "focusin"]) {
      stage.addEventListener(name, (event) => this.follow(event.target));
    }
    new MutationObserver((changes) => changes.forEach((change) => this.followSearch(change.target)))
      .observe(stage, { subtree: true, attributes: true, attributeFilter: ["aria-activedescendant"] });
  }

  // On a blind item nothing is shown first: any choice of ours would give something away.
  start(card) {
    const first = card.querySelector(".suggestion.is-proposed");
    this.show(card, first?.value);
  }

  follow(target) {
    const suggestion = target.closest?.(".suggestion");
    if (suggestion) this.show(suggestion.closest("article"), suggestion.value);
  }

  followSearch(input) {
    const option = document.getElementById(input.getAttribute("aria-activedescendant") ?? "");
    const code = option?.querySelector(".picker-code")?.textContent;
    if (code) this.show(input.closest("article"), code);
  }

  show(card, code) {
    const slot = card?.querySelector("[data-guide]");
    const page = this.pages.get(code);
    if (slot) slot.replaceChildren(...(page ? [page.cloneNode(true)] : []));
  }
}
