// Offers articles while a customer writes, in a form or a chat: `areas` are the fields, `box` an empty element with data-heading
// and a language of its own. It stays hidden while nothing fits, and whenever the hub does not answer.
const WAIT = 700;
const LEAST = 6; // characters; a Chinese question may be as short

export function offerArticles(areas, box) {
  let timer = 0;
  let asking = null;
  let last = "";

  async function ask() {
    const text = areas.map((area) => area.value.trim()).filter(Boolean).join("\n");
    if (text === last) return;
    last = text;
    asking?.abort();
    if (text.length < LEAST) return show([]);
    asking = new AbortController();
    const query = new URLSearchParams({ q: text.slice(0, 1000), lang: document.documentElement.lang });
    try {
      const answer = await fetch(`/help/suggest?${query}`, { signal: asking.signal });
      show(answer.ok ? (await answer.json()).articles : []);
    } catch (error) {
      if (error.name !== "AbortError") show([]);
    }
  }

  function show(articles) {
    box.hidden = !articles.length;
    const head = document.createElement("p");
    head.textContent = box.dataset.heading;
    const list = document.createElement("ul");
    for (const one of articles) {
      const link = document.createElement("a");
      link.href = one.url;
      link.target = "_blank";
      link.rel = "noopener";
      link.lang = one.lang;
      link.textContent = one.title;
      const item = document.createElement("li");
      item.append(link);
      list.append(item);
    }
    box.replaceChildren(...(articles.length ? [head, list] : []));
  }

  for (const area of areas) {
    area.addEventListener("input", () => {
      clearTimeout(timer);
      timer = setTimeout(ask, WAIT);
    });
  }
}
