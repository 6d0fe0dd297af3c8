// Puts a chat button on a site: <script src="https://hub.example/chat/NAME/widget.js" defer></script> (docs/chat.md).
// Nothing else is asked for until it is pressed, or a conversation has begun before.
(() => {
  const script = document.currentScript;
  const here = new URL(script.src);
  const set = __SETTINGS__;
  const asked = window.ContactHub;
  if (asked && asked.here) return; // the tag stands twice
  const language = (script.dataset.lang || document.documentElement.lang || navigator.language || "en").toLowerCase().startsWith("zh") ? "zh" : "en";
  const words = set.words[language];
  const place = `contact-hub.${set.name}`;
  const phone = matchMedia("(max-width: 480px), (max-height: 420px)");
  let frame = null;
  let ready = false;
  let unread = 0;
  let identity = "";
  let wanted = []; // for the frame, until it is there
  let scroll = null;

  // Some sites and some browsers have no storage.
  function recall(store, key) {
    try { return window[store].getItem(key); } catch { return null; }
  }
  function remember(store, key, value) {
    try { if (value) window[store].setItem(key, value); else window[store].removeItem(key); } catch { return; }
  }

  // A tree of its own: the site's styles stay outside, and ours inside; no inline style that its policy could forbid.
  const host = document.createElement("div");
  const root = host.attachShadow({ mode: "open" });
  const sheet = new CSSStyleSheet();
  sheet.replaceSync(`
    button, iframe { position: fixed; ${set.side}: 20px; z-index: 2147483000; box-sizing: border-box; }
    button { bottom: calc(20px + env(safe-area-inset-bottom, 0px)); width: 56px; height: 56px; padding: 0; border: 0; border-radius: 50%;
      color: ${set.ink}; background: ${set.ground}; cursor: pointer; box-shadow: 0 0 0 1px #fff7, 0 1px 3px #0004, 0 6px 20px #0003; transition: transform .15s; }
    button:hover { transform: translateY(-2px); }
    button:focus-visible { outline: 3px solid ${set.ground}; outline-offset: 3px; box-shadow: 0 0 0 3px #fff; }
    svg { width: 26px; height: 26px; margin: 15px; fill: none; stroke: currentColor; stroke-width: 2; stroke-linecap: round; stroke-linejoin: round; }
    [aria-expanded=true] .talk, [aria-expanded=false] .shut { display: none; }
    .count { position: absolute; top: -4px; ${set.side}: -4px; min-width: 22px; height: 22px; padding: 0 6px; border-radius: 11px; box-sizing: border-box;
      font: 600 13px/22px system-ui, sans-serif; color: #fff; background: #b3261e; box-shadow: 0 0 0 2px #fff; }
    .told { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); }
    iframe { bottom: calc(88px + env(safe-area-inset-bottom, 0px)); width: 400px; height: min(660px, calc(100vh - 108px)); border: 0; border-radius: 16px;
      background: ${set.theme === "dark" ? "#1b211e" : "#fff"}; color-scheme: ${set.theme === "auto" ? "light dark" : set.theme}; box-shadow: 0 0 0 1px #00000014, 0 12px 48px #0000003d; }
    iframe:not([hidden]) { animation: rise .18s ease-out; }
    [hidden] { display: none; }
    @keyframes rise { from { opacity: 0; transform: translateY(12px); } }
    ${set.theme === "auto" ? "@media (prefers-color-scheme: dark) { iframe { background: #1b211e; } }" : ""}
    @media (max-width: 480px), (max-height: 420px) {
      iframe { inset: 0; width: 100%; height: 100%; height: 100dvh; border-radius: 0; box-shadow: none; }
      [aria-expanded=true] { visibility: hidden; }
    }
    @media (prefers-reduced-motion: reduce) { button, iframe { transition: none; animation: none !important; } button:hover { transform: none; } }
    @media print { :host { display: none; } }`);
  root.adoptedStyleSheets = [sheet];
  // No HTML as text: some sites forbid it to all scripts (Trusted Types).
  function make(tag, facts, ...inside) {
    const made = /^(svg|path)$/.test(tag) ? document.createElementNS("http://www.w3.org/2000/svg", tag) : document.createElement(tag);
    for (const [key, value] of Object.entries(facts)) made.setAttribute(key, value);
    made.append(...inside);
    return made;
  }
  const count = make("span", { class: "count", "aria-hidden": "true", hidden: "" });
  const told = make("span", { class: "told", role: "status" });
  const button = make("button", { type: "button", "aria-expanded": "false", "aria-controls": "panel" },
    make("svg", { viewBox: "0 0 24 24", "aria-hidden": "true" },
      make("path", { class: "talk", d: "M4 5h16v11H10l-5 4v-4H4zM8 9h8M8 12.5h5" }),
      make("path", { class: "shut", d: "M6 9l6 6 6-6" })),
    count);
  root.append(button, told);

  const isOpen = () => button.getAttribute("aria-expanded") === "true";
  function name() {
    const more = unread && !isOpen() ? words.unread.replace("{n}", unread) : "";
    button.setAttribute("aria-label", (isOpen() ? words.close : words.open) + (more && `, ${more}`));
    count.hidden = !more;
    count.textContent = unread > 99 ? "99+" : unread;
    if (told.textContent !== more) told.textContent = more;
  }
  function tell(message) {
    if (ready) frame.contentWindow.postMessage({ contactHub: set.name, ...message }, here.origin);
    else wanted.push(message);
  }
  function load() {
    if (frame) return;
    const page = new URL(here.pathname.replace(/\/widget\.js$/, ""), here.origin);
    page.searchParams.set("lang", language === "zh" ? "zh_CN" : "en");
    frame = document.createElement("iframe");
    frame.id = "panel";
    frame.title = words.title;
    frame.hidden = true;
    frame.src = page.href;
    frame.addEventListener("load", () => {
      const before = wanted;
      ready = true;
      wanted = [];
      tell({ do: "begin", identity, open: isOpen() });
      before.forEach(tell);
    });
    root.append(frame);
  }
  function toggle(open, byHand) {
    if (open === isOpen()) return;
    load();
    frame.hidden = !open;
    button.setAttribute("aria-expanded", String(open));
    remember("sessionStorage", place, open ? "open" : "");
    // Behind a panel that fills the screen nothing scrolls.
    const style = document.documentElement.style;
    if (open && phone.matches) {
      scroll = style.overflow;
      style.overflow = "hidden";
    } else if (scroll !== null) {
      style.overflow = scroll;
      scroll = null;
    }
    name();
    tell({ do: open ? "open" : "close", focus: byHand });
    if (byHand) (open ? frame : button).focus();
  }

  const verbs = {
    open: () => toggle(true, true),
    close: () => toggle(false, true),
    identify(statement) {
      identity = String(statement || "");
      if (ready) tell({ do: "identify", identity });
    },
    reset() {
      identity = "";
      if (!frame && recall("localStorage", place)) load();
      if (frame) tell({ do: "reset" });
      toggle(false, false);
    },
  };
  function ask(verb, value) {
    if (Object.hasOwn(verbs, verb)) verbs[verb](value);
    else console.warn(`ContactHub: ${verb}?`);
  }
  ask.here = true;

  window.addEventListener("message", (event) => {
    const said = event.data;
    if (!frame || event.origin !== here.origin || event.source !== frame.contentWindow || said?.contactHub !== set.name) return;
    if (said.say === "close") toggle(false, true);
    else if (said.say === "state") {
      unread = Number(said.unread) || 0;
      remember("localStorage", place, said.talking ? "talking" : "");
      name();
    }
  });
  button.addEventListener("click", () => toggle(!isOpen(), true));
  root.addEventListener("keydown", (event) => {
    if (event.key === "Escape" && isOpen()) toggle(false, true);
  });

  function begin() {
    document.body.append(host);
    window.ContactHub = ask;
    name();
    (asked?.q || []).forEach((one) => ask(...one));
    if (recall("sessionStorage", place) && !phone.matches) toggle(true, false);
    else if (recall("localStorage", place)) (window.requestIdleCallback || setTimeout)(load);
  }
  if (document.body) begin();
  else document.addEventListener("DOMContentLoaded", begin);
})();
