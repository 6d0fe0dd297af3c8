// Answers kept ready: "/" on an empty line of a reply opens them, words narrow them down, Enter puts one in.
function menu() {
  return document.getElementById("templates-menu");
}

function text() {
  return document.getElementById("reply-text");
}

function search() {
  return document.getElementById("template-q");
}

function shown() {
  return [...document.querySelectorAll("#template-list .template:not([hidden])")];
}

function mark(chosen) {
  for (const one of document.querySelectorAll("#template-list .template")) {
    one.setAttribute("aria-selected", String(one === chosen));
  }
  if (chosen) {
    search().setAttribute("aria-activedescendant", chosen.id);
    chosen.scrollIntoView({ block: "nearest" });
  } else search()?.removeAttribute("aria-activedescendant");
}

function narrow() {
  const words = search().value.trim().toLowerCase().split(/\s+/);
  for (const one of document.querySelectorAll("#template-list .template")) {
    one.hidden = !words.every((word) => one.dataset.words.includes(word));
  }
  const left = shown();
  document.getElementById("no-template").hidden = left.length > 0 || !document.querySelector("#template-list .template");
  mark(left[0]);
}

function insert(words) {
  const area = text();
  area.setRangeText(words, area.selectionStart, area.selectionEnd, "end");
  area.dispatchEvent(new Event("input", { bubbles: true }));
}

function close() {
  menu().open = false;
  text().focus();
}

async function use(one) {
  const answer = await fetch(one.dataset.template, { headers: { "HX-Request": "true" } });
  if (!answer.ok) return;
  const words = await answer.text();
  close();
  insert(words);
}

function onEmptyLine(area) {
  const before = area.value.slice(0, area.selectionStart);
  return area.selectionStart === area.selectionEnd && /(^|\n)$/.test(before) && /^(\n|$)/.test(area.value.slice(area.selectionEnd));
}

document.addEventListener("keydown", (event) => {
  if (event.isComposing || event.keyCode === 229 || !menu()) return;
  const plain = !event.ctrlKey && !event.metaKey && !event.altKey;
  if (event.target === text() && event.key === "/" && plain && onEmptyLine(text())) {
    event.preventDefault();
    menu().open = true;
    return;
  }
  if (!menu().open || !menu().contains(event.target)) return;
  if (event.code === "Escape") {
    event.preventDefault();
    close();
  }
  if (event.target !== search()) return;
  const list = shown();
  const now = list.findIndex((one) => one.getAttribute("aria-selected") === "true");
  if (event.key === "/" && !search().value) {
    event.preventDefault();
    close();
    insert("/");
  } else if (event.key === "ArrowDown" || event.key === "ArrowUp") {
    event.preventDefault();
    mark(list[(now + (event.key === "ArrowDown" ? 1 : list.length - 1)) % list.length]);
  } else if (event.key === "Enter") {
    event.preventDefault();
    if (list[now]) use(list[now]);
  }
});

document.addEventListener("input", (event) => {
  if (event.target === search()) narrow();
  // Input methods write these where a keyboard writes a slash.
  if (event.target === text() && !event.isComposing && ["／", "、"].includes(event.data)) {
    const area = text();
    const at = area.selectionStart - 1;
    if (onEmptyLine({ value: area.value.slice(0, at) + area.value.slice(at + 1), selectionStart: at, selectionEnd: at })) {
      area.setRangeText("", at, at + 1, "end");
      menu().open = true;
    }
  }
});

document.addEventListener("click", (event) => {
  const one = event.target.closest(".template");
  if (one) use(one);
});

document.addEventListener("htmx:after:swap", () => {
  if (search() && menu()?.open && document.activeElement !== search() && !menu().dataset.read) {
    menu().dataset.read = "yes";
    search().focus();
    narrow();
  }
});
document.addEventListener(
  "toggle",
  (event) => {
    if (event.target === menu() && !menu().open) delete menu().dataset.read;
  },
  true,
);
