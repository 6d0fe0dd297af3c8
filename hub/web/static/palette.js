// Everything by name: a dialog with a combobox over commands, pages, what this page offers, tickets and customers.
import { choose } from "./fuzzy.js";
import { canDo, perform } from "./keys.js";

const RECENT = `hub:recent:${document.body.dataset.agent}`;
const KEPT = 6;
const MOST = 30;
const WAIT = 120;

const palette = document.getElementById("palette");
const field = document.getElementById("palette-q");
const list = document.getElementById("palette-list");
const status = document.getElementById("palette-said");
const say = palette.dataset;

let known = [];
let found = { wanted: "", rows: [] };
let asking = null;
let timer = 0;

// ── what there is ───────────────────────────────────────────────────────────────────────────────────────────────────
function wordsOf(element) {
  return element.textContent.replace(/\s+/g, " ").trim();
}

function commands() {
  return [...document.querySelectorAll("#help [data-does]")]
    .filter((line) => line.dataset.does !== "palette" && canDo(line.dataset.does))
    .map((line) => ({
      id: `does:${line.dataset.does}`,
      group: say.commands,
      title: wordsOf(line.querySelector("dd")),
      search: line.dataset.search,
      caps: line.querySelector("dt"),
      run: () => perform(line.dataset.does),
    }));
}

function pages() {
  const links = [...document.querySelectorAll(".bar .sections a[href], .bar .choice[href]")];
  return links.map((link) => ({
    id: `page:${link.getAttribute("href")}`,
    group: say.pages,
    title: link.dataset.title || wordsOf(link),
    search: link.dataset.search || wordsOf(link).toLowerCase(),
    run: () => (location.href = link.href),
  }));
}

// A page, or a part of the desk, offers more: an element with data-command, whose name is that attribute or its own words.
function here() {
  return [...document.querySelectorAll("[data-command]")]
    .filter((element) => !element.disabled && !element.closest("dialog"))
    .map((element) => {
      const title = element.dataset.command || wordsOf(element);
      return {
        id: `here:${title}`,
        group: say.here,
        title,
        search: element.dataset.search || title.toLowerCase(),
        run: () => element.click(),
      };
    });
}

function once(all) {
  const seen = new Map();
  for (const one of all) if (!seen.has(one.id)) seen.set(one.id, one);
  return [...seen.values()];
}

function recent() {
  try {
    return JSON.parse(localStorage.getItem(RECENT) || "[]").map(String);
  } catch {
    return []; // a browser that keeps nothing, or an entry that is not ours
  }
}

function remember(id) {
  try {
    localStorage.setItem(RECENT, JSON.stringify([id, ...recent().filter((one) => one !== id)].slice(0, KEPT)));
  } catch {
    // Nothing is kept here.
  }
}

// ── the list ────────────────────────────────────────────────────────────────────────────────────────────────────────
function grouped(wanted) {
  if (wanted) {
    const late = recent();
    const weighed = known.map((one) => ({ ...one, weight: late.includes(one.id) ? KEPT - late.indexOf(one.id) : 0 }));
    const fits = choose(weighed, wanted, MOST);
    return [...fits, ...(found.wanted === wanted ? found.rows : [])];
  }
  const late = recent()
    .map((id) => known.find((one) => one.id === id))
    .filter(Boolean)
    .map((one) => ({ ...one, group: say.recent }));
  const taken = new Set(late.map((one) => one.id));
  return [...late, ...known.filter((one) => !taken.has(one.id))];
}

function option(one, place) {
  const row = document.createElement("div");
  row.className = "palette-option";
  row.id = `palette-${place}`;
  row.setAttribute("role", "option");
  row.setAttribute("aria-selected", "false");
  if (one.html) row.append(...one.html);
  else {
    const title = document.createElement("span");
    title.className = "grow";
    title.textContent = one.title;
    row.append(title);
  }
  if (one.caps) {
    const caps = document.createElement("span");
    caps.className = "caps";
    caps.append(...[...one.caps.childNodes].map((node) => node.cloneNode(true)));
    row.append(caps);
  }
  row.choice = one;
  return row;
}

function show() {
  const wanted = field.value.trim();
  const all = grouped(wanted);
  const groups = new Map();
  all.forEach((one, place) => {
    if (!groups.has(one.group)) {
      const box = document.createElement("div");
      box.setAttribute("role", "group");
      box.setAttribute("aria-label", one.group);
      const head = document.createElement("p");
      head.className = "palette-group";
      head.setAttribute("aria-hidden", "true");
      head.textContent = one.group;
      box.append(head);
      groups.set(one.group, box);
    }
    groups.get(one.group).append(option(one, place));
  });
  list.replaceChildren(...groups.values());
  status.textContent = all.length ? (wanted ? say.some.replace("{n}", all.length) : "") : say.none;
  status.classList.toggle("unseen", all.length > 0);
  mark(list.querySelector("[role=option]"));
}

function marked() {
  return list.querySelector("[aria-selected=true]");
}

function mark(row) {
  marked()?.setAttribute("aria-selected", "false");
  if (!row) {
    field.removeAttribute("aria-activedescendant");
    return;
  }
  row.setAttribute("aria-selected", "true");
  field.setAttribute("aria-activedescendant", row.id);
  row.scrollIntoView({ block: "nearest" });
}

function step(by) {
  const all = [...list.querySelectorAll("[role=option]")];
  if (all.length) mark(all[(all.indexOf(marked()) + by + all.length) % all.length]);
}

// ── tickets and customers ───────────────────────────────────────────────────────────────────────────────────────────
function ask() {
  clearTimeout(timer);
  asking?.abort();
  const wanted = field.value.trim();
  if (!wanted) return;
  timer = setTimeout(async () => {
    asking = new AbortController();
    try {
      const answer = await fetch(`/desk/fragments/search/jump?q=${encodeURIComponent(wanted)}`, {
        headers: { "HX-Request": "true" },
        signal: asking.signal,
      });
      if (!answer.ok) return;
      const page = new DOMParser().parseFromString(await answer.text(), "text/html");
      const links = [...page.querySelectorAll("a.choice[href]")];
      found = {
        wanted,
        rows: links.map((link) => ({
          id: `jump:${link.getAttribute("href")}`,
          group: say.found,
          html: [...link.childNodes].map((node) => document.importNode(node, true)),
          run: () => (location.href = link.getAttribute("href")),
        })),
      };
      if (palette.open && field.value.trim() === wanted) {
        const at = marked()?.choice.id;
        show();
        const again = [...list.querySelectorAll("[role=option]")].find((row) => row.choice.id === at);
        if (again) mark(again);
      }
    } catch {
      // Not reachable, or asked anew meanwhile: the commands are there without it.
    }
  }, WAIT);
}

// ── opening, choosing, closing ──────────────────────────────────────────────────────────────────────────────────────
function openPalette() {
  known = once([...commands(), ...here(), ...pages()]);
  found = { wanted: "", rows: [] };
  field.value = "";
  palette.showModal();
  show();
  field.focus();
}

// The browser gives the focus back to where it was; where that was nowhere it would stay in the closed palette for a moment.
function shut() {
  palette.close();
  if (palette.contains(document.activeElement)) document.activeElement.blur();
}

// Only then is anything done, so that it may take the focus elsewhere.
function use(row) {
  if (!row) return;
  const { choice } = row;
  shut();
  if (!choice.id.startsWith("jump:")) remember(choice.id);
  choice.run();
}

document.addEventListener("hub:palette", openPalette);

document.addEventListener("click", (event) => {
  if (event.target.closest("[data-opens-palette]")) openPalette();
});

palette.addEventListener("keydown", (event) => {
  if (event.isComposing || event.keyCode === 229) return;
  const steps = { ArrowDown: 1, ArrowUp: -1, PageDown: 8, PageUp: -8 };
  if (steps[event.code]) {
    event.preventDefault();
    step(steps[event.code]);
  } else if (event.code === "Enter" && event.target === field) {
    event.preventDefault();
    use(marked());
  } else if (event.code === "Escape" || (event.code === "KeyK" && (event.ctrlKey || event.metaKey))) {
    event.preventDefault();
    shut();
  }
});

field.addEventListener("input", () => {
  show();
  ask();
});

palette.addEventListener("click", (event) => {
  if (event.target === palette || event.target.closest("[data-palette-close]")) shut();
  else use(event.target.closest("[role=option]"));
});

palette.addEventListener("pointermove", (event) => {
  const row = event.target.closest("[role=option]");
  if (row && row !== marked()) mark(row);
});

palette.addEventListener("close", () => {
  if (palette.open) return; // the browser tells of it a moment later: it has been opened again since
  clearTimeout(timer);
  asking?.abort();
  list.replaceChildren();
});
