// Reply and note: two forms that share nothing but their place. Drafts survive, sending asks for a whole key press.
import { prepareCopies, readCopies } from "./recipients.js";

const KEPT_DAYS = 30;

function composer() {
  return document.getElementById("composer");
}

function draftKey(box, mode) {
  return `hub:draft:${document.body.dataset.agent}:${box.dataset.ticket}:${mode}`;
}

function readDraft(box, mode) {
  try {
    return JSON.parse(localStorage.getItem(draftKey(box, mode)) || "null");
  } catch {
    return null; // a browser that keeps nothing, or an entry that is not ours
  }
}

function keepDraft(box, mode, text, seq) {
  try {
    const copies = mode === "reply" ? readCopies(box) : {};
    const holds = text || copies.cc || copies.bcc;
    if (holds) localStorage.setItem(draftKey(box, mode), JSON.stringify({ text, seq, ...copies, at: Date.now() }));
    else forgetDraft(box, mode);
  } catch {
    // A full or forbidden store: the text itself stays in the box.
  }
}

function forgetDraft(box, mode) {
  try {
    localStorage.removeItem(draftKey(box, mode));
  } catch {
    // Nothing is kept here.
  }
}

function forgetOld() {
  try {
    for (const key of Object.keys(localStorage)) {
      if (!key.startsWith("hub:draft:")) continue;
      const kept = JSON.parse(localStorage.getItem(key) || "{}");
      if (Date.now() - (kept.at || 0) > KEPT_DAYS * 86400000) localStorage.removeItem(key);
    }
  } catch {
    // Nothing is kept here, so nothing is old.
  }
}

function area(box, mode) {
  return box.querySelector(`#${mode}-text`);
}

export function chooseMode(mode, { focus = true } = {}) {
  const box = composer();
  if (!box) return;
  box.dataset.mode = mode;
  for (const tab of box.querySelectorAll("[role=tab]")) {
    const on = tab.dataset.mode === mode;
    tab.setAttribute("aria-selected", String(on));
    tab.tabIndex = on ? 0 : -1;
  }
  for (const panel of box.querySelectorAll("[role=tabpanel]")) panel.hidden = panel.dataset.mode !== mode;
  if (focus) area(box, mode)?.focus();
}

// ── the send guard ──────────────────────────────────────────────────────────────────────────────────────────────────
// A reply is written against what its writer had read when the first character came; what is said later is shown, and
// the server stops the reply until it was read.
function expected(box) {
  return box.querySelector("#reply [name=expected_seq]");
}

function shownSeq() {
  return Number(document.getElementById("thread")?.dataset.seq || 0);
}

function followThread() {
  const box = composer();
  const field = box && expected(box);
  if (!field) return;
  if (!area(box, "reply").value) field.value = shownSeq();
  const since = Number(field.value);
  const me = document.body.dataset.agent;
  const news = [...document.querySelectorAll("#log .entry")].some(
    (entry) => Number(entry.dataset.seq) > since && entry.dataset.author !== me,
  );
  document.getElementById("composer-news").hidden = !(news && area(box, "reply").value);
}

function markRead(box) {
  const field = expected(box);
  if (field) field.value = shownSeq();
  box.querySelector("#composer-problem").replaceChildren();
  keepDraft(box, "reply", area(box, "reply")?.value || "", shownSeq());
  followThread();
  area(box, box.dataset.mode)?.focus();
}

// ── setting a composer up, each time one comes ──────────────────────────────────────────────────────────────────────
function prepare() {
  const box = composer();
  if (!box || box.dataset.ready) return followThread();
  box.dataset.ready = "yes";
  const sent = box.dataset.sent;
  if (sent) forgetDraft(box, sent);
  for (const mode of ["reply", "note"]) {
    const text = area(box, mode);
    const draft = text && readDraft(box, mode);
    if (mode === "reply" && text) prepareCopies(box, draft || {});
    if (!draft) continue;
    // What was taken back stands above what was written since.
    text.value = [text.value, draft.text].filter(Boolean).join("\n\n");
    if (mode === "reply") expected(box).value = draft.seq;
    else if (!area(box, "reply")?.value && !sent) box.dataset.mode = "note";
  }
  const given = "given" in box.dataset;
  if (given) keepDraft(box, "reply", area(box, "reply").value, Number(expected(box).value));
  chooseMode(box.dataset.mode, { focus: Boolean(sent) || given });
  followThread();
}

// When the ticket was closed or opened, the box changes with it, unless somebody is writing in it just now.
function fitWayBack() {
  const box = composer();
  const thread = document.getElementById("thread");
  if (!box || !thread || box.dataset.ticket !== thread.dataset.ticket) return;
  if (box.dataset.way === thread.dataset.way || box.contains(document.activeElement)) return;
  htmx.ajax("GET", `/desk/fragments/tickets/${box.dataset.ticket}/composer`, { source: box, target: box, swap: "outerHTML" });
}

document.addEventListener("input", (event) => {
  const box = event.target.closest?.("#composer");
  if (!box || event.target.tagName !== "TEXTAREA") return;
  const mode = event.target.id === "note-text" ? "note" : "reply";
  const field = expected(box);
  keepDraft(box, mode, event.target.value, Number(field?.value || 0));
  if (mode === "reply") followThread();
});

document.addEventListener("hub:recipients", (event) => {
  const box = event.target;
  if (box.dataset.ready && area(box, "reply")) {
    keepDraft(box, "reply", area(box, "reply").value, Number(expected(box).value));
  }
});

document.addEventListener("change", (event) => {
  if (!event.target.matches?.("#composer input[type=file]")) return;
  const input = event.target;
  const size = [...input.files].reduce((sum, file) => sum + file.size, 0);
  input.setCustomValidity(size > Number(input.dataset.most) ? input.dataset.tooLarge : "");
  const list = document.getElementById("chosen");
  list.replaceChildren(
    ...[...input.files].map((file) => {
      const item = document.createElement("li");
      item.textContent = file.name;
      return item;
    }),
  );
  input.reportValidity();
});

document.addEventListener("click", (event) => {
  const box = event.target.closest("#composer");
  if (!box) return;
  const tab = event.target.closest("[role=tab]");
  if (tab) chooseMode(tab.dataset.mode);
  if (event.target.closest("[data-read]")) markRead(box);
});

document.addEventListener("keydown", (event) => {
  const box = event.target.closest?.("#composer");
  if (!box) return;
  if (event.isComposing || event.keyCode === 229) return;
  if (event.target.matches("[role=tab]") && (event.code === "ArrowLeft" || event.code === "ArrowRight")) {
    const other = box.dataset.mode === "reply" ? "note" : "reply";
    chooseMode(other, { focus: false });
    box.querySelector(`#tab-${other}`).focus();
    event.preventDefault();
  }
  if (event.target.tagName === "TEXTAREA" && event.code === "Enter" && (event.ctrlKey || event.metaKey)) {
    event.preventDefault();
    if (!event.repeat) event.target.form.requestSubmit();
  }
});

document.addEventListener("htmx:after:swap", () => {
  prepare();
  fitWayBack();
  const problem = document.getElementById("composer-problem");
  if (problem?.firstElementChild && problem.dataset.shown !== problem.textContent) {
    problem.dataset.shown = problem.textContent;
    problem.scrollIntoView({ block: "nearest" });
  }
});

forgetOld();
prepare();
