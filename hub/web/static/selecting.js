// Rows that are chosen, by hand or by key: kept through every reading of the list, told in the bar, sent with its form.
const chosen = new Set();
let last = ""; // from where a range goes
let everything = false;

function list() {
  return document.getElementById("list");
}

function boxes() {
  return [...document.querySelectorAll("#rows .pick")];
}

// What the page shows follows what is chosen; a row that left the list is chosen no more.
function show() {
  const bar = document.getElementById("bulk");
  if (!bar) return;
  const there = new Set(boxes().map((box) => box.value));
  for (const number of chosen) if (!there.has(number)) chosen.delete(number);
  if (!chosen.size) everything = false;
  for (const box of boxes()) box.checked = chosen.has(box.value);
  const words = bar.querySelector("[data-chosen]");
  const text = everything ? words.dataset.every : words.dataset.some.replace("{n}", String(chosen.size));
  if (words.textContent !== text) words.textContent = text;
  bar.querySelector("[data-all]").value = everything ? "view" : "";
  bar.querySelector("[data-tickets]").value = [...chosen].join(",");
  bar.hidden = !chosen.size;
  list().toggleAttribute("data-selecting", chosen.size > 0);
}

function turn(box, on) {
  everything = false;
  if (on) chosen.add(box.value);
  else chosen.delete(box.value);
}

// From the row that was chosen last to this one, whatever lies between.
function range(box) {
  const all = boxes();
  const from = all.findIndex((one) => one.value === last);
  const to = all.indexOf(box);
  if (from < 0) turn(box, true);
  else for (const one of all.slice(Math.min(from, to), Math.max(from, to) + 1)) turn(one, true);
}

function choose(box, ranged) {
  if (ranged) range(box);
  else turn(box, !chosen.has(box.value));
  last = box.value;
  show();
}

function chooseNone() {
  const had = document.getElementById("bulk")?.contains(document.activeElement);
  chosen.clear();
  show();
  if (had) document.querySelector(".row[aria-current], .row")?.focus();
}

document.addEventListener("click", (event) => {
  const box = event.target.closest?.("#rows .pick");
  if (box) {
    if (event.shiftKey) range(box);
    else turn(box, box.checked);
    last = box.value;
    show();
    return;
  }
  const button = event.target.closest?.("[data-choose]");
  if (!button) return;
  if (button.dataset.choose === "none") {
    chooseNone();
    return;
  }
  for (const one of boxes()) chosen.add(one.value);
  everything = button.dataset.choose === "view";
  show();
});

// x and Shift+x of keys.js.
document.addEventListener("hub:select", (event) => {
  const box = event.detail.row.closest(".item")?.querySelector(".pick");
  if (box) choose(box, event.detail.range);
});

// Esc, where nothing else is open: first the choice goes.
export function dropChoice() {
  if (!chosen.size) return false;
  chooseNone();
  return true;
}

document.addEventListener("htmx:after:request", (event) => {
  const form = event.target.closest?.("form[data-bulk-form]");
  if (form && event.detail?.ctx?.response?.raw?.ok) chooseNone();
});
document.addEventListener("htmx:after:swap", show);

// ── how close together rows stand: kept by the browser, drawn by the server ─────────────────────────────────────────
document.addEventListener("click", (event) => {
  const button = event.target.closest?.("[data-density]");
  if (!button) return;
  const dense = list().classList.toggle("dense");
  button.setAttribute("aria-pressed", String(dense));
  const secure = location.protocol === "https:" ? "; Secure" : "";
  document.cookie = `hub_density=${dense ? "dense" : "wide"}; Path=/desk; Max-Age=31536000; SameSite=Lax${secure}`;
});

show();
