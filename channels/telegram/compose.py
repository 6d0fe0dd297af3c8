"""A reply in pieces that Telegram takes. Pure. Limits: https://core.telegram.org/bots/api#sending-files."""

import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum

from hub.model.interactions import OutboundAttachment

MOST_UNITS = 4096
"""UTF-16 units of one message. The Bot API speaks of characters; its own arithmetic is in UTF-16."""
MOST_CAPTION = 1024
"""The same, of the words below a file."""
MOST_ALBUM = 10
_MOST_PHOTO = 10 * 1024 * 1024


class As(Enum):
    """How a file is shown there."""

    PHOTO = "photo"
    VOICE = "voice"
    AUDIO = "audio"
    VIDEO = "video"
    DOCUMENT = "document"


_SHOWN = {
    "image/jpeg": As.PHOTO,
    "image/png": As.PHOTO,
    "audio/ogg": As.VOICE,
    "audio/mpeg": As.AUDIO,
    "audio/mp4": As.AUDIO,
    "video/mp4": As.VIDEO,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Piece:
    """One message, or one album: several photos. `text` is the words, or what stands below the files."""

    text: str = ""
    files: tuple[OutboundAttachment, ...] = ()
    shown: As = As.DOCUMENT


def pieces_of(text: str, files: Sequence[OutboundAttachment]) -> list[Piece]:
    """What to send, in order: photos that stand together are one album. Words that fit stand below what is sent when that is
    one thing; else they come first."""
    things: list[Piece] = []
    for file in files:
        shown = _shown(file)
        last = things[-1] if things else None
        if last is not None and last.shown is shown is As.PHOTO and len(last.files) < MOST_ALBUM:
            things[-1] = Piece(files=(*last.files, file), shown=shown)
        else:
            things.append(Piece(files=(file,), shown=shown))
    words = text.strip()
    if len(things) == 1 and words and _units(words) <= MOST_CAPTION:
        return [Piece(text=words, files=things[0].files, shown=things[0].shown)]
    return [*(Piece(text=one) for one in split_text(words)), *things]


def _shown(file: OutboundAttachment) -> As:
    shown = _SHOWN.get(file.content_type, As.DOCUMENT)
    return As.DOCUMENT if shown is As.PHOTO and len(file.data) > _MOST_PHOTO else shown


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
