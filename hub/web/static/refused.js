// What a script of ours asked for and did not get is told where htmx would have told it, and in the same words.
import { say } from "./page.js";
import { signedOut } from "./session.js";

export async function sayRefused(answer) {
  if (answer.status === 401) return signedOut(answer.headers.get("HX-Redirect"));
  if (answer.headers.get("Content-Type")?.startsWith("application/json")) return say((await answer.json()).trouble);
  if (answer.headers.get("HX-Retarget") !== "#messages") return say(document.body.dataset.sayNetwork); // of somebody between us
  document.getElementById("messages").insertAdjacentHTML("beforeend", await answer.text()); // our own template, escaped there
}
