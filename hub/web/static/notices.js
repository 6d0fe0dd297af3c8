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
