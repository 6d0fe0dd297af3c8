// The visitor's side of a chat. The protocol is described in channels/webchat/frames.py.
const body = document.body;
const words = JSON.parse(body.dataset.words);
const place = `contact-hub.chat.${body.dataset.chat}`;
const lines = document.getElementById("lines");
const log = document.getElementById("log");
const state = document.getElementById("state");
const reference = document.getElementById("reference");
const form = document.getElementById("form");
const offers = document.getElementById("offers");
const field = {
  text: document.getElementById("text"),
  name: document.getElementById("name"),
  email: document.getElementById("email"),
};

// Frames of foreign sites may have no storage; the chat then lasts as long as the page.
const memory = { session: "", waiting: [] };
try {
  Object.assign(memory, JSON.parse(localStorage.getItem(place) || "{}"));
} catch {
  memory.session = "";
}
function remember() {
  try {
    localStorage.setItem(place, JSON.stringify(memory));
  } catch {
    return;
  }
}

const bubbles = new Map(); // client_id → list item
const seen = new Set(); // ids of lines on the page
const LOOK_BACK = 20; // a line may become visible below later ones, so a new socket goes back a little
let socket = null;
let ready = false;
let attempts = 0;

// Ids are larger than Number can hold: as texts of digits they compare by length, then by letters.
function compare(one, other) {
  return one.length - other.length || (one < other ? -1 : Number(one > other));
}

function resumeFrom() {
  return [...seen].sort(compare).at(-LOOK_BACK - 1) || "0";
}

function atEnd() {
  return log.scrollHeight - log.scrollTop - log.clientHeight < 80;
}

function bubble(text, mine) {
  const item = document.createElement("li");
  const said = document.createElement("span");
  const note = document.createElement("span");
  item.className = mine ? "mine" : "theirs";
  said.className = "bubble";
  said.textContent = text;
  note.className = "note";
  item.append(said, note);
  return item;
}

function mark(item, how, retry) {
  const note = item.querySelector(".note");
  item.classList.toggle("failed", how === "failed");
  item.dataset.state = how;
  note.textContent = words[how];
  if (!retry) return;
  const button = document.createElement("button");
  button.type = "button";
  button.textContent = words.retry;
  button.addEventListener("click", () => {
    mark(item, "sending");
    field.text.focus();
    retry();
  });
  note.append(button);
}

function show(line) {
  if (seen.has(line.id)) return;
  seen.add(line.id);
  const follow = atEnd();
  const known = line.mine && line.client_id ? bubbles.get(line.client_id) : undefined;
  const item = known || bubble(line.text, line.mine);
  const time = new Date(line.at).toLocaleTimeString(words.lang, { hour: "2-digit", minute: "2-digit" });
  if (line.mine && line.client_id) {
    forget(line.client_id);
    bubbles.set(line.client_id, item);
  }
  item.dataset.id = line.id;
  item.dataset.state = "sent";
  item.classList.remove("failed");
  item.querySelector(".note").textContent = line.mine ? time : [line.author, time].filter(Boolean).join(" · ");
  // In the order of the ids; what is still on its way stays last.
  const next = [...lines.children].find((other) => other !== item && (!other.dataset.id || compare(other.dataset.id, line.id) > 0));
  lines.insertBefore(item, next || null);
  if (follow || line.mine) log.scrollTop = log.scrollHeight;
}

function forget(id) {
  const before = memory.waiting.length;
  memory.waiting = memory.waiting.filter((one) => one.client_id !== id);
  if (memory.waiting.length !== before) remember();
}

function showWaiting(message) {
  const item = bubble(message.text, true);
  bubbles.set(message.client_id, item);
  lines.append(item);
  mark(item, "sending");
  log.scrollTop = log.scrollHeight;
}

function transmit(message) {
  if (ready) socket.send(JSON.stringify({ type: "message", ...message }));
}

function fail(id, why) {
  const item = bubbles.get(id);
  const message = memory.waiting.find((one) => one.client_id === id);
  if (!item || !message) return;
  mark(item, "failed", () => transmit(message));
  if (words[why]) item.querySelector(".note").prepend(`${words[why]} `);
}

function hear(frame) {
  if (frame.type === "welcome") {
    if (memory.session && memory.session !== frame.session) {
      // The hub does not know the old session any more: this is a new conversation.
      seen.clear();
    }
    memory.session = frame.session;
    remember();
    ready = true;
    attempts = 0;
    state.textContent = "";
    frame.lines.forEach(show);
    // The hub tells by client_id what it has already, so sending again doubles nothing.
    memory.waiting.forEach((message) => {
      if (!bubbles.has(message.client_id)) showWaiting(message);
      if (bubbles.get(message.client_id).dataset.state === "sending") transmit(message);
    });
  } else if (frame.type === "lines") {
    frame.lines.forEach(show);
  } else if (frame.type === "kept") {
    forget(frame.client_id);
    const item = bubbles.get(frame.client_id);
    if (item && !item.dataset.id) mark(item, "sent");
    if (frame.ticket) {
      reference.textContent = words.ticket.replace("{ticket}", frame.ticket);
      reference.hidden = false;
    }
  } else if (frame.type === "error" && frame.client_id) {
    fail(frame.client_id, frame.code);
  }
}

function connect() {
  const scheme = location.protocol === "https:" ? "wss:" : "ws:";
  socket = new WebSocket(`${scheme}//${location.host}/chat/${body.dataset.chat}/socket`);
  socket.addEventListener("open", () => {
    socket.send(JSON.stringify({ type: "hello", session: memory.session, after: resumeFrom() }));
  });
  socket.addEventListener("message", (event) => hear(JSON.parse(event.data)));
  socket.addEventListener("close", () => {
    ready = false;
    state.textContent = words.offline;
    // Full jitter: after a restart of the hub not everybody comes back in the same second.
    const most = Math.min(30, 0.5 * 2 ** attempts);
    attempts += 1;
    setTimeout(connect, (0.2 + Math.random() * most) * 1000);
  });
}

function say() {
  const text = field.text.value.trim();
  if (!text) return;
  const message = {
    client_id: crypto.randomUUID ? crypto.randomUUID() : `${Date.now()}-${Math.random().toString(36).slice(2)}`,
    text,
    name: field.name.value.trim(),
    email: field.email.value.trim(),
  };
  memory.waiting.push(message);
  remember();
  showWaiting(message);
  transmit(message);
  field.text.value = "";
  offers?.remove(); // somebody answers now
}

form.addEventListener("submit", (event) => {
  event.preventDefault();
  say();
  field.text.focus();
});
field.text.addEventListener("keydown", (event) => {
  // Enter also chooses a word in an input method; 229 is what some browsers say instead of isComposing.
  if (event.key !== "Enter" || event.shiftKey || event.isComposing || event.keyCode === 229) return;
  event.preventDefault();
  say();
});
document.addEventListener("keydown", (event) => {
  if (event.key === "Escape" && window.parent !== window) {
    window.parent.postMessage({ contactHub: "close", chat: body.dataset.chat }, "*");
  }
});
// Only before a conversation begins, and the chat works without.
if (memory.session) offers?.remove();
else if (offers) import("/help/suggest.js").then(({ offerArticles }) => offerArticles([field.text], offers), () => offers.remove());
connect();
