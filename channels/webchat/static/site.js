// What this page and the site that shows it in a frame say to each other. Nobody else is heard: the sender is the page around us, its
// origin one of those that the hub's administrator has listed; and it is told things under that origin only.
import { facts } from "./say.js";

export function openSite({ begin, open, close, identify, reset }) {
  const inside = window.parent !== window;
  const sites = [...facts.sites, location.origin];
  const verbs = { begin, open, close, identify, reset };
  let origin = "";

  function tell(message) {
    if (origin) window.parent.postMessage({ contactHub: facts.chat, ...message }, origin);
  }

  if (inside) {
    addEventListener("message", (event) => {
      const asked = event.data;
      if (event.source !== window.parent || !sites.includes(event.origin) || asked?.contactHub !== facts.chat) return;
      origin = event.origin;
      if (Object.hasOwn(verbs, asked.do)) verbs[asked.do](asked);
    });
  }
  return { inside, tell };
}
