// Offers count down by themselves: the server says once how many seconds are left, so neither clock need be right.
import { countInTitle, ring } from "./attention.js";

const region = document.getElementById("offers");
const news = document.getElementById("offer-news");
const sound = document.getElementById("offer-sound");
const SOUND = "hub-offer-sound";
const ends = new Map();
const known = new Set();
let asked = 0;

function cards() {
  return [...region.querySelectorAll("[data-offer]")];
}

// ── reading the cards ───────────────────────────────────────────────────────────────────────────────────────────────
// The seconds are those of the moment at which the answer was written; a card that is read again brings them anew.
function read() {
  const now = performance.now();
  const shown = cards();
  for (const card of shown) {
    const { offer, left } = card.dataset;
    const before = ends.get(offer);
    if (!before || before.left !== left) ends.set(offer, { left, at: now + Number(left) * 1000 });
  }
  const fresh = shown.filter((card) => !known.has(card.dataset.offer));
  for (const card of fresh) known.add(card.dataset.offer);
  if (fresh.length) {
    news.textContent = fresh.map((card) => card.dataset.say).join(". ");
    if (hasSound()) ring();
  } else if (!shown.length) news.textContent = "";
  region.classList.toggle("some", shown.length > 0 || Boolean(region.querySelector(".missed")));
  count();
}

function count() {
  const now = performance.now();
  for (const card of cards()) {
    const left = Math.max(0, (ends.get(card.dataset.offer).at - now) / 1000);
    const whole = Math.ceil(left);
    const text = `${Math.floor(whole / 60)}:${String(whole % 60).padStart(2, "0")}`;
    const timer = card.querySelector(".offer-left");
    if (timer.textContent !== text) timer.textContent = text;
    card.querySelector("progress").value = left / Number(card.dataset.given);
    card.classList.toggle("soon", left < 10);
    if (left === 0) {
      for (const button of card.querySelectorAll("button")) button.disabled = true;
      // The hub ends it and says so; where that does not arrive, the card is asked for again.
      if (now - asked > 1000) {
        asked = now;
        document.body.dispatchEvent(new CustomEvent("live-offers"));
      }
    }
  }
  countInTitle("offers", cards().length);
}

// ── answering ───────────────────────────────────────────────────────────────────────────────────────────────────────
export function answerOffer(answer) {
  cards()[0]?.querySelector(`[data-${answer}]`)?.click();
}

// ── sound: off until somebody wants it ──────────────────────────────────────────────────────────────────────────────
function hasSound() {
  return localStorage.getItem(SOUND) === "on";
}

function showSound() {
  sound.setAttribute("aria-pressed", String(hasSound()));
}

sound.addEventListener("click", () => {
  localStorage.setItem(SOUND, hasSound() ? "off" : "on");
  showSound();
  if (hasSound()) ring();
});

new MutationObserver(read).observe(region, { childList: true, subtree: true, attributes: true, attributeFilter: ["data-left"] });
read(); // what was there before anybody watched
setInterval(count, 250);
showSound();
