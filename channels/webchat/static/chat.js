// The visitor's side of a chat: puts the parts of the page together. The protocol is described in docs/chat.md.
import { openAttach, upload } from "./attach.js";
import { LOOK_BACK, compare, openLog } from "./bubbles.js";
import { openLine } from "./line.js";
import { facts, join, say, words } from "./say.js";
import { openSite } from "./site.js";
import { openStanding } from "./standing.js";
import { openStore } from "./store.js";

const part = (id) => document.getElementById(id);
const field = { text: part("text"), name: part("name"), email: part("email") };
const base = `${location.origin}/chat/${facts.chat}`;
const store = openStore(`contact-hub.chat.${facts.chat}`);
const page = chance();
const VAIN = ["too_long", "empty", "bad_frame", "no_files", "too_many_files", "file_too_big", "too_large_together"]; // again is no better
const fileOf = new Map(); // client_id → message with files, which only this page has
const offers = part("offers");
let identity = "";
let key = new URLSearchParams(location.hash.slice(1)).get("key") ?? "";
let fresh = false;
let shown = true; // the panel, in its site
let typedAt = 0;
let toldTimer = 0;
let fault = ""; // the number of the one for which no line stands

function chance() {
  return [...crypto.getRandomValues(new Uint8Array(16))].map((byte) => byte.toString(16).padStart(2, "0")).join("");
}

function tell(text) {
  part("told").textContent = text;
  clearTimeout(toldTimer);
  toldTimer = setTimeout(() => (part("told").textContent = ""), 8000);
}

// How they got here, where that should be known to them.
function came(text) {
  part("came").textContent = text;
  part("came").hidden = !text;
}

async function fetchFile(lineId, number) {
  const answer = await fetch(`${base}/files/${lineId}/${number}`, { headers: { Authorization: `Bearer ${store.get().session}` } });
  if (!answer.ok) throw new Error(`${answer.status}`);
  return answer.blob();
}

const lines = openLog({ log: part("log"), list: part("lines"), fetchFile });
const standing = openStanding({ ask: (frame) => line.send(frame), tell, store, newChat, redraw: drawForm });
const line = openLine(base, { hello, hear, page, token: () => store.get().session, state: (open, why) => {
  // The first number is as good as the next, and is read out once.
  fault = (!open && why?.fault && fault) || (why?.fault ?? "");
  const text = why ? join(fault ? say("fault", { fault }) : words.not_now, words.again) : words.offline;
  if (open || part("state").textContent !== text) part("state").textContent = open ? "" : text;
  part("state").hidden = open;
  if (!open && !identity && !key) showUnsent(); // whose conversation it will be is known
} });
const site = openSite({
  begin(asked) {
    document.body.classList.add("inside");
    shown = asked.open;
    if (asked.identity) identify(asked.identity);
    look();
  },
  open(asked) {
    shown = true;
    fit();
    if (asked.focus) (part("about").hidden || part("about").dataset.need !== "yes" ? field.text : field.name).focus();
    lines.toEnd();
    look();
  },
  close() {
    shown = false;
  },
  identify: (asked) => identify(asked.identity),
  reset() {
    line.send({ type: "reset" });
    store.change({ session: "", waiting: [], seen: "0", name: "", email: "", told: "", asked: "" });
    leave();
    begin();
  },
});
const attach = facts.files ? openAttach({
  chooser: part("files"), button: part("attach"), tray: part("tray"), panel: part("panel"), text: field.text, tell,
}) : null;

// `again`: the page asks on, and was welcomed before.
function hello(again = false) {
  const ids = lines.ids();
  const floor = ids.at(-LOOK_BACK - 1) ?? "0";
  const known = { type: "hello", session: store.get().session, page, after: floor, have: ids.filter((id) => compare(id, floor) > 0) };
  return again ? { ...known, standing: standing.get().digest } : { ...known, identity, key, fresh };
}

function hear(frame) {
  if (frame.type === "welcome") {
    const before = store.get().session;
    // Two tabs that came in at once: the first one's conversation is that of both.
    const moved = !sameChat(before, frame.session);
    if (moved || key || fresh) lines.clear();
    // What somebody left unsent at this browser is said neither in the name of whom the site names now, nor where a link has led.
    const left = moved && before && (identity || key);
    store.change({ session: frame.session, ...(left && { waiting: [], told: "" }) });
    if (left) {
      fileOf.clear();
      if (identity) somebodyElse();
    }
    if (frame.partly) came(words.came_partly);
    else if (key && moved && frame.lines.length) came(words.came); // whoever made the link reads along
    if (key) history.replaceState(null, "", location.pathname + location.search);
    key = "";
    fresh = false;
    showLines(frame.lines);
    // The hub tells by client_id what it has already, so sending again doubles nothing.
    showUnsent();
    for (const message of unsent()) if (lines.state(message.client_id) === "sending") transmit(message);
    standing.welcome(frame.standing, frame.partly);
    standing.talks(!lines.empty());
    keepHalf(); // as this conversation's
  } else if (frame.type === "lines") {
    showLines(frame.lines);
    standing.talks(!lines.empty());
    look();
  } else if (frame.type === "standing") standing.hear(frame);
  else if (frame.type === "kept") {
    forget(frame.client_id);
    lines.sent(frame.client_id);
    standing.talks(true);
    if (frame.ticket) standing.refer(frame.ticket);
  } else if (frame.type === "reset") {
    if (store.get().session) {
      store.forget();
      leave();
      begin();
    }
  } else if (frame.type === "error") wrong(frame);
  else standing.done(frame);
}

// Whether two tokens open one conversation: what is in them can be read, and not be changed.
function sameChat(one, other) {
  const name = (token) => {
    try {
      return JSON.parse(atob(token.split(".")[1].replace(/-/g, "+").replace(/_/g, "/"))).sid;
    } catch {
      return token;
    }
  };
  return name(one) === name(other);
}

function wrong({ code, client_id: id, fault: number }) {
  const message = store.get().waiting.find((one) => one.client_id === id) ?? fileOf.get(id)?.message;
  if (message) {
    const size = code === "too_large_together" ? facts.all_mb : facts.file_mb;
    const vain = VAIN.includes(code);
    lines.fail(id, say(code, { name: words.file, size, count: facts.files, fault: number }), vain ? null : () => transmit(message));
    if (vain) {
      forget(id);
      store.change({ told: "" }); // who they are went with it
    }
  } else if (code === "bad_address") tell(words.bad_address);
  else if (code === "bad_key") tell(words.bad_key);
  else if (code === "fault") tell(say(code, { fault: number }));
  else if (["not_kept", "busy", "offline"].includes(code)) tell(words[code] ?? words.not_now);
  else if (code === "bad_identity") console.warn("ContactHub: the identity was refused");
}

// What the hub has waits no longer.
function showLines(said) {
  for (const one of said) {
    lines.show(one);
    if (one.mine) forget(one.client_id);
  }
}

function unsent() {
  return [...store.get().waiting, ...[...fileOf.values()].map((one) => one.message)];
}

function showUnsent() {
  for (const message of unsent()) {
    const files = fileOf.get(message.client_id)?.files;
    if (!lines.has(message.client_id)) lines.showWaiting({ ...message, files });
  }
}

function forget(id) {
  fileOf.delete(id);
  if (store.get().waiting.some((one) => one.client_id === id)) {
    store.change((memory) => ({ waiting: memory.waiting.filter((one) => one.client_id !== id) }));
  }
}

function transmit(message) {
  const own = fileOf.get(message.client_id);
  if (!own) {
    line.send({ type: "message", ...message });
    return;
  }
  // Before the welcome nobody knows whether the token opens anything; with it, what waits leaves.
  if (own.leaving || !line.stands()) return;
  own.leaving = true;
  upload(`${base}/files`, store.get().session, page, message, own.files, (share) => lines.progress(message.client_id, share)).finally(
    () => (own.leaving = false),
  ).then(
    (frames) => frames.forEach((frame) => hear(frame.type === "error" ? { ...frame, client_id: message.client_id } : frame)),
    () => wrong({ code: "not_kept", client_id: message.client_id }),
  );
}

function send() {
  const text = field.text.value.trim();
  const files = attach?.take() ?? [];
  if (!text && !files.length) return;
  // What is not asked any more may be half an address.
  const who = { name: field.name.value.trim(), email: field.email.validity.typeMismatch ? "" : field.email.value.trim() };
  const named = `${who.name}\n${who.email}`;
  const news = store.get().told !== named ? who : {};
  const message = { client_id: chance(), text, ...news };
  store.change((memory) => ({ ...who, told: named, ...(who.email && { asked: "yes" }), waiting: files.length ? memory.waiting : [...memory.waiting, message] }));
  if (files.length) fileOf.set(message.client_id, { files, message });
  lines.showWaiting({ ...message, files });
  transmit(message);
  field.text.value = "";
  typedAt = 0;
  fit();
  keepHalf();
  offers?.remove(); // somebody answers now
  standing.talks(true);
}

// Who writes is asked for before the first message, where that is wanted or answers can only come by mail.
function drawForm(now) {
  const first = lines.blank() && !store.get().waiting.length;
  const byMail = !now.serving && facts.mail && !now.agent;
  const need = facts.ask_first === "needed" || byMail;
  part("about").hidden = !first || (Boolean(identity) && !byMail);
  part("about").open = need || facts.ask_first === "optional";
  part("about").dataset.need = need ? "yes" : "no";
  part("about-what").textContent = need ? words.about_you : words.about;
  field.name.required = facts.ask_first === "needed";
  field.email.required = need;
  // A browser sends nothing while a field that it cannot show wants something.
  field.name.disabled = field.email.disabled = part("about").hidden;
}

// What is shown here is seen; what is not, is counted on the closed button.
function look() {
  const last = lines.theirs().map((one) => one.id).sort(compare).at(-1);
  let { seen } = store.get();
  if (shown && document.visibilityState === "visible" && last && compare(last, seen) > 0) {
    seen = last;
    store.change({ seen });
    line.send({ type: "seen", id: seen });
  }
  const unread = lines.theirs().filter((one) => compare(one.id, seen) > 0).length;
  // What is half written is to be forgotten too, should they leave.
  site.tell({ say: "state", unread, talking: !lines.empty() || Boolean(field.text.value) });
}

function fit() {
  field.text.style.height = "auto";
  const tall = field.text.scrollHeight; // none while the panel is closed
  if (tall) field.text.style.height = `${Math.min(tall + 2, 144)}px`;
}

function keepHalf() {
  store.keepHalf(field.text.value);
  look();
}

function showWho() {
  field.name.value = store.get().name;
  field.email.value = store.get().email;
}

// They have signed out, in this tab or another.
function leave() {
  identity = "";
  wipe();
}

function somebodyElse() {
  store.change({ name: "", email: "" });
  wipe();
  came("");
  standing.begin();
  showWho();
}

// Whoever sits here now has written none of it.
function wipe() {
  field.text.value = part("mail-address").value = "";
  attach?.take();
  typedAt = 0;
  fit();
  keepHalf();
}

// Another conversation, or none yet; `joined`: another tab came in first, and what waits here leaves in that one.
function begin(joined = false) {
  lines.clear();
  came("");
  if (!joined) fileOf.clear();
  standing.begin();
  showWho();
  look();
  line.restart();
}

function newChat() {
  part("menu").open = false;
  fresh = true;
  store.change({ waiting: [], seen: "0", told: "", asked: "" });
  begin();
  field.text.focus();
}

function identify(statement) {
  if (typeof statement !== "string" || !statement || statement === identity) return;
  identity = statement;
  if (lines.empty()) lines.clear(); // what waits may be somebody else's
  line.restart();
}

store.onOtherTab((memory, before) => {
  if (memory.session !== before.session && !sameChat(memory.session, before.session)) {
    if (!memory.session) leave();
    begin(!before.session);
  } else if (!line.stands()) lines.keepWaiting(unsent().map((one) => one.client_id));
  look();
});

// What is needed cannot be folded away.
part("about").addEventListener("toggle", () => {
  if (part("about").dataset.need === "yes") part("about").open = true;
});
part("form").addEventListener("submit", (event) => {
  event.preventDefault();
  send();
  field.text.focus();
});
field.text.addEventListener("keydown", (event) => {
  // Enter also chooses a word in an input method; 229 is what some browsers say instead of isComposing.
  if (event.key !== "Enter" || event.shiftKey || event.isComposing || event.keyCode === 229) return;
  event.preventDefault();
  part("form").requestSubmit();
});
field.text.addEventListener("input", () => {
  fit();
  keepHalf();
  const on = Boolean(field.text.value.trim());
  // Said again while it goes on, because the hub forgets it by itself.
  if (on ? Date.now() - typedAt > 4000 : typedAt) {
    if (!lines.empty()) line.send({ type: "typing", on });
    typedAt = on ? Date.now() : 0;
  }
});
document.addEventListener("keydown", (event) => {
  if (event.key !== "Escape" || event.isComposing || event.keyCode === 229) return;
  if (part("menu").open) {
    part("menu").open = false;
    part("menu").querySelector("summary").focus();
  } else if (site.inside) site.tell({ say: "close" });
});
document.addEventListener("click", (event) => {
  if (!event.target.closest("#menu") || event.target.closest("#menu button")) part("menu").open = false;
});
part("close").addEventListener("click", () => site.tell({ say: "close" }));
document.addEventListener("visibilitychange", look);

showWho();
const half = store.half();
if (half.text && sameChat(half.session, store.get().session)) field.text.value = half.text;
fit();
// Only before a conversation begins, and the chat works without.
if (store.get().session && store.get().told) offers?.remove();
else if (offers) import("/help/suggest.js").then(({ offerArticles }) => offerArticles([field.text], offers), () => offers.remove());
standing.begin();
line.start();
