// Who gets a copy: addresses as chips over one hidden field each. The server reads and checks every address again.
const ADDRESS = /^[^\s@<>,;"]+@[^\s@<>,;"]+\.[^\s@<>,;".]+$/;

function parse(text) {
  const pieces = text.match(/(?:"[^"]*"|[^,;，；\n"])+/g) || [];
  return pieces.flatMap((piece) => {
    const named = piece.trim().match(/^(.*?)<([^<>]*)>$/);
    const address = (named ? named[2] : piece).trim();
    const name = named ? named[1].trim().replace(/^"|"$/g, "") : "";
    return address ? [{ name, address }] : [];
  });
}

function written(one) {
  const name = one.name.replace(/["<>]/g, "");
  return name ? `${/[,;，；]/.test(name) ? `"${name}"` : name} <${one.address}>` : one.address;
}

function rows(box) {
  return [...box.querySelectorAll(".copies")];
}

function hidden(row) {
  return row.querySelector("input[type=hidden]");
}

function entry(row) {
  return row.querySelector(".copy-entry");
}

function chip(row, one, list) {
  const item = document.createElement("li");
  item.className = ADDRESS.test(one.address) ? "mail-chip" : "mail-chip wrong";
  item.title = ADDRESS.test(one.address) ? one.address : entry(row).dataset.wrong;
  const words = document.createElement("span");
  words.textContent = one.name || one.address;
  const button = document.createElement("button");
  button.type = "button";
  button.setAttribute("aria-label", entry(row).dataset.remove.replace("{name}", one.name || one.address));
  button.textContent = "×";
  button.addEventListener("click", () => {
    set(row, list.filter((other) => other !== one));
    entry(row).focus();
  });
  item.append(words, button);
  return item;
}

function set(row, list) {
  const seen = new Set();
  const kept = list.filter((one) => !seen.has(one.address.toLowerCase()) && seen.add(one.address.toLowerCase()));
  hidden(row).value = kept.map(written).join(", ");
  row.querySelector(".chips-field").replaceChildren(...kept.map((one) => chip(row, one, kept)));
  const box = row.closest("#composer");
  label(box);
  box.dispatchEvent(new CustomEvent("hub:recipients", { bubbles: true }));
}

function open(row, on = true) {
  row.hidden = !on;
  row.closest("form").querySelector(`[data-copies=${row.dataset.field}]`).setAttribute("aria-expanded", String(on));
}

// Every address is seen before it is written to: the button says to how many the answer goes.
function label(box) {
  const all = rows(box).flatMap((row) => parse(hidden(row).value));
  const button = box.querySelector("#send-reply");
  if (!button) return;
  button.querySelector("span").textContent = all.length
    ? button.dataset.many.replace("{n}", String(all.length + 1))
    : button.dataset.one;
  const have = new Set(all.map((one) => one.address.toLowerCase()));
  for (const add of box.querySelectorAll("[data-add]")) {
    add.hidden = parse(add.dataset.add).every((one) => have.has(one.address.toLowerCase()));
  }
}

function take(row) {
  const field = entry(row);
  if (!field.value.trim()) return false;
  set(row, [...parse(hidden(row).value), ...parse(field.value)]);
  field.value = "";
  return true;
}

export function readCopies(box) {
  return Object.fromEntries([
    ...rows(box).map((row) => [row.dataset.field, hidden(row).value]),
    ["inbox", box.querySelector("#inbox")?.value || ""],
  ]);
}

// Shows what a draft says: whom a copy goes to, and by which inbox.
export function showCopies(box, kept) {
  for (const row of rows(box)) {
    hidden(row).value = kept[row.dataset.field] || "";
    const list = parse(hidden(row).value);
    if (list.length) open(row);
    set(row, list);
  }
  const inbox = box.querySelector("#inbox");
  if (inbox && kept.inbox && [...inbox.options].some((one) => one.value === kept.inbox)) inbox.value = kept.inbox;
}

// What still stands in an entry field counts too; whether there was something.
export function takeEntries(box) {
  return rows(box).map(take).some(Boolean);
}

document.addEventListener("click", (event) => {
  const toggle = event.target.closest("[data-copies]");
  if (toggle) {
    const row = document.getElementById(`${toggle.dataset.copies}-row`);
    open(row, row.hidden || Boolean(hidden(row).value));
    if (!row.hidden) entry(row).focus();
  }
  const add = event.target.closest("[data-add]");
  if (add) {
    const row = document.getElementById("cc-row");
    open(row);
    set(row, [...parse(hidden(row).value), ...parse(add.dataset.add)]);
  }
});

document.addEventListener("keydown", (event) => {
  const field = event.target;
  if (!field.matches?.(".copy-entry") || event.isComposing || event.keyCode === 229) return;
  const row = field.closest(".copies");
  if (["Enter", ",", ";"].includes(event.key) && !event.ctrlKey && !event.metaKey) {
    event.preventDefault();
    take(row);
  }
  if (event.key === "Backspace" && !field.value) set(row, parse(hidden(row).value).slice(0, -1));
});

document.addEventListener("focusout", (event) => {
  if (event.target.matches?.(".copy-entry")) take(event.target.closest(".copies"));
});
