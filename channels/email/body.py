"""Which parts are the text and which are files. Pure."""

import html as html_escape
import re
from dataclasses import dataclass, field

from channels.email.attachments import stated_name
from channels.email.charsets import decode
from channels.email.html_text import text_from_html
from channels.email.mime import Part

_META = re.compile(rb"""(?i)<meta[^>]{0,300}?charset\s*=\s*["']?([a-z0-9_:.-]{2,40})""")
_TAG = re.compile(r"<[^<>]*>")


@dataclass(slots=True)
class Segment:
    """A stretch of the body, in either or both forms."""

    text: str = ""
    html: str = ""


@dataclass(slots=True)
class Contents:
    """What the tree of parts comes to."""

    segments: list[Segment] = field(default_factory=list)
    files: list[Part] = field(default_factory=list)

    @property
    def html(self) -> str:
        """The HTML of all segments, raw; "" when no part was HTML."""
        if not any(s.html for s in self.segments):
            return ""
        return "\n".join(s.html or f"<pre>{html_escape.escape(s.text)}</pre>" for s in self.segments)

    @property
    def text(self) -> str:
        """The text of all segments; HTML is converted where there is no text beside it."""
        pieces = [s.text if s.text.strip() or not s.html else text_from_html(s.html) for s in self.segments]
        return "\n".join(p.strip("\r\n") for p in pieces if p.strip())


def read_contents(root: Part) -> Contents:
    """Sort the tree below `root`. Depth is bounded by the splitter."""
    found = Contents()
    found.segments = _collect(root, found.files)
    return found


def _collect(part: Part, files: list[Part]) -> list[Segment]:
    if part.children:
        if part.content_type == "multipart/alternative":
            return _alternative(part, files)
        segments: list[Segment] = []
        for child in part.children:
            if (
                part.content_type == "multipart/report"
                and segments
                and child.content_type.startswith(("message/", "text/rfc822"))
            ):
                files.append(child)
                continue
            segments.extend(_collect(child, files))
        return segments
    if part.content_type.startswith("multipart/"):
        return []
    if (
        part.content_type in ("text/plain", "text/html")
        and part.disposition != "attachment"
        and not stated_name(part)
    ):
        text = part_text(part)
        return [Segment(html=text)] if part.content_type == "text/html" else [Segment(text=text)]
    if (
        part.content_type in ("text/enriched", "text/richtext", "text/x-amp-html", "text/watch-html")
        and part.disposition != "attachment"
    ):
        return (
            [Segment(text=_TAG.sub("", part_text(part)))]
            if "amp" not in part.content_type and "watch" not in part.content_type
            else []
        )
    files.append(part)
    return []


def _alternative(part: Part, files: list[Part]) -> list[Segment]:
    """RFC 2046 5.1.4: one body in several forms. The first text and the last HTML are one segment."""
    text: list[Segment] = []
    html: list[Segment] = []
    for child in part.children:
        segments = _collect(child, files)
        if any(s.html for s in segments):
            html = segments
        elif not text or not any(s.text.strip() for s in text):
            text = segments
    if text and html:
        shown = "\n".join(s.html or f"<pre>{html_escape.escape(s.text)}</pre>" for s in html)
        return [Segment(text="\n".join(s.text for s in text), html=shown)]
    return html or text


def part_text(part: Part) -> str:
    """A text part's characters with `\\n` line ends; format=flowed is joined (RFC 3676)."""
    data = part.data()
    label = part.params.get("charset", "")
    if part.content_type == "text/html" and not data.isascii():
        meta = _META.search(data[:4096])
        if meta and (not label or label.lower() in ("us-ascii", "ascii")):
            label = meta.group(1).decode("ascii")
    text = decode(data, label).replace("\r\n", "\n").replace("\r", "\n").replace("\0", "")
    if part.content_type == "text/plain" and part.params.get("format", "").lower() == "flowed":
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
