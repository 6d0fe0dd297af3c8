// One-key commands: outside text fields only, never while an input method composes, by place on the keyboard.
import { chooseMode } from "./compose.js";
import { answerOffer } from "./offers.js";
import { closeTopmost, turnTheme } from "./page.js";

function inText(element) {
  return Boolean(element.closest?.("input:not([type=checkbox], [type=radio], [type=file]), textarea, select, [contenteditable]"));
}

function move(step) {
  const rows = [...document.querySelectorAll(".row")];
  if (!rows.length) return;
  const now = rows.findIndex((row) => row === document.activeElement);
  const open = rows.findIndex((row) => row.getAttribute("aria-current") === "true");
  const from = now >= 0 ? now : open >= 0 ? open : step > 0 ? -1 : rows.length;
  const next = rows[Math.max(0, Math.min(rows.length - 1, from + step))];
  next.focus();
  next.scrollIntoView({ block: "nearest" });
}

function press(key) {
  document.querySelector(`#thread [data-key="${key}"]`)?.click();
}

// A menu of the ticket: opened, and its first choice has the focus.
function openMenu(key) {
  const menu = document.querySelector(`#thread summary[data-key="${key}"]`)?.parentElement;
  if (!menu) return;
  menu.open = true;
  menu.querySelector(".sheet button")?.focus();
}

const COMMANDS = {
  KeyJ: () => move(1),
  KeyK: () => move(-1),
  KeyO: () => document.activeElement.matches(".row") && document.activeElement.click(),
  KeyR: () => chooseMode("reply"),
  KeyN: () => chooseMode("note"),
  KeyI: () => press("take"),
  KeyE: () => press("resolve"),
  KeyC: () => openMenu("kind"),
  KeyP: () => openMenu("priority"),
  KeyQ: () => openMenu("queue"),
  KeyY: () => press("right"),
  KeyA: () => answerOffer("accept"),
  KeyX: () => answerOffer("decline"),
  KeyB: () => {
    const bell = document.querySelector("#bell > summary");
    bell?.focus();
    bell?.click();
  },
  KeyT: () => (location.href = "/desk/tasks"),
  KeyD: turnTheme,
  Slash: () => {
    const field = document.getElementById("q");
    if (field) field.focus();
    else location.href = "/desk/customers#q";
  },
};

document.addEventListener("keydown", (event) => {
  if (event.isComposing || event.keyCode === 229 || event.defaultPrevented) return;
  if (document.querySelector("dialog[open]")) return;
  if (event.code === "Escape") {
    if (closeTopmost()) return;
    const composer = event.target.closest?.("#composer");
    if (composer) {
      const row = document.querySelector(".row[aria-current]");
      if (row) row.focus();
      else document.getElementById("scroll")?.focus();
    } else if (inText(event.target)) event.target.blur();
    return;
  }
  if (event.ctrlKey || event.metaKey || event.altKey || inText(event.target)) return;
  if (event.key === "?") {
    document.getElementById("help").showModal();
    event.preventDefault();
    return;
  }
  const command = event.shiftKey ? undefined : COMMANDS[event.code];
  if (command) {
    command();
    event.preventDefault();
  }
});

if (location.hash === "#q") document.getElementById("q")?.focus();
