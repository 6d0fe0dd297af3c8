"""Headers: splitting the block, encoded words, parameters, addresses, ids, dates. Pure; never raises; linear.

Nothing here composes a header (see compose.py).
"""

import base64
import binascii
import re
from collections.abc import Iterable
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from urllib.parse import unquote_to_bytes

from channels.email.charsets import decode, guess
from channels.email.limits import (
    MAX_ADDRESSES,
    MAX_HEADER,
    MAX_HEADER_BLOCK,
    MAX_HEADERS,
    MAX_REFERENCES,
)

Headers = dict[str, list[bytes]]
"""Lower-case name → raw unfolded values, topmost first."""

_NAME = re.compile(rb"([!-9;-~]{1,200})[ \t]*:")
_WORD = re.compile(r"=\?([^?\s]{1,60})\?([bBqQ])\?([^?]*)\?=")
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]+")
_BIDI = re.compile("[\u200e\u200f\u202a-\u202e\u2066-\u2069]")
_ADDRESS = re.compile(r"[^\s<>()\[\]@,;:\"\\]{1,250}@[^\s<>()@,;:\"\\]{1,250}")
_ID = re.compile(r"<([^<>]{1,900})>")


def split_headers(data: bytes, *, top: bool = False) -> tuple[Headers, bytes, bool]:
    """Headers, the body after them, and whether limits cut something off. Lenient as mail readers are:
    the first line that
    can be neither a header nor a continuation begins the body."""
    found: Headers = {}
    cut = False
    position = 0
    count = 0
    if top:
        while data.startswith((b"\r\n", b"\n"), position):
            position += 2 if data.startswith(b"\r\n", position) else 1
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
            if match is None:
                if line.startswith(b"--") or not top or count == 0:
                    break
                if line[:5] == b"From ":
                    position = end
                    continue
                break
            if name is not None:
                found.setdefault(name, []).append(b"".join(pieces)[:MAX_HEADER])
            name, pieces = match.group(1).decode("ascii").lower(), [line[match.end() :]]
            size = len(line)
            count += 1
        position = end
        if position > MAX_HEADER_BLOCK or count > MAX_HEADERS:
            cut = True
            gap = re.compile(rb"\r?\n\r?\n").search(data, position - 2)
            position = gap.end() if gap else len(data)
            break
    if name is not None:
        found.setdefault(name, []).append(b"".join(pieces)[:MAX_HEADER])
    return found, data[position:], cut


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
    return _BIDI.sub("", _CONTROL.sub(" ", text)).strip()


def decode_words(text: str) -> str:
    """Replace RFC 2047 encoded words. Adjacent ones of one charset are joined before decoding, because
    senders cut
    characters in two."""
    if "=?" not in text:
        return text
    out: list[str] = []
    pending: list[bytes] = []
    charset = ""
    position = 0
    for match in _WORD.finditer(text):
        between = text[position : match.start()]
        label = match.group(1).partition("*")[0].lower()
        if pending and (between.strip() or label != charset):
            out.append(decode(b"".join(pending), charset))
            pending = []
            if between.strip():
                out.append(between)
        elif not pending:
            out.append(between if between.strip() or position == 0 else "")
        charset = label
        pending.append(_word_bytes(match.group(2), match.group(3)))
        position = match.end()
    if pending:
        out.append(decode(b"".join(pending), charset))
    out.append(text[position:])
    return "".join(out)


def _word_bytes(encoding: str, payload: str) -> bytes:
    raw = payload.encode("utf-8", "replace")
    if encoding in "bB":
        return unbase64(raw)
    return binascii.a2b_qp(raw.replace(b" ", b"_"), header=True)


def unbase64(raw: bytes) -> bytes:
    """Base64, forgiving: foreign characters are skipped, missing padding is added, padding inside
    restarts."""
    cleaned = re.sub(rb"[^A-Za-z0-9+/=]", b"", raw)
    if b"=" in cleaned.rstrip(b"="):
        return b"".join(_unbase64(piece) for piece in re.split(rb"=+", cleaned) if piece)
    return _unbase64(cleaned.rstrip(b"="))


def _unbase64(cleaned: bytes) -> bytes:
    if len(cleaned) % 4 == 1:
        cleaned = cleaned[:-1]
    return base64.b64decode(cleaned + b"=" * (-len(cleaned) % 4))


def parse_params(raw: bytes) -> tuple[str, dict[str, str]]:
    """The value before the first `;` (lower case) and the parameters, RFC 2231 undone. The
    charset-encoded form
    (`filename*`) beats the plain one."""
    text = guess(raw)
    pieces = _split_outside_quotes(text, ";")
    plain: dict[str, str] = {}
    numbered: dict[str, list[tuple[int, bool, str]]] = {}
    for piece in pieces[1:200]:
        key, equals, value = piece.partition("=")
        key = key.strip().lower()
        if not equals or not key or len(key) > 60:
            continue
        value = _unquote(value.strip())
        base, star, tail = key.partition("*")
        if not star:
            plain.setdefault(key, value)
            continue
        number = tail.partition("*")[0]
        index = int(number) if number.isdigit() and len(number) < 4 and number.isascii() else 0
        numbered.setdefault(base.strip(), []).append((index, key.endswith("*"), value))
    for base, chunks in numbered.items():
        joined = _join_2231(chunks)
        if joined or base not in plain:
            plain[base] = joined
    return pieces[0].strip().strip("\"'").lower(), plain


def _join_2231(chunks: list[tuple[int, bool, str]]) -> str:
    chunks.sort(key=lambda c: c[0])
    charset = ""
    out: list[bytes] = []
    for order, (_, encoded, value) in enumerate(chunks):
        if encoded and order == 0 and value.count("'") >= 2:
            charset, _, value = value.split("'", 2)
        out.append(unquote_to_bytes(value) if encoded else value.encode("utf-8", "replace"))
    joined = b"".join(out)
    return decode(joined, charset) if charset or not joined.isascii() else joined.decode("ascii")


def _unquote(value: str) -> str:
    if value.startswith('"'):
        inner = value[1:]
        end = _closing_quote(inner)
        return re.sub(r"\\([\\\"])", r"\1", inner[:end])
    return value.strip("'") if value.startswith("'") and value.endswith("'") and len(value) > 1 else value


def _closing_quote(text: str) -> int:
    position = 0
    while True:
        found = text.find('"', position)
        if found < 0:
            return len(text)
        backslashes = 0
        while found - backslashes > 0 and text[found - 1 - backslashes] == "\\" and backslashes < 50:
            backslashes += 1
        if backslashes % 2 == 0:
            return found
        position = found + 1


def _split_outside_quotes(text: str, mark: str) -> list[str]:
    out: list[str] = []
    start = 0
    quoted = escaped = False
    for index, char in enumerate(text):
        if escaped:
            escaped = False
        elif char == "\\" and quoted:
            escaped = True
        elif char == '"':
            quoted = not quoted
        elif char == mark and not quoted:
            out.append(text[start:index])
            start = index + 1
    out.append(text[start:])
    return out


def parse_addresses(raw: bytes) -> list[tuple[str, str]]:
    """(name, address) of an address header, RFC 5322 and what is sent instead. Addresses are not
    validated here beyond
    having an `@`; an entry without one is kept with address "" when it has a name."""
    text = guess(raw)
    found = _scan_addresses(text)
    if not any(a for _, a in found) and "=?" in text:
        found = _scan_addresses(decode_words(text)) or found
    return found


def _scan_addresses(text: str) -> list[tuple[str, str]]:
    out: list[tuple[str, str]] = []
    phrase: list[str] = []
    comment: list[str] = []
    angle: list[str] | None = None
    address = ""
    depth = 0
    quoted = False
    index = 0

    def finish() -> None:
        nonlocal address, angle
        name = "".join(phrase).strip()
        if angle is not None and not address:
            address = "".join(angle)
        entry = _entry(name, address, "".join(comment).strip())
        if entry is not None:
            out.append(entry)
        phrase.clear()
        comment.clear()
        address, angle = "", None

    in_angle = False
    while index < len(text) and len(out) < MAX_ADDRESSES:
        char = text[index]
        index += 1
        if char == "\\" and (quoted or depth) and index < len(text):
            (comment if depth else angle if in_angle and angle is not None else phrase).append(text[index])
            index += 1
        elif depth:
            if char == "(":
                depth += 1
            elif char == ")":
                depth -= 1
            if depth:
                comment.append(char)
        elif char == '"':
            if not quoted and text.find('"', index) < 0:
                continue
            quoted = not quoted
            if in_angle and angle is not None:
                angle.append(char)
        elif quoted:
            (angle if in_angle and angle is not None else phrase).append(char)
        elif char == "(" and not in_angle and text.find(")", index) >= 0:
            depth = 1
        elif char == "<":
            if angle is not None and "@" not in "".join(angle):
                phrase.extend(angle)
            if angle is None or "@" not in "".join(angle):
                angle = []
            in_angle = True
        elif char == ">":
            in_angle = False
        elif char in ",;" and not in_angle:
            finish()
        elif char == ":" and not in_angle and angle is None and "@" not in "".join(phrase[-200:]):
            phrase.clear()
        elif in_angle and angle is not None:
            angle.append(char)
        else:
            phrase.append(char)
    finish()
    return out


def _entry(name: str, address: str, comment: str) -> tuple[str, str] | None:
    name = one_line(decode_words(name)).strip("'\" ").strip()
    address = one_line(decode_words(address)).strip()
    comment = one_line(decode_words(comment))
    bare = address.replace(" ", "")
    match = _ADDRESS.fullmatch(bare.removeprefix("mailto:"))
    if match is None:
        match = _ADDRESS.search(address.rpartition(":")[2]) or _ADDRESS.search(address)
    if match is None:
        match = _ADDRESS.search(name)
        if match is not None:
            rest = (name[: match.start()] + name[match.end() :]).strip(" <>\"'")
            name = rest or comment
    if match is None and not address and not name:
        return None
    return name or comment, match.group().strip(".'") if match else ""


def parse_ids(raw: bytes) -> tuple[str, ...]:
    """Message-IDs as written, without brackets, in order, each once."""
    text = _CONTROL.sub("", guess(raw))
    ids: Iterable[str] = _ID.findall(text) if "<" in text else text.split()
    cleaned = (re.sub(r"\s+", "", i) for i in ids)
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
