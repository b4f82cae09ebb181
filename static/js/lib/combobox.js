// <select data-combobox> becomes a searchable list after the ARIA combobox pattern. The select stays
// in the form and keeps the value. Options may carry data-code, data-hint and data-search (other
// names and synonyms, with "|" between them).
import { fold, ranked } from "./text.js";

let serial = 0;

export function enhanceComboboxes(root) {
  for (const select of root.querySelectorAll("select[data-combobox]:not([data-ready])")) {
    new Combobox(select);
  }
}

class Combobox {
  constructor(select) {
    this.select = select;
    select.dataset.ready = "";
    this.id = `combobox-${(serial += 1)}`;
    this.options = [...select.options].filter((option) => option.value).map(readOption);
    this.shown = [];
    this.active = -1;
    this.build();
    this.listen();
  }

  build() {
    const { select, id } = this;
    this.box = element("div", { class: "combobox" });
    this.input = element("input", {
      class: "input", type: "text", id: `${id}-input`, role: "combobox", autocomplete: "off",
      autocapitalize: "off", spellcheck: "false", "aria-autocomplete": "list",
      "aria-expanded": "false", "aria-controls": `${id}-list`,
      placeholder: select.dataset.placeholder ?? "",
    });
    for (const name of ["aria-describedby", "aria-invalid"]) {
      if (select.hasAttribute(name)) this.input.setAttribute(name, select.getAttribute(name));
    }
    this.input.required = select.required;
    this.input.disabled = select.disabled;
    this.list = element("div", { class: "combobox-list picker", id: `${id}-list`, role: "listbox" });
    this.list.hidden = true;
    const label = select.labels[0];
    if (label) {
      label.id ||= `${id}-label`;
      label.htmlFor = this.input.id;
      this.list.setAttribute("aria-labelledby", label.id);
    } else if (select.hasAttribute("aria-label")) {
      this.input.setAttribute("aria-label", select.getAttribute("aria-label"));
      this.list.setAttribute("aria-label", select.getAttribute("aria-label"));
    }
    // A hidden control that is required could not be focused and would block the form in silence.
    select.required = false;
    select.replaceWith(this.box);
    this.box.append(this.input, this.list, select);
    this.showChosen();
  }

  listen() {
    this.input.addEventListener("input", () => this.filter());
    this.input.addEventListener("focus", () => this.input.select());
    this.input.addEventListener("click", () => this.list.hidden && this.filter(""));
    this.input.addEventListener("keydown", (event) => this.onKey(event));
    this.input.addEventListener("blur", () => this.close());
    // A press must not take the focus away before the click arrives.
    this.list.addEventListener("mousedown", (event) => event.preventDefault());
    this.list.addEventListener("click", (event) => {
      const item = event.target.closest("[data-index]");
      if (item) this.choose(this.shown[Number(item.dataset.index)]);
    });
    // Others may set the value: they fire the event as a person's choice does.
    this.select.addEventListener("change", () => this.showChosen());
    this.select.form?.addEventListener("reset", () => setTimeout(() => this.showChosen()));
  }

  filter(text = this.input.value) {
    const query = fold(text.trim());
    this.shown = ranked(this.options, query);
    this.draw();
    this.list.hidden = false;
    this.input.setAttribute("aria-expanded", "true");
    this.setActive(query && this.shown.length ? 0 : -1);
  }

  draw() {
    this.list.replaceChildren(...this.shown.map((option, index) => {
      const item = element("div", { class: "picker-item", role: "option", id: `${this.id}-${index}`, "data-index": index });
      item.setAttribute("aria-selected", String(option.value === this.select.value));
      item.append(part("picker-code", option.code), part("picker-name", option.label));
      if (option.hint) item.append(part("picker-hint", option.hint));
      return item;
    }));
    if (!this.shown.length) this.list.append(part("combobox-empty", this.select.dataset.empty ?? "–"));
  }

  setActive(index) {
    this.list.children[this.active]?.classList.remove("is-active");
    this.active = index;
    const item = this.shown.length ? this.list.children[index] : undefined;
    item?.classList.add("is-active");
    item?.scrollIntoView({ block: "nearest" });
    if (item) this.input.setAttribute("aria-activedescendant", item.id);
    else this.input.removeAttribute("aria-activedescendant");
  }

  onKey(event) {
    const open = !this.list.hidden;
    if (event.key === "ArrowDown" || event.key === "ArrowUp") {
      event.preventDefault();
      if (!open) return this.filter("");
      const step = event.key === "ArrowDown" ? 1 : -1;
      const count = this.shown.length;
      if (count) this.setActive((this.active + step + count + (this.active < 0 && step < 0 ? 1 : 0)) % count);
    } else if (event.key === "Enter" && open && this.active >= 0) {
      event.preventDefault();
      this.choose(this.shown[this.active]);
    } else if (event.key === "Escape" && open) {
      event.preventDefault();
      event.stopPropagation();
      this.close();
    }
    return undefined;
  }

  choose(option) {
    this.select.value = option.value;
    // An emptied field means "no choice" when the list closes: write the choice in first.
    this.input.value = option.label;
    this.close();
    this.select.dispatchEvent(new Event("change", { bubbles: true }));
  }

  close() {
    if (!this.input.value.trim() && this.select.querySelector("option[value='']")) this.select.value = "";
    this.list.hidden = true;
    this.input.setAttribute("aria-expanded", "false");
    this.setActive(-1);
    this.showChosen();
  }

  showChosen() {
    const chosen = this.options.find((option) => option.value === this.select.value);
    this.input.value = chosen?.label ?? "";
  }
}

export function readOption(option, order) {
  const { code = "", hint = "", search = "" } = option.dataset;
  const label = option.textContent.trim();
  return {
    value: option.value, label, code, hint, order, name: fold(label),
    terms: [code, label, ...search.split("|")].map((term) => fold(term.trim())).filter(Boolean),
  };
}

function element(tag, attributes) {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, value);
  return made;
}

function part(className, text) {
  const span = element("span", { class: className });
  span.textContent = text;
  return span;
}
