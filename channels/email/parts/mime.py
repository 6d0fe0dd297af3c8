"""The tree of parts of a letter, in linear time whatever was sent. Pure.

The standard library's parser is quadratic in several places that a stranger controls; this splitter stops at
MAX_PARTS and MAX_DEPTH with `TooManyParts`. It does not decide what a part is for (see body.py).
"""

import mimetypes
import re
from dataclasses import dataclass, field

from channels.email.characters.params import parse_params
from channels.email.limits import MAX_DEPTH, MAX_PARTS, TooManyParts
from channels.email.parts.headers import Headers, first, split_headers
from channels.email.parts.transfer import decode_transfer

_MEANT = {
    **dict.fromkeys(("text", "plain", "plain/text", "text/txt", "text/text", "text/ascii"), "text/plain"),
    **dict.fromkeys(("html", "html/text", "text/htm", "text/xhtml", "application/xhtml+xml"), "text/html"),
}
_MAX_STRAYS = 200_000
"""Places that look like a delimiter and are none."""
TYPES = mimetypes.MimeTypes()
"""Endings and types as the language knows them, whatever the machine's own list says."""


@dataclass(slots=True, kw_only=True)
class Part:
    """One part. `raw` is its content still in transfer encoding; `children` is filled for multiparts only. `hint` is a charset
    that the letter names, for text whose own label is missing or wrong."""

    headers: Headers
    content_type: str
    params: dict[str, str]
    disposition: str
    disposition_params: dict[str, str]
    raw: bytes
    hint: str = ""
    children: list["Part"] = field(default_factory=list)

    def data(self) -> bytes:
        """The content with the transfer encoding undone."""
        return decode_transfer(self.raw, first(self.headers, "content-transfer-encoding"), self.content_type)

    def walk(self) -> "list[Part]":
        """This part and all below, in order."""
        out: list[Part] = []
        pending = [self]
        while pending:
            part = pending.pop()
            out.append(part)
            pending.extend(reversed(part.children))
        return out


def split_parts(headers: Headers, body: bytes, hint: str = "") -> Part:
    """The tree below a letter's own headers; `hint` as for split_headers. Raises TooManyParts."""
    return _build(headers, body, "text/plain", 0, [MAX_PARTS], hint)


def part_of_file(name: str, data: bytes, *, content_type: str = "", content_id: str = "") -> Part:
    """A part for a file that was found inside another one."""
    kind = content_type or "application/octet-stream"
    headers: Headers = {"content-id": [content_id.encode("utf-8", "replace")]} if content_id else {}
    return Part(headers=headers, content_type=kind, params={"name": name}, disposition="attachment", disposition_params={},
                raw=data)  # fmt: skip


def _build(headers: Headers, body: bytes, default: str, depth: int, budget: list[int], hint: str) -> Part:
    budget[0] -= 1
    if budget[0] < 0 or depth > MAX_DEPTH:
        raise TooManyParts
    content_type, params = parse_params(first(headers, "content-type"), hint)
    content_type = content_type.split()[0] if content_type else ""
    content_type = _MEANT.get(content_type, content_type)
    if not re.fullmatch(r"[^\s/;]+/[^\s/;]+", content_type):
        content_type = default
    disposition, disposition_params = parse_params(first(headers, "content-disposition"), hint)
    part = Part(headers=headers, content_type=content_type[:127], params=params, disposition=disposition,
                disposition_params=disposition_params, raw=body, hint=hint)  # fmt: skip
    if content_type.startswith("multipart/"):
        pieces = _cut(body, params.get("boundary", ""))
        if pieces is None:
            # RFC 2045 6.4 forbids to encode a multipart; some programs do.
            decoded = part.data()
            pieces = None if decoded == body else _cut(decoded, params.get("boundary", ""))
        if pieces is None:
            part.content_type = "text/plain"
            return part
        inner = "message/rfc822" if content_type == "multipart/digest" else "text/plain"
        for piece in pieces:
            child_headers, child_body, _ = split_headers(piece, hint=hint)
            part.children.append(_build(child_headers, child_body, inner, depth + 1, budget, hint))
    return part


def _cut(body: bytes, boundary: str) -> list[bytes] | None:
    """The contents between delimiter lines, or None when there is no delimiter line at all."""
    mark = boundary.strip().encode("utf-8", "surrogateescape")
    if not mark or b"--" + mark not in body:
        guessed = re.match(rb"\s*--([^\s-][^\r\n]{0,200}?)[ \t]*\r?\n", body[:4000])
        if guessed is None or (mark and body.count(b"--" + guessed.group(1)) < 2):
            return None
        mark = guessed.group(1)
    delimiter = b"--" + mark
    pieces: list[bytes] = []
    start = -1
    strays = 0
    position = body.find(delimiter)
    while position >= 0:
        after = position + len(delimiter)
        if position == 0 or body[position - 1] == 0x0A:
            end = _line_end(body, after)
            tail = body[after : min(end, after + 80)].strip()
            # Anything else behind it is a longer boundary, or text.
            if not tail or tail == b"--" or (tail.startswith(b"--") and tail[2:3] in b" \t"):
                if start >= 0:
                    pieces.append(body[start : max(start, _before_line_end(body, position))])
                    if len(pieces) > MAX_PARTS:
                        raise TooManyParts
                start = -1
                if tail:
                    break
                start = after = end
        strays += 1
        if strays > MAX_PARTS + _MAX_STRAYS:
            raise TooManyParts
        position = body.find(delimiter, after)
    if start >= 0:
        pieces.append(body[start:])
    return pieces or None


def _line_end(body: bytes, position: int) -> int:
    found = body.find(b"\n", position)
    return len(body) if found < 0 else found + 1


def _before_line_end(body: bytes, position: int) -> int:
    """`position` without the line end before it: that belongs to the delimiter."""
    if body[position - 2 : position] == b"\r\n":
        return position - 2
    return position - 1
