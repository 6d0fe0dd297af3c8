// Articles that fit what is being answered: asked for when somebody begins to write, put into the reply by one press.
import { put } from "./complete.js";
import { say, sayRefused } from "./page.js";

const asked = new WeakSet(); // composers that were asked for already
let timer = 0;
let asking = null;

async function ask(box, typed) {
  asking?.abort();
  asking = new AbortController();
  const ticket = box.closest("#composer").dataset.ticket;
  const found = box.querySelector("#fitting-found");
  try {
    const answer = await fetch(`/desk/fragments/tickets/${ticket}/articles?q=${encodeURIComponent(typed)}`, {
      headers: { "HX-Request": "true" },
      signal: asking.signal,
    });
    if (!answer.ok) return;
    const page = new DOMParser().parseFromString(await answer.text(), "text/html");
    found.replaceChildren(...page.body.childNodes);
  } catch (error) {
    if (error.name !== "AbortError") found.replaceChildren(); // not reachable: the reply can be written all the same
  }
}

// The pictures of an article whose text was put into the reply go along as files.
async function attach(box, article) {
  const ticket = box.closest("#composer").dataset.ticket;
  const made = document.createElement("template");
  try {
    const answer = await fetch(`/desk/tickets/${ticket}/draft/articles/${article}`, { method: "POST", headers: { "HX-Request": "true" } });
    if (!answer.ok) return sayRefused(answer);
    made.innerHTML = await answer.text(); // our own template, escaped there
  } catch {
    return say(document.body.dataset.sayNetwork);
  }
  for (const item of [...made.content.children]) {
    document.getElementById("draft-files").append(item);
    htmx.process(item);
  }
}

// The button opens the search and the whole list; closed, the one that fits best stands beside it.
function open(box, wanted) {
  box.toggleAttribute("data-all", wanted);
  box.querySelector("[data-key=articles]").setAttribute("aria-expanded", String(wanted));
  if (wanted) box.querySelector("#fitting-q").focus();
}

document.addEventListener("focusin", (event) => {
  if (event.target.id !== "reply-text") return;
  const box = document.getElementById("fitting");
  if (!box || asked.has(box)) return;
  asked.add(box);
  ask(box, "");
});

document.addEventListener("input", (event) => {
  if (event.target.id !== "fitting-q") return;
  clearTimeout(timer);
  timer = setTimeout(() => ask(event.target.closest("#fitting"), event.target.value.trim()), 200);
});

document.addEventListener("keydown", (event) => {
  if (event.target.id !== "fitting-q" || event.isComposing || event.keyCode === 229) return;
  const box = event.target.closest("#fitting");
  if (event.code === "Enter") {
    event.preventDefault();
    box.querySelector("[data-put]")?.click();
  } else if (event.code === "Escape") {
    event.preventDefault();
    open(box, false);
    box.querySelector("[data-key=articles]").focus();
  }
});

document.addEventListener("click", (event) => {
  const box = event.target.closest("#fitting");
  const button = event.target.closest("button");
  if (!box || !button) return;
  if (button.matches("[data-key=articles]")) {
    if (!asked.has(box)) ask(box, "");
    asked.add(box);
    open(box, !box.hasAttribute("data-all"));
  } else if (button.dataset.put) {
    const area = document.getElementById("reply-text");
    const before = area.value.slice(0, area.selectionStart);
    put(area, before && !/\s$/.test(before) ? ` ${button.dataset.put}` : button.dataset.put, area.selectionStart, area.selectionEnd);
    if (button.dataset.article) attach(box, button.dataset.article);
    open(box, false);
    area.focus();
  }
});

// The editor: what was typed is not left behind without a word.
let unsaved = false;

if (document.getElementById("article-form")) import("./pictures.js");

document.addEventListener("input", (event) => {
  if (event.target.closest("#article-form")) unsaved = true;
});

document.addEventListener("submit", (event) => {
  if (event.target.id === "article-form") unsaved = false;
});

window.addEventListener("beforeunload", (event) => {
  if (unsaved) event.preventDefault();
});
