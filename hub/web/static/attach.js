// Files of a reply: chosen, dropped or pasted, uploaded at once and kept with the draft on the server.
import { say } from "./page.js";
import { signedOut } from "./session.js";

const LATEST = 20000; // so long a composer may be on its way that was made before a file was there
const coming = new Set(); // rows that no composer brings, each with the address that its file goes to

function list() {
  return document.getElementById("draft-files");
}

function words(name, values = {}, of = list()) {
  return Object.entries(values).reduce((text, [key, value]) => text.replace(`{${key}}`, value), of.dataset[name]);
}

function readySize() {
  return [...list().children].reduce((sum, item) => sum + Number(item.dataset.size || 0), 0);
}

function fits(file) {
  return readySize() + file.size <= Number(list().dataset.most);
}

function button(text, act) {
  const made = document.createElement("button");
  made.type = "button";
  made.className = "link";
  made.textContent = text;
  made.addEventListener("click", act);
  return made;
}

// What is on its way: its name, how far it is, and a way to stop it; what failed says why, and can be tried again.
function upload(file) {
  const shown = list();
  const item = document.createElement("li");
  item.className = "draft-file coming";
  item.dataset.size = file.size;
  const name = document.createElement("span");
  name.className = "file-name";
  name.dir = "auto";
  name.textContent = file.name;
  const bar = document.createElement("progress");
  bar.max = 1;
  bar.value = 0;
  bar.setAttribute("aria-label", words("loading", { name: file.name }));
  const call = new XMLHttpRequest();
  const form = new FormData();
  form.append("file", file, file.name);
  const row = { item, to: shown.dataset.upload, settled: 0 };
  const cancel = button(words("cancel"), () => { call.abort(); drop(row); });
  item.append(name, bar, cancel);
  shown.append(item);
  coming.add(row);
  const failed = (why) => fail(row, why, button(words("again", {}, shown), () => { drop(row); uploadAll([file]); }), cancel);
  call.upload.addEventListener("progress", (event) => {
    if (event.lengthComputable) bar.value = event.loaded / event.total;
  });
  call.addEventListener("load", () => {
    if (call.status === 401) signedOut(call.getResponseHeader("HX-Redirect"));
    if (call.status === 200) settle(row, call.responseText);
    else failed(trouble(call) || words("failed", {}, shown));
  });
  call.addEventListener("error", () => failed(words("failed", {}, shown)));
  call.open("POST", row.to);
  call.setRequestHeader("HX-Request", "true");
  call.send(form);
}

function drop(row) {
  coming.delete(row);
  row.item.remove();
}

function tokenOf(item) {
  return item.querySelector("[name=file]").value;
}

function holds(token) {
  return Boolean(list()?.querySelector(`[name=file][value="${token}"]`));
}

function settle(row, html) {
  if (!coming.has(row)) return;
  const made = document.createElement("template");
  made.innerHTML = html; // our own template, escaped there
  const ready = made.content.querySelector("li");
  if (row.item.isConnected) {
    coming.delete(row);
    if (holds(tokenOf(ready))) return row.item.remove(); // a composer that came meanwhile has brought it
    row.item.replaceWith(ready);
    htmx.process(ready);
  } else Object.assign(row, { item: ready, settled: performance.now() });
}

// A ticket that was left is come back to: what is on its way there is seen again, so that no reply leaves without it. What has
// arrived meanwhile comes with the composer, unless that was made a moment before.
function bringBack() {
  const shown = list();
  for (const row of shown ? [...coming] : []) {
    if (row.to !== shown.dataset.upload || row.item.isConnected) continue;
    if (row.settled) {
      coming.delete(row);
      if (performance.now() - row.settled > LATEST || holds(tokenOf(row.item))) continue;
    }
    shown.append(row.item);
    if (row.settled) htmx.process(row.item);
  }
}

document.addEventListener("htmx:after:swap", bringBack);

function trouble(call) {
  try {
    return JSON.parse(call.responseText).trouble;
  } catch {
    return "";
  }
}

function fail({ item }, why, ...buttons) {
  item.className = "draft-file failed";
  item.dataset.size = 0;
  const said = document.createElement("span");
  said.className = "wrong";
  said.setAttribute("role", "alert");
  said.textContent = why;
  item.replaceChildren(item.querySelector(".file-name"), said, ...buttons);
}

function uploadAll(files) {
  if (!list()) return;
  for (const file of files) {
    if (fits(file)) upload(file);
    else say(words("tooLarge"));
  }
}

document.addEventListener("change", (event) => {
  if (event.target.id !== "attach") return;
  uploadAll([...event.target.files]);
  event.target.value = "";
});

// ── dropped, pasted ─────────────────────────────────────────────────────────────────────────────────────────────────
function carriesFiles(event) {
  return [...(event.dataTransfer?.types || [])].includes("Files");
}

document.addEventListener("dragover", (event) => {
  if (!carriesFiles(event)) return;
  event.preventDefault(); // a file that misses the composer must not replace the page
  const box = event.target.closest("#reply");
  document.getElementById("reply")?.classList.toggle("dropping", Boolean(box && list()));
  event.dataTransfer.dropEffect = box && list() ? "copy" : "none";
});

document.addEventListener("dragleave", (event) => {
  if (!event.relatedTarget) document.getElementById("reply")?.classList.remove("dropping");
});

document.addEventListener("drop", (event) => {
  if (!carriesFiles(event)) return;
  event.preventDefault();
  document.getElementById("reply")?.classList.remove("dropping");
  if (event.target.closest("#reply")) uploadAll([...event.dataTransfer.files]);
});

document.addEventListener("paste", (event) => {
  const files = [...(event.clipboardData?.files || [])];
  // Text that comes with a picture of itself (a spreadsheet's cells) is pasted as text.
  if (event.target.id !== "reply-text" || !files.length || event.clipboardData.types.includes("text/plain")) return;
  event.preventDefault();
  uploadAll(files);
});

// What is still on its way would be missing.
document.addEventListener("submit", (event) => {
  if (event.target.id !== "reply" || !list()?.querySelector(".coming")) return;
  event.preventDefault();
  event.stopImmediatePropagation();
  say(words("wait"));
}, true);

// ── pictures, large ─────────────────────────────────────────────────────────────────────────────────────────────────
function lightbox() {
  return document.getElementById("lightbox");
}

document.addEventListener("click", (event) => {
  const opener = event.target.closest("[data-lightbox]");
  if (opener && !event.ctrlKey && !event.metaKey && !event.shiftKey) {
    event.preventDefault();
    const picture = lightbox().querySelector("img");
    picture.src = opener.dataset.lightbox;
    picture.alt = opener.dataset.name;
    lightbox().querySelector("figcaption").textContent = opener.dataset.name;
    lightbox().showModal(); // Esc closes it, and the focus goes back to where it was
  } else if (event.target === lightbox() || event.target.closest("[data-close-lightbox]")) lightbox().close();
});
