"""Headers: splitting the block, addresses, ids, dates. Pure; never raises; linear.

Encoded words are read in words.py, parameters in params.py. Nothing here composes a header (see compose.py).
"""

import re
from collections.abc import Iterable
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

from channels.email.characters.charsets import decode_seven_bit, guess
from channels.email.characters.detect import SURE, best_double
from channels.email.characters.labels import codec_of
from channels.email.characters.words import WORD, decode_words
from channels.email.limits import (
    MAX_ADDRESSES,
    MAX_HEADER,
    MAX_HEADER_BLOCK,
    MAX_HEADERS,
    MAX_PART_HEADERS,
    MAX_REFERENCES,
)

Headers = dict[str, list[bytes]]
"""Lower-case name → unfolded values in UTF-8, encoded words as they came; topmost first."""

_MAX_STRAYS = 20
_OF_PARTS = ("content-type", "content-disposition", "content-id", "content-location", "content-description")
"""Headers of an inner part in which a letter's own charset may stand raw."""
_NAME = re.compile(rb"([!-9;-~]{1,200})[ \t]*:")
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]+")
_BIDI = re.compile("[\u200e\u200f\u202a-\u202e\u2066-\u2069]")
_ADDRESS = re.compile(r"[^\s<>()\[\]@,;:\"\\]{1,250}@[^\s<>()@,;:\"\\]{1,250}")
_QUOTED_ADDRESS = re.compile(r"\"[^\"\r\n<>]{1,100}\"@[^\s<>()@,;:\"\\]{1,250}")
_PLAIN = re.compile(r"([\w .'-]*)<([\w.+-]{1,200}@[\w.-]{1,200})>\s*")
"""One address with a name of letters before it, as most are written: nothing in it means anything else."""
_ID = re.compile(r"<([^<>]{1,900})>")


def split_headers(data: bytes, *, top: bool = False, hint: str = "") -> tuple[Headers, bytes, bool]:
    """Headers, the body after them, and whether limits cut something off. Lenient as mail readers are:
    the first line that can be neither a header nor a continuation begins the body. `hint` is the charset of
    values that are neither ASCII nor UTF-8, where the letter names one. `top`: a letter's own headers; of an inner part only
    the first of each name is kept."""
    found: Headers = {}
    cut = False
    position = 0
    count = strays = 0
    if top:
        position = 3 if data.startswith(b"\xef\xbb\xbf") else 0
        position += len(data) - position - len(data[position:].lstrip(b"\r\n"))
        if data.startswith((b"From ", b">From "), position):
            position = _line_end(data, position)
        if position >= len(data):
            position = 0
    name: str | None = None
    pieces: list[bytes] = []
    size = 0
    while position < len(data):
        end = _line_end(data, position)
        line = (
            data[position:end].rstrip(b"\r\n")
            if end - position <= MAX_HEADER
            else data[position : position + MAX_HEADER]
        )
        cut = cut or end - position > MAX_HEADER
        if not line:
            position = end
            break
        if line[:1] in b" \t":
            if name is not None and not line.isspace():
                if size < MAX_HEADER:
                    pieces.append(line)
                    size += len(line)
                else:
                    cut = True
        else:
            match = _NAME.match(line)
            if match is not None:
                if name is not None and (top or name not in found):
                    found.setdefault(name, []).append(b"".join(pieces)[:MAX_HEADER])
                name, pieces = match.group(1).decode("ascii").lower(), [line[match.end() :]]
                size = len(line)
                count += 1
            elif line.startswith(b"--") or not top or count == 0:
                break
            elif line[:5] != b"From ":
                if "from" in found or name is None or strays >= _MAX_STRAYS or not _from_follows(data, end):
                    break
                # A line that lost its indentation; the sender is still to come, so this is no body yet.
                strays += 1
                pieces.append(b" " + line)
        position = end
        if position > MAX_HEADER_BLOCK or count > (MAX_HEADERS if top else MAX_PART_HEADERS):
            cut = True
            gap = re.compile(rb"\r?\n\r?\n").search(data, position - 2)
            position = gap.end() if gap else len(data)
            break
    if name is not None and (top or name not in found):
        found.setdefault(name, []).append(b"".join(pieces)[:MAX_HEADER])
    _to_utf8(found if top else {n: found[n] for n in _OF_PARTS if n in found}, hint)
    return found, data[position:], cut


def _from_follows(data: bytes, position: int) -> bool:
    block = re.split(rb"\n\r?\n", data[position : position + 8192], maxsplit=1)[0]
    return re.search(rb"(?im)^from[ \t]*:", block) is not None


def _to_utf8(headers: Headers, hint: str) -> None:
    """Raw 8-bit values, in whatever charset, become UTF-8, so that no byte of a character is taken for a
    comma or a quotation mark afterwards. One sender writes one charset: the values are judged together."""
    raw = [v for values in headers.values() for v in values if not v.isascii() and not _is_utf8(v)]
    if raw and not hint:
        best, sure = best_double(b"\n".join(raw[:50]))
        hint = best if sure >= SURE else ""
    seven_bit = codec_of(hint) == "utf-7"
    for values in headers.values():
        for index, value in enumerate(values):
            if seven_bit and b"+" in value and value.isascii():
                values[index] = decode_seven_bit(value.decode("ascii")).encode("utf-8", "replace")
            elif b"\x1b" in value or not value.isascii():
                values[index] = guess(value, hint).encode("utf-8", "replace")


def _is_utf8(value: bytes) -> bool:
    try:
        value.decode("utf-8")
    except UnicodeDecodeError:
        return False
    return True


def _line_end(data: bytes, position: int) -> int:
    found = data.find(b"\n", position)
    return len(data) if found < 0 else found + 1


def first(headers: Headers, name: str) -> bytes:
    """The topmost value of a header, or b""."""
    values = headers.get(name)
    return values[0] if values else b""


def text_of(headers: Headers, name: str) -> str:
    """A header's decoded text on one line, without control characters."""
    return decode_header(first(headers, name))


def decode_header(raw: bytes) -> str:
    """RFC 2047 text, or raw 8-bit text, as one clean line."""
    return one_line(decode_words(guess(raw)))


def one_line(text: str) -> str:
    """`text` without control and direction characters, trimmed."""
    if text.isprintable():
        return text.strip()
    return _BIDI.sub("", _CONTROL.sub(" ", text)).strip()


def parse_addresses(raw: bytes) -> list[tuple[str, str]]:
    """(name, address) of an address header, RFC 5322 and what is sent instead. Addresses are not validated
    here beyond having an `@`; an entry without one is kept with address "" when it has a name."""
    text = guess(raw)[: 2 * MAX_HEADER]
    if (plain := _PLAIN.fullmatch(text)) is not None:
        entry = _entry(plain.group(1).strip(), plain.group(2), "")
        return [entry] if entry is not None else []
    found = _scan_addresses(text)
    if not any(a for _, a in found) and "=?" in text:
        found = _scan_addresses(decode_words(text)) or found
    return found


def _scan_addresses(text: str) -> list[tuple[str, str]]:
    out: list[tuple[str, str]] = []
    phrase: list[str] = []
    comment: list[str] = []
    angle: list[str] | None = None
    held = ""
    depth = 0
    quoted = in_angle = False
    closers = text.count(")")
    last_quote = text.rfind('"')
    index = 0

    def finish(separator: str) -> None:
        nonlocal angle, held
        name, inside = "".join(phrase).strip(), "".join(comment).strip()
        entry = None
        if angle is None and "@" not in name and name and not inside:
            # `Smith, John <j@x>`: a comma that should have been quoted.
            held = f"{held}{name}{separator} " if separator else f"{held}{name}"
        elif angle is not None and held and name:
            entry = _entry(held + name, "".join(angle), inside)
            held = ""
        else:
            entry = _entry(name, "".join(angle or ()), inside)
        if entry is not None or (held and not separator):
            alone = _entry(held.rstrip(",; "), "", "") if held else None
            out.extend(e for e in (alone, entry) if e is not None)
            held = ""
        phrase.clear()
        comment.clear()
        angle = None

    while index < len(text) and len(out) < MAX_ADDRESSES:
        char = text[index]
        index += 1
        if char == ")":
            closers -= 1
        if char == "=" and text.startswith("?", index) and (word := WORD.match(text, index - 1)):
            # What is encoded holds no comma, colon or bracket of the header itself.
            (comment if depth else angle if in_angle and angle is not None else phrase).append(word.group())
            closers -= word.group().count(")")
            index = word.end()
        elif char == "\\" and (quoted or depth) and index < len(text):
            (comment if depth else angle if in_angle and angle is not None else phrase).append(text[index])
            index += 1
        elif depth:
            depth += (char == "(") - (char == ")")
            if depth:
                comment.append(char)
        elif char == '"':
            if not quoted and index > last_quote:
                continue
            quoted = not quoted
            if in_angle and angle is not None:
                angle.append(char)
            elif not quoted and text.startswith("@", index):
                # A quoted local part outside angle brackets: "a b"@x.
                phrase.insert(0, '"')
                phrase.append(char)
        elif quoted:
            (angle if in_angle and angle is not None else phrase).append(char)
        elif char == "(" and not in_angle and closers > 0:
            depth = 1
            if comment:
                comment.append(" ")
        elif char == "<":
            if angle is None or "@" not in angle:
                phrase.extend(angle or ())
                angle = []
                in_angle = True
            elif not in_angle:
                # A second address without a comma: the first one counts.
                index = len(text) if (end := text.find(">", index)) < 0 else end + 1
        elif char == ">":
            in_angle = False
        elif char in ",;" and not in_angle:
            finish(char)
        elif (
            char == ":"
            and not in_angle
            and angle is None
            and "@" not in phrase[-200:]
            and "[" not in phrase[-60:]
        ):
            phrase.clear()
        elif in_angle and angle is not None:
            angle.append(char)
        else:
            phrase.append(char)
    finish("")
    return out


def _entry(name: str, address: str, comment: str) -> tuple[str, str] | None:
    written = decode_words(name)
    name = _tidy(written)
    address = one_line(decode_words(address))
    comment = _tidy(decode_words(comment))
    bare = address.replace(" ", "").removeprefix("mailto:")
    match = _ADDRESS.fullmatch(bare) or _QUOTED_ADDRESS.fullmatch(address)
    if match is None:
        match = _ADDRESS.search(address.rpartition(":")[2]) or _ADDRESS.search(address)
    if match is None:
        match = _QUOTED_ADDRESS.fullmatch(written.strip()) or _ADDRESS.search(name)
        if match is not None:
            rest = (name[: match.start()] + name[match.end() :]).replace("mailto:", "").strip(" <>[]\"'")
            name = rest or comment
    elif name and comment:
        # Who writes `Ann (Sales) <a@x>` wants it all to be read.
        name = f"{name} ({comment})"
    if match is None and not name:
        return None
    found = match.group().strip(".'") if match else ""
    return name or comment, found if "[" in found else found.rstrip("]")


def _tidy(name: str) -> str:
    """One line, without the quotation marks around it; those around a part of it stay."""
    name = " ".join(one_line(name).split()).strip('"').strip()
    while len(name) > 1 and name[0] == name[-1] and name[0] in "'\"":
        name = name[1:-1].strip()
    return "" if name in ("'", '"') else name


def parse_ids(raw: bytes) -> tuple[str, ...]:
    """Message-IDs as written, without brackets, in order, each once."""
    text = _CONTROL.sub("", guess(raw))
    ids: Iterable[str] = _ID.findall(text)
    if not ids:
        # Without brackets; words such as "Your message of Monday" are no ids.
        words = text.split()
        ids = words if len(words) == 1 else [w for w in words if "@" in w]
    cleaned = (re.sub(r"\s+", "", i).strip("<>") for i in ids)
    return tuple(dict.fromkeys(i for i in cleaned if i))[:MAX_REFERENCES]


def parse_id(raw: bytes) -> str:
    """One Message-ID without brackets, kept verbatim otherwise; "" when there is none."""
    text = one_line(guess(raw))
    match = re.search(r"<([^>]{1,900})>", text)
    return (match.group(1).strip() if match else text.strip("<> "))[:900]


def parse_date(raw: bytes) -> datetime | None:
    """The Date header as an aware time, or None when it says nothing sensible."""
    try:
        found = parsedate_to_datetime(guess(raw)[:200].strip())
        aware = found if found.tzinfo else found.replace(tzinfo=UTC)
        return aware.astimezone(UTC) if 1990 <= aware.year <= 2100 else None
    except (ValueError, TypeError, IndexError, OverflowError):
        return None
