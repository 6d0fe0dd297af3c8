// Counts "5 min" on between two looks at the server, in the same words as the server's.
const STEPS = [["day", 86400], ["hour", 3600], ["minute", 60]];
const written = new Map();

function words(unit, number) {
  if (!written.has(unit)) {
    const style = { style: "unit", unit, unitDisplay: "short" };
    written.set(unit, new Intl.NumberFormat(document.documentElement.lang, style));
  }
  return written.get(unit).format(number);
}

function count() {
  for (const time of document.querySelectorAll("time[data-ago]")) {
    const seconds = (Date.now() - Date.parse(time.dateTime)) / 1000;
    const step = STEPS.find(([, size]) => seconds >= size);
    const text = step ? words(step[0], Math.floor(seconds / step[1])) : document.body.dataset.sayNow;
    if (time.textContent !== text) time.textContent = text;
  }
}

setInterval(count, 15000);
