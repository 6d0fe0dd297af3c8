// Pictures of an article: chosen, dropped or pasted in the editor, uploaded at once. A mark stands in the text meanwhile, so that the
// picture comes where it was meant, whatever is typed until then; whoever takes the mark away does not want the picture.
import { put } from "./complete.js";
import { say } from "./page.js";
import { signedOut } from "./session.js";

let coming = 0;

const box = () => document.getElementById("article-pictures");
const area = () => document.getElementById("article-body");

function words(name, values = {}) {
  return Object.entries(values).reduce((text, [key, value]) => text.replace(`{${key}}`, () => value), box().dataset[name]);
}

function refuse(name, why) {
  const item = document.createElement("li");
  item.className = "wrong";
  item.textContent = `${name}: ${why}`;
  document.getElementById("refused-pictures").append(item);
}

// What stands in the text for a picture, by what it is called.
function mark(name) {
  const made = `![${words("loading", { name: name.replace(/[[\]\\]/g, "") })}]()`;
  const before = area().value.slice(0, area().selectionStart);
  put(area(), /(^|\n)$/.test(before) ? made : `\n\n${made}`, area().selectionStart, area().selectionEnd);
  return made;
}

// The cursor goes between the brackets, unless somebody has moved on meanwhile.
function replace(made, text) {
  const at = area().value.indexOf(made);
  if (at < 0) return;
  const stayed = area().selectionStart === at + made.length;
  area().setRangeText(text, at, at + made.length, "preserve");
  if (stayed && text) area().setSelectionRange(at + 2, at + 2);
  area().dispatchEvent(new Event("input", { bubbles: true }));
}

async function upload(file) {
  if (file.size > Number(box().dataset.most)) return refuse(file.name, words("tooLarge"));
  const made = mark(file.name);
  const form = new FormData();
  form.append("file", file, file.name);
  coming += 1;
  try {
    const answer = await fetch(box().dataset.upload, { method: "POST", body: form, headers: { "HX-Request": "true" } });
    if (answer.status === 401) signedOut(answer.headers.get("HX-Redirect"));
    const said = answer.headers.get("Content-Type")?.startsWith("application/json") ? await answer.json() : {};
    if (!answer.ok) throw new Error(said.trouble || words("failed"));
    replace(made, `![](picture:${said.token})`);
    say(words("done"));
  } catch (error) {
    replace(made, "");
    refuse(file.name, error instanceof TypeError ? words("failed") : error.message); // TypeError: not reachable
  } finally {
    coming -= 1;
  }
}

// One after the other, in their order.
async function uploadAll(files) {
  document.getElementById("refused-pictures").replaceChildren();
  for (const file of files) await upload(file);
}

const carriesFiles = (event) => [...(event.dataTransfer?.types || [])].includes("Files");

function take(chosen) {
  const files = [...chosen.files];
  chosen.value = "";
  uploadAll(files);
}

document.addEventListener("change", (event) => {
  if (event.target.id === "article-picture") take(event.target);
});

// What was chosen before this was here.
if (document.getElementById("article-picture").files.length) take(document.getElementById("article-picture"));

document.addEventListener("dragover", (event) => {
  if (!carriesFiles(event)) return;
  event.preventDefault(); // a file that misses the text must not replace the page
  const over = event.target.id === "article-body";
  area().classList.toggle("dropping", over);
  event.dataTransfer.dropEffect = over ? "copy" : "none";
});

document.addEventListener("dragleave", (event) => {
  if (!event.relatedTarget) area().classList.remove("dropping");
});

document.addEventListener("drop", (event) => {
  if (!carriesFiles(event)) return;
  event.preventDefault();
  area().classList.remove("dropping");
  if (event.target.id === "article-body") uploadAll([...event.dataTransfer.files]);
});

document.addEventListener("paste", (event) => {
  const files = [...(event.clipboardData?.files || [])];
  // Text that comes with a picture of itself (a spreadsheet's cells) is pasted as text.
  if (event.target.id !== "article-body" || !files.length || event.clipboardData.types.includes("text/plain")) return;
  event.preventDefault();
  uploadAll(files);
});

// What is still on its way would be missing.
document.addEventListener("submit", (event) => {
  if (event.target.id !== "article-form" || !coming) return;
  event.preventDefault();
  event.stopImmediatePropagation();
  say(words("wait"));
}, true);
