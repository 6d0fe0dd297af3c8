// What every page has: htmx's manners, menus, messages, the theme.
// What only the browser knows (an open disclosure, the row in view) is not undone when a piece of the page is read anew.
import { dropChoice } from "./selecting.js";

htmx.registerExtension("hub-keep", {
  htmx_before_morph_attr(element, detail) {
    if (element.matches(".menu, .why, .trimmed, .original, .particulars, .kept-open") && detail.attrName === "open") return false;
    if (element.matches(".row") && detail.attrName === "aria-current") return false;
    if (element.id === "thread" && detail.attrName === "data-choosing") return false;
    if (element.id === "customer-pane" && detail.attrName === "data-open") return false;
    if (element.matches("#to-end, .withheld") && detail.attrName === "hidden") return false;
    return true;
  },
});

export function say(text) {
  const box = document.getElementById("messages");
  const message = document.createElement("div");
  message.className = "message";
  message.dataset.message = "";
  const paragraph = document.createElement("p");
  paragraph.textContent = text;
  const button = document.createElement("button");
  button.type = "button";
  button.className = "tool";
  button.dataset.dismiss = "";
  button.textContent = document.body.dataset.sayClose;
  message.append(paragraph, button);
  box.replaceChildren(message);
}

// What a script asked for and did not get: in the hub's own words, unless somebody between us answers.
export async function sayRefused(answer) {
  const ours = answer.headers.get("HX-Retarget") === "#messages";
  if (ours) document.getElementById("messages").insertAdjacentHTML("beforeend", await answer.text());
  else say((await answer.json().catch(() => ({}))).trouble || document.body.dataset.sayNetwork);
}

let waitingToClear = 0;
new MutationObserver(() => {
  const box = document.getElementById("messages");
  const last = box.lastElementChild;
  for (const one of [...box.children]) if (one !== last && one.textContent === last.textContent) one.remove(); // said again, not twice
  while (box.children.length > 3) box.firstElementChild.remove();
  clearTimeout(waitingToClear);
  waitingToClear = setTimeout(() => box.replaceChildren(), 12000);
}).observe(document.getElementById("messages"), { childList: true });

document.addEventListener("htmx:error", (event) => {
  const failed = event.detail.ctx;
  // A piece that is read in the background comes again with the next event; only what a person asked for is told.
  if (failed && failed.request && failed.request.method !== "GET") say(document.body.dataset.sayNetwork);
});

// A short window would show half of a field at its edge.
document.addEventListener("focusin", (event) => {
  if (event.target.closest("#composer")) event.target.scrollIntoView({ block: "nearest" });
});

export function markCurrent() {
  const open = document.getElementById("work")?.dataset.ticket;
  for (const row of document.querySelectorAll(".row")) {
    if (row.dataset.ticket === open) row.setAttribute("aria-current", "true");
    else row.removeAttribute("aria-current");
  }
}

document.addEventListener("click", (event) => {
  const target = event.target.closest("button, a, summary");
  for (const menu of document.querySelectorAll("details.menu[open]")) {
    if (!menu.contains(event.target)) menu.open = false;
  }
  if (!target) return;
  if (target.matches("[data-dismiss]")) target.closest("[data-message]").remove();
  if (target.dataset.opens) {
    target.closest("details.menu")?.removeAttribute("open");
    document.getElementById(target.dataset.opens).showModal();
  }
  if (target.dataset.closes) {
    const menu = document.getElementById(target.dataset.closes);
    if (menu?.contains(document.activeElement)) menu.querySelector("summary").focus();
    menu?.removeAttribute("open");
  }
  if (target.dataset.toggles) {
    const pane = document.getElementById(target.dataset.toggles);
    if (pane.toggleAttribute("data-open")) pane.querySelector("button, a")?.focus();
    else toPane(pane).focus();
  }
  if (target.matches("[data-back]") && document.getElementById("list")) {
    const scope = new URLSearchParams(location.search).toString();
    target.href = scope ? `/desk?${scope}` : "/desk";
  }
});

// A menu that lost the focus is closed; one that Esc is pressed in gives the focus back.
document.addEventListener("focusin", (event) => {
  for (const menu of document.querySelectorAll("details.menu[open]")) {
    if (!menu.contains(event.target)) menu.open = false;
  }
});

export function closeTopmost() {
  const menu = document.querySelector("details.menu[open]");
  if (menu) {
    menu.open = false;
    menu.querySelector("summary").focus();
    return true;
  }
  const pane = document.querySelector("#customer-pane[data-open]");
  if (!pane) return dropChoice();
  pane.removeAttribute("data-open");
  toPane(pane).focus();
  return true;
}

// What opens a pane, outside of it: there the focus goes back to.
function toPane(pane) {
  return document.querySelector(`[data-toggles="${pane.id}"]:not(#${pane.id} *)`);
}

// ── theme ───────────────────────────────────────────────────────────────────────────────────────────────────────────
const THEMES = ["auto", "light", "dark"];
const root = document.documentElement;
const themeButton = document.getElementById("theme");

function nameTheme() {
  const name = themeButton.dataset[root.dataset.theme];
  themeButton.title = name;
  themeButton.querySelector(".unseen").textContent = name;
}

export function turnTheme() {
  const next = THEMES[(THEMES.indexOf(root.dataset.theme) + 1) % THEMES.length];
  root.dataset.theme = next;
  nameTheme();
  htmx.ajax("POST", "/desk/preferences", { source: themeButton, target: themeButton, swap: "none", values: { theme: next } });
}

themeButton.addEventListener("click", turnTheme);
nameTheme();
markCurrent();
document.addEventListener("htmx:after:swap", markCurrent);
