// The picker of macros: matched while typing, chosen by arrows and Enter; the dialog's next page has its first button focused.
import { fit } from "./fuzzy.js";

const dialog = document.getElementById("dialog");

function field() {
  return document.getElementById("macro-q");
}

function shown() {
  return [...dialog.querySelectorAll(".macro:not([hidden])")];
}

function mark(chosen) {
  for (const one of dialog.querySelectorAll(".macro")) one.setAttribute("aria-selected", String(one === chosen));
  if (chosen) {
    field().setAttribute("aria-activedescendant", chosen.id);
    chosen.scrollIntoView({ block: "nearest" });
  } else field().removeAttribute("aria-activedescendant");
}

function narrow() {
  for (const one of dialog.querySelectorAll(".macro")) one.hidden = fit(field().value, one.dataset.search) === 0;
  const left = shown();
  document.getElementById("no-macro").hidden = left.length > 0;
  mark(left[0]);
}

dialog.addEventListener("input", (event) => {
  if (event.target === field()) narrow();
});

dialog.addEventListener("keydown", (event) => {
  if (event.target !== field() || event.isComposing || event.keyCode === 229) return;
  const all = shown();
  const at = all.findIndex((one) => one.getAttribute("aria-selected") === "true");
  if (event.code === "ArrowDown") mark(all[(at + 1) % all.length]);
  else if (event.code === "ArrowUp") mark(all[(at + all.length - 1) % all.length]);
  else if (event.code === "Enter") all[at]?.click();
  else return;
  event.preventDefault();
});

document.addEventListener("htmx:after:swap", () => {
  if (!dialog.open) return;
  if (!dialog.contains(document.activeElement)) dialog.querySelector("[autofocus]")?.focus();
  if (field() && !dialog.querySelector(".macro[aria-selected=true]")) mark(shown()[0]);
});
