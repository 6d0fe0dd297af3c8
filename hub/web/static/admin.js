// Pages of administrators. A secret that is shown once is copied with one press.
document.addEventListener("click", async (event) => {
  const button = event.target.closest("[data-copy]");
  if (!button) return;
  const shown = document.getElementById(button.dataset.copy);
  try {
    await navigator.clipboard.writeText(shown.textContent);
  } catch {
    // Not allowed here (no secure origin): it is marked, so that the keyboard copies it.
    getSelection().selectAllChildren(shown);
    return;
  }
  button.querySelector("span").textContent = button.dataset.copied;
});

// The matrices of skills and queues: arrow keys go from cell to cell, what was typed is one digit.
const STEP = { ArrowUp: [-1, 0], ArrowDown: [1, 0], ArrowLeft: [0, -1], ArrowRight: [0, 1] };

document.addEventListener("keydown", (event) => {
  const step = STEP[event.key];
  const cell = event.target.closest?.(".matrix td");
  if (!step || !cell || event.isComposing || event.ctrlKey || event.metaKey || event.altKey) return;
  const row = cell.parentElement;
  const rows = [...row.parentElement.children].filter((one) => one.tagName === "TR");
  const next = rows[rows.indexOf(row) + step[0]]?.children[cell.cellIndex + step[1]]?.querySelector("input");
  if (next) {
    next.focus();
    next.select();
  }
  event.preventDefault();
});

document.addEventListener("focusin", (event) => {
  if (event.target.matches(".matrix .level")) event.target.select();
});

// Forms that ask first.
document.addEventListener("submit", (event) => {
  const { ask } = event.target.dataset;
  if (ask && !confirm(ask)) event.preventDefault();
});
