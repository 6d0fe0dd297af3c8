// Who else is at a ticket. The page says which one it shows and whether somebody writes there; of colleagues it hears when
// something changed, asks, and paints faces into the rows and above the thread.
import { tellHub } from "./live.js";

const PAUSE = 3000; // between two words to the hub
const TYPED = 6000; // so long after the last key somebody still writes
const STILL = 120000; // so long without a touch a page only lies open
const ASKED = 2000;

let touched = Date.now();
let typed = 0;
let told = "";
let rests = false;
let found = {};

// ── what this page says ─────────────────────────────────────────────────────────────────────────────────────────────
function now() {
  const ticket = document.getElementById("work")?.dataset.ticket || null;
  const idle = document.hidden || Date.now() - touched > STILL;
  const doing = !ticket || idle ? (idle ? "idle" : "viewing") : Date.now() - typed < TYPED ? "typing" : "viewing";
  return JSON.stringify({ ticket, doing });
}

function tell() {
  if (rests) return;
  const said = now();
  if (said === told || !tellHub(said)) return;
  told = said;
  rests = true;
  setTimeout(() => {
    rests = false;
    tell();
  }, PAUSE);
}

for (const kind of ["pointerdown", "keydown", "wheel"]) {
  addEventListener(kind, () => {
    touched = Date.now();
  }, { passive: true });
}
document.addEventListener("input", (event) => {
  touched = Date.now();
  if (event.target.id === "reply-text") typed = event.target.value ? Date.now() : 0;
  tell();
});
document.addEventListener("htmx:after:swap", () => {
  if (!document.getElementById("reply-text")?.value) typed = 0;
  tell();
  paint();
  see();
});
document.addEventListener("visibilitychange", () => {
  if (!document.hidden) touched = Date.now();
  tell();
  see();
  if (!document.hidden) ask();
});
setInterval(tell, 1000);
// A new line knows nothing of what was said on the old one.
document.body.addEventListener("hub:line", () => {
  told = "";
  rests = false;
  tell();
});

// ── what is new is seen by whoever has the ticket before them ───────────────────────────────────────────────────────
let seen = "";

function see() {
  const thread = document.getElementById("thread");
  if (!thread || document.hidden) return;
  const { ticket, seq } = thread.dataset;
  document.querySelector(`.row.unread[data-ticket="${ticket}"]`)?.classList.remove("unread");
  if (seen === `${ticket} ${seq}`) return;
  const before = seen.split(" ")[0];
  seen = `${ticket} ${seq}`;
  // Opening it has told the server already.
  if (before !== ticket) return;
  fetch(`/desk/tickets/${ticket}/seen?seq=${seq}`, { method: "POST", keepalive: true, headers: { "HX-Request": "true" } }).catch(() => {
    // It stays marked until it is looked at again.
    seen = "";
  });
}

// ── what colleagues do ──────────────────────────────────────────────────────────────────────────────────────────────
let asking = false;
let again = false;

async function ask() {
  if (document.hidden || (!document.getElementById("list") && !document.getElementById("thread"))) return;
  if (asking) {
    again = true;
    return;
  }
  asking = true;
  try {
    const answer = await fetch("/desk/fragments/looks", { headers: { "HX-Request": "true" }, redirect: "manual" });
    if (answer.ok) {
      found = await answer.json();
      paint();
    }
  } catch {
    // Not reachable: the line is lost too, and asks when it is back.
  }
  setTimeout(() => {
    asking = false;
    if (again) {
      again = false;
      ask();
    }
  }, ASKED);
}

function face({ letter, doing }) {
  const made = document.createElement("span");
  made.className = `face looker ${doing}`;
  made.textContent = letter;
  return made;
}

function fill(place, looks, words) {
  const state = JSON.stringify([looks, words]);
  if (place.dataset.state === state) return;
  place.dataset.state = state;
  place.replaceChildren();
  if (!looks) return;
  const faces = document.createElement("span");
  faces.setAttribute("aria-hidden", "true");
  faces.className = "lookers-faces";
  faces.append(...looks.faces.map(face));
  if (looks.more) faces.append(`+${looks.more}`);
  const said = document.createElement("span");
  said.className = words ? "" : "unseen";
  said.textContent = looks.said;
  place.append(faces, said);
  place.title = looks.said;
}

function paint() {
  for (const place of document.querySelectorAll("[data-looks]")) fill(place, found[place.dataset.looks], place.id === "with-you");
  const warning = document.getElementById("also-typing");
  if (!warning) return;
  const typing = found[warning.dataset.ticket]?.typing || "";
  const text = typing ? warning.dataset.say.replace("{who}", typing) : "";
  const words = warning.querySelector("span");
  if (words.textContent !== text) words.textContent = text;
  warning.hidden = !typing;
}

document.body.addEventListener("hub:looks", ask);
ask();
see();
