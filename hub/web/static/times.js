// Counts "5 min" on between two looks at the server, in the same words as the server's.
const STEPS = [["day", 86400], ["hour", 3600], ["minute", 60]];
const written = new Map();

function words(unit, number) {
  if (!written.has(unit)) {
    const style = { style: "unit", unit, unitDisplay: "short" };
    written.set(unit, new Intl.NumberFormat(document.documentElement.lang, style));
  }
  // A figure stands apart from its unit, in Chinese too.
  return written.get(unit).format(number).replace(/(\d)(?=\p{Script=Han})/u, "$1 ");
}

function count() {
  for (const time of document.querySelectorAll("time[data-ago]")) {
    const seconds = (Date.now() - Date.parse(time.dateTime)) / 1000;
    const step = STEPS.find(([, size]) => seconds >= size);
    const length = step && words(step[0], Math.floor(seconds / step[1]));
    const text = step ? (time.dataset.ago || "{t}").replace("{t}", length) : document.body.dataset.sayNow;
    if (time.textContent !== text) time.textContent = text;
  }
}

// The same for what is due: down to its moment, then up.
function countDown() {
  const say = document.body.dataset;
  for (const time of document.querySelectorAll("time[data-due]")) {
    const left = (Date.parse(time.dateTime) - Date.now()) / 1000;
    const step = STEPS.find(([, size]) => Math.abs(left) >= size);
    const length = step && words(step[0], Math.floor(Math.abs(left) / step[1]));
    const text = step ? (left > 0 ? say.sayDue : say.sayOverdue).replace("{t}", length) : say.sayDueNow;
    if (time.textContent !== text) time.textContent = text;
    if (left <= 0) time.closest(".due").classList.add("over");
  }
}

setInterval(() => { count(); countDown(); }, 15000);
