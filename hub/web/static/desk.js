// What a page of the desk needs before it is painted: page.js sets htmx up. The rest is set in motion behind the first picture, which
// is there some 40 ms sooner for it; a page that nobody looks at has no pictures to wait for.
import "./zone.js";
import "./page.js";

// Keys that are pressed meanwhile are commands too; but for those that do something by themselves.
const OWN = ["Enter", " ", "Tab"];
const early = [];
const keep = (event) => (event.ctrlKey || event.metaKey || !OWN.includes(event.key)) && early.push(event);
addEventListener("keydown", keep, true);

async function begin() {
  await import("./hands.js");
  removeEventListener("keydown", keep, true);
  for (const { type, target, key, code, shiftKey, ctrlKey, metaKey, altKey, isComposing } of early) {
    const pressed = { key, code, shiftKey, ctrlKey, metaKey, altKey, isComposing, bubbles: true, cancelable: true };
    if (target.isConnected) target.dispatchEvent(new KeyboardEvent(type, pressed));
  }
}

if (document.hidden) begin();
else requestAnimationFrame(() => setTimeout(begin));
