"""The files of a letter: names made safe, types made sensible, inline pictures told from the rest. Pure."""

# ruff: noqa: E501 - a table of types
import mimetypes
import re
import unicodedata
from pathlib import PurePosixPath

from channels.email.charsets import guess
from channels.email.headers import first, one_line, split_headers, text_of
from channels.email.mime import Part
from channels.email.words import decode_words
from hub.model.interactions import InboundAttachment

_UNSAFE = re.compile(r"[\x00-\x1f\x7f-\x9f\u200e\u200f\u2028-\u202e\u2066-\u2069\ufeff]")
_RESERVED = re.compile(r"(?i)(con|prn|aux|nul|com\d|lpt\d)(\.|$)")
_EXTENSIONS = {"message/rfc822": ".eml", "image/jpeg": ".jpg", "image/jpg": ".jpg", "text/plain": ".txt", "text/calendar": ".ics",
               "message/delivery-status": ".txt", "text/rfc822-headers": ".txt", "image/png": ".png",
               "application/octet-stream": ".bin", "application/pgp-signature": ".asc"}  # fmt: skip


def safe_filename(name: str) -> str:
    """A name to show and to offer for download: no path, no control or direction characters, ≤ 255 bytes.
    May be ""."""
    name = unicodedata.normalize("NFC", _UNSAFE.sub("", decode_words(name)))
    name = re.split(r"[\\/\u2215\u2044\uff0f\uff3c]", name)[-1].strip().lstrip(". ").rstrip(". ")
    name = re.sub(r'[<>:"|?*]', "_", name)
    if _RESERVED.match(name):
        name = "_" + name
    while len(name.encode("utf-8", "replace")) > 240:
        path = PurePosixPath(name)
        stem, extension = path.stem, path.suffix
        name = (
            (stem[: max(1, len(stem) - 8)] + extension)
            if len(extension) < 20 and len(stem) > 8
            else name[:-8]
        )
    return name.encode("utf-8", "replace").decode()


def stated_name(part: Part) -> str:
    """The file name that a part states (RFC 2183, RFC 2231, and what is sent instead), not yet safe; or
    ""."""
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
    """A part as a file. `referenced` holds the content ids that the HTML shows."""
    content_id = one_line(guess(first(part.headers, "content-id"))).strip("<> ")[:255]
    data = part.data()
    name = safe_filename(stated_name(part))
    if not name:
        name = _derived_name(part, data)
    location = one_line(guess(first(part.headers, "content-location")))
    shown = (bool(content_id) and content_id.lower() in referenced) or (
        bool(location) and location.lower() in referenced
    )
    inline = shown and part.content_type.startswith("image/")
    return InboundAttachment(
        filename=name, content_type=part.content_type, data=data, content_id=content_id, inline=inline
    )


def _derived_name(part: Part, data: bytes) -> str:
    extension = _EXTENSIONS.get(part.content_type) or mimetypes.guess_extension(part.content_type) or ".bin"
    if part.content_type == "message/rfc822":
        inner, _, _ = split_headers(data[:300_000], top=True)
        subject = safe_filename(text_of(inner, "subject")[:80])
        return (subject or "letter") + extension
    stem = {"text/calendar": "invitation", "text/html": "page"}.get(part.content_type, "attachment")
    if part.content_type.startswith("image/"):
        stem = "image"
    return stem + extension
