// Drafts between this page, the browser and the server. Each write waits for the answer to the one before it; until an answer
// has come, a copy lies in the browser. What two pages do to one draft is decided by the server (draftline.js keeps count).
import { DraftLine, isEmpty } from "./draftline.js";

const PAUSE = 700; // after the last key
const LONGEST_PAUSE = 2500; // while somebody types on and on
const AGAIN = [1000, 3000, 8000, 20000];
const KEPT_DAYS = 30;
const MOST_KEEPALIVE = 60000; // bytes that a browser sends for a page that is gone

const TAB = [...crypto.getRandomValues(new Uint8Array(9))].map((byte) => byte.toString(36).padStart(2, "0")).join("");
const agent = document.body.dataset.agent;
const lines = new Map();
const others = "BroadcastChannel" in window ? new BroadcastChannel(`hub-drafts-${agent}`) : null;

function keyOf(ticket, mode) {
  return `hub:draft:${agent}:${ticket}:${mode}`;
}

export function lineOf(ticket, mode) {
  const key = keyOf(ticket, mode);
  if (!lines.has(key)) {
    const line = new DraftLine(TAB);
    lines.set(key, Object.assign(line, { key, ticket, mode, timer: 0, since: 0, failed: 0, trouble: "", holds: false, leaving: null, letter: null }));
  }
  return lines.get(key);
}

// `left`: the server knew words as sent of which no answer had come here.
function tell(line, changed, left = false) {
  document.dispatchEvent(new CustomEvent("hub:draft", { detail: { line, changed, left } }));
}

// ── the copy in the browser ─────────────────────────────────────────────────────────────────────────────────────────
function copyKey(line) {
  return `${line.key}:${TAB}`;
}

export function keepCopy(line) {
  try {
    const copy = line.unsaved();
    if (copy) localStorage.setItem(copyKey(line), JSON.stringify({ ...copy, at: Date.now() }));
    else localStorage.removeItem(copyKey(line));
  } catch {
    // A full or forbidden store: the server's copy is on its way.
  }
}

function copiesOf(start) {
  try {
    return Object.keys(localStorage)
      .filter((key) => key.startsWith(start) && !key.endsWith(`:${TAB}`))
      .map((key) => [key, localStorage.getItem(key)]);
  } catch {
    return []; // a browser that keeps nothing
  }
}

// What another page could not bring to the server: it is brought there now, as it was, and the server says what it is worth.
export async function recover(ticket) {
  for (const mode of ["reply", "note"]) {
    const line = lineOf(ticket, mode);
    for (const [key, text] of copiesOf(`${line.key}:`)) {
      const copy = parse(text);
      const answer = copy?.content ? await post(line, copy) : { done: true };
      if (!answer.done) continue;
      if (localStorage.getItem(key) === text) localStorage.removeItem(key);
      if (answer.draft) tell(line, line.seen(answer.draft));
    }
  }
}

function parse(text) {
  try {
    return JSON.parse(text);
  } catch {
    return null; // not ours
  }
}

function forgetOld() {
  for (const [key, text] of copiesOf("hub:draft:")) {
    if (!(Date.now() - (parse(text)?.at || 0) < KEPT_DAYS * 86400000)) localStorage.removeItem(key);
  }
}

// ── to the server ───────────────────────────────────────────────────────────────────────────────────────────────────
function formOf(write) {
  const { text, cc, bcc, inbox, way, seq } = write.content;
  const form = new URLSearchParams({ tab: write.tab, number: write.number, base: write.base, text, cc, bcc, inbox, way });
  if (write.over) form.set("over", "1");
  if (seq !== null && seq !== undefined) form.set("seq", seq);
  return form;
}

// {done, outcome, draft}; not done: no answer, so nobody knows.
async function post(line, write, keepalive = false) {
  try {
    const answer = await fetch(`/desk/tickets/${line.ticket}/draft/${line.mode}`, {
      method: "POST",
      headers: { "HX-Request": "true" },
      body: formOf(write),
      keepalive,
    });
    if (answer.ok) return { done: true, ...(await answer.json()) };
    // Refused for good (too long, no such ticket): to ask again would not help. Signed out, or the server is busy: later.
    return { done: ![401, 403, 429].includes(answer.status) && answer.status < 500 };
  } catch {
    return { done: false };
  }
}

export async function push(line, keepalive = false) {
  clearTimeout(line.timer);
  line.timer = 0;
  line.since = 0;
  const write = line.next();
  if (!write) return;
  const answer = await post(line, write, keepalive);
  if (!answer.done) {
    line.lost(write);
    line.trouble = "waiting";
    line.timer = setTimeout(() => push(line), AGAIN[Math.min(line.failed++, AGAIN.length - 1)]);
    return tell(line, false);
  }
  line.failed = 0;
  line.trouble = answer.draft ? "" : "refused";
  if (!answer.draft) {
    line.refused(write);
    return tell(line, false);
  }
  const changed = line.answered(write, answer.outcome, answer.draft);
  if (line.other && isEmpty(line.other.content)) line.keepMine(); // there is nothing to choose between
  keepCopy(line);
  if (answer.outcome === "kept") others?.postMessage({ ticket: line.ticket, mode: line.mode, draft: answer.draft });
  tell(line, changed, changed && Boolean(write.leaves));
  const holds = !isEmpty(answer.draft.content);
  if (holds !== line.holds) document.body.dispatchEvent(new CustomEvent("live-list")); // its mark in the list
  line.holds = holds;
  if (line.waits) later(line);
}

export function later(line) {
  line.since ||= performance.now();
  clearTimeout(line.timer);
  const left = LONGEST_PAUSE - (performance.now() - line.since);
  line.timer = setTimeout(() => push(line), Math.max(0, Math.min(PAUSE, left)));
}

export function typed(line, content) {
  line.typed(content);
  keepCopy(line);
  if (line.waits) later(line);
}

// The whole draft as the server has it now: another device of the same person may have written.
export async function lookAgain(ticket) {
  try {
    const answer = await fetch(`/desk/fragments/tickets/${ticket}/draft`, { headers: { "HX-Request": "true" } });
    if (!answer.ok) return;
    for (const [mode, draft] of Object.entries(await answer.json())) {
      const line = lineOf(ticket, mode);
      tell(line, line.seen(draft));
    }
  } catch {
    // No line: what is written meanwhile meets the other version when it is saved.
  }
}

others?.addEventListener("message", ({ data }) => {
  const line = lines.get(keyOf(data.ticket, data.mode));
  if (line) tell(line, line.seen(data.draft));
});

// What was to leave just now is not brought as a draft: it may be leaving. Its copy lies in the browser until that is known.
function leave() {
  for (const line of lines.values()) {
    if (line.dirty) push(line, formSize(line) < MOST_KEEPALIVE);
  }
}

function formSize(line) {
  return new TextEncoder().encode(encodeURIComponent(line.content.text)).length;
}

addEventListener("pagehide", leave);
document.addEventListener("visibilitychange", () => document.hidden && leave());
addEventListener("online", () => [...lines.values()].forEach((line) => line.waits && push(line)));
forgetOld();
