// One WebSocket a tab. It brings ids only; what the page shows is asked for again, and so authorised again.
// Nothing is missed: the page carries the cursor at which it was read, and every reconnection starts from the last one.
import { signedOut } from "./session.js";

const ENDED = 4401;
const PAUSE = 250; // at most four looks a second at each piece, however much happens
const SELDOMER = { "live-list": 2000 }; // what changes without end is looked at less and less often: a thousand lists cost
const LONGER = { "live-floor": 2000 }; // everything changes the wallboard: the first at once, then every two seconds
const SHORTEST = 500;
const LONGEST = 15000;

let cursor = document.body.dataset.cursor;
let socket = null;
let attempt = 0;
let lostSince = 0;
const line = document.getElementById("line");
const pieces = new Map();

// ── telling the page's pieces ───────────────────────────────────────────────────────────────────────────────────────
function tell(name) {
  const piece = pieces.get(name) || { resting: false, again: false, pause: LONGER[name] || PAUSE };
  pieces.set(name, piece);
  if (piece.resting) {
    piece.again = true;
    return;
  }
  piece.resting = true;
  document.body.dispatchEvent(new CustomEvent(name));
  setTimeout(() => {
    piece.resting = false;
    const again = piece.again;
    piece.pause = again && SELDOMER[name] ? Math.min(2 * piece.pause, SELDOMER[name]) : LONGER[name] || PAUSE;
    piece.again = false;
    if (again) tell(name);
  }, piece.pause);
}

function spread(event, tell) {
  const { kind, ticket } = event;
  tell("live-floor");
  if (event.list) tell("live-list"); // something that is not for these eyes: only that the list may be another one
  if (ticket) {
    tell("live-list");
    const open = document.getElementById("work")?.dataset.ticket;
    if (ticket === open) tell("live-ticket");
    if (open && (ticket === open || kind === "ticket_opened")) tell("live-customer");
    const told = document.getElementById("timeline")?.dataset.tickets.split(" ");
    if (told && (kind === "ticket_opened" || told.includes(ticket))) tell("live-timeline");
    if (kind === "delivery_changed") {
      tell("live-system");
      tell("live-deliveries");
    }
  }
  if (kind === "incident_changed") {
    tell("live-incidents");
    tell("live-customer");
  }
  if (kind === "customer_changed" || kind === "customers_merged") {
    tell("live-customer");
    tell("live-timeline");
  }
  if (event.mine) tell("live-offers");
  if (kind === "ticket_unplaceable") tell("live-system");
  if (kind === "presence_changed") tell("live-presence");
  if (kind === "rules_changed") tell("live-rules");
  if (kind === "rule_stopped" || kind === "rule_resumed") {
    tell("live-rules");
    tell("live-system");
  }
  if (kind === "kind_changed" || kind === "classifier_changed") tell("live-classification");
  if (kind === "notices_changed") tell("live-notices");
  if (kind === "task_added" || kind === "task_changed") tell("live-tasks");
  if (kind === "webhooks_changed") tell("live-webhooks");
  if (kind === "channel_changed" || kind === "channel_gap" || kind === "quarantined") tell("live-system");
}

function everything(tell) {
  for (const name of ["incidents", "deliveries", "list", "ticket", "customer", "timeline", "system", "presence", "offers", "floor", "notices", "tasks", "webhooks", "classification", "rules"]) tell(`live-${name}`);
}

// ── answers that come late ──────────────────────────────────────────────────────────────────────────────────────────
// What an answer brings was read a while before; what happened since was told to the pieces that it replaces. So they
// ask once more. A piece that asks for itself waits its turn (hx-sync).
const LIVE = '[hx-trigger*="live-"]';
const underWay = new Map();

document.addEventListener("htmx:before:request", ({ detail: { ctx } }) => {
  if (!ctx.sourceElement?.matches(LIVE)) underWay.set(ctx, { missed: [], brought: "" });
});
document.addEventListener("htmx:before:swap", ({ detail: { ctx, tasks } }) => {
  const late = underWay.get(ctx);
  if (!late) return;
  for (const { fragment } of tasks) for (const piece of fragment.querySelectorAll(LIVE)) late.brought += piece.getAttribute("hx-trigger");
});
document.addEventListener("htmx:after:swap", ({ detail: { ctx } }) => {
  const late = underWay.get(ctx);
  for (const news of late?.missed || []) news((name) => late.brought.includes(`${name} `) && tell(name));
});
document.addEventListener("htmx:finally:request", ({ detail: { ctx } }) => underWay.delete(ctx));

// ── the line ────────────────────────────────────────────────────────────────────────────────────────────────────────
function show(state) {
  document.body.dataset.line = state;
  line.hidden = state !== "lost";
}

function connect() {
  clearTimeout(connect.timer);
  const scheme = location.protocol === "https:" ? "wss:" : "ws:";
  const opened = new WebSocket(`${scheme}//${location.host}/desk/live?cursor=${encodeURIComponent(cursor)}`);
  socket = opened;
  opened.onopen = () => {
    attempt = 0;
    lostSince = 0;
    show("open");
    document.body.dispatchEvent(new CustomEvent("hub:line"));
  };
  opened.onmessage = (message) => {
    const event = JSON.parse(message.data);
    if (event.looks) {
      document.body.dispatchEvent(new CustomEvent("hub:looks"));
      return;
    }
    if (event.visitors) {
      document.body.dispatchEvent(new CustomEvent("hub:visitors"));
      return;
    }
    cursor = event.cursor;
    // Too much may have happened meanwhile: then every piece is read again.
    const news = event.reload ? everything : (tell) => spread(event, tell);
    news(tell);
    for (const { missed } of underWay.values()) missed.push(news);
    if (!event.reload) document.body.dispatchEvent(new CustomEvent("hub:event", { detail: event }));
  };
  opened.onclose = (close) => {
    if (socket !== opened) return;
    if (close.code === ENDED) {
      socket = null; // whoever comes back to this page may be signed in again
      signedOut(`/desk/login?next=${encodeURIComponent(location.pathname + location.search)}`);
      return;
    }
    again();
  };
}

// The one thing that a page says: what it shows (looks.js). Whether it could.
export function tellHub(said) {
  if (socket?.readyState !== WebSocket.OPEN) return false;
  socket.send(said);
  return true;
}

function again() {
  socket = null;
  lostSince ||= Date.now();
  // A server that only restarts is back before anybody has to read of it.
  setTimeout(() => lostSince && show("lost"), 700);
  attempt += 1;
  const most = Math.min(LONGEST, SHORTEST * 2 ** Math.min(attempt, 6));
  connect.timer = setTimeout(connect, most * (0.5 + Math.random() / 2));
  if (attempt > 2) check();
}

// A socket refused with 401 looks like any other failure; an ordinary request tells the difference.
async function check() {
  try {
    const answer = await fetch("/desk/fragments/badge", { headers: { "HX-Request": "true" }, redirect: "manual" });
    if (answer.status === 401) signedOut(answer.headers.get("HX-Redirect"));
  } catch {
    // Not reachable: the next attempt comes by itself.
  }
}

addEventListener("online", () => socket || connect());
addEventListener("focus", () => socket || connect());
document.addEventListener("visibilitychange", () => {
  if (!document.hidden && !socket) connect();
});
addEventListener("pagehide", () => socket?.close());
addEventListener("pageshow", (event) => {
  if (event.persisted && (!socket || socket.readyState > 1)) connect();
});

connect();
