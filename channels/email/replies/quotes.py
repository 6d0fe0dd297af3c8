"""What is new in a letter: quoted history, repeated heads and signatures taken away. Pure, linear in the text.

The text is read once into runs of lines of one kind (quote_marks.py knows the marks), then:

* history under a separator, under repeated heads or under an attribution without quote marks is cut off;
* a quote at the end is cut off; one that is answered below stays, for the answer would be a riddle without it;
* a letter forwarded, with or without a word of one's own, keeps what it forwards: nobody here has read it yet;
* a signature goes (signatures.py).

When nothing would be left, everything is kept: losing a customer's words is worse than showing old ones.
"""

import re
from dataclasses import dataclass

from channels.email.limits import MAX_QUOTE_TEXT
from channels.email.replies.quote_marks import (
    CUT,
    attribution,
    head_block,
    head_role,
    is_barred,
    is_quoted,
    is_rule,
    separator,
    split_shared,
)
from channels.email.replies.signatures import Sender, is_closing, is_footer, signature_start

NOBODY = Sender()
FORWARD_SUBJECT = re.compile(
    r"(?i)\s*(?:(?:fwd?|fw|wg|tr|rv|enc|i|vb|vl|pd|fs|doorst|ilt|пер|пересл|转发|轉寄|轉發|转寄|転送|전달)\s*[:：]|\[fwd)"
)
"""How the subject of a forwarded letter begins. A reply to one begins with the mark of a reply."""
_INVISIBLE = dict.fromkeys(
    map(ord, "\u200b\u200e\u200f\u2060\ufeff\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")
)
_BROKEN_OFF = 40
"""Characters that a program breaks off a quoted line at most."""
_FULL_LINE = 60
_SHOWN_LINES = 12


@dataclass(frozen=True, slots=True)
class _Run:
    """Lines `start` to `end` (exclusive) of one kind.

    Kinds: text, blank, footer, quote, attribution, original, forwarded, heads.
    """

    kind: str
    start: int
    end: int


def new_text(text: str, sender: Sender = NOBODY, *, forwarded: bool = False) -> str:
    """What the author wrote this time; the whole text (trimmed) when that cannot be told.

    `forwarded` says that the subject marks the letter as one: then old letters below are what it is about.
    """
    whole = text.replace("\r\n", "\n").replace("\r", "\n").translate(_INVISIBLE)
    if len(whole) > MAX_QUOTE_TEXT:
        return whole.strip()
    lines: list[str] = []
    for line in whole.split("\n"):
        own, shared = split_shared(line)
        lines.extend((own, shared) if shared else (line,))
    kept = _own_lines(lines, sender, forwarded=forwarded)
    result = re.sub(r"\n{3,}", "\n\n", "\n".join(kept)).strip("\n").rstrip()
    return result if result.strip() else whole.strip()


def _own_lines(lines: list[str], sender: Sender, *, forwarded: bool) -> list[str]:
    runs = _read(lines)
    written = False
    for position, run in enumerate(runs):
        if run.kind == "text":
            written = True
        elif run.kind in ("original", "forwarded", "heads"):
            if not written:
                return [] if run.kind == "heads" else lines[run.end :]
            if run.kind == "forwarded" or forwarded:
                return lines
            runs = runs[:position]
            break
        elif run.kind == "attribution" and written and not forwarded and not _quoted_next(runs, position):
            runs = runs[:position]
            break
    if not written:
        return []
    return _answers(lines, runs, sender)


def _read(lines: list[str]) -> list[_Run]:
    runs: list[_Run] = []

    def add(kind: str, start: int, end: int) -> None:
        if runs and runs[-1].kind == kind and kind in ("text", "blank", "quote"):
            runs[-1] = _Run(kind, runs[-1].start, end)
        else:
            runs.append(_Run(kind, start, end))

    index = 0
    while index < len(lines):
        line = lines[index][:CUT]
        if not line.strip() or line.strip() == "&nbsp;":
            add("blank", index, index + 1)
            index += 1
            continue
        if is_quoted(line) or (is_barred(line) and _below_attribution(runs)) or _broken_off(lines, index):
            add("quote", index, index + 1)
            index += 1
            continue
        kind, end = _mark(lines, index)
        add(kind, index, end)
        index = end
    return runs


def _mark(lines: list[str], index: int) -> tuple[str, int]:
    title = separator(lines, index)
    if title:
        return title, _after_heads(lines, index + 1)
    end = head_block(lines, index)
    if end > index:
        return "heads", end
    if is_rule(lines[index]):
        below = _next_text(lines, index + 1)
        if below - index <= 3 and below < len(lines) and head_block(lines, below) > below:
            return "heads", head_block(lines, below)
    span = attribution(lines, index)
    if span:
        return "attribution", index + span
    return ("footer" if is_footer(lines[index]) else "text"), index + 1


def _after_heads(lines: list[str], index: int) -> int:
    """Behind the heads that belong to a separator, so that what was forwarded begins with its words."""
    below = _next_text(lines, index)
    if below - index > 2 or below == len(lines):
        return index
    return max(index, head_block(lines, below)) if head_block(lines, below) > below else index


def _next_text(lines: list[str], index: int) -> int:
    while index < len(lines) and not lines[index].strip():
        index += 1
    return index


def _below_attribution(runs: list[_Run]) -> bool:
    last = next((r for r in reversed(runs) if r.kind != "blank"), None)
    if last is None or last.kind == "attribution":
        return last is not None
    before = next((r for r in reversed(runs[:-1]) if r.kind not in ("blank", "quote")), None)
    return last.kind == "quote" and before is not None and before.kind == "attribution"


def _broken_off(lines: list[str], index: int) -> bool:
    """A short line between quoted ones, broken off the long one above by a mail program."""
    return (
        0 < index < len(lines) - 1
        and len(lines[index]) < _BROKEN_OFF
        and len(lines[index - 1]) > _FULL_LINE
        and is_quoted(lines[index - 1][:CUT])
        and is_quoted(lines[index + 1][:CUT])
    )


def _quoted_next(runs: list[_Run], position: int) -> bool:
    following = next((r for r in runs[position + 1 :] if r.kind != "blank"), None)
    return following is not None and following.kind == "quote"


def _answers(lines: list[str], runs: list[_Run], sender: Sender) -> list[str]:
    """The runs above the history, without the quotes that nobody answers, and without the signature."""
    end = runs[-1].end if runs else 0
    cut = signature_start(lines[:end], sender)
    runs = [_Run(r.kind, r.start, min(r.end, cut)) for r in runs if r.start < cut]
    last = max((i for i, r in enumerate(runs) if r.kind == "text"), default=-1)
    first = min((i for i, r in enumerate(runs) if r.kind == "text"), default=len(runs))
    tail = max((i for i, r in enumerate(runs[: last + 1]) if r.kind == "quote"), default=-1)
    if tail > first and is_closing([o for r in runs[tail + 1 : last + 1] for o in lines[r.start : r.end]]):
        last = max(i for i, r in enumerate(runs[:tail]) if r.kind == "text")
    runs = runs[: _shown_quote(lines, runs, last) + 1]
    opening = _opening_quote(runs)
    kept = [
        line
        for position, run in enumerate(runs)
        if position >= opening and run.kind not in ("attribution", "footer")
        for line in lines[run.start : run.end]
    ]
    return kept[: signature_start(kept, sender)]


def _shown_quote(lines: list[str], runs: list[_Run], last: int) -> int:
    """The quote at the end that the author shows ("it says:"), no old letter; without one, the last text."""
    below = next((i for i in range(last + 1, len(runs)) if runs[i].kind != "blank"), None)
    if below is None or runs[below].kind != "quote" or runs[below].end - runs[below].start > _SHOWN_LINES:
        return last
    said = [lines[i].lstrip("> ") for i in range(runs[below].start, runs[below].end)]
    old = any(head_role(o) or attribution(said, i) or is_quoted(o) for i, o in enumerate(said))
    announced = lines[runs[last].end - 1].rstrip().endswith((":", "："))
    return below if announced and not old else last


def _opening_quote(runs: list[_Run]) -> int:
    """How many runs a quoted letter takes whose answer stands below it as a whole; 0 when there is none."""
    shown = [i for i, r in enumerate(runs) if r.kind != "blank"]
    if len(shown) < 3 or runs[shown[0]].kind != "attribution" or runs[shown[1]].kind != "quote":
        return 0
    text = next((i for i in shown if runs[i].kind == "text"), len(runs))
    return 0 if any(r.kind == "quote" for r in runs[text:]) else text
