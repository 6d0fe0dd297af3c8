// Building a form: a field is dragged to its place (the buttons do the same), and the preview follows every act.
let dragged = null;

document.addEventListener("dragstart", (event) => {
  const grip = event.target.closest?.(".form-field .grip");
  if (!grip) return;
  dragged = grip.closest(".form-field");
  dragged.classList.add("dragged");
  event.dataTransfer.effectAllowed = "move";
});
document.addEventListener("dragover", (event) => {
  if (dragged && event.target.closest?.(".form-field")) event.preventDefault();
});
document.addEventListener("drop", (event) => {
  const target = event.target.closest?.(".form-field");
  if (!dragged || !target) return;
  event.preventDefault();
  const form = target.closest("form");
  form.elements.moved.value = `${dragged.dataset.place}:${target.dataset.place}`;
  form.querySelector("[data-move]").click();
});
document.addEventListener("dragend", () => {
  dragged?.classList.remove("dragged");
  dragged = null;
});
document.addEventListener("htmx:after:swap", () => {
  const form = document.getElementById("form-builder");
  const now = form && [...form.querySelectorAll(".form-field")].map((one) => one.id).join(" ");
  if (form && form.dataset.order !== now) {
    form.dataset.order = now;
    document.body.dispatchEvent(new Event("built"));
  }
});
