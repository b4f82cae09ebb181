// Shows the chosen picture before it is sent. What the browser cannot draw stays hidden.
for (const image of document.querySelectorAll("img[data-preview]")) {
  const input = document.getElementById(image.dataset.preview);
  input.addEventListener("change", () => {
    if (image.src) URL.revokeObjectURL(image.src);
    image.hidden = true;
    image.removeAttribute("src");
    const [file] = input.files;
    if (!file) return;
    image.addEventListener("load", () => { image.hidden = false; }, { once: true });
    image.src = URL.createObjectURL(file);
  });
}
