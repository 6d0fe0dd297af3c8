"""Parameters of Content-Type and Content-Disposition (RFC 2045, RFC 2183, RFC 2231) as senders write them.

Pure; never raises; linear.
"""

import re
from urllib.parse import unquote_to_bytes

from channels.email.characters.charsets import decode, guess

MAX_PARAMS = 200
_COMMENT = re.compile(r"\s+\([^()]*\)\s*$")
_PERCENT = re.compile(r"(?:%[0-9A-Fa-f]{2}){2,}")
_NAMES = ("filename", "name")


def parse_params(raw: bytes, hint: str = "") -> tuple[str, dict[str, str]]:
    """The value before the first `;` (lower case) and the parameters, RFC 2231 undone. The charset-encoded
    form (`filename*`) beats the plain one. `hint` is a charset that the letter names elsewhere."""
    pieces = _split_outside_quotes(guess(raw))
    head = pieces[0].strip().strip("\"'")
    if "=" in head:
        # A forgotten semicolon: `text/plain charset=utf-8`, `text/html, charset=utf-8`.
        first, _, rest = head.replace(",", " ").partition(" ")
        if "=" not in first:
            head, pieces = first, [first, *rest.split(), *pieces[1:]]
    plain: dict[str, str] = {}
    numbered: dict[str, list[tuple[int, bool, str]]] = {}
    for piece in pieces[1:MAX_PARAMS]:
        key, equals, value = piece.partition("=")
        key = key.strip().lower()
        if not equals or not key or len(key) > 60:
            continue
        value = _unquote(value.strip())
        base, star, tail = key.partition("*")
        base = base.strip()
        if not star:
            plain.setdefault(key, _as_meant(value) if key in _NAMES else _COMMENT.sub("", value))
            continue
        number = tail.partition("*")[0]
        index = int(number) if number.isdigit() and len(number) < 4 and number.isascii() else 0
        numbered.setdefault(base, []).append((index, key.endswith("*"), value))
    for base, chunks in numbered.items():
        joined = _join(chunks, hint)
        if joined or base not in plain:
            plain[base] = joined
    return head.strip().strip("\"'").lower(), plain


def _join(chunks: list[tuple[int, bool, str]], hint: str) -> str:
    chunks.sort(key=lambda c: c[0])
    charset = ""
    out: list[bytes] = []
    for order, (_, encoded, value) in enumerate(chunks):
        if encoded and value.count("'") >= 2:
            label, _, rest = value.split("'", 2)
            # Some senders repeat the charset in every piece.
            if order == 0 or (charset and label.lower() == charset.lower()):
                charset, value = label, rest
        out.append(unquote_to_bytes(value) if encoded else value.encode("utf-8", "replace"))
    joined = b"".join(out)
    if joined.isascii() and not charset:
        return joined.decode("ascii")
    return decode(joined, charset, hint)


def _as_meant(value: str) -> str:
    """A plain file name that is written the RFC 2231 way without saying so, or percent-encoded."""
    if "%" not in value:
        return value
    charset, quotes, rest = value.partition("''")
    if quotes and re.fullmatch(r"[A-Za-z0-9_.:-]{2,40}", charset):
        return decode(unquote_to_bytes(rest), charset)
    if _PERCENT.search(value):
        data = unquote_to_bytes(value)
        if not data.isascii():
            try:
                return data.decode("utf-8")
            except UnicodeDecodeError:
                return value
    return value


def _unquote(value: str) -> str:
    if value.startswith('"'):
        inner = value[1:]
        return re.sub(r"\\([\\\"])", r"\1", inner[: _closing_quote(inner)])
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


def _split_outside_quotes(text: str) -> list[str]:
    """The pieces between semicolons. A quotation mark that is never closed counts for nothing."""
    if '"' not in text:
        return text.split(";")
    out: list[str] = []
    start = opened = 0
    quoted = escaped = False
    for index, char in enumerate(text):
        if escaped:
            escaped = False
        elif char == "\\" and quoted:
            escaped = True
        elif char == '"':
            quoted = not quoted
            opened = index
        elif char == ";" and not quoted:
            out.append(text[start:index])
            start = index + 1
    if quoted and ";" in text[opened:]:
        first, *rest = text[opened:].split(";")
        return [*out, text[start:opened] + first, *rest]
    out.append(text[start:])
    return out
