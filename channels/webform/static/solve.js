// The visitor's work: count until SHA-256(salt + nonce + counter) begins as the challenge says (ALTCHA, protocol 2, SHA-256).
const bytes = (hex) => Uint8Array.from(hex.match(/../g) ?? [], (pair) => parseInt(pair, 16));
const hex = (given) => [...new Uint8Array(given)].map((one) => one.toString(16).padStart(2, "0")).join("");

addEventListener("message", async ({ data: challenge }) => {
  const { salt, nonce, keyPrefix, keyLength } = challenge.parameters;
  const head = [...bytes(salt), ...bytes(nonce)];
  const whole = new Uint8Array(head.length + 4);
  whole.set(head);
  const view = new DataView(whole.buffer);
  for (let counter = 0; counter <= 0xffffffff; counter += 1) {
    view.setUint32(head.length, counter);
    const derivedKey = hex((await crypto.subtle.digest("SHA-256", whole)).slice(0, keyLength));
    if (!derivedKey.startsWith(keyPrefix)) continue;
    postMessage(btoa(JSON.stringify({ challenge, solution: { counter, derivedKey } })));
    return;
  }
});
