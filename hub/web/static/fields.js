// A ticket that may not be resolved yet leads to the field that is still empty, and from there back to what was meant.
const SLOT = "#customer-pane .own-fields";
const RESOLVE = '#thread [data-key="resolve"]';
let meant = ""; // what somebody wanted to do when they were led here

function lead() {
  const asked = [...document.querySelectorAll(`${SLOT} [aria-required=true]`)];
  const field = asked.find((one) => !one.value.trim());
  if (!field) return false;
  document.getElementById("dialog").close();
  // On a narrow screen the pane lies over the thread, and only once it is asked for.
  field.closest("#customer-pane").setAttribute("data-open", "");
  field.closest("details").open = true;
  field.setAttribute("aria-invalid", "true");
  field.focus();
  return true;
}

// The refusal itself is said by an alert; here the focus goes to where it is mended.
document.addEventListener("htmx:finally:request", (event) => {
  const { ctx } = event.detail;
  if (ctx.response?.headers?.get("Hub-Refused") !== "fields_missing") return;
  const doing = ctx.sourceElement?.closest?.("#composer") ? "#reply-text" : RESOLVE;
  if (lead()) meant = doing;
});

// Saved: on to the next one that is empty, else back to what was meant, else to where it was begun.
document.addEventListener("htmx:after:swap", (event) => {
  const { ctx } = event.detail;
  const slot = ctx.target?.closest?.(".own-fields");
  if (!slot || ctx.request?.method !== "POST") return;
  const wrong = slot.querySelector(".own-form:has(.refused) :is(input, select, textarea)");
  if (wrong) return wrong.focus();
  if (meant && slot.matches(SLOT)) {
    if (lead()) return;
    document.getElementById("customer-pane").removeAttribute("data-open");
    const back = document.querySelector(meant);
    meant = "";
    if (back) return back.focus();
  }
  const about = ctx.request.action.split("/").pop().split("?")[0];
  slot.querySelector(`#own-edit-${about} > summary`)?.focus();
});

for (const what of ["input", "change"]) {
  document.addEventListener(what, (event) => {
    if (event.target.closest?.(".own-form")) event.target.removeAttribute("aria-invalid");
  });
}
