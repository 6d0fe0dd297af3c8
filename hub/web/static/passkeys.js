// Passkeys: what the hub asks, the browser answers, and the answer goes back by the form that stands there. Binary values go as
// base64url, as Web Authentication, level 3, has it (5.1.8 and 5.1.9).
const AGAIN_AFTER = 240_000; // the hub waits five minutes for an answer

const bytes = (text) => Uint8Array.from(atob(text.replaceAll("-", "+").replaceAll("_", "/")), (c) => c.charCodeAt(0));
const text = (buffer) => {
  const letters = Array.from(new Uint8Array(buffer), (byte) => String.fromCharCode(byte)).join("");
  return btoa(letters).replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");
};
const described = (keys) => (keys ?? []).map((key) => ({ ...key, id: bytes(key.id) }));

let waiting = null; // the request that waits behind the login field, until somebody chooses a passkey there

async function ask(form, more = {}) {
  const response = await fetch(`${form.getAttribute("action")}/options`, { method: "POST", redirect: "manual" });
  if (response.type === "opaqueredirect") {
    location.assign("/desk/security/again?next=/desk/security"); // too long ago that its owner showed who they are
    return new Promise(() => {});
  }
  if (!response.ok) throw new TypeError("no options");
  const { ticket, options } = await response.json();
  const publicKey = { ...options, challenge: bytes(options.challenge) };
  if (form.dataset.passkey === "create") {
    publicKey.user = { ...options.user, id: bytes(options.user.id) };
    publicKey.excludeCredentials = described(options.excludeCredentials);
    return [ticket, await navigator.credentials.create({ publicKey, ...more })];
  }
  publicKey.allowCredentials = described(options.allowCredentials);
  return [ticket, await navigator.credentials.get({ publicKey, ...more })];
}

function send(form, ticket, made) {
  const { response } = made;
  const said = { clientDataJSON: text(response.clientDataJSON) };
  if (response.attestationObject) {
    said.attestationObject = text(response.attestationObject);
    said.transports = response.getTransports?.() ?? [];
  } else {
    said.authenticatorData = text(response.authenticatorData);
    said.signature = text(response.signature);
    said.userHandle = response.userHandle ? text(response.userHandle) : null;
  }
  const answer = { id: made.id, rawId: text(made.rawId), type: made.type, response: said, clientExtensionResults: {} };
  form.elements.ticket.value = ticket;
  form.elements.answer.value = JSON.stringify(answer);
  form.submit();
}

function tell(form, error) {
  const { sayCancelled, sayKnown, sayElsewhere, sayNetwork } = form.dataset;
  const words = { NotAllowedError: sayCancelled, AbortError: sayCancelled, InvalidStateError: sayKnown, SecurityError: sayElsewhere };
  const trouble = form.querySelector(".passkey-trouble");
  trouble.textContent = words[error.name] ?? sayNetwork;
  trouble.hidden = false;
}

const SETTLED_MS = 1500;

// Passkeys are offered among the logins that the browser knows. A question grows old, so it is asked anew.
async function offerInField(form) {
  if (!(await PublicKeyCredential.isConditionalMediationAvailable?.())) return;
  waiting = new AbortController();
  const { signal } = waiting;
  const timer = setTimeout(() => {
    waiting.abort();
    offerInField(form);
  }, AGAIN_AFTER);
  try {
    send(form, ...(await ask(form, { mediation: "conditional", signal })));
  } catch {
    clearTimeout(timer); // nobody chose one; the form above works as ever
  }
}

// A page that goes takes its question back first: some browsers fall over one that is still open.
addEventListener("pagehide", () => waiting?.abort());

for (const form of document.querySelectorAll("form[data-passkey]")) {
  if (!window.PublicKeyCredential) break;
  form.hidden = false;
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    waiting?.abort();
    form.querySelector(".passkey-trouble").hidden = true;
    const button = form.querySelector("button");
    button.disabled = true;
    try {
      send(form, ...(await ask(form)));
    } catch (error) {
      tell(form, error);
    } finally {
      button.disabled = false;
    }
  });
  // A page that is left at once, because two things led to it, asks nothing.
  if ("autofill" in form.dataset) setTimeout(() => offerInField(form), SETTLED_MS);
}
