"""Transfer encodings (RFC 2045 6), as senders use them. Pure; never raises; linear."""

import binascii
import re

from channels.email.characters.words import unbase64
from channels.email.parts.uu import uudecode

_BASE64 = frozenset({b"base64", b"base-64", b"b64", b"x-base64", b"base_64"})
_QUOTED = frozenset(
    {b"quoted-printable", b"quoted/printable", b"quoted_printable", b"quotedprintable", b"qp"}
)
_UU = frozenset({b"x-uuencode", b"uuencode", b"x-uue", b"uue"})
_CONTROL = bytes(b for b in range(32) if b not in b"\t\n\f\r\x1b") + b"\x7f"
_ALPHABET = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/=" + b" \t\n\r\f\v"
_GAP = re.compile(rb"[^\s][ \t]+[^\s]")
_SPACED = re.compile(rb"=[ \t]+(?=\r?\n|\Z)")
_FOOTER = re.compile(rb"\n\r?\n|\n(?=[_=-]{5}|-- )|=\r?\n")


def decode_transfer(raw: bytes, encoding: bytes, content_type: str) -> bytes:
    """`raw` with the named encoding undone; as it is where the name is unknown, or plainly wrong."""
    words = re.split(rb"[;\s(]", encoding.strip().strip(b"\"'").lower(), maxsplit=1)
    name = words[0].strip(b"\"'")
    if name in _BASE64:
        return _from_base64(raw, content_type.startswith("text/"))
    if name in _QUOTED:
        return binascii.a2b_qp(_SPACED.sub(b"=", raw) if b"= " in raw or b"=\t" in raw else raw)
    return uudecode(raw) if name in _UU else raw


def _from_base64(raw: bytes, text: bool) -> bytes:
    if not text:
        return unbase64(raw)
    if not _has_foreign(raw):
        return unbase64(raw)
    if not _looks_base64(raw):
        return raw
    # Mailing lists put their footers below, unencoded.
    match = _FOOTER.search(raw)
    if match is None or not _has_foreign(raw[match.end() :]):
        return unbase64(raw)
    return unbase64(raw[: match.end()]) + b"\n" + raw[match.end() :]


def _has_foreign(raw: bytes) -> bool:
    """Whether there is a sign that base64 has not, or a gap within a line."""
    return bool(raw.translate(None, _ALPHABET)) or (
        (b" " in raw or b"\t" in raw) and _GAP.search(raw) is not None
    )


def _looks_base64(raw: bytes) -> bool:
    """Whether it is no plain text under a wrong label: that would hold foreign signs and become control characters."""
    sample = raw[:4000].strip()[:2000]
    if not _has_foreign(sample):
        return True
    decoded = unbase64(sample)
    return len(decoded.translate(None, _CONTROL)) * 50 >= len(decoded) * 49
