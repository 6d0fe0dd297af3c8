"""Which parts are the text, which are files, and what was wrapped up. Pure.

What is inside the wrappings is read elsewhere: smime.py, tnef.py, uu.py.
"""

import html as html_escape
import re
from dataclasses import dataclass, field

from channels.email.characters.charsets import decode
from channels.email.limits import MAX_FLOWED, MAX_HTML, MAX_HTML_ELEMENTS, MAX_PARTS, MAX_RAW, TooManyParts
from channels.email.parts.attachments import stated_name
from channels.email.parts.headers import split_headers
from channels.email.parts.html_text import plain_from_html, text_from_html
from channels.email.parts.mime import Part, part_of_file, split_parts
from channels.email.parts.pgp import inline_security
from channels.email.parts.smime import ENCRYPTED, SIGNED, unwrap
from channels.email.parts.tnef import read_tnef
from channels.email.parts.uu import cut_uuencoded

_META = re.compile(rb"""(?i)<meta[^>]{0,300}?charset\s*=\s*["']?([a-z0-9_:.-]{2,40})""")
_TAG = re.compile(r"<[^<>]*>")
_SIGNATURES = frozenset(
    {"application/pgp-signature", "application/pkcs7-signature", "application/x-pkcs7-signature"}
)
_SMIME = frozenset({"application/pkcs7-mime", "application/x-pkcs7-mime"})
_TNEF = frozenset({"application/ms-tnef", "application/vnd.ms-tnef"})
_OTHER_FORMS = ("text/x-amp-html", "text/watch-html")
_MAX_UNWRAPPED = 3
"""Wrappings inside wrappings that are opened: signed, then compressed, then Outlook's own."""

ENCRYPTED_NOTICE = (
    "[This letter is encrypted and cannot be read here. What was encrypted is attached.]\n"
    "[此邮件已加密，无法在此阅读。加密内容已作为附件保留。]"
)
"""Shown in place of a body that nobody here can read; both languages, for no reader is known here."""


@dataclass(slots=True)
class Segment:
    """A stretch of the body, in either or both forms."""

    text: str = ""
    html: str = ""


@dataclass(slots=True)
class Contents:
    """What the tree of parts comes to. `files` are what people sent; `signatures` are kept beside them, since no person asked
    for those. `security` is "", "signed" or "encrypted" as the letter is made; nothing is verified. `spare` is text that counts
    where there is no other. `unwrapped` parts were found inside wrappings, and `room` bytes more may be."""

    segments: list[Segment] = field(default_factory=list)
    files: list[Part] = field(default_factory=list)
    signatures: list[Part] = field(default_factory=list)
    security: str = ""
    spare: list[Segment] = field(default_factory=list)
    unwrapped: int = 0
    room: int = MAX_RAW

    @property
    def html(self) -> str:
        """The HTML of all segments, raw; "" when no part was HTML."""
        if not any(s.html for s in self.segments):
            return ""
        return "\n".join(s.html or f"<pre>{html_escape.escape(s.text)}</pre>" for s in self.segments)

    @property
    def text(self) -> str:
        """The text of all segments; HTML is converted where there is no text beside it."""
        pieces: list[str] = []
        room, tags = MAX_HTML, 2 * MAX_HTML_ELEMENTS
        for segment in self.segments:
            if segment.text.strip() or not segment.html:
                pieces.append(segment.text)
                continue
            # What one part may cost, many together may cost as well, and no more.
            html, tags = segment.html[:room], tags - segment.html.count("<")
            room -= len(html)
            pieces.append(text_from_html(html) if tags >= 0 else plain_from_html(html))
        return "\n".join(p.strip("\r\n") for p in pieces if p.strip())


def read_contents(root: Part) -> Contents:
    """Sort the tree below `root`. Depth is bounded by the splitter. Raises TooManyParts for what is wrapped in it."""
    found = Contents()
    found.segments = _collect(root, found, _Place(root=True))
    if not any(s.text.strip() or s.html.strip() for s in found.segments):
        found.segments += found.spare
    found.security = found.security or next((s for t in found.segments if (s := inline_security(t.text))), "")
    if found.security == ENCRYPTED and not any(s.text.strip() or s.html.strip() for s in found.segments):
        found.segments = [Segment(text=ENCRYPTED_NOTICE)]
    return found


@dataclass(frozen=True, slots=True)
class _Place:
    """Where in the tree a part stands."""

    root: bool = False
    alternative: bool = False
    wrappings: int = 0


def _collect(part: Part, found: Contents, place: _Place) -> list[Segment]:
    kind = part.content_type
    if part.children:
        return _collect_children(part, found, place)
    if kind.startswith("multipart/"):
        return []
    name = stated_name(part).lower()
    if kind in _SIGNATURES or (kind == "application/octet-stream" and name in ("smime.p7s", "signature.asc")):
        found.signatures.append(part)
        found.security = found.security or SIGNED
        return []
    if kind == "application/pgp-encrypted":
        found.signatures.append(part)
        return []
    if kind in _SMIME or name in ("smime.p7m", "smime.p7z"):
        return _open_smime(part, found, place)
    if kind in _TNEF or name == "winmail.dat":
        return _open_tnef(part, found)
    if _is_body(part, place, bool(name)):
        return [_body(part, found)]
    if kind in ("text/enriched", "text/richtext", *_OTHER_FORMS) and part.disposition != "attachment":
        return [] if kind in _OTHER_FORMS else [Segment(text=_TAG.sub("", part_text(part)))]
    found.files.append(part)
    return []


def _collect_children(part: Part, found: Contents, place: _Place) -> list[Segment]:
    if part.content_type == "multipart/alternative":
        return _alternative(part, found, place)
    below = _Place(wrappings=place.wrappings)
    segments: list[Segment] = []
    for child in part.children:
        is_report = part.content_type == "multipart/report" and child.content_type.startswith(
            ("message/", "text/rfc822")
        )
        if is_report and segments:
            found.files.append(child)
        else:
            segments.extend(_collect(child, found, below))
    if part.content_type == "multipart/encrypted":
        found.security = ENCRYPTED
    elif part.content_type == "multipart/signed" and found.signatures:
        found.security = found.security or SIGNED
    return segments


def _alternative(part: Part, found: Contents, place: _Place) -> list[Segment]:
    """RFC 2046 5.1.4: one body in several forms. The first text and the last HTML are one segment."""
    text: list[Segment] = []
    html: list[Segment] = []
    below = _Place(alternative=True, wrappings=place.wrappings)
    for child in part.children:
        segments = _collect(child, found, below)
        if any(s.html for s in segments):
            html = segments
        elif not text or not any(s.text.strip() for s in text):
            text = segments
    if text and html:
        shown = "\n".join(s.html or f"<pre>{html_escape.escape(s.text)}</pre>" for s in html)
        return [Segment(text="\n".join(s.text for s in text), html=shown)]
    return html or text


def _is_body(part: Part, place: _Place, named: bool) -> bool:
    """Whether a part is text to read. A name makes it a file, except for the one part of a letter and the forms of a body."""
    if part.content_type not in ("text/plain", "text/html") or part.disposition == "attachment":
        return False
    return not named or place.alternative or (place.root and part.disposition != "inline")


def _body(part: Part, found: Contents) -> Segment:
    text = part_text(part)
    if part.content_type == "text/html":
        return Segment(html=text)
    if "\nbegin " in text or text.startswith("begin "):
        rest, files = cut_uuencoded(text)
        found.files.extend(part_of_file(f.name, f.data) for f in files)
        # A letter that is nothing but a file keeps its lines, so that nobody sees an empty one.
        text = rest if rest.strip() else text
    return Segment(text=text)


def _open_smime(part: Part, found: Contents, place: _Place) -> list[Segment]:
    """What an S/MIME wrapping holds (RFC 8551). The wrapping itself is kept: among the files when it stays closed."""
    inner = unwrap(part.data(), found.room) if place.wrappings < _MAX_UNWRAPPED else None
    if inner is None or inner.content is None:
        found.security = ENCRYPTED if inner is not None and inner.kind == ENCRYPTED else found.security
        found.files.append(part)
        return []
    found.signatures.append(part)
    found.security = found.security or inner.kind
    headers, body, _ = split_headers(inner.content, top=True, hint=part.hint)
    below = split_parts(headers, body, part.hint)
    found.room -= len(inner.content)
    found.unwrapped += len(below.walk())
    if found.unwrapped > MAX_PARTS or found.room < 0:
        raise TooManyParts
    return _collect(below, found, _Place(wrappings=place.wrappings + 1))


def _open_tnef(part: Part, found: Contents) -> list[Segment]:
    """Outlook's winmail.dat: its text and its files, and the original last. Its text counts only where it is the only one."""
    inner = read_tnef(part.data())
    if inner is None:
        found.files.append(part)
        return []
    found.files.extend(
        part_of_file(f.name, f.data, content_type=f.content_type, content_id=f.content_id)
        for f in inner.files
    )
    found.files.append(part)
    found.spare.append(Segment(text=inner.text.replace("\r\n", "\n"), html=inner.html))
    return []


def part_text(part: Part) -> str:
    """A text part's characters with `\\n` line ends; format=flowed is joined (RFC 3676)."""
    data = part.data()
    label, hint = part.params.get("charset", ""), part.hint
    if part.content_type == "text/html" and not data.isascii():
        meta = _META.search(data[:4096])
        if meta:
            hint = meta.group(1).decode("ascii")
            label = label if label and label.lower() not in ("us-ascii", "ascii") else hint
    text = (
        decode(data, label, hint)
        .replace("\r\r\n", "\n")
        .replace("\r\n", "\n")
        .replace("\r", "\n")
        .replace("\0", "")
    )
    if (
        part.content_type == "text/plain"
        and part.params.get("format", "").lower() == "flowed"
        and len(text) <= MAX_FLOWED
    ):
        return _unflow(text, delete_space=part.params.get("delsp", "").lower() == "yes")
    return text


def _unflow(text: str, *, delete_space: bool) -> str:
    out: list[str] = []
    joining = False
    depth = 0
    for line in text.split("\n"):
        stripped = line.lstrip(">")
        level = len(line) - len(stripped)
        if stripped.startswith(" "):
            stripped = stripped[1:]
        soft = stripped.endswith(" ") and stripped != "-- "
        content = stripped[:-1] if soft and delete_space else stripped
        if joining and level == depth and stripped != "-- ":
            out.append(content)
        else:
            out.append(("\n" if out else "") + (">" * level + " " if level else "") + content)
        joining, depth = soft, level
    return "".join(out)
