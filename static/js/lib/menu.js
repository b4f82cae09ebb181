// Menus are <details class="menu">: they work without this. Here they also close as people expect.
export function listenForMenus() {
  document.addEventListener("click", (event) => closeAll(event.target.closest("details.menu")));
  document.addEventListener("focusin", (event) => closeAll(event.target.closest("details.menu")));
  document.addEventListener("keydown", (event) => {
    const open = document.querySelector("details.menu[open]");
    if (event.key !== "Escape" || !open) return;
    open.open = false;
    open.querySelector("summary").focus();
  });
}

function closeAll(except) {
  for (const menu of document.querySelectorAll("details.menu[open]")) {
    if (menu !== except) menu.open = false;
  }
}
