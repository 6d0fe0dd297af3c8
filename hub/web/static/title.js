// How much waits, before the page's title: what each part of the page counts, together. A piece that brings a new title keeps it.
const counts = new Map();

function write() {
  const sum = [...counts.values()].reduce((all, one) => all + one, 0);
  const plain = document.title.replace(/^\(\d+\+?\) /, "");
  const title = sum ? `(${sum > 99 ? "99+" : sum}) ${plain}` : plain;
  if (document.title !== title) document.title = title;
}

export function countInTitle(what, number) {
  counts.set(what, number);
  write();
}

document.addEventListener("htmx:after:swap", write);
