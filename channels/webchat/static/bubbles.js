// The conversation's lines, in the order of their ids; what is still on its way stands last.
import { clock, join, make, say, size, words } from "./say.js";

export const LOOK_BACK = 20; // a line may become visible below later ones, so a new line to the hub goes back a little
const LINK = /https?:\/\/[^\s<>"'，。；！？（）《》]+[^\s<>"'，。；！？（）《》.,;:!?)]/g;

// Ids are larger than Number can hold: as texts of digits they compare by length, then by letters.
export function compare(one, other) {
  return one.length - other.length || (one < other ? -1 : Number(one > other));
}

// `fetchFile(line, number)` resolves to a Blob.
export function openLog({ log, list, fetchFile }) {
  const bubbles = new Map(); // client_id → list item
  const lines = new Map(); // id → line
  const pictures = new Set(); // addresses of pictures in memory

  function keepAtEnd(act) {
    const follow = log.scrollHeight - log.scrollTop - log.clientHeight < 80;
    act();
    if (follow) toEnd();
  }
  function toEnd() {
    log.scrollTop = log.scrollHeight;
  }
  // Whoever reads the last line goes on reading it when something opens below.
  let height = log.clientHeight;
  new ResizeObserver(() => {
    const less = height - log.clientHeight;
    height = log.clientHeight;
    if (log.scrollHeight - log.scrollTop - log.clientHeight - less < 80) toEnd();
  }).observe(log);

  function withLinks(text) {
    const parts = [];
    let at = 0;
    for (const found of text.matchAll(LINK)) {
      parts.push(text.slice(at, found.index), make("a", { text: found[0], href: found[0], target: "_blank", rel: "noopener noreferrer" }));
      at = found.index + found[0].length;
    }
    return [...parts, text.slice(at)];
  }

  function item(text, mine) {
    const said = make("span", { class: "bubble", hidden: !text }, ...withLinks(text));
    return make("li", { class: mine ? "mine" : "theirs" }, make("span", { class: "files" }), said, make("span", { class: "note" }));
  }

  function save(blob, name) {
    const address = URL.createObjectURL(blob);
    const link = make("a", { href: address, download: name });
    link.click();
    setTimeout(() => URL.revokeObjectURL(address), 60_000);
  }

  // Only what browsers show as a picture is ever opened as one; all else is bytes to be saved.
  function fileOf(line, file) {
    const button = make("button", { type: "button", class: "file", "aria-label": say("download", { name: file.name }) });
    button.append(make("span", { class: "file-name", text: file.name }), make("span", { class: "file-size", text: size(file.bytes) }));
    button.addEventListener("click", async () => {
      try {
        save(await fetchFile(line.id, file.number), file.name);
      } catch {
        button.querySelector(".file-size").textContent = words.no_file;
      }
    });
    if (file.picture) showPicture(button, line, file);
    return button;
  }

  async function showPicture(button, line, file) {
    try {
      const blob = await fetchFile(line.id, file.number);
      const address = URL.createObjectURL(blob);
      pictures.add(address);
      const picture = make("img", { src: address, alt: "" });
      await picture.decode();
      keepAtEnd(() => {
        button.classList.add("picture");
        button.prepend(picture);
      });
    } catch {
      button.classList.remove("picture"); // it stays a file to be saved
    }
  }

  function mark(bubble, how, more = "") {
    bubble.classList.toggle("failed", how === "failed");
    bubble.dataset.state = how;
    bubble.querySelector(".note").replaceChildren(join(more, words[how]));
  }

  return {
    has: (clientId) => bubbles.has(clientId),
    state: (clientId) => bubbles.get(clientId)?.dataset.state,
    empty: () => lines.size === 0,
    blank: () => !list.children.length,
    ids: () => [...lines.keys()].sort(compare),
    theirs: () => [...lines.values()].filter((line) => !line.mine),
    toEnd,

    // A line as the hub has it; true where it is new.
    show(line) {
      if (lines.has(line.id)) return false;
      lines.set(line.id, line);
      keepAtEnd(() => {
        const known = line.mine && line.client_id ? bubbles.get(line.client_id) : undefined;
        const bubble = known || item(line.text, line.mine);
        if (line.mine && line.client_id) bubbles.set(line.client_id, bubble);
        bubble.dataset.id = line.id;
        bubble.dataset.state = "sent";
        bubble.classList.remove("failed");
        bubble.querySelector(".files").replaceChildren(...(line.files ?? []).map((file) => fileOf(line, file)));
        bubble.querySelector(".note").textContent = [line.mine ? "" : line.author, clock(line.at)].filter(Boolean).join(" · ");
        const next = [...list.children].find((other) => other !== bubble && (!other.dataset.id || compare(other.dataset.id, line.id) > 0));
        if (bubble.nextElementSibling !== (next ?? null) || !bubble.parentNode) list.insertBefore(bubble, next ?? null);
      });
      if (line.mine) toEnd();
      return true;
    },

    // A message that is on its way.
    showWaiting({ client_id, text, files = [] }) {
      const bubble = item(text, true);
      bubble.querySelector(".files").append(...files.map((file) => make("span", { class: "file" }, make("span", { class: "file-name", text: file.name }))));
      bubbles.set(client_id, bubble);
      list.append(bubble);
      mark(bubble, "sending");
      toEnd();
    },

    // Of those on their way only these are still to be said.
    keepWaiting(clientIds) {
      for (const [id, bubble] of bubbles) {
        if (bubble.dataset.state !== "sending" || clientIds.includes(id)) continue;
        bubbles.delete(id);
        bubble.remove();
      }
    },

    progress(clientId, share) {
      const bubble = bubbles.get(clientId);
      if (!bubble || bubble.dataset.id) return;
      const bar = bubble.querySelector("progress") ?? make("progress", { max: "1", "aria-label": words.sending });
      bar.value = share;
      bubble.querySelector(".note").replaceChildren(bar);
    },

    sent(clientId) {
      const bubble = bubbles.get(clientId);
      if (bubble && !bubble.dataset.id) mark(bubble, "sent");
    },

    // `retry` is null where trying again is in vain.
    fail(clientId, why, retry) {
      const bubble = bubbles.get(clientId);
      if (!bubble || bubble.dataset.id) return;
      mark(bubble, "failed", why);
      if (!retry) return;
      const again = () => {
        mark(bubble, "sending");
        retry();
      };
      bubble.querySelector(".note").append(make("button", { type: "button", text: words.retry, on: { click: again } }));
    },

    clear() {
      pictures.forEach((one) => URL.revokeObjectURL(one));
      pictures.clear();
      bubbles.clear();
      lines.clear();
      list.replaceChildren();
    },
  };
}
