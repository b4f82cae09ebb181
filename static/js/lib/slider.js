// A number that is easier found than known gets a slider beside its field; the field stays what counts.
//   <input type="number" data-slider="40 100 0.5">   least, most, step
export function enhanceSliders(root) {
  for (const field of root.querySelectorAll("input[data-slider]:not([data-ready])")) {
    field.dataset.ready = "";
    const slider = document.createElement("input");
    [slider.min, slider.max, slider.step] = field.dataset.slider.split(" ");
    slider.type = "range";
    slider.className = "slider";
    // To the keyboard and to those who listen it would be the same number twice.
    slider.ariaHidden = "true";
    slider.tabIndex = -1;
    slider.value = field.value;
    slider.addEventListener("input", () => {
      field.value = slider.value;
      field.dispatchEvent(new Event("input", { bubbles: true }));
    });
    field.addEventListener("input", () => { slider.value = field.value; });
    field.before(slider);
  }
}
