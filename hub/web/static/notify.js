// What the browser itself says, and rings for, while nobody looks: only where a person asked for it, and once for all tabs.
import { countInTitle, ring } from "./attention.js";

const WISHES = "hub-notify"; // what this browser is to tell: {"assigned": true, …, "sound": false}
const LAST = "hub-last-notice";
const TOLD = "hub-told";
const IN_VIEW = "hub-in-view";
const HELD = 30000;
const KINDS = { assigned_to_you: "assigned", mentioned: "mention" };
const USUAL = { assigned: true, answered: true, mention: true, offer: true, other: true, sound: false };

function wishes() {
  try {
    return { ...USUAL, ...JSON.parse(localStorage.getItem(WISHES) || "{}") };
  } catch {
    // Somebody else wrote there: as if nothing was wished.
    return USUAL;
  }
}

function permitted() {
  return "Notification" in window && Notification.permission === "granted";
}

// ── asked for, by a press and nothing else ──────────────────────────────────────────────────────────────────────────
function offer() {
  const can = "Notification" in window && Notification.permission === "default";
  for (const button of document.querySelectorAll("[data-browser-notices]")) button.hidden = !can;
  const card = document.getElementById("notify-wishes");
  if (!card) return;
  const wished = wishes();
  for (const box of card.querySelectorAll("[data-wish]")) box.checked = wished[box.dataset.wish];
  const state = !("Notification" in window) ? "none" : Notification.permission;
  for (const line of card.querySelectorAll("[data-permission]")) line.hidden = line.dataset.permission !== state;
}

document.addEventListener("click", async (event) => {
  if (!event.target.closest("[data-browser-notices]")) return;
  await Notification.requestPermission();
  offer();
  remember();
});

document.addEventListener("change", (event) => {
  const box = event.target.closest?.("[data-wish]");
  if (!box) return;
  localStorage.setItem(WISHES, JSON.stringify({ ...wishes(), [box.dataset.wish]: box.checked }));
  if (box.dataset.wish === "sound" && box.checked) ring();
});

// ── once for all tabs ───────────────────────────────────────────────────────────────────────────────────────────────
// A tab that is in view holds this lock, so that none of the others speaks meanwhile.
let letGo = null;
function keepInView() {
  if (!navigator.locks) return;
  if (!document.hidden && !letGo) {
    const seen = new Promise((resolve) => (letGo = resolve));
    navigator.locks.request(IN_VIEW, { mode: "shared" }, () => seen);
  } else if (document.hidden && letGo) {
    letGo();
    letGo = null;
  }
}

async function somebodyLooks() {
  // Of this tab there is no need to ask: its lock may be on its way yet.
  if (!document.hidden || !navigator.locks) return !document.hidden;
  const { held } = await navigator.locks.query();
  return held.some((lock) => lock.name === IN_VIEW);
}

// Whichever tab comes first holds the word for a while, and writes it down for those that hear of it later: what one tab writes
// the others may read a moment late, what it holds they see at once.
function claim(key) {
  if (!navigator.locks) return Promise.resolve(note(key));
  return new Promise((resolve) => {
    navigator.locks.request(`${TOLD}-${key}`, { ifAvailable: true }, (lock) => {
      const first = Boolean(lock) && note(key);
      resolve(first);
      return first ? new Promise((letGo) => setTimeout(letGo, HELD)) : undefined;
    });
  });
}

function note(key) {
  const told = JSON.parse(localStorage.getItem(TOLD) || "[]");
  if (told.includes(key)) return false;
  localStorage.setItem(TOLD, JSON.stringify([...told.slice(-49), key]));
  return true;
}

async function ask(path) {
  const answer = await fetch(path, { headers: { "HX-Request": "true" }, redirect: "manual" });
  return answer.ok ? answer.json() : {};
}

function show({ title, text, url, key }) {
  const shown = new Notification(title, { body: text, tag: key });
  shown.onclick = () => {
    window.focus();
    if (url) location.href = url;
    shown.close();
  };
}

// ── what happened ───────────────────────────────────────────────────────────────────────────────────────────────────
// Of a ticket that is before somebody's eyes nothing need be said.
function before(ticket) {
  return !document.hidden && document.getElementById("work")?.dataset.ticket === ticket;
}

// `inView`: when it came, and not when its words did.
async function tell(kind, key, ticket, read, inView = !document.hidden) {
  const wished = wishes();
  if (!wished[kind] || (!wished.sound && !permitted()) || before(ticket)) return;
  const looked = inView || (await somebodyLooks());
  // A tab in view has the first word: its sound is not held back by the browser.
  if (!inView && looked) return;
  if (!(await claim(key))) return;
  if (wished.sound) ring();
  if (looked || !permitted()) return;
  const news = await read();
  if (news?.text) show({ ...news, key });
}

async function tellLatest() {
  if (!permitted() && !wishes().sound) return;
  const inView = !document.hidden;
  const { id, kind, text, url } = await ask("/desk/notices/latest");
  if (!id || id <= Number(localStorage.getItem(LAST))) return;
  await tell(KINDS[kind] || "other", `notice-${id}`, "", () => ({ title: "Contact Hub", text, url }), inView);
  if (inView || !(await somebodyLooks())) localStorage.setItem(LAST, String(id));
}

// What was there before somebody asked to be told is not told.
async function remember() {
  if ((!permitted() && !wishes().sound) || localStorage.getItem(LAST)) return;
  const { id } = await ask("/desk/notices/latest");
  localStorage.setItem(LAST, String(id || 0));
}

function quietly(work) {
  work.catch(() => {
    // Not reachable: the bell and the list catch up by themselves.
  });
}

document.body.addEventListener("live-notices", () => quietly(tellLatest()));
document.body.addEventListener("hub:event", ({ detail: event }) => {
  const about = event.answered ? "answered" : event.mine && event.kind === "ticket_offered" ? "offer" : "";
  if (!about) return;
  // An offer has a card with a bell of its own (offers.js); here it is told to who is elsewhere.
  quietly(tell(about, `${about}-${event.cursor}`, event.ticket, () => ask(`/desk/tickets/${event.ticket}/news?about=${about}`)));
});

// The bell's number stands in the title, too.
function countBell() {
  const number = Number(document.querySelector("#bell-count .count")?.textContent.replace(/\D/g, "") || 0);
  countInTitle("bell", number);
}

document.addEventListener("visibilitychange", keepInView);
document.addEventListener("htmx:after:swap", () => {
  offer();
  countBell();
});
keepInView();
offer();
quietly(remember());
