// Forms of the rules: the last line of a group is always an empty one to go on with, and lines can be taken away. Without this
// file a form still works: save, and there is an empty line again.
function fields(row) {
  return [...row.querySelectorAll("input, select, textarea")];
}

function isEmpty(row) {
  const [first] = fields(row);
  return !first.value.trim();
}

function lines(group) {
  return [...group.querySelectorAll("[data-row]")];
}

function tidy(group) {
  const rows = lines(group);
  const last = rows[rows.length - 1];
  if (last && !isEmpty(last)) {
    const fresh = last.cloneNode(true);
    for (const trouble of fresh.querySelectorAll(".refused")) trouble.remove();
    for (const field of fields(fresh)) {
      if (field.tagName === "SELECT") field.selectedIndex = 0;
      else field.value = "";
      field.removeAttribute("aria-invalid");
    }
    last.after(fresh);
  }
  for (const row of lines(group)) row.querySelector("[data-remove]").hidden = isEmpty(row);
}

function tidyAll() {
  for (const group of document.querySelectorAll("[data-rows]")) tidy(group);
  for (const button of document.querySelectorAll("[data-copy-week]")) button.hidden = button.disabled;
}

function change(form) {
  form?.dispatchEvent(new Event("change", { bubbles: true }));
}

document.addEventListener("input", (event) => {
  const group = event.target.closest?.("[data-rows]");
  if (group && event.target.closest("[data-row]")) tidy(group);
});

document.addEventListener("click", (event) => {
  const remove = event.target.closest?.("[data-remove]");
  if (remove) {
    const row = remove.closest("[data-row]");
    const group = row.closest("[data-rows]");
    const form = row.closest("form");
    const next = row.nextElementSibling ?? row.previousElementSibling;
    row.remove();
    tidy(group);
    fields(next)[0]?.focus();
    change(form);
    return;
  }
  const copy = event.target.closest?.("[data-copy-week]");
  if (copy) {
    const form = copy.closest("form");
    const source = form.querySelector('[data-day="monday"]');
    for (const day of ["tuesday", "wednesday", "thursday", "friday"]) copyDay(source, form.querySelector(`[data-day="${day}"]`), day);
    change(form);
  }
});

// The names of the fields hold the day, and so do their labels: the lines of the day itself are cloned, and only values copied.
function copyDay(source, target, day) {
  const wanted = lines(source).filter((row) => fields(row).some((field) => field.value));
  const [pattern] = lines(target);
  const fresh = wanted.map((row) => {
    const made = pattern.cloneNode(true);
    fields(made).forEach((field, place) => {
      field.value = fields(row)[place].value;
    });
    return made;
  });
  const empty = pattern.cloneNode(true);
  for (const field of fields(empty)) field.value = "";
  target.querySelector(".shifts").replaceChildren(...fresh, empty);
  tidy(target);
}

document.addEventListener("htmx:after:swap", tidyAll);

// A form that could not be kept says so first.
document.getElementById("troubles")?.focus();
tidyAll();
