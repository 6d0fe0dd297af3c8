// Files of a message: chosen, pasted or dropped; seen before they are sent; sent with a bar that shows how far.
import { facts, make, say, size, words } from "./say.js";

const PICTURES = ["image/png", "image/jpeg", "image/gif", "image/webp"];

export function openAttach({ chooser, button, tray, panel, text, tell }) {
  let chosen = []; // {file, address}

  function drop(one) {
    if (one.address) URL.revokeObjectURL(one.address);
    chosen = chosen.filter((other) => other !== one);
    draw();
  }

  function draw() {
    tray.hidden = !chosen.length;
    tray.replaceChildren(...chosen.map((one) => {
      const away = make("button", { type: "button", class: "away", "aria-label": say("remove", { name: one.file.name }), text: "×" });
      away.addEventListener("click", () => {
        drop(one);
        (tray.querySelector("button") ?? text).focus();
      });
      const shown = one.address ? make("img", { src: one.address, alt: "" }) : make("span", { class: "sheet", "aria-hidden": "true" });
      return make("li", {}, shown, make("span", { class: "file-name", text: one.file.name }), make("span", { class: "file-size", text: size(one.file.size) }), away);
    }));
  }

  // Limits are told before anything is sent.
  function add(files) {
    for (const file of files) {
      if (chosen.length >= facts.files) tell(say("too_many_files", { count: facts.files }));
      else if (file.size > facts.file_mb * 1024 * 1024) tell(say("file_too_big", { name: file.name, size: facts.file_mb }));
      else if (chosen.reduce((sum, one) => sum + one.file.size, file.size) > facts.all_mb * 1024 * 1024) tell(say("too_large_together", { size: facts.all_mb }));
      else if (file.size === 0) tell(say("file_empty", { name: file.name }));
      else chosen.push({ file, address: PICTURES.includes(file.type) ? URL.createObjectURL(file) : "" });
    }
    draw();
  }

  button.addEventListener("click", () => chooser.click());
  chooser.addEventListener("change", () => {
    add(chooser.files);
    chooser.value = "";
    text.focus();
  });
  text.addEventListener("paste", (event) => {
    if (!event.clipboardData.files.length) return;
    event.preventDefault();
    add(event.clipboardData.files);
  });
  const holdsFiles = (event) => event.dataTransfer?.types.includes("Files");
  for (const [name, over] of [["dragenter", true], ["dragover", true], ["dragleave", false], ["drop", false]]) {
    panel.addEventListener(name, (event) => {
      if (!holdsFiles(event)) return;
      event.preventDefault();
      panel.classList.toggle("dropping", over);
      if (name === "drop") add(event.dataTransfer.files);
    });
  }

  return {
    any: () => chosen.length > 0,
    // The files, which are this page's no longer.
    take() {
      const files = chosen.map((one) => one.file);
      [...chosen].forEach(drop);
      return files;
    },
  };
}

// Resolves to the hub's frames; rejects where there was no answer. fetch cannot tell how far a body has come.
export function upload(address, token, page, message, files, progress) {
  return new Promise((resolve, reject) => {
    const body = new FormData();
    for (const key of ["client_id", "text", "name", "email"]) body.append(key, message[key] ?? "");
    files.forEach((file) => body.append("files", file, file.name || words.file));
    const request = new XMLHttpRequest();
    request.open("POST", address);
    request.setRequestHeader("Authorization", `Bearer ${token}`);
    request.setRequestHeader("Chat-Page", page);
    request.upload.addEventListener("progress", (event) => event.lengthComputable && progress(event.loaded / event.total));
    request.addEventListener("load", () => {
      try {
        resolve([...JSON.parse(request.responseText).frames]);
      } catch (error) {
        reject(error);
      }
    });
    request.addEventListener("error", () => reject(new Error("no answer")));
    request.send(body);
  });
}
