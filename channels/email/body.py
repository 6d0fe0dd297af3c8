"""Which parts are the text, which are files, and how HTML becomes text. Pure."""

import html as html_escape
import re
from dataclasses import dataclass, field

from channels.email.attachments import stated_name
from channels.email.charsets import decode
from channels.email.limits import MAX_HTML, MAX_HTML_DEPTH
from channels.email.mime import Part

_META = re.compile(rb"""(?i)<meta[^>]{0,300}?charset\s*=\s*["']?([a-z0-9_:.-]{2,40})""")
_CID = re.compile(r"""(?i)cid:([^"'\s>)]{1,255})""")
_SRC = re.compile(r"""(?i)\ssrc\s*=\s*["']?([^"'\s>]{1,255})""")
_TAG = re.compile(r"<[^<>]*>")
_OPEN = re.compile(
    r"<(/?)(div|table|tr|td|span|font|blockquote|p|ul|ol|li|b|i|a|center|section)\b", re.IGNORECASE
)


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


def referenced_ids(html: str) -> frozenset[str]:
    """Content ids and locations that the HTML shows, lower case."""
    sample = html[:MAX_HTML]
    return frozenset(v.lower() for v in _CID.findall(sample)) | frozenset(
        v.lower() for v in _SRC.findall(sample)
    )


def too_deep(html: str) -> bool:
    """Whether elements nest deeper than MAX_HTML_DEPTH: tree builders take quadratic time on those."""
    depth = 0
    for match in _OPEN.finditer(html):
        depth = (
            max(0, depth - 1)
            if match.group(1)
            else depth + (match.group(2).lower() not in ("p", "li", "td", "tr"))
        )
        if depth > MAX_HTML_DEPTH:
            return True
    return False


def text_from_html(html: str) -> str:
    """Readable text of HTML, links and pictures left out. Beyond the limits the tags are simply taken
    away."""
    if len(html) > MAX_HTML or too_deep(html):
        return _plainly(html[:MAX_HTML])
    from inscriptis import get_text
    from inscriptis.css_profiles import CSS_PROFILES
    from inscriptis.model.config import ParserConfig

    prepared = re.sub(r"<\?xml[^>]{0,200}>|\x00", "", html)
    try:
        text = str(get_text(prepared, ParserConfig(css=CSS_PROFILES["relaxed"])))
    except Exception:  # noqa: BLE001 - lxml and inscriptis raise whatever a broken document provokes; the plain way works
        return _plainly(html)
    return "\n".join(line.rstrip() for line in text.replace("\u00a0", " ").split("\n"))


def _plainly(html: str) -> str:
    out: list[str] = []
    position = 0
    while True:
        start = html.find("<", position)
        if start < 0:
            out.append(html[position:])
            break
        out.append(html[position:start])
        end = html.find(">", start)
        if end < 0:
            break
        tag = html[start + 1 : start + 10].lower()
        if tag.startswith(("br", "/p", "/div", "/tr", "/h", "/li")):
            out.append("\n")
        position = end + 1
        for name in ("script", "style"):
            if tag.startswith(name):
                close = (
                    html.lower().find(f"</{name}", position)
                    if len(html) < 100_000
                    else html.find(f"</{name}", position)
                )
                position = len(html) if close < 0 else close
    return html_escape.unescape("".join(out))


def clean_html(html: str) -> str:
    """HTML that is safe to show: nh3's defaults, remote content left to the page's own policy."""
    if not html:
        return ""
    if len(html) > MAX_HTML or too_deep(html):
        return f"<pre>{html_escape.escape(_plainly(html[:MAX_HTML]))}</pre>"
    import nh3

    return nh3.clean(html)
