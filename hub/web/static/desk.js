// What a page of the desk needs before it is painted: page.js sets htmx up. The rest is set in motion behind the first picture, which
// is there some 40 ms sooner for it; a page that nobody looks at has no pictures to wait for.
import "./zone.js";
import { say } from "./page.js";

// Keys that are pressed meanwhile are commands too; but for those that do something by themselves. So are buttons that only our
// own code listens to: a press waits and is done once, when all who listen are there.
const OWN = ["Enter", " ", "Tab"];
const OURS = "button[type=button]:not([hx-get], [hx-post])";
const early = [];
const keep = (event) => (event.ctrlKey || event.metaKey || !OWN.includes(event.key)) && early.push(event);
const hold = (event) => {
  const button = event.target.closest?.(OURS);
  if (!button) return;
  event.preventDefault();
  event.stopImmediatePropagation();
  early.push({ type: "click", target: button });
};
addEventListener("keydown", keep, true);
addEventListener("click", hold, true);

async function begin() {
  try {
    await import("./hands.js");
  } catch (error) {
    early.length = 0;
    say(document.body.dataset.sayNetwork);
    throw error;
  } finally {
    removeEventListener("keydown", keep, true);
    removeEventListener("click", hold, true);
  }
  for (const { type, target, key, code, shiftKey, ctrlKey, metaKey, altKey, isComposing } of early) {
    const pressed = { key, code, shiftKey, ctrlKey, metaKey, altKey, isComposing, bubbles: true, cancelable: true };
    if (!target.isConnected) continue;
    if (type === "click") target.click();
    else target.dispatchEvent(new KeyboardEvent(type, pressed));
  }
}

if (document.hidden) begin();
else requestAnimationFrame(() => setTimeout(begin));
