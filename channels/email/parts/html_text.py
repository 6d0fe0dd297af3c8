"""What HTML says and shows: readable text, safe HTML, the pictures it refers to. Pure; linear beyond the limits.

Which parts are HTML is body.py's business; marks of quoted history are read in html_quotes.py.
"""

import html as html_escape
import re

from channels.email.limits import MAX_ENTITIES, MAX_HTML, MAX_HTML_DEPTH, MAX_HTML_ELEMENTS

_CID = re.compile(r"""(?i)cid:([^"'\s>)]{1,255})""")
_SRC = re.compile(r"""(?i)\s(?:src|background)\s*=\s*["']?([^"'\s>]{1,255})""")
_OPEN = re.compile(r"<(/?)([a-z][a-z0-9]{0,11})\b", re.IGNORECASE)
_NEVER_NEST = frozenset(
    {"p", "li", "td", "tr", "th", "br", "img", "hr", "meta", "link", "input", "col", "wbr", "option", "dd", "dt", "base",
     "area", "param", "source", "embed", "o", "v", "w", "st1"}
)  # fmt: skip
"""Elements without an end tag, or whose end tag is usually left out."""
_INLINE = frozenset(
    {
        "a",
        "b",
        "i",
        "u",
        "s",
        "em",
        "strong",
        "font",
        "span",
        "small",
        "big",
        "sub",
        "sup",
        "tt",
        "code",
        "img",
        "o",
    }
)
_LOWER = {c: c + 32 for c in range(65, 91)}
"""Unlike str.lower(), never changes the length."""
_ENDS = " /\t\n\r\f\"'"
_MAX_PAIRS = 50_000_000
"""Of attributes of one tag, over all tags: about half a second."""
_MAX_AREA = 20_000_000
"""Characters that padding to the widest cell could produce."""


def referenced_ids(html: str) -> frozenset[str]:
    """Content ids and locations that the HTML shows, lower case."""
    sample = html[:MAX_HTML]
    folded = sample.lower()
    found: frozenset[str] = frozenset()
    if "cid:" in folded:
        found |= {v.lower() for v in _CID.findall(sample)}
    if "src" in folded or "background" in folded:
        found |= {v.lower() for v in _SRC.findall(sample)}
    return frozenset(html_escape.unescape(v) for v in found) if any("&" in v for v in found) else found


def too_costly(html: str) -> bool:
    """Whether tree builders and layout would take far longer than an ordinary letter needs. They are quadratic in the depth of
    elements, in the attributes of one tag and in the width of table cells times their rows."""
    if len(html) > MAX_HTML or html.count("&") > MAX_ENTITIES:
        return True
    depth = elements = rows = widest = stretch = 0
    for match in _OPEN.finditer(html):
        name = match.group(2).lower()
        if name not in _INLINE:
            widest = max(widest, match.start() - stretch)
            stretch = match.end()
        if match.group(1):
            depth = max(0, depth - (name not in _NEVER_NEST))
            continue
        elements += 1
        rows += name == "tr"
        depth += name not in _NEVER_NEST
        if depth > MAX_HTML_DEPTH or elements > MAX_HTML_ELEMENTS:
            return True
    if rows * max(widest, len(html) - stretch) > _MAX_AREA:
        return True
    # Attributes end at white space, slashes or quotation marks; after a quote left open, what looks like text is more of them.
    pairs = sum(sum(map(piece.count, _ENDS)) ** 2 for piece in html.split("<") if len(piece) > 200)
    return pairs > _MAX_PAIRS


def text_from_html(html: str) -> str:
    """Readable text of HTML, links and pictures left out. Beyond the limits the tags are simply taken away."""
    if too_costly(html):
        return plain_from_html(html[:MAX_HTML])
    from inscriptis import get_text
    from inscriptis.css_profiles import CSS_PROFILES
    from inscriptis.model.config import ParserConfig

    prepared = re.sub(r"<\?xml[^>]{0,200}>|\x00", "", html)
    try:
        text = str(get_text(prepared, ParserConfig(css=CSS_PROFILES["relaxed"])))
    except Exception:  # noqa: BLE001 - lxml and inscriptis raise whatever a broken document provokes; the plain way works
        return plain_from_html(html)
    return "\n".join(line.rstrip() for line in text.replace("\u00a0", " ").split("\n"))


def clean_html(html: str) -> str:
    """HTML that is safe to show: nh3's defaults, remote content left to the page's own policy."""
    if not html:
        return ""
    if too_costly(html):
        return f"<pre>{html_escape.escape(plain_from_html(html[:MAX_HTML]))}</pre>"
    import nh3

    return nh3.clean(html)


def plain_from_html(html: str) -> str:
    """The text between the tags: little work, little beauty."""
    lower = html.translate(_LOWER)
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
        tag = lower[start + 1 : start + 10]
        if tag.startswith(("br", "/p", "/div", "/tr", "/h", "/li")):
            out.append("\n")
        position = end + 1
        for name in ("script", "style"):
            if tag.startswith(name):
                close = lower.find(f"</{name}", position)
                position = len(html) if close < 0 else close
    return html_escape.unescape("".join(out))
