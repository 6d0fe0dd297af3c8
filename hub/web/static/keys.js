// Commands by keys: outside text fields only, never while an input method composes, by place on the keyboard. The table
// itself stands in the help (_help.html), so that what is told is what is done.
// tinykeys was tried: after "g", its "i" is heard both as the end of "g i" and as "i" alone, which takes a ticket.
import { chooseMode } from "./compose.js";
import { answerOffer } from "./offers.js";
import { closeTopmost, say, turnTheme } from "./page.js";

const PAUSE = 1500; // so long the second key of two may take
const HOLDERS = ["Shift", "Control", "Meta", "Alt"];

export function inText(element) {
  return Boolean(element?.closest?.("input:not([type=checkbox], [type=radio], [type=file]), textarea, select, [contenteditable]"));
}

// ── rows of a list: tickets; where there are none, what was found, customers, organisations, articles ────────────────
const OTHER_ROWS = "#main .hit, #main a.person-row";

function rows() {
  const tickets = [...document.querySelectorAll(".row")];
  return tickets.length ? tickets : [...document.querySelectorAll(OTHER_ROWS)];
}

function currentRow() {
  return document.activeElement?.closest?.(`.row, ${OTHER_ROWS}`) || document.querySelector(".row[aria-current=true]");
}

function rowAfter(step) {
  const all = rows();
  const at = all.indexOf(currentRow());
  const from = at >= 0 ? at : step > 0 ? -1 : all.length;
  return all[Math.max(0, Math.min(all.length - 1, from + step))];
}

function isShown(element) {
  return Boolean(element?.getClientRects().length);
}

function move(step) {
  const next = rowAfter(step);
  if (!isShown(next)) next.click();
  else {
    next.focus();
    next.scrollIntoView({ block: "nearest" });
  }
}

function select(range) {
  const row = currentRow();
  row.dispatchEvent(new CustomEvent("hub:select", { bubbles: true, detail: { row, range } }));
}

// The ticket is done with: the next one of the list, else the one before it, else the list.
function resolveAndNext() {
  const button = on("resolve");
  const at = rows().indexOf(document.querySelector(".row[aria-current=true]"));
  const next = at < 0 ? rows()[0] : rows()[at + 1] || rows()[at - 1];
  const number = next?.dataset.ticket;
  const then = (event) => {
    if (event.detail?.ctx?.sourceElement !== button) return;
    for (const end of ["htmx:after:request", "htmx:error"]) document.removeEventListener(end, then);
    if (!event.detail.ctx.response?.raw?.ok) return;
    const row = number && document.querySelector(`.row[data-ticket="${number}"]`);
    if (row) row.click();
    else document.querySelector("#thread [data-back]")?.click();
  };
  for (const end of ["htmx:after:request", "htmx:error"]) document.addEventListener(end, then);
  button.click();
}

function back() {
  const row = document.querySelector(".row[aria-current]");
  if (isShown(row)) row.focus();
  else document.querySelector("#thread [data-back]")?.click();
}

// ── buttons and menus of the open ticket ────────────────────────────────────────────────────────────────────────────
function on(key) {
  return document.querySelector(`#work [data-key="${key}"]`);
}

const FIRST = ".sheet input:not([type=hidden]), .sheet button, .sheet a";

// A menu is opened, and its first choice has the focus, also where it is still being fetched.
function open(menu) {
  menu.open = true;
  const sheet = menu.querySelector(".sheet");
  const first = menu.querySelector(FIRST);
  if (first) first.focus();
  else {
    const watch = new MutationObserver(() => {
      if (!menu.open) watch.disconnect();
      else if (menu.querySelector(FIRST)) {
        watch.disconnect();
        menu.querySelector(FIRST).focus();
      }
    });
    watch.observe(sheet, { childList: true, subtree: true });
  }
}

// What is meant for all that are chosen, while any are: the button of their bar.
const FOR_CHOSEN = { assign: "assign", resolve: "status", tag: "tags", priority: "priority", snooze: "snooze", queue: "queue" };

function forChosen(key) {
  return document.querySelector(`#bulk:not([hidden]) [data-bulk="${FOR_CHOSEN[key]}"]`);
}

function press(key) {
  const found = forChosen(key) || on(key);
  if (found.matches("summary")) open(found.parentElement);
  else found.click();
}

// Up and down in an open menu, as in every other.
function stepInMenu(event) {
  const sheet = event.target.closest?.("details.menu[open] .sheet");
  if (!sheet || inText(event.target)) return false;
  const all = [...sheet.querySelectorAll("button, a")].filter(isShown);
  const at = all.indexOf(event.target) + (event.code === "ArrowDown" ? 1 : -1);
  all[(at + all.length) % all.length]?.focus();
  return true;
}

// What was done, where nothing can be undone: said and forgotten (toast.js counts its seconds).
function tell(text) {
  const toast = document.createElement("div");
  toast.className = "toast";
  toast.append(document.createElement("p"));
  toast.firstChild.textContent = text;
  document.getElementById("toasts").append(toast);
}

async function copyNumber() {
  const number = document.getElementById("work").dataset.ticket;
  const said = document.getElementById("help").dataset;
  try {
    await navigator.clipboard.writeText(number);
    tell(said.copied.replace("{n}", number));
  } catch {
    say(said.notCopied.replace("{n}", number)); // a browser that forbids it: the number is at least told
  }
}

// ── panes ───────────────────────────────────────────────────────────────────────────────────────────────────────────
const PANES = "hub-hidden-panes";
const root = document.documentElement;

function togglePane(name) {
  const narrow = matchMedia("(max-width: 76rem)").matches;
  if (name === "customer" && narrow) {
    document.querySelector("#thread [data-toggles=customer-pane]")?.click();
    return;
  }
  const hidden = new Set((root.dataset.hidden || "").split(" ").filter(Boolean));
  if (!hidden.delete(name)) hidden.add(name);
  root.dataset.hidden = [...hidden].join(" ");
  try {
    localStorage.setItem(PANES, root.dataset.hidden);
  } catch {
    // A browser that keeps nothing: for this page only.
  }
}

try {
  root.dataset.hidden = localStorage.getItem(PANES) || "";
} catch {
  root.dataset.hidden = "";
}

// ── what each command does, and when there is anything to do ────────────────────────────────────────────────────────
const always = () => true;
const go = (url) => ({ when: always, run: () => (location.href = url) });
const button = (key) => ({ when: () => Boolean(forChosen(key) || on(key)), run: () => press(key) });
const onRows = (run) => ({ when: () => rows().length > 0, run });
const onRow = (run) => ({ when: () => Boolean(currentRow()), run });
const onTicketRow = (run) => ({ when: () => Boolean(currentRow()?.matches(".row")), run });
const onTicket = (run) => ({ when: () => Boolean(document.getElementById("thread")), run });
const onOffer = (answer) => ({ when: () => Boolean(document.querySelector("[data-offer]")), run: () => answerOffer(answer) });

const DOES = {
  next: onRows(() => move(1)),
  previous: onRows(() => move(-1)),
  open: onRow(() => currentRow().click()),
  back: onTicket(back),
  select: onTicketRow(() => select(false)),
  select_range: onTicketRow(() => select(true)),
  search: {
    when: always,
    run: () => {
      const field = document.getElementById("find");
      if (isShown(field)) field.focus(); // a narrow bar has none
      else location.href = "/desk/search";
    },
  },
  reply: onTicket(() => chooseMode("reply")),
  note: onTicket(() => chooseMode("note")),
  macro: button("macro"),
  articles: button("articles"),
  assign: button("assign"),
  take: button("take"),
  resolve: button("resolve"),
  resolve_next: {
    when: () => Boolean(forChosen("resolve") || on("resolve")),
    run: () => (forChosen("resolve") ? press("resolve") : resolveAndNext()),
  },
  snooze: button("snooze"),
  tag: button("tag"),
  priority: button("priority"),
  kind: button("kind"),
  kind_right: button("right"),
  queue: button("queue"),
  follow: button("follow"),
  rating: button("rating"),
  copy_number: onTicket(copyNumber),
  accept_offer: onOffer("accept"),
  decline_offer: onOffer("decline"),
  go_inbox: go("/desk?scope=mine"),
  go_unassigned: go("/desk?scope=unassigned"),
  go_all: go("/desk?scope=all"),
  go_customers: go("/desk/customers"),
  go_rules: go("/desk/rules"),
  go_tasks: go("/desk/tasks"),
  go_floor: go("/desk/floor"),
  go_knowledge: go("/desk/knowledge"),
  go_notices: {
    when: always,
    run: () => {
      const bell = document.querySelector("#bell > summary");
      bell.focus();
      bell.click();
    },
  },
  palette: { when: always, run: () => document.dispatchEvent(new CustomEvent("hub:palette")) },
  help: { when: always, run: () => document.getElementById("help").showModal() },
  list_pane: onTicket(() => togglePane("list")),
  customer_pane: onTicket(() => togglePane("customer")),
  theme: { when: always, run: turnTheme },
};

export function canDo(name) {
  return Boolean(DOES[name]?.when());
}

export function perform(name) {
  if (canDo(name)) DOES[name].run();
}

// ── while a ticket is on its way ────────────────────────────────────────────────────────────────────────────────────
// What is pressed is meant for it, and not for the one that is still there to be seen: the first command waits for it, and what
// is typed after that one is lost rather than taken for commands.
const ELSEWHERE = new Set(["next", "previous", "open", "back", "select", "select_range", "search", "palette", "help", "theme"]);
let coming = null;
let waiting = "";

document.addEventListener("htmx:before:request", (event) => {
  const { ctx } = event.detail;
  if (!ctx?.sourceElement?.matches?.(".row")) return;
  coming = ctx;
  waiting = "";
});

document.addEventListener("htmx:finally:request", (event) => {
  const { ctx } = event.detail;
  if (!coming || ctx !== coming) return;
  const command = waiting;
  coming = null;
  waiting = "";
  if (command && ctx.response?.raw?.ok) perform(command);
});

// Whether this press is for the ticket that is coming.
function isForNext(command) {
  if (!coming) return false;
  if (!waiting && (!command || ELSEWHERE.has(command) || command.startsWith("go_"))) return false;
  waiting ||= command;
  return true;
}

// ── listening ───────────────────────────────────────────────────────────────────────────────────────────────────────
const help = document.getElementById("help");
const off = "off" in help.dataset;
const bound = new Map();
for (const line of help.querySelectorAll("[data-does]")) {
  const { does, keys } = line.dataset;
  if (keys && DOES[does] && (!off || keys.startsWith("$mod"))) bound.set(keys, does);
}

let before = "";
let forget = 0;

function named(event) {
  if (event.key === "?" && !event.ctrlKey && !event.metaKey) return "Shift+Slash"; // wherever a layout has it
  return `${event.ctrlKey || event.metaKey ? "$mod+" : ""}${event.shiftKey ? "Shift+" : ""}${event.code}`;
}

// The command that this press completes; "" where more has to come; null where it is none of ours.
function hear(event) {
  clearTimeout(forget);
  const keys = before ? `${before} ${named(event)}` : named(event);
  const pending = before;
  before = "";
  if (bound.has(keys)) return bound.get(keys);
  if ([...bound.keys()].some((one) => one.startsWith(`${keys} `))) {
    before = keys;
    forget = setTimeout(() => (before = ""), PAUSE);
    return "";
  }
  return pending ? "" : null;
}

function leave(event) {
  if (closeTopmost()) return;
  const composer = event.target.closest?.("#composer");
  if (composer) {
    const row = document.querySelector(".row[aria-current]");
    if (isShown(row)) row.focus();
    else document.getElementById("scroll")?.focus();
  } else if (inText(event.target)) event.target.blur();
  else if (canDo("back")) back();
}

document.addEventListener("keydown", (event) => {
  if (event.isComposing || event.keyCode === 229 || event.defaultPrevented) return;
  if (document.querySelector("dialog[open]")) return;
  if (event.code === "Escape") {
    before = "";
    leave(event);
    return;
  }
  if ((event.code === "ArrowDown" || event.code === "ArrowUp") && stepInMenu(event)) {
    event.preventDefault();
    return;
  }
  const held = event.ctrlKey || event.metaKey;
  if (event.altKey || HOLDERS.includes(event.key) || (inText(event.target) && !held)) return;
  if (held) before = "";
  const command = hear(event);
  if (!held && isForNext(command)) {
    event.preventDefault();
    return;
  }
  if (command === null || (command && !canDo(command))) return; // nothing of ours, or nothing to do it to
  event.preventDefault();
  if (command && (!event.repeat || ["next", "previous"].includes(command))) perform(command);
});

// ── choosing others (the page of preferences) ───────────────────────────────────────────────────────────────────────
// A field takes the press itself; a second one soon after makes two keys one after the other. Beside what is written on the
// keys goes where they lie, which is what is kept.
let written = { field: null, at: 0 };

function cap(event) {
  const sign = /^(Key|Digit)/.test(event.code) ? event.code.slice(-1).toLowerCase() : event.key;
  return event.shiftKey && sign !== "?" ? `Shift+${sign}` : sign;
}

document.addEventListener(
  "keydown",
  (event) => {
    const field = event.target.closest?.("[data-keycap]");
    if (!field || event.isComposing || event.keyCode === 229) return;
    if (event.ctrlKey || event.metaKey || event.altKey || HOLDERS.includes(event.key)) return;
    if (["Tab", "Enter", "Escape"].includes(event.code) || event.code.startsWith("Arrow")) return;
    event.preventDefault();
    event.stopPropagation();
    const kept = field.previousElementSibling;
    if (event.code === "Backspace" || event.code === "Delete") field.value = kept.value = "";
    else {
      const goesOn = written.field === field && event.timeStamp - written.at < PAUSE && kept.value && !kept.value.includes(" ");
      kept.value = goesOn ? `${kept.value} ${named(event)}` : named(event);
      field.value = goesOn ? `${field.value} ${cap(event)}` : cap(event);
      written = { field, at: event.timeStamp };
    }
  },
  true,
);
