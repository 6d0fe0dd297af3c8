// A session that ends. Whoever has typed something that nobody has taken yet keeps the page, and is told where to sign in; everybody
// else is led to the door. A ticket's reply and note lie on the server as they are written.
const bar = document.getElementById("signed-out");
const typed = new Set();
const TAKES = "form:is([method=post], [hx-post], :has([hx-post], [formmethod=post]))";

function hasWords() {
  for (const form of typed) if (!form.isConnected) typed.delete(form);
  return typed.size > 0;
}

export function signedOut(door) {
  if (!hasWords()) {
    location.href = door || "/desk/login";
    return;
  }
  // Above an open dialog nothing else can be pressed. Moved for nothing it would lose the focus.
  const above = document.querySelector("dialog[open]") || document.body;
  if (bar.parentElement !== above) above.append(bar);
  bar.hidden = false;
}

document.addEventListener("input", (event) => {
  const form = event.target.closest?.(TAKES);
  if (form && !form.closest("#composer")) typed.add(form);
});

document.addEventListener("reset", (event) => typed.delete(event.target));

// Sent without a session, the words would be gone with the page.
addEventListener(
  "submit",
  (event) => {
    if (bar.hidden || event.target.method !== "post" || event.target.matches("[hx-post]")) return;
    event.preventDefault();
    event.stopImmediatePropagation();
    bar.querySelector("a").focus();
  },
  true,
);

addEventListener("submit", (event) => {
  if (!event.defaultPrevented) typed.delete(event.target);
});

document.addEventListener("htmx:after:request", (event) => {
  const { ctx } = event.detail;
  const by = ctx.sourceElement;
  if (ctx.response.status === 401 && ctx.hx.redirect) {
    event.preventDefault(); // htmx would go there at once
    signedOut(ctx.hx.redirect);
  } else if (ctx.response.raw.ok && by.matches("form, button")) typed.delete(by.closest("form"));
});

document.body.addEventListener("hub:line", () => {
  bar.hidden = true;
});
