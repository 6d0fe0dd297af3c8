// Colleagues by name: "@" in a note opens their list; one that is named in a reply is asked about before it leaves.
import { chooseMode } from "./compose.js";
import { completeWith, put } from "./complete.js";

const FRESH = 60000;
const NOTHING = { label: "", some: "", all: [] };
let known = null;

async function read() {
  if (known && Date.now() - known.at < FRESH) return known;
  const answer = await fetch("/desk/fragments/mentions", { headers: { "HX-Request": "true" } });
  if (!answer.ok) return NOTHING;
  const found = await answer.json();
  known = { ...found, all: found.colleagues.map((one) => ({ ...one, show: (row) => show(row, one) })), at: Date.now() };
  return known;
}

function show(row, one) {
  const dot = document.createElement("span");
  dot.className = one.presence ? `dot ${one.presence}` : "dot team";
  const name = document.createElement("strong");
  name.textContent = one.title;
  const soft = document.createElement("span");
  soft.className = "soft end-of-line";
  soft.textContent = one.beside;
  const head = document.createElement("span");
  head.className = "completion-head";
  head.append(dot, name, soft);
  row.append(head);
}

completeWith({
  pattern: /(?<![A-Za-z0-9_@.])(@[^\s@]{0,30})$/,
  into: (area) => area.id === "note-text",
  fetch: () => read().catch(() => NOTHING), // not reachable: what is written stays what it is
  choose: (one, area, from, to) => put(area, `@${one.word} `, from, to),
});

// ── a colleague named in a reply ────────────────────────────────────────────────────────────────────────────────────
// The customer would read it, and the colleague would not hear of it: that is rarely what was meant.
const dialog = document.getElementById("dialog");
let sure = null; // the form whose text was looked at
let pressed = null;

async function isSure(form, submitter) {
  let question = "";
  try {
    const answer = await fetch("/desk/mentioned", {
      method: "POST",
      headers: { "HX-Request": "true" },
      body: new URLSearchParams({ text: form.elements.text.value }),
    });
    if (answer.status === 200) question = await answer.text();
  } catch {
    // Not reachable: sending says so itself.
  }
  if (!form.isConnected) return;
  if (!question) {
    send(form, submitter);
    return;
  }
  pressed = { form, submitter };
  dialog.innerHTML = question;
  dialog.showModal();
  dialog.querySelector("[autofocus]")?.focus();
}

function send(form, submitter) {
  sure = form;
  if (submitter?.isConnected) form.requestSubmit(submitter);
  else form.requestSubmit();
  sure = null;
}

document.addEventListener(
  "submit",
  (event) => {
    const form = event.target;
    if (form.id !== "reply" || form === sure || !form.elements.text.value.includes("@")) return;
    event.preventDefault();
    event.stopImmediatePropagation();
    isSure(form, event.submitter);
  },
  true,
);

document.addEventListener("click", (event) => {
  const answer = event.target.closest?.("[data-mention]")?.dataset.mention;
  if (!answer || !pressed) return;
  const { form, submitter } = pressed;
  pressed = null;
  dialog.close();
  if (answer === "send") {
    send(form, submitter);
    return;
  }
  const reply = form.elements.text;
  const note = document.getElementById("note-text");
  note.value = [note.value, reply.value].filter(Boolean).join("\n\n");
  reply.value = "";
  for (const area of [reply, note]) area.dispatchEvent(new Event("input", { bubbles: true }));
  chooseMode("note");
});
