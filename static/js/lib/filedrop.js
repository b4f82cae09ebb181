// The file input itself covers the drop box, so the browser handles the drop; this shows the choice.
export function enhanceFileDrops(root) {
  for (const box of root.querySelectorAll("[data-filedrop]:not([data-ready])")) {
    box.dataset.ready = "";
    const input = box.querySelector("input[type=file]");
    const names = box.querySelector("[data-filedrop-names]");
    input.addEventListener("change", () => {
      names.textContent = [...input.files].map((file) => `${file.name} (${size(file.size)})`).join(", ");
    });
    box.addEventListener("dragover", () => box.classList.add("is-over"));
    for (const end of ["dragleave", "drop"]) {
      box.addEventListener(end, () => box.classList.remove("is-over"));
    }
  }
}

function size(bytes) {
  const steps = ["byte", "kilobyte", "megabyte", "gigabyte"];
  const step = Math.min(Math.floor(Math.log10(Math.max(bytes, 1)) / 3), steps.length - 1);
  const format = new Intl.NumberFormat(document.documentElement.lang, {
    style: "unit", unit: steps[step], unitDisplay: "short", maximumFractionDigits: 1,
  });
  return format.format(bytes / 1000 ** step);
}
