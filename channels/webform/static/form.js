// What a form does where there are scripts: what is not asked is hidden, the browser's work is done before it is sent, articles
// are offered, and a page in a frame tells its own site how tall it is. Without scripts the page says when a field is asked, and the
// server decides.
const form = document.querySelector("form");

function said(key) {
  const place = form.querySelector(`[data-field="${key}"]`);
  if (!place || place.closest("[hidden]")) return [];
  const inputs = [...place.querySelectorAll("input, select, textarea")];
  return inputs
    .filter((one) => (one.type !== "radio" && one.type !== "checkbox") || one.checked)
    .map((one) => one.value.trim())
    .filter(Boolean);
}

function applies(place) {
  const given = said(place.dataset.when);
  const value = place.dataset.value;
  if (!given.length) return false;
  if (place.dataset.test === "is") return given.includes(value);
  if (place.dataset.test === "is_not") return !given.includes(value);
  if (place.dataset.test === "contains") return given.some((one) => one.toLowerCase().includes(value.toLowerCase()));
  return true;
}

function fit() {
  // From top to bottom: a condition names a field further up.
  for (const place of form.querySelectorAll("[data-when]")) place.hidden = !applies(place);
}

function solve(task, solver) {
  return new Promise((done) => {
    const worker = new Worker(solver, { type: "module" });
    worker.addEventListener("message", (event) => done(event.data));
    worker.addEventListener("error", () => done(""));
    worker.postMessage(JSON.parse(task));
  });
}

function work() {
  const place = form.querySelector('input[name="altcha"]');
  const says = form.querySelector("[data-working]");
  const begun = solve(form.dataset.proof, form.dataset.solver);
  begun.then((solution) => (place.value = solution));
  form.addEventListener("submit", async (event) => {
    if (place.value) return;
    event.preventDefault();
    says.textContent = says.dataset.working;
    await begun;
    HTMLFormElement.prototype.submit.call(form);
  });
}

function tellHeight() {
  const parents = document.body.dataset.parents.split(" ").filter(Boolean);
  const tell = () => {
    const height = Math.ceil(document.querySelector("main").getBoundingClientRect().height);
    for (const origin of parents) parent.postMessage({ "hub-form-height": height }, origin);
  };
  new ResizeObserver(tell).observe(document.querySelector("main"));
}

if (form) {
  document.body.classList.add("live");
  form.addEventListener("input", fit);
  form.addEventListener("change", fit);
  fit();
  if (form.dataset.proof && globalThis.isSecureContext) work();
  document.querySelector(".problems")?.focus();
}
// Articles that may answer before anything is sent; without scripts they come on the page after it.
const offers = document.getElementById("offers");
if (offers) {
  const areas = [...form.querySelectorAll("[data-means] input, [data-means] textarea")];
  import("/help/suggest.js").then(({ offerArticles }) => offerArticles(areas, offers), () => offers.remove());
}
if (parent !== window && document.body.dataset.parents !== undefined) tellHeight();
