// One dialog for whatever asks for more than a press: its content comes from the server, and the focus goes back afterwards.
const dialog = document.getElementById("dialog");
let asked = null;

document.addEventListener("click", (event) => {
  const button = event.target.closest("[hx-target='#dialog']");
  if (button && !dialog.contains(button)) {
    // Pressed by a key or the palette: the focus is elsewhere, and goes back there.
    const active = document.activeElement;
    asked = event.isTrusted || active === document.body ? button : active;
  }
  if (event.target.closest("#dialog [data-dialog-close]")) dialog.close();
});

document.addEventListener("htmx:after:swap", () => {
  const empty = !dialog.firstElementChild;
  if (empty && dialog.open) dialog.close();
  else if (!empty && !dialog.open) {
    asked?.closest("details.menu")?.removeAttribute("open");
    dialog.showModal();
    dialog.querySelector("[autofocus]")?.focus();
  }
});

dialog.addEventListener("close", () => {
  if (dialog.open) return; // the browser tells of it a moment later: something else is asked by now
  dialog.replaceChildren();
  const menu = asked?.closest("details.menu");
  const back = menu ? menu.querySelector("summary") : asked;
  if (back?.isConnected) back.focus();
  asked = null;
});
