"""The files of a letter: names made safe, types made sensible, inline pictures told from the rest. Pure."""

import re
import unicodedata
from pathlib import PurePosixPath

from channels.email.characters.charsets import guess
from channels.email.characters.words import decode_words
from channels.email.parts.headers import decode_header, first, one_line, split_headers
from channels.email.parts.mime import TYPES, Part
from hub.model.interactions import InboundAttachment

_UNSAFE = re.compile(r"[\x00-\x1f\x7f-\x9f\u200e\u200f\u061c\u2028-\u202e\u2066-\u2069\ufeff]")
_SEPARATORS = re.compile(r"[\\/\u2044\u2215\u29f5\u29f8\u29f9\ufe68\uff0f\uff3c]")
_RESERVED = re.compile(r"(?i)(con|prn|aux|nul|com\d|lpt\d)(\.|$)")
_MEDIA_TYPE = re.compile(r"[a-z0-9][a-z0-9!#$&^_.+-]{0,63}/[a-z0-9][a-z0-9!#$&^_.+-]{0,63}")
_LIKE_A_FILE = re.compile(r"[^\s@/\\:<>]{1,100}\.[A-Za-z][A-Za-z0-9]{1,4}")
_MAX_NAME = 240
"""Bytes of a name; file systems allow 255."""
_EXTENSIONS = {
    "message/rfc822": ".eml", "image/jpeg": ".jpg", "image/jpg": ".jpg", "image/pjpeg": ".jpg", "image/png": ".png",
    "text/plain": ".txt", "text/calendar": ".ics", "text/x-vcard": ".vcf", "text/vcard": ".vcf", "application/ics": ".ics",
    "message/delivery-status": ".txt", "message/disposition-notification": ".txt", "text/rfc822-headers": ".txt",
    "message/feedback-report": ".txt", "message/external-body": ".txt", "message/global": ".eml",
    "application/octet-stream": ".bin", "application/pgp-signature": ".asc", "application/pgp-keys": ".asc",
    "application/pkcs7-mime": ".p7m", "application/x-pkcs7-mime": ".p7m", "application/pkcs7-signature": ".p7s",
    "application/x-pkcs7-signature": ".p7s", "application/ms-tnef": ".dat",
}  # fmt: skip
_STEMS = {"text/calendar": "invitation", "application/ics": "invitation", "text/html": "page", "application/ms-tnef": "winmail",
          "application/pkcs7-mime": "smime", "application/x-pkcs7-mime": "smime", "application/pkcs7-signature": "smime",
          "application/x-pkcs7-signature": "smime", "application/pgp-signature": "signature"}  # fmt: skip


def safe_filename(name: str) -> str:
    """A name to show and to offer for download: no path, no control or direction characters, ≤ 255 bytes. May be ""."""
    name = unicodedata.normalize("NFC", _UNSAFE.sub("", decode_words(name[:4000])))
    pieces = [p for p in _SEPARATORS.split(name) if p.strip(". ")]
    name = (pieces[-1] if pieces else "").strip().lstrip(". ").rstrip(". ")
    name = re.sub(r'[<>:"|?*]', "_", name).removesuffix("\ufffd")
    if _RESERVED.match(name):
        name = "_" + name
    size = len(name.encode("utf-8", "replace"))
    if size > _MAX_NAME:
        path = PurePosixPath(name)
        ending = path.suffix if len(path.suffix.encode("utf-8", "replace")) <= 20 else ""
        room = _MAX_NAME - len(ending.encode("utf-8", "replace"))
        stem = name.removesuffix(ending).encode("utf-8", "replace")[:room].decode("utf-8", "ignore")
        name = stem.rstrip(". ") + ending
    return name.encode("utf-8", "replace").decode()


def stated_name(part: Part) -> str:
    """The file name that a part states (RFC 2183, RFC 2231, and what is sent instead), not yet safe; or ""."""
    for params, key in (
        (part.disposition_params, "filename"),
        (part.params, "name"),
        (part.params, "filename"),
        (part.disposition_params, "name"),
    ):
        value = params.get(key, "").strip()
        if value:
            return value
    return ""


def read_attachment(part: Part, *, referenced: frozenset[str]) -> InboundAttachment:
    """A part as a file. `referenced` holds the content ids and locations that the HTML shows."""
    content_id = one_line(guess(first(part.headers, "content-id"))).strip("<> ")[:255]
    location = one_line(guess(first(part.headers, "content-location")))[:1000]
    data = part.data()
    name = safe_filename(stated_name(part)) or _derived_name(part, data, content_id, location)
    content_type = _media_type(part.content_type, name)
    shown = bool(
        {content_id.lower(), location.lower(), f"cid:{content_id}".lower()} & referenced - {"", "cid:"}
    )
    return InboundAttachment(
        filename=name,
        content_type=content_type,
        data=data,
        content_id=content_id,
        inline=shown and content_type.startswith("image/"),
    )


def one_calendar(files: list[Part]) -> list[Part]:
    """`files` with each calendar once: invitations are sent as a form of the body and as a file again. A named one stays."""
    kept: dict[bytes, Part] = {}
    for part in files:
        if is_calendar(part):
            text = b"".join(part.data().split())
            if text not in kept or not stated_name(kept[text]):
                kept[text] = part
    return [p for p in files if not is_calendar(p) or any(p is k for k in kept.values())]


def is_calendar(part: Part) -> bool:
    """Whether a part is an iCalendar file."""
    return part.content_type in ("text/calendar", "application/ics") or stated_name(part).lower().endswith(
        ".ics"
    )


def _media_type(stated: str, name: str) -> str:
    """The type as stated; by the name's ending where nothing is said by it."""
    if stated in (
        "application/octet-stream",
        "application/x-unknown",
        "application/unknown",
        "image/unknown",
    ):
        kind, packed = TYPES.guess_type(name)
        return kind if kind and not packed else "application/octet-stream"
    return stated if _MEDIA_TYPE.fullmatch(stated) else "application/octet-stream"


def _derived_name(part: Part, data: bytes, content_id: str, location: str) -> str:
    """A name for a part that states none: from what else it says, else from its type."""
    extension = _EXTENSIONS.get(part.content_type) or TYPES.guess_extension(part.content_type) or ".bin"
    if part.content_type in ("message/rfc822", "message/global"):
        inner, _, _ = split_headers(data[:300_000], top=True, hint=part.hint)
        return (safe_filename(decode_header(first(inner, "subject")[:1000])[:80]) or "letter") + extension
    description = decode_header(first(part.headers, "content-description")[:1000])[:200]
    for said in (content_id.partition("@")[0], location.partition("?")[0].rpartition("/")[2], description):
        if _LIKE_A_FILE.fullmatch(said) and safe_filename(said):
            return safe_filename(said)
    stem = "image" if part.content_type.startswith("image/") else _STEMS.get(part.content_type, "attachment")
    return stem + extension
