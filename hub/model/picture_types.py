"""What bytes are, by what they begin with and never by what they are called. Pure; nothing is decoded.

PNG: W3C PNG 11.2.1. GIF: GIF89a 18. JPEG: ITU T.81 B.2.2. WebP: RFC 9649 2.
"""

MOST_PIXELS = 40_000_000
MOST_SIDE = 16_000
"""A picture that claims more would cost whoever decodes it hundreds of megabytes."""

PICTURE_TYPES = frozenset({"image/png", "image/jpeg", "image/gif", "image/webp"})
"""What every browser shows."""
_STEPS = 2_000
"""Markers and fill bytes that are passed before a frame. A picture that is nothing but fill would be walked for a second."""
_FRAMES = frozenset((*range(0xC0, 0xC4), *range(0xC5, 0xC8), *range(0xC9, 0xCC), *range(0xCD, 0xD0)))


def picture_type(data: bytes) -> str:
    """The media type of a PNG, JPEG, GIF or WebP picture of a size that can be shown; "" for everything else.

    >>> picture_type(b"GIF89a" + bytes([10, 0, 10, 0]))
    'image/gif'
    """
    kind, width, height = _measure(data)
    fits = 0 < width <= MOST_SIDE and 0 < height <= MOST_SIDE and width * height <= MOST_PIXELS
    return kind if fits else ""


def _measure(data: bytes) -> tuple[str, int, int]:
    if data.startswith(b"\x89PNG\r\n\x1a\n") and data[12:16] == b"IHDR" and len(data) >= 24:
        return "image/png", int.from_bytes(data[16:20], "big"), int.from_bytes(data[20:24], "big")
    if data.startswith((b"GIF87a", b"GIF89a")) and len(data) >= 10:
        return "image/gif", int.from_bytes(data[6:8], "little"), int.from_bytes(data[8:10], "little")
    if data.startswith(b"\xff\xd8\xff"):
        return ("image/jpeg", *_jpeg_size(data))
    if data.startswith(b"RIFF") and data[8:12] == b"WEBP" and len(data) >= 30:
        return ("image/webp", *_webp_size(data))
    return "", 0, 0


def _jpeg_size(data: bytes) -> tuple[int, int]:
    """From the first frame header; markers are walked, not searched for, as thumbnails hold frames of their own."""
    place = 2
    for _ in range(_STEPS):
        if len(data) < place + 9 or data[place] != 0xFF:
            break
        if data[place + 1] in _FRAMES:
            height = int.from_bytes(data[place + 5 : place + 7], "big")
            return int.from_bytes(data[place + 7 : place + 9], "big"), height
        if data[place + 1] == 0xFF:
            place += 1
        else:
            place += 2 + int.from_bytes(data[place + 2 : place + 4], "big")
    return 0, 0


def _webp_size(data: bytes) -> tuple[int, int]:
    if data[12:16] == b"VP8X":
        return 1 + int.from_bytes(data[24:27], "little"), 1 + int.from_bytes(data[27:30], "little")
    if data[12:16] == b"VP8L":
        bits = int.from_bytes(data[21:25], "little")
        return 1 + (bits & 0x3FFF), 1 + (bits >> 14 & 0x3FFF)
    width, height = int.from_bytes(data[26:28], "little"), int.from_bytes(data[28:30], "little")
    return width & 0x3FFF, height & 0x3FFF
