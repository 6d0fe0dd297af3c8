"""Small writers of what other mail programs wrap letters in: TNEF (MS-OXTNEF) and CMS (RFC 5652)."""

import struct
import zlib

_SIGNED, _ENVELOPED = bytes.fromhex("06092a864886f70d010702"), bytes.fromhex("06092a864886f70d010703")
_COMPRESSED, _DATA = bytes.fromhex("060b2a864886f70d0109100109"), bytes.fromhex("06092a864886f70d010701")


def tnef(*attributes: tuple[int, bytes]) -> bytes:
    """A winmail.dat of (attribute, value)."""
    body = b"".join(
        struct.pack("<BII", 1, name, len(value)) + value + struct.pack("<H", sum(value) & 0xFFFF)
        for name, value in attributes
    )
    return b"\x78\x9f\x3e\x22\x01\x00" + body


def prop(kind: int, name: int, value: bytes) -> bytes:
    """One MAPI property of variable length."""
    return struct.pack("<HHII", kind, name, 1, len(value)) + value + b"\0" * (-len(value) % 4)


def props(*properties: bytes) -> bytes:
    """A block of MAPI properties."""
    return struct.pack("<I", len(properties)) + b"".join(properties)


def utf16(text: str) -> bytes:
    """A Unicode string as MAPI has it."""
    return (text + "\0").encode("utf-16-le")


def attachment_props(data: bytes) -> tuple[tuple[int, bytes], ...]:
    """The attributes of one attachment."""
    return (
        (0x00069002, b""),
        (0x00018010, b"A.BIN\0"),
        (0x0006800F, data),
        (0x00069005, props(prop(0x1F, 0x3707, utf16("a.bin")))),
    )


def signed(content: bytes, *, indefinite: bool = False) -> bytes:
    """SignedData around `content`, without any signature; in pieces and of indefinite length as OpenSSL streams it."""
    if indefinite:
        pieces = b"".join(der(4, content[i : i + 10]) for i in range(0, len(content), 10))
        inner = b"\x30\x80" + _DATA + b"\xa0\x80\x24\x80" + pieces + b"\0\0\0\0\0\0"
        return (
            b"\x30\x80"
            + _SIGNED
            + b"\xa0\x80\x30\x80\x02\x01\x01\x31\x00"
            + inner
            + b"\x31\x00"
            + b"\0\0" * 3
        )
    encapsulated = der(0x30, _DATA + der(0xA0, der(4, content)))
    return der(0x30, _SIGNED + der(0xA0, der(0x30, b"\x02\x01\x01\x31\x00" + encapsulated + b"\x31\x00")))


def encrypted() -> bytes:
    """EnvelopedData; what is in it does not matter."""
    return der(0x30, _ENVELOPED + der(0xA0, der(0x30, b"\x02\x01\x00")))


def compressed(content: bytes) -> bytes:
    """CompressedData (RFC 3274) around `content`."""
    encapsulated = der(0x30, _DATA + der(0xA0, der(4, zlib.compress(content, 9))))
    return der(
        0x30, _COMPRESSED + der(0xA0, der(0x30, b"\x02\x01\x00" + der(0x30, b"\x06\x01\x01") + encapsulated))
    )


def der(tag: int, content: bytes) -> bytes:
    """One value of definite length."""
    size = len(content)
    if size < 128:
        return bytes((tag, size)) + content
    length = size.to_bytes((size.bit_length() + 7) // 8, "big")
    return bytes((tag, 0x80 | len(length))) + length + content
