// Pages of the door: the browser's time zone, so that the first page has the right times; passkeys; recovery codes to keep.
import "./zone.js";
import "./passkeys.js";

for (const button of document.querySelectorAll("[data-copies]")) {
  button.hidden = false;
  button.addEventListener("click", async () => {
    const lines = [...document.querySelectorAll(`${button.dataset.copies} code`)].map((code) => code.textContent);
    await navigator.clipboard.writeText(lines.join("\n"));
    button.querySelector("span").textContent = button.dataset.said;
  });
  if (!navigator.clipboard) button.hidden = true; // without https
}

for (const button of document.querySelectorAll("[data-prints]")) {
  button.hidden = false;
  button.addEventListener("click", () => print());
}
