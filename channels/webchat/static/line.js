// The line to the hub: a WebSocket, and where none is let through, the same frames by long poll. It comes back by itself.
const OPEN_MS = 8000; // a socket that is not welcomed by then is held up on the way
const TRIES = 2; // sockets that failed in a row; then it is polled
const SOCKET_AGAIN_MS = 300_000; // a socket is tried again while polling; sooner where one was let through before
const SOCKET_SOON_MS = 15_000;

// `hello()` makes the first frame; `hear(frame)` gets what the hub says; `state(open, why)` says whether the line stands, and the hub's own word for it
// where it does not: none where nothing was heard.
export function openLine(base, { hello, hear, state, token, page }) {
  let socket = null;
  let polling = null;
  let open = false;
  let letThrough = false; // a socket was, once
  let failed = 0;
  let attempts = 0;
  let timer = 0;

  function up(now, why) {
    const news = open !== now || why !== undefined;
    open = now;
    if (news) state(open, why);
  }

  // Full jitter: after a restart of the hub not everybody comes back in the same second.
  function again(act) {
    clearTimeout(timer);
    const most = Math.min(30_000, 500 * 2 ** attempts);
    attempts += 1;
    timer = setTimeout(act, 200 + Math.random() * most);
  }

  function take(frame) {
    if (frame.type === "welcome") {
      letThrough ||= socket !== null;
      failed = 0;
      attempts = 0;
      up(true); // what waits leaves while the welcome is heard
    }
    hear(frame);
  }

  function connect() {
    polling?.abort();
    polling = null;
    const mine = new WebSocket(`${base.replace(/^http/, "ws")}/socket`);
    socket = mine;
    const late = setTimeout(() => mine.close(), OPEN_MS);
    let welcomed = false;
    mine.addEventListener("open", () => mine.send(JSON.stringify(hello())));
    mine.addEventListener("message", (event) => {
      if (socket !== mine) return;
      clearTimeout(late);
      welcomed = true;
      take(JSON.parse(event.data));
    });
    mine.addEventListener("close", ({ code, reason }) => {
      clearTimeout(late);
      if (socket !== mine) return;
      socket = null;
      up(false, { 1011: { fault: reason }, 1013: {} }[code]); // it broke; not now
      if (!welcomed) failed += 1;
      if (failed >= TRIES) poll();
      else again(connect);
    });
  }

  async function ask(path, body, more = {}) {
    const answer = await fetch(`${base}/${path}`, {
      method: "POST",
      headers: { "Content-Type": "application/json", "Chat-Page": page, ...(token() && { Authorization: `Bearer ${token()}` }) },
      body: JSON.stringify(body),
      ...more,
    });
    const [...frames] = (await answer.json()).frames; // throws where it is JSON of something on the way
    return { ok: answer.ok, frames };
  }

  async function poll() {
    const mine = (polling = new AbortController());
    const since = Date.now();
    let first = true;
    while (polling === mine) {
      let answer = null;
      try {
        answer = await ask("poll", hello(!first), { signal: mine.signal });
      } catch {
        answer = null; // the line is down, or what came is no answer of the hub's
      }
      if (polling !== mine) return;
      if (!answer?.ok) {
        polling = null;
        up(false, answer?.frames[0] ?? null);
        // Whether it is the socket or the hub that fails is not known: both are tried in turn.
        failed = TRIES - 1;
        again(connect);
        return;
      }
      first = false;
      answer.frames.forEach(take);
      if (Date.now() - since > (letThrough ? SOCKET_SOON_MS : SOCKET_AGAIN_MS)) {
        failed = TRIES - 1;
        connect();
        return;
      }
    }
  }

  // False where it cannot leave now.
  function send(frame) {
    if (!open) return false;
    if (socket?.readyState === WebSocket.OPEN) socket.send(JSON.stringify(frame));
    else {
      // A refusal at the door does not name the message.
      const named = frame.client_id ? { client_id: frame.client_id } : {};
      const asked = !["typing", "seen"].includes(frame.type); // by the visitor, who waits for an answer
      const wrong = (error) => asked && hear({ ...error, ...named });
      const lost = () => wrong({ type: "error", code: frame.client_id ? "not_kept" : "offline" });
      ask("say", frame).then(({ frames }) => frames.forEach((one) => (one.type === "error" ? wrong(one) : take(one))), lost);
    }
    return true;
  }

  addEventListener("pagehide", () => {
    if (!socket && open) ask("say", { type: "bye" }, { keepalive: true }).catch(() => false);
  });

  return {
    send,
    stands: () => open,
    start: connect,
    // Says hello anew, with what is known now.
    restart() {
      clearTimeout(timer);
      up(false);
      const old = socket;
      socket = null;
      const polled = polling !== null;
      polling?.abort();
      polling = null;
      old?.close();
      attempts = 0;
      if (polled) poll();
      else connect();
    },
  };
}
