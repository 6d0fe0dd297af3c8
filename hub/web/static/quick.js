// Canned replies: "/" at the start of a word of a reply (or what an input method writes in its place) opens them.
import { completeWith, put } from "./complete.js";
import { say, sayRefused } from "./page.js";

const FRESH = 60000; // so long a list is good; meanwhile somebody may have written another
const NOTHING = { label: "", some: "", all: [] };
const lists = new Map();

function ticketOf(area) {
  return area.closest("#composer").dataset.ticket;
}

async function read(ticket) {
  const known = lists.get(ticket);
  if (known && Date.now() - known.at < FRESH) return known;
  const answer = await fetch(`/desk/fragments/tickets/${ticket}/quick`, { headers: { "HX-Request": "true" } });
  if (!answer.ok) return NOTHING;
  const found = await answer.json();
  const all = found.replies.map((one) => ({ ...one, show: (row) => show(row, one), weight: Math.min(one.used, 200) }));
  lists.set(ticket, { ...found, all, at: Date.now() });
  return lists.get(ticket);
}

function line(row, tag, className, words) {
  if (!words) return;
  const element = document.createElement(tag);
  element.className = className;
  element.textContent = words;
  row.append(element);
}

function show(row, one) {
  const head = document.createElement("span");
  head.className = "completion-head";
  line(head, "strong", "", one.title);
  line(head, "kbd", "", one.shortcut && `/${one.shortcut}`);
  line(head, "span", "tag", one.whose);
  line(head, "span", "tag", one.language);
  line(head, "span", "soft end-of-line", one.folder);
  row.append(head);
  line(row, "span", "soft first-words", one.first);
}

async function use(one, area, from, to) {
  const sign = area.value.slice(from, to);
  const words = await fetch(`/desk/tickets/${ticketOf(area)}/templates/${one.id}`, {
    method: "POST",
    headers: { "HX-Request": "true" },
  }).then(
    (answer) => (answer.ok ? answer.text() : sayRefused(answer)),
    () => say(document.body.dataset.sayNetwork),
  );
  if (typeof words !== "string" || !area.isConnected) return;
  // Written on meanwhile: then it goes where the writer is.
  if (area.value.slice(from, to) === sign) put(area, words, from, to);
  else put(area, words, area.selectionStart, area.selectionEnd);
}

// In Chinese no space stands after a sentence.
const BEFORE = "\\s，。！？；：…”）";

completeWith({
  pattern: new RegExp(`(?:^|[${BEFORE}])([/／、][^\\s/／、]{0,40})$`),
  into: (area) => area.id === "reply-text",
  fetch: (area) => read(ticketOf(area)).catch(() => NOTHING), // not reachable: what is written stays what it is
  choose: use,
});

// The button writes the slash that one could have typed.
document.addEventListener("click", (event) => {
  if (!event.target.closest("[data-quick]")) return;
  const area = document.getElementById("reply-text");
  const before = area.value.slice(0, area.selectionStart);
  put(area, !before || new RegExp(`[${BEFORE}]$`).test(before) ? "/" : " /", area.selectionStart, area.selectionEnd);
});
