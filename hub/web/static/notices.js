// The bell: a notice that was followed is read; and, where a person asked for it, the browser's own notifications.
const LAST = "hub-last-notice";
const IN_VIEW = "hub-in-view";

// Followed links put the notice away; the request outlives the page.
document.addEventListener("click", (event) => {
  const link = event.target.closest("a[data-notice]");
  if (!link || !link.closest(".unread")) return;
  fetch(`/desk/notices/${link.dataset.notice}/read`, { method: "POST", keepalive: true, headers: { "HX-Request": "true" } }).catch(() => {
    // It stays unread, which the bell says.
  });
});

function permitted() {
  return "Notification" in window && Notification.permission === "granted";
}

function offer() {
  const button = document.querySelector("[data-browser-notices]");
  if (button) button.hidden = !("Notification" in window) || Notification.permission !== "default";
}

document.addEventListener("click", async (event) => {
  const button = event.target.closest("[data-browser-notices]");
  if (!button) return;
  await Notification.requestPermission();
  offer();
  remember();
});

async function latest() {
  const answer = await fetch("/desk/notices/latest", { headers: { "HX-Request": "true" }, redirect: "manual" });
  return answer.ok ? answer.json() : {};
}

async function remember() {
  if (!permitted() || localStorage.getItem(LAST)) return;
  const { id } = await latest();
  localStorage.setItem(LAST, String(id || 0));
}

// A tab that is in view holds this lock, so that none of the others speaks meanwhile.
let letGo = null;
function keepInView() {
  if (!navigator.locks) return;
  if (!document.hidden && !letGo) {
    const seen = new Promise((resolve) => (letGo = resolve));
    navigator.locks.request(IN_VIEW, { mode: "shared" }, () => seen);
  } else if (document.hidden && letGo) {
    letGo();
    letGo = null;
  }
}

async function somebodyLooks() {
  const { held } = await navigator.locks.query();
  return held.some((lock) => lock.name === IN_VIEW);
}

// What one hidden tab has said the others do not repeat: it has the same tag.
async function tell() {
  if (!permitted() || (await somebodyLooks())) return;
  const { id, text, url } = await latest();
  if (!id || id <= Number(localStorage.getItem(LAST))) return;
  localStorage.setItem(LAST, String(id));
  const shown = new Notification("Contact Hub", { body: text, tag: `notice-${id}` });
  shown.onclick = () => {
    window.focus();
    if (url) location.href = url;
    shown.close();
  };
}

document.body.addEventListener("live-notices", () => {
  tell().catch(() => {
    // Not reachable: the bell catches up by itself.
  });
});
document.addEventListener("visibilitychange", keepInView);
keepInView();
document.addEventListener("htmx:after:swap", offer);
// A task that was asked for leaves its field empty for the next.
document.addEventListener("htmx:after:request", (event) => {
  const form = event.target.closest?.("form[data-clears]");
  if (form && event.detail?.ctx?.response?.raw?.ok) form.reset();
});
remember().catch(() => {
  // As above.
});
