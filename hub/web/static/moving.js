// Choosing entries that belong on another ticket.
function thread() {
  return document.getElementById("thread");
}

function count() {
  const words = document.getElementById("chosen-count");
  if (!words) return;
  const chosen = document.querySelectorAll("#log .choose input:checked").length;
  words.textContent = chosen ? words.dataset.some.replace("{n}", String(chosen)) : words.dataset.none;
  for (const button of document.querySelectorAll("#move [name=into]")) button.disabled = !chosen;
  document.querySelector("#more-menu [data-chooses]")?.setAttribute("aria-pressed", String(thread().hasAttribute("data-choosing")));
}

document.addEventListener("click", (event) => {
  if (!event.target.closest("[data-chooses]")) return;
  const on = thread().toggleAttribute("data-choosing");
  for (const box of document.querySelectorAll("#log .choose input")) box.checked = false;
  count();
  document.querySelector(on ? "#log .choose input" : "#more-menu summary")?.focus();
});

document.addEventListener("change", (event) => {
  if (event.target.matches?.(".choose input")) count();
});
document.addEventListener("htmx:after:swap", count);
count();
