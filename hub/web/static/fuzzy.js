// How well a few letters fit a text: whole words before beginnings of words, these before letters that stand apart.
export function fit(wanted, text) {
  const plain = wanted.trim().toLowerCase();
  if (!plain) return 1;
  const at = text.indexOf(plain);
  if (at >= 0) return 1000 - Math.min(at, 200) + (at === 0 || /\s/.test(text[at - 1]) ? 500 : 0);
  let score = 0;
  for (const word of plain.split(/\s+/)) {
    const apart = inOrder(word, text);
    if (!apart) return 0;
    score += apart;
  }
  return score;
}

// Letters in order, but not far apart: at most two letters are passed over between any two, except at the start of a word.
function inOrder(letters, text) {
  let best = 0;
  for (let start = text.indexOf(letters[0]); start >= 0; start = text.indexOf(letters[0], start + 1)) {
    let at = start;
    let score = begins(text, start) ? 60 : 20;
    for (const letter of letters.slice(1)) {
      const next = nextPlace(text, letter, at);
      if (next < 0) {
        score = 0;
        break;
      }
      score += next === at + 1 ? 12 : begins(text, next) ? 10 : 2;
      at = next;
    }
    best = Math.max(best, score);
  }
  return best;
}

function begins(text, at) {
  return at === 0 || /[\s\-–_/.,:()]/.test(text[at - 1]);
}

function nextPlace(text, letter, at) {
  for (let next = at + 1; next <= at + 3 && next < text.length; next += 1) if (text[next] === letter) return next;
  for (let next = text.indexOf(letter, at + 1); next >= 0; next = text.indexOf(letter, next + 1)) if (begins(text, next)) return next;
  return -1;
}

// What fits, best first; where two fit alike, the earlier one stays first.
export function choose(all, wanted, most) {
  return all
    .map((one, place) => ({ one, place, score: fit(wanted, one.search) + (wanted.trim() ? one.weight || 0 : 0) * 0.01 }))
    .filter(({ one, score }) => score >= 1 && fit(wanted, one.search) > 0)
    .sort((a, b) => b.score - a.score || a.place - b.place)
    .slice(0, most)
    .map(({ one }) => one);
}
