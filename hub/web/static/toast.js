// What was done and can be undone: said for ten seconds, which do not run while somebody is at it or looks elsewhere.
const LIFE = 10000;
const TICK = 250;
const MOST = 3;

const left = new WeakMap();
const shown = document.getElementById("toasts");

function drop(toast) {
  const had = toast.contains(document.activeElement);
  toast.remove();
  if (had) (document.getElementById("scroll") || document.getElementById("main"))?.focus();
}

function pass() {
  for (const toast of shown.querySelectorAll(".toast")) {
    const rests = document.hidden || toast.matches(":hover, :focus-within, :has(.htmx-request)");
    const now = (left.get(toast) ?? LIFE) - (rests ? 0 : TICK);
    left.set(toast, now);
    if (now <= 0) drop(toast);
  }
  const toasts = shown.querySelectorAll(".toast");
  for (let i = 0; i < toasts.length - MOST; i += 1) drop(toasts[i]);
}

// The last thing that was done is what Ctrl+Z takes back: a reply that still leaves, or this.
export function undoLast() {
  const button = [...shown.querySelectorAll("[data-undo]")].pop();
  if (!button || button.disabled) return false;
  const leaving = document.getElementById("undo");
  if (leaving) {
    const sent = Number(leaving.dataset.ends || Infinity) - Number(leaving.dataset.seconds) * 1000;
    const said = performance.now() - (LIFE - (left.get(button.closest(".toast")) ?? LIFE));
    if (sent > said) return false;
  }
  button.click();
  return true;
}

document.addEventListener("keydown", (event) => {
  if (event.code !== "KeyZ" || !(event.ctrlKey || event.metaKey) || event.shiftKey || event.altKey) return;
  if (event.isComposing || event.defaultPrevented) return;
  const written = event.target.closest?.("textarea, input");
  if (written && written.value) return;
  if (!undoLast()) return;
  event.preventDefault();
  event.stopImmediatePropagation();
});

document.addEventListener("click", (event) => {
  const button = event.target.closest("[data-drop-toast]");
  if (button) drop(button.closest(".toast"));
});

// Whether it could be undone or not, it is not offered twice; without an answer it stays.
document.addEventListener("htmx:finally:request", (event) => {
  const failed = event.detail?.ctx;
  const button = event.target.closest?.("[data-undo]");
  if (button && failed?.response) drop(button.closest(".toast"));
});

setInterval(pass, TICK);
