// Reply and note: two forms that share nothing but their place. Drafts survive, sending asks for a whole key press.
import { EMPTY, isEmpty } from "./draftline.js";
import { keepCopy, later, lineOf, lookAgain, push, recover, typed } from "./drafts.js";
import { say } from "./page.js";
import { readCopies, showCopies, takeEntries } from "./recipients.js";

const MODES = ["reply", "note"];
const leaving = new WeakMap(); // requests that take words away, and which they took from which line
let then = ""; // what is to be done once the reply has been taken
let onward = ""; // and the ticket that is to be opened after it: the list may have dropped this one by then

function composer() {
  return document.getElementById("composer");
}

function area(box, mode) {
  return box.querySelector(`#${mode}-text`);
}

function lineIn(box, mode) {
  return lineOf(box.dataset.ticket, mode);
}

// ── which of the two ────────────────────────────────────────────────────────────────────────────────────────────────
function modeKey(box) {
  return `hub:mode:${document.body.dataset.agent}:${box.dataset.ticket}`;
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
  sessionStorage.setItem(modeKey(box), mode);
  showState(box);
  if (focus) area(box, mode)?.focus();
}

function modeKept(box) {
  const kept = sessionStorage.getItem(modeKey(box));
  return MODES.includes(kept) && area(box, kept) ? kept : "";
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
  note(box, "reply");
  followThread();
  area(box, box.dataset.mode)?.focus();
}

// ── drafts ──────────────────────────────────────────────────────────────────────────────────────────────────────────
function contentOf(box, mode) {
  const text = area(box, mode).value;
  if (mode === "note") return { ...EMPTY, text };
  const seq = text ? Number(expected(box).value) : null;
  return { ...EMPTY, ...readCopies(box), way: box.querySelector("#reply [name=way]")?.value || "", text, seq };
}

function note(box, mode) {
  if (area(box, mode)) typed(lineIn(box, mode), contentOf(box, mode));
}

function show(box, mode, content) {
  const text = area(box, mode);
  if (text.value !== content.text) {
    text.value = content.text;
    text.dispatchEvent(new CustomEvent("hub:filled", { bubbles: true }));
  }
  if (mode !== "reply") return;
  if (content.text && content.seq !== null && content.seq !== undefined) expected(box).value = content.seq;
  showCopies(box, content);
}

function showState(box) {
  const mode = box.dataset.mode;
  const bar = box.querySelector("#draft-other");
  if (!area(box, mode)) {
    bar.hidden = true;
    return;
  }
  const line = lineIn(box, mode);
  bar.hidden = !line.other;
  if (line.other) bar.querySelector("blockquote").textContent = line.other.content.text;
  const state = area(box, mode).form.querySelector(".draft-state");
  const saved = !line.other && !line.waits && !line.flight && !isEmpty(line.content);
  state.textContent = line.trouble ? state.dataset[line.trouble] : saved ? state.dataset.saved : "";
  state.classList.toggle("wrong", Boolean(line.trouble));
}

document.addEventListener("hub:draft", ({ detail }) => {
  const box = composer();
  const { line, changed } = detail;
  if (!box?.dataset.ready || box.dataset.ticket !== line.ticket || !area(box, line.mode)) return;
  if (changed) {
    show(box, line.mode, line.content);
    if (line.mode === "reply") followThread();
  }
  showState(box);
  if (detail.left) readComposer(box); // what is written next needs a form of its own
});

function choose(box, mine) {
  const line = lineIn(box, box.dataset.mode);
  if (!line.other) return;
  if (mine) line.keepMine();
  else if (line.takeOther()) show(box, line.mode, line.content);
  push(line).then(() => keepCopy(line));
  showState(box);
  area(box, line.mode).focus();
}

// ── setting a composer up, each time one comes ──────────────────────────────────────────────────────────────────────
function prepare() {
  const box = composer();
  if (!box || box.dataset.ready) return followThread();
  box.dataset.ready = "yes";
  const { sent, given } = box.dataset;
  for (const mode of MODES) {
    if (!area(box, mode)) continue;
    const line = lineIn(box, mode);
    const draft = JSON.parse(area(box, mode).form.dataset.draft);
    if (sent === mode && line.leaving) settle(line, () => line.sent(line.leaving, draft));
    else if (given !== undefined && mode === "reply") settle(line, () => line.restored(draft));
    else line.seen(draft);
    // Of words that may have left nobody knows here: under the key of the form that took them they leave once at the most.
    if (line.doubtful || line.flight?.leaves) area(box, mode).form.elements.key.value = line.letter.key;
    if (mode === "reply" && box.dataset.chosen !== undefined) line.typed({ ...line.content, way: box.dataset.chosen });
    show(box, mode, line.content);
    keepCopy(line);
    if (line.waits) later(line);
  }
  const started = area(box, "note")?.value && !area(box, "reply")?.value;
  const mode = sent || given !== undefined ? box.dataset.mode : modeKept(box) || (started ? "note" : box.dataset.mode);
  chooseMode(mode, { focus: Boolean(sent) || given !== undefined || box.dataset.chosen !== undefined });
  followThread();
  recover(box.dataset.ticket);
  if (box.dataset.then) nextTicket();
}

// The answer to words that were to leave.
function settle(line, act) {
  const changed = act();
  line.leaving = null;
  return changed;
}

// When the ticket was closed or opened, the box changes with it, unless somebody is writing in it just now.
function fitWayBack() {
  const box = composer();
  const thread = document.getElementById("thread");
  if (!box || !thread || box.dataset.ticket !== thread.dataset.ticket) return;
  if (box.dataset.way === thread.dataset.way || box.contains(document.activeElement)) return;
  readComposer(box);
}

// Whoever left a chat is answered by letter, and by the chat when they are back (visitors.js).
document.body.addEventListener("hub:way", () => {
  const box = composer();
  if (box?.dataset.ready && box.dataset.chosen === undefined && !box.contains(document.activeElement)) readComposer(box);
});

// A scheduled reply that waits no longer may be a draft again, with its files.
let waiting = new Set();
function followScheduled() {
  const box = composer();
  const now = new Set([...document.querySelectorAll("#thread .later:not(.cancelled)")].map((one) => one.id));
  const gone = [...waiting].some((id) => !now.has(id) && document.getElementById(id));
  waiting = now;
  if (!box?.dataset.ready || !gone) return;
  if (box.contains(document.activeElement)) lookAgain(box.dataset.ticket);
  else readComposer(box);
}

function readComposer(box) {
  htmx.ajax("GET", `/desk/fragments/tickets/${box.dataset.ticket}/composer`, { source: box, target: box, swap: "outerHTML" });
}

// The row below the one that is open, else the one above it.
function rowAfterThis() {
  const rows = [...document.querySelectorAll("#list .row")];
  const now = rows.findIndex((row) => row.getAttribute("aria-current") === "true");
  return (now < 0 ? rows[0] : rows[now + 1] || rows[now - 1])?.dataset.ticket || "";
}

function nextTicket() {
  const row = onward && document.querySelector(`#list .row[data-ticket="${onward}"]`);
  onward = "";
  if (row) row.click();
  else document.querySelector("#thread [data-back]")?.click();
}

document.addEventListener("input", (event) => {
  const box = event.target.closest?.("#composer");
  if (!box || event.target.tagName !== "TEXTAREA") return;
  const mode = event.target.id === "note-text" ? "note" : "reply";
  note(box, mode);
  showState(box);
  if (mode === "reply") followThread();
});

document.addEventListener("hub:recipients", (event) => {
  const box = event.target;
  if (box.dataset.ready) note(box, "reply");
});

document.addEventListener("change", (event) => {
  if (event.target.matches?.("#inbox")) note(composer(), "reply");
});

document.addEventListener("click", (event) => {
  const box = event.target.closest("#composer");
  if (!box) return;
  // Sent by the button: what the keys had asked for, before something stopped them, is asked for no more.
  if (event.target.closest("#send-reply, [name=send_at]")) then = "";
  const tab = event.target.closest("[role=tab]");
  if (tab) chooseMode(tab.dataset.mode);
  if (event.target.closest("[data-read]")) markRead(box);
  if (event.target.closest("[data-keep-mine]")) choose(box, true);
  if (event.target.closest("[data-take-other]")) choose(box, false);
  const version = event.target.closest("[data-put-in]");
  if (version) {
    const text = area(box, box.dataset.mode);
    const words = version.closest("li").querySelector("blockquote").textContent;
    text.value = [text.value, words].filter(Boolean).join("\n\n");
    text.dispatchEvent(new Event("input", { bubbles: true }));
    text.focus();
  }
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
    if (event.repeat) return;
    then = event.shiftKey && event.target.id === "reply-text" ? "resolve" : "";
    if (then) onward = rowAfterThis();
    event.target.form.requestSubmit();
  }
});

// The Enter that takes an input method's proposal sends no form, in any field of any page.
document.addEventListener(
  "keydown",
  (event) => {
    const composing = event.isComposing || event.keyCode === 229;
    if (composing && event.code === "Enter" && event.target.matches?.("input")) event.preventDefault();
  },
  true,
);

// A form leaves: the words that it takes are the draft's last write, so that exactly they are gone from it afterwards.
document.addEventListener("htmx:config:request", (event) => {
  const { ctx } = event.detail;
  const form = ctx.sourceElement;
  const mode = form.matches?.("#reply, #note") ? form.id : "";
  if (!mode) return;
  const box = form.closest("#composer");
  const line = lineIn(box, mode);
  if (line.leaving && line.letter.form !== form) {
    // The ticket was left and come back to meanwhile.
    event.preventDefault();
    return say(box.querySelector("#composer-problem").dataset.leaving);
  }
  if (takeEntries(box)) for (const [name, value] of Object.entries(readCopies(box))) ctx.request.body.set(name, value);
  if (!line.leaving) {
    line.typed(contentOf(box, mode));
    line.leaving = line.send();
    line.letter = { form, key: form.elements.key.value };
    keepCopy(line);
  }
  leaving.set(ctx, { line, write: line.leaving });
  for (const name of ["tab", "number", "base"]) ctx.request.body.set(name, line.leaving[name]);
  if (line.leaving.over) ctx.request.body.set("over", "1");
  if (mode === "reply" && then) ctx.request.body.set("then", then);
  then = "";
});

// What is said above the text of one ticket is not said above that of another, which was opened meanwhile.
document.addEventListener("htmx:before:swap", (event) => {
  const { ctx } = event.detail;
  const { line } = leaving.get(ctx) || {};
  if (!line || ctx.target !== "#composer-problem" || composer()?.dataset.ticket === line.ticket) return;
  event.preventDefault();
  const words = document.getElementById("composer-problem")?.dataset.unsent;
  if (words) say(words.replace("{number}", line.ticket));
});

// It did not leave: refused; or there was no answer of the hub, and nobody knows. Or it left, and the answer found its composer
// gone: then nobody has looked into it yet.
document.addEventListener("htmx:finally:request", (event) => {
  const { ctx } = event.detail;
  const { line, write } = leaving.get(ctx) || {};
  if (!line || line.leaving !== write) return; // its answer was looked into, or the words were given back meanwhile
  const status = ctx.response?.status || 0;
  if (status && status < 400 && ctx.text !== undefined) return sentUnseen(line, ctx.text);
  settle(line, () => (status >= 400 && status < 500 ? line.refused(write) : line.unanswered(write)));
  keepCopy(line);
  later(line);
});

function sentUnseen(line, answer) {
  const form = new DOMParser().parseFromString(answer, "text/html").getElementById(line.mode);
  if (!form) {
    // A ticket that takes no more replies: what became of the draft is asked for.
    settle(line, () => line.unanswered(line.leaving));
    return later(line);
  }
  const changed = settle(line, () => line.sent(line.leaving, JSON.parse(form.dataset.draft)));
  keepCopy(line);
  document.dispatchEvent(new CustomEvent("hub:draft", { detail: { line, changed, left: true } }));
  if (line.waits) later(line);
}

document.addEventListener("visibilitychange", () => {
  const box = composer();
  if (!document.hidden && box) lookAgain(box.dataset.ticket);
});

document.addEventListener("htmx:after:swap", () => {
  prepare();
  fitWayBack();
  followScheduled();
  const problem = document.getElementById("composer-problem");
  if (problem?.firstElementChild && problem.dataset.shown !== problem.textContent) {
    problem.dataset.shown = problem.textContent;
    problem.scrollIntoView({ block: "nearest" });
  }
});

prepare();
// What the page before this one saved while this one was made stands in neither.
if (composer()) lookAgain(composer().dataset.ticket);
