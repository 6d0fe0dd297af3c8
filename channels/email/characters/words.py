"""Encoded words (RFC 2047) and base64, as senders write them. Pure; never raises; linear."""

import base64
import binascii
import re

from channels.email.characters.charsets import decode, undouble

# A question mark may stand unencoded inside, but not the start of the next word.
WORD = re.compile(r"=\?([^?\s=]{1,60})\?\s?([bBqQ])\s?\?((?:[^?=]|=(?!\?[^=])|\?(?!=))*)\?=")


def decode_words(text: str) -> str:
    """Replace encoded words. Adjacent ones of one charset are joined before decoding, because senders cut
    characters in two."""
    return undouble(_decode_words(text))


def _decode_words(text: str) -> str:
    if "=?" not in text:
        return text
    out: list[str] = []
    pending: list[bytes] = []
    charset = ""
    position = 0
    for match in WORD.finditer(text):
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
        return unbase64(raw.translate(_URL_SAFE))
    return binascii.a2b_qp(raw.replace(b" ", b"_"), header=True)


def unbase64(raw: bytes) -> bytes:
    """Base64, forgiving: foreign characters are skipped, missing padding is added, padding inside
    restarts."""
    cleaned = raw.translate(None, _FOREIGN)
    cleaned = cleaned.rstrip(b"=")
    if cleaned.count(b"=") > _MAX_PIECES:
        cleaned = cleaned.replace(b"=", b"")
    if b"=" in cleaned:
        return b"".join(_unbase64(piece) for piece in re.split(rb"=+", cleaned) if piece)
    return _unbase64(cleaned)


_URL_SAFE = bytes.maketrans(b"-_", b"+/")
_MAX_PIECES = 50_000
_FOREIGN = bytes(
    b for b in range(256) if chr(b) not in "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/="
)


def _unbase64(cleaned: bytes) -> bytes:
    if len(cleaned) % 4 == 1:
        cleaned = cleaned[:-1]
    return base64.b64decode(cleaned + b"=" * (-len(cleaned) % 4))
