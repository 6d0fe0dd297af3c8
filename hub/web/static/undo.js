// A reply that has not left yet: the bar counts down, and the button, or Ctrl+Z where nothing is written, takes it back.
function bar() {
  return document.getElementById("undo");
}

function count() {
  const shown = bar();
  if (!shown) return;
  shown.dataset.ends ||= String(performance.now() + Number(shown.dataset.seconds) * 1000);
  const left = (Number(shown.dataset.ends) - performance.now()) / 1000;
  if (left <= 0) {
    const had = shown.contains(document.activeElement);
    shown.remove();
    if (had) document.getElementById("reply-text")?.focus();
    return;
  }
  document.getElementById("undo-left").textContent = String(Math.ceil(left));
}

document.addEventListener("keydown", (event) => {
  if (event.code !== "KeyZ" || !(event.ctrlKey || event.metaKey) || event.shiftKey || !bar()) return;
  const written = event.target.closest?.("textarea, input");
  if (written && written.value) return;
  event.preventDefault();
  bar().querySelector("[data-key=undo]").click();
});

document.addEventListener("htmx:after:swap", count);
setInterval(count, 250);
