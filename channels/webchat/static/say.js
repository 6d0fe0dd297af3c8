// The page's words, and times, sizes and waits in the visitor's language.
const facts = JSON.parse(document.body.dataset.facts);
const words = facts.words;

// 01:10 in Chinese, 1:10 AM in English.
const TIME = { hour: words.lang.startsWith("zh") ? "2-digit" : "numeric", minute: "2-digit" };

export { facts, words };

export function say(word, values = {}) {
  return Object.entries(values).reduce((text, [key, value]) => text.replaceAll(`{${key}}`, value), words[word] ?? "");
}

export function clock(text) {
  const when = new Date(text);
  const today = when.toDateString() === new Date().toDateString();
  const day = today ? {} : { month: "short", day: "numeric" };
  return when.toLocaleString(words.lang, { ...day, ...TIME });
}

export function opening(text) {
  const when = new Date(text);
  const days = (when - Date.now()) / 86_400_000;
  const today = when.toDateString() === new Date().toDateString();
  const day = today ? {} : days < 6 ? { weekday: "long" } : { weekday: "long", month: "long", day: "numeric" };
  return when.toLocaleString(words.lang, { ...day, ...TIME });
}

// Sentences in a row: Chinese has no space between them.
export function join(...sentences) {
  return sentences.filter(Boolean).join(words.lang.startsWith("zh") ? "" : " ");
}

export function size(bytes) {
  const [value, unit] = bytes < 1024 * 1024 ? [Math.max(1, Math.round(bytes / 1024)), "kilobyte"] : [bytes / 1024 / 1024, "megabyte"];
  return new Intl.NumberFormat(words.lang, { style: "unit", unit, unitDisplay: "short", maximumFractionDigits: 1 }).format(value);
}

export function wait(least, most) {
  const [from, to] = [Math.ceil((least ?? 0) / 60), Math.ceil((most ?? least ?? 0) / 60)];
  if (to <= 1) return words.wait_minute;
  return from < to && from > 0 ? say("wait_range", { from, to }) : say("wait_about", { to });
}

export function make(tag, { text, on, ...facts } = {}, ...inside) {
  const made = document.createElement(tag);
  for (const [key, value] of Object.entries(facts)) {
    if (value === true) made.setAttribute(key, "");
    else if (value !== false && value !== undefined) made.setAttribute(key, value);
  }
  if (text !== undefined) made.textContent = text;
  for (const [event, act] of Object.entries(on ?? {})) made.addEventListener(event, act);
  made.append(...inside);
  return made;
}
