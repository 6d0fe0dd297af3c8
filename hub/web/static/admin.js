// A secret that is shown once is copied with one press.
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
