"""A reply in pieces that Telegram takes. Pure."""

import unicodedata

MOST_UNITS = 4096
"""UTF-16 units of one message. The Bot API speaks of characters; its own arithmetic is in UTF-16."""
_JOINER = "\u200d"
_BREAKS = (("\n\n", 0), ("\n", 0), ("。", 1), ("！", 1), ("？", 1), (". ", 1), ("! ", 1), ("? ", 1), (" ", 0))


def split_text(text: str, most: int = MOST_UNITS) -> list[str]:
    """Pieces of at most `most` UTF-16 units, cut between paragraphs, lines, sentences or words where that
    leaves pieces of a fair length, and never inside what a person sees as one character."""
    pieces = []
    rest = text.strip()
    while _units(rest) > most:
        end = _place_to_cut(rest, _fitting(rest, most))
        pieces.append(rest[:end].rstrip())
        rest = rest[end:].lstrip()
    return [*pieces, rest] if rest else pieces


def _units(text: str) -> int:
    return len(text) + sum(c > "\uffff" for c in text)


def _fitting(text: str, most: int) -> int:
    """How many characters from the start fit."""
    used = 0
    for index, character in enumerate(text):
        used += 2 if character > "\uffff" else 1
        if used > most:
            return index
    return len(text)


def _place_to_cut(text: str, limit: int) -> int:
    for mark, kept in _BREAKS:
        found = text.rfind(mark, limit // 2, limit)
        if found > 0:
            return found + kept
    end = limit
    while end > limit - 64 and end > 1 and _joined(text, end):
        end -= 1
    return end if not _joined(text, end) else limit


def _joined(text: str, place: int) -> bool:
    """Whether the characters before and after `place` are seen as one."""
    before, after = text[place - 1], text[place]
    if before == _JOINER or after == _JOINER or unicodedata.combining(after):
        return True
    if unicodedata.category(after) in ("Mn", "Me") or "\U0001f3fb" <= after <= "\U0001f3ff":
        return True
    if _is_flag_half(before) and _is_flag_half(after):
        run = 0
        while place - 1 - run >= 0 and _is_flag_half(text[place - 1 - run]):
            run += 1
        return run % 2 == 1
    return False


def _is_flag_half(character: str) -> bool:
    return "\U0001f1e6" <= character <= "\U0001f1ff"
