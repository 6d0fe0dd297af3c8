// The bell: a notice that was followed is read.

// Followed links put the notice away; the request outlives the page.
document.addEventListener("click", (event) => {
  const link = event.target.closest("a[data-notice]");
  if (!link || !link.closest(".unread")) return;
  fetch(`/desk/notices/${link.dataset.notice}/read`, { method: "POST", keepalive: true, headers: { "HX-Request": "true" } }).catch(() => {
    // It stays unread, which the bell says.
  });
});

// A task that was asked for leaves its field empty for the next.
document.addEventListener("htmx:after:request", (event) => {
  const form = event.target.closest?.("form[data-clears]");
  if (form && event.detail?.ctx?.response?.raw?.ok) form.reset();
});

// News do not touch a form that somebody has typed in, until what it says was taken.
document.addEventListener("input", (event) => event.target.closest?.("form[data-keeps]")?.setAttribute("hx-morph-skip", ""));
document.addEventListener("htmx:after:request", (event) => {
  const form = event.target.closest?.("form[data-keeps]");
  if (!form || !event.detail?.ctx?.response?.raw?.ok) return;
  form.removeAttribute("hx-morph-skip");
  const fold = form.closest("details");
  if (!fold) return;
  fold.open = false;
  fold.querySelector("summary").focus();
});
