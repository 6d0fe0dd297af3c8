// The open thread: it stays where it is read, follows its end, and shows letters as they came on demand.
const NEAR = 80;
let atEnd = true;
let count = 0;
let ticket = "";
let followed = true;

// A composer that grows takes room from the thread: who was at its end stays there.
const resized = new ResizeObserver(() => followed && toEnd());

function scroller() {
  return document.getElementById("scroll");
}

function isNear(box) {
  return box.scrollHeight - box.scrollTop - box.clientHeight < NEAR;
}

function toEnd() {
  const box = scroller();
  if (box) box.scrollTop = box.scrollHeight;
  hideHint();
}

// A ticket opens where reading begins: at its end, but with the head of the last letter, however long that is.
function toNewest(box) {
  toEnd();
  const newest = box.querySelector(".log > .entry:last-child");
  const hidden = newest ? box.getBoundingClientRect().top - newest.getBoundingClientRect().top : 0;
  if (hidden > 0) box.scrollTop -= hidden;
  followed = isNear(box);
}

function watch(event) {
  followed = isNear(event.currentTarget);
  if (followed) hideHint();
}

// What one has just written oneself is always shown.
function isOurs() {
  const newest = document.querySelector(".log > .entry:last-child");
  return Boolean(newest) && newest.dataset.author === document.body.dataset.agent;
}

function hideHint() {
  const hint = document.getElementById("to-end");
  if (hint) hint.hidden = true;
}

function look() {
  const box = scroller();
  if (!box) return;
  const open = document.getElementById("thread").dataset.ticket;
  const entries = document.querySelectorAll("#log .entry").length;
  if (open !== ticket) {
    ticket = open;
    count = entries;
    box.addEventListener("scroll", watch, { passive: true });
    resized.disconnect();
    resized.observe(box);
    toNewest(box);
    return;
  }
  if (entries > count) {
    if (isOurs()) toEnd();
    else if (atEnd) toNewest(box);
    else document.getElementById("to-end").hidden = false;
  }
  count = entries;
}

document.addEventListener("htmx:before:swap", () => {
  const box = scroller();
  atEnd = box ? isNear(box) : true;
});
document.addEventListener("htmx:after:swap", look);
document.addEventListener("click", (event) => {
  if (event.target.closest("#to-end")) toEnd();
});

// An <iframe sandbox> without scripts and without our origin; the server's policy for its page says the same again.
document.addEventListener(
  "toggle",
  (event) => {
    const details = event.target;
    if (!details.matches?.("details.original")) return;
    const cage = details.querySelector(".cage");
    if (!details.open || cage.firstChild) return;
    const frame = document.createElement("iframe");
    frame.setAttribute("sandbox", "allow-popups allow-popups-to-escape-sandbox");
    frame.title = details.querySelector("summary").textContent;
    frame.src = details.dataset.src;
    cage.append(frame);
    offerPictures(details);
  },
  true,
);

// The page in the frame can tell nobody anything, so how many pictures were left out is asked beside it.
async function offerPictures(details) {
  const answer = await fetch(details.dataset.src, { method: "HEAD" });
  details.querySelector(".withheld").hidden = !(Number(answer.headers.get("Hub-Pictures-Withheld")) > 0);
}

document.addEventListener("click", (event) => {
  const button = event.target.closest("[data-pictures]");
  if (!button) return;
  const details = button.closest("details.original");
  details.querySelector("iframe").src = `${details.dataset.src}?pictures=1`;
  button.closest(".withheld").hidden = true;
  details.querySelector("summary").focus();
});

look();
