"""What an S/MIME wrapping is and holds (RFC 5652, RFC 8551, RFC 3274). Pure; linear; nothing is verified or decrypted.

Only as much of CMS is read as it takes to reach the content. Its encoding is BER with indefinite lengths and octet strings in
pieces, as OpenSSL writes it.
"""

import re
import zlib
from dataclasses import dataclass

from channels.email.characters.words import unbase64
from channels.email.limits import MAX_RAW

SIGNED = "signed"
ENCRYPTED = "encrypted"

_OIDS = {
    bytes.fromhex("2a864886f70d010702"): SIGNED,
    bytes.fromhex("2a864886f70d010703"): ENCRYPTED,
    bytes.fromhex("2a864886f70d0109100117"): ENCRYPTED,
    bytes.fromhex("2a864886f70d0109100109"): "compressed",
}
_OID, _OCTETS, _SEQUENCE, _SET, _EXPLICIT = 0x06, 0x04, 0x30, 0x31, 0xA0
_CONSTRUCTED = 0x20
_MAX_STEPS = 200_000
"""Values that are gone through on the way to the content."""


@dataclass(frozen=True, slots=True)
class Wrapping:
    """`kind` is "signed", "encrypted" or "compressed"; `content` the MIME entity inside where it can be reached, else None."""

    kind: str
    content: bytes | None


class _Broken(Exception):
    """Not the encoding that was expected."""


def unwrap(data: bytes, most: int = MAX_RAW) -> Wrapping | None:
    """Open a wrapping; None when it is none. Of a compressed one `most` bytes are unpacked."""
    if data[:1] != b"\x30" and re.match(rb"\s*(?:-----BEGIN|MI[IA])", data):
        data = unbase64(re.sub(rb"-----[^-]{1,40}-----", b"", data))
    try:
        return _unwrap(data, most)
    except (_Broken, IndexError):
        return None


def _unwrap(data: bytes, most: int) -> Wrapping | None:
    position, _ = _enter(data, 0, _SEQUENCE)
    start, position = _content(data, position, _OID)
    kind = _OIDS.get(data[start:position])
    if kind is None or kind == ENCRYPTED:
        return None if kind is None else Wrapping(kind, None)
    position, _ = _enter(data, position, _EXPLICIT)
    position, _ = _enter(data, position, _SEQUENCE)
    position = _skip(data, position)
    position = _skip(data, position)
    position, end = _enter(data, position, _SEQUENCE)
    position = _skip(data, position)
    if position >= end or data[position] != _EXPLICIT:
        # A signature without content: the content is another part.
        return Wrapping(kind, None)
    position, _ = _enter(data, position, _EXPLICIT)
    content = _octets(data, position)
    if kind == "compressed":
        try:
            content = zlib.decompressobj().decompress(content, max(1, most))
        except zlib.error:
            return None
    return Wrapping(kind, content)


def _header(data: bytes, position: int) -> tuple[int, int, int]:
    """Tag, start of the content and its length; -1 for an indefinite one. Raises _Broken, IndexError."""
    tag, length = data[position], data[position + 1]
    position += 2
    if tag & 0x1F == 0x1F:
        raise _Broken
    if length == 0x80:
        return tag, position, -1
    if length & 0x80:
        size = length & 0x7F
        if size > 5:
            raise _Broken
        length = int.from_bytes(data[position : position + size], "big")
        position += size
    return tag, position, length


def _enter(data: bytes, position: int, wanted: int) -> tuple[int, int]:
    """The start of the content of a constructed value, and where it ends at the latest."""
    tag, start, length = _header(data, position)
    if tag != wanted:
        raise _Broken
    return start, len(data) if length < 0 else min(len(data), start + length)


def _content(data: bytes, position: int, wanted: int) -> tuple[int, int]:
    tag, start, length = _header(data, position)
    if tag != wanted or length < 0:
        raise _Broken
    return start, start + length


def _skip(data: bytes, position: int) -> int:
    """The position after one value."""
    _, position, length = _header(data, position)
    if length >= 0:
        return position + length
    open_values = 1
    for _ in range(_MAX_STEPS):
        tag, position, length = _header(data, position)
        if length < 0:
            open_values += 1
        elif tag == 0 and length == 0:
            open_values -= 1
            if open_values == 0:
                return position
        else:
            position += length
    raise _Broken


def _octets(data: bytes, position: int) -> bytes:
    """An octet string, in one piece or in many."""
    tag, start, length = _header(data, position)
    if tag == _OCTETS and length >= 0:
        return data[start : start + length]
    if tag != _OCTETS | _CONSTRUCTED:
        raise _Broken
    end = len(data) if length < 0 else start + length
    out: list[bytes] = []
    position = start
    open_values = 1 if length < 0 else 0
    for _ in range(_MAX_STEPS):
        if position >= end:
            break
        tag, start, length = _header(data, position)
        if tag == _OCTETS | _CONSTRUCTED:
            # Stepping in is enough: what matters are the pieces.
            open_values += length < 0
            position = start
        elif tag == _OCTETS and length >= 0:
            out.append(data[start : start + length])
            position = start + length
        elif tag == 0 and length == 0:
            open_values -= 1
            position = start
            if open_values == 0:
                break
        else:
            raise _Broken
    else:
        raise _Broken
    return b"".join(out)
