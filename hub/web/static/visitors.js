// Visitors of live conversations: who is there, who writes, what was seen. The hub only says that there is something new; the page
// asks for the tickets that it shows, and paints what it hears into rows, above the thread, below it, and beside answers.
const ASKED = 1000; // between two questions
const WRITES = 8500; // who wrote so long ago writes no more, without saying so

let found = {};
let about = "";
let asking = false;
let again = false;
let stops = 0;
let way = ""; // of the ticket that is open: its number, and how its visitor is answered

function shown() {
  const tickets = new Set();
  for (const place of document.querySelectorAll("[data-visitor]")) tickets.add(place.dataset.visitor);
  return [...tickets].join(".");
}

async function ask() {
  about = shown();
  if (document.hidden || !about) return;
  if (asking) {
    again = true;
    return;
  }
  asking = true;
  try {
    const answer = await fetch(`/desk/fragments/visitors?tickets=${about}`, { headers: { "HX-Request": "true" }, redirect: "manual" });
    if (answer.ok) {
      found = await answer.json();
      paint();
    }
  } catch {
    // Not reachable: the line is lost too, and asks when it is back.
  }
  clearTimeout(stops);
  if (Object.values(found).some(({ state }) => state === "writing")) stops = setTimeout(ask, WRITES);
  setTimeout(() => {
    asking = false;
    if (again) {
      again = false;
      ask();
    }
  }, ASKED);
}

function paint() {
  for (const place of document.querySelectorAll("[data-visitor]")) {
    const { state = "", said = "", more = "" } = found[place.dataset.visitor] || {};
    const text = place.id === "visitor" ? more : said;
    place.hidden = !text;
    place.dataset.state = state;
    place.title = more;
    const words = place.querySelector(".words");
    if (words.textContent !== text) words.textContent = text;
  }
  const open = document.getElementById("visitor");
  const told = open && found[open.dataset.visitor];
  const now = told || { state: "", seen: "0" };
  if (told) {
    const before = way;
    way = `${open.dataset.visitor} ${told.by}`;
    if (before.startsWith(`${open.dataset.visitor} `) && before !== way) document.body.dispatchEvent(new CustomEvent("hub:way"));
  }
  const writes = document.getElementById("visitor-writes");
  if (writes) {
    const scroll = document.getElementById("scroll");
    const atEnd = scroll && scroll.scrollHeight - scroll.scrollTop - scroll.clientHeight < 80;
    writes.hidden = now.state !== "writing";
    if (atEnd && !writes.hidden) scroll.scrollTop = scroll.scrollHeight;
  }
  for (const mark of document.querySelectorAll("[data-line]:is(.seen-mark)")) mark.hidden = BigInt(mark.dataset.line) > BigInt(now.seen);
}

document.body.addEventListener("hub:visitors", ask);
document.body.addEventListener("hub:line", ask);
document.addEventListener("htmx:after:swap", () => {
  if (shown() === about) paint();
  else ask();
});
document.addEventListener("visibilitychange", () => {
  if (!document.hidden) ask();
});
ask();
