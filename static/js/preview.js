// The seller's form. Shows the chosen picture before it is sent. What the browser cannot draw stays hidden.
for (const image of document.querySelectorAll("img[data-preview]")) {
  const input = document.getElementById(image.dataset.preview);
  const show = () => {
    if (image.src) URL.revokeObjectURL(image.src);
    image.hidden = true;
    image.removeAttribute("src");
    const [file] = input.files;
    if (!file) return;
    image.addEventListener("load", () => { image.hidden = false; }, { once: true });
    image.src = URL.createObjectURL(file);
  };
  input.addEventListener("change", show);
  show(); // chosen before this script was there, or kept by the browser on the way back
}

// A category of the look ahead becomes the seller's own word at one press.
const own = document.querySelector("select[name='suggested']");

function offer(root) {
  for (const button of root.querySelectorAll("[data-suggest]")) button.hidden = !own;
}

document.addEventListener("htmx:load", (event) => offer(event.detail.elt));
document.addEventListener("click", (event) => {
  const button = event.target.closest("[data-suggest]");
  if (!button) return;
  own.value = button.dataset.suggest;
  own.dispatchEvent(new Event("change", { bubbles: true }));
});
offer(document);
