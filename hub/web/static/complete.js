// What opens a list beside a text while it is written, as "/" and "@" do: matched as one types, chosen by arrows and Enter or Tab,
// left by Esc. It never reacts while an input method composes, and the focus stays in the text.
import { choose } from "./fuzzy.js";

const MOST = 50;
const helpers = [];
let open = null; // { helper, area, box, from, all, shown, at }

// `pattern`: what begins it, up to where one writes; `into(area)`: whether it is for this text; `fetch(area)`: what the list is
// called (`label`), what it says when it opens (`some`), and `all` choices, each with `search` and `show(row)`;
// `choose(choice, area, from, to)`: puts it into the text.
export function completeWith(helper) {
  helpers.push(helper);
}

function text(node, tag, className, words) {
  const element = document.createElement(tag);
  element.className = className;
  element.textContent = words;
  node.append(element);
  return element;
}

// What was typed since the sign, while that is still a single word: from the start of a line or after a blank.
function begun(area) {
  if (area.selectionStart !== area.selectionEnd) return null;
  const upTo = area.value.slice(0, area.selectionStart);
  for (const helper of helpers) {
    if (!helper.into(area)) continue;
    const found = helper.pattern.exec(upTo);
    if (found) return { helper, from: upTo.length - found[1].length, wanted: found[1].slice(1) };
  }
  return null;
}

async function follow(area) {
  const now = begun(area);
  if (!now || (open && (open.area !== area || open.helper !== now.helper))) close();
  // Who has left a list does not get it again for the same word.
  if (now && area.dataset.declined === String(now.from)) return;
  delete area.dataset.declined;
  if (!now) return;
  const found = await now.helper.fetch(area);
  // While it was asked for, somebody may have written on, or left.
  const still = begun(area);
  if (!still || still.from !== now.from || document.activeElement !== area) return close();
  show(area, still, found);
}

function show(area, { helper, from, wanted }, { label, some, all }) {
  const shown = choose(all, wanted, MOST);
  if (!shown.length) return close();
  if (!open) {
    const box = document.createElement("div");
    box.id = "completions";
    box.className = "completions";
    box.setAttribute("role", "listbox");
    area.after(box);
    const said = text(box.parentNode, "p", "unseen", "");
    said.id = "completions-said";
    said.setAttribute("role", "status");
    box.after(said);
    area.setAttribute("aria-autocomplete", "list");
    area.setAttribute("aria-controls", "completions");
    open = { helper, area, box, said };
  }
  Object.assign(open, { from, shown, wanted });
  open.box.setAttribute("aria-label", label);
  open.box.replaceChildren(
    ...shown.map((choice, place) => {
      const row = document.createElement("div");
      row.id = `completion-${place}`;
      row.className = "completion";
      row.setAttribute("role", "option");
      row.setAttribute("aria-selected", "false");
      choice.show(row);
      return row;
    }),
  );
  open.said.textContent = some.replace("{n}", shown.length);
  mark(0);
}

function mark(place) {
  open.at = place;
  [...open.box.children].forEach((row, at) => row.setAttribute("aria-selected", String(at === place)));
  open.area.setAttribute("aria-activedescendant", `completion-${place}`);
  open.box.children[place].scrollIntoView({ block: "nearest" });
}

function close() {
  if (!open) return;
  for (const name of ["aria-autocomplete", "aria-controls", "aria-activedescendant"]) open.area.removeAttribute(name);
  open.box.remove();
  open.said.remove();
  open = null;
}

function use(place) {
  const { helper, area, from, shown } = open;
  const to = area.selectionStart;
  close();
  area.focus();
  helper.choose(shown[place], area, from, to);
}

// Puts words in place of a piece of a text, so that drafts and the browser's own undo know of it.
export function put(area, words, from, to) {
  area.focus();
  area.setSelectionRange(from, to);
  // The only way that keeps the browser's undo; where it is gone, the text is set all the same.
  if (!document.execCommand?.("insertText", false, words)) {
    area.setRangeText(words, from, to, "end");
    area.dispatchEvent(new Event("input", { bubbles: true }));
  }
}

document.addEventListener("input", (event) => {
  if (event.target.tagName === "TEXTAREA" && !event.isComposing) follow(event.target);
});

// An input method has put its word down.
document.addEventListener("compositionend", (event) => {
  if (event.target.tagName === "TEXTAREA") follow(event.target);
});

document.addEventListener(
  "keydown",
  (event) => {
    if (!open || event.target !== open.area || event.isComposing || event.keyCode === 229) return;
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const count = open.shown.length;
    if (event.code === "ArrowDown") mark((open.at + 1) % count);
    else if (event.code === "ArrowUp") mark((open.at + count - 1) % count);
    else if (event.code === "Enter" || (event.code === "Tab" && !event.shiftKey)) use(open.at);
    else if (event.code === "Escape") {
      open.area.dataset.declined = String(open.from);
      close();
    } else return;
    event.preventDefault();
    event.stopPropagation();
  },
  true,
);

document.addEventListener("pointerdown", (event) => {
  if (!open) return;
  const row = event.target.closest?.("#completions > .completion");
  if (row) {
    event.preventDefault();
    use([...open.box.children].indexOf(row));
  } else if (event.target !== open.area && !open.box.contains(event.target)) close();
});

document.addEventListener("focusout", (event) => {
  if (open && event.target === open.area) close();
});

document.addEventListener("htmx:after:swap", () => {
  if (open && !open.area.isConnected) open = null;
});
