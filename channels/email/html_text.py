"""What HTML says and shows: readable text, safe HTML, the pictures it refers to. Pure; linear beyond the limits.

Which parts are HTML is body.py's business; marks of quoted history are read in html_quotes.py.
"""

import html as html_escape
import re

from channels.email.limits import MAX_HTML, MAX_HTML_DEPTH

_CID = re.compile(r"""(?i)cid:([^"'\s>)]{1,255})""")
_SRC = re.compile(r"""(?i)\s(?:src|background)\s*=\s*["']?([^"'\s>]{1,255})""")
_OPEN = re.compile(r"<(/?)([a-z][a-z0-9]{0,11})\b", re.IGNORECASE)
_NEVER_NEST = frozenset(
    {"p", "li", "td", "tr", "th", "br", "img", "hr", "meta", "link", "input", "col", "wbr", "option", "dd", "dt", "base",
     "area", "param", "source", "embed", "o", "v", "w", "st1"}
)  # fmt: skip
"""Elements without an end tag, or whose end tag is usually left out."""


def referenced_ids(html: str) -> frozenset[str]:
    """Content ids and locations that the HTML shows, lower case."""
    sample = html[:MAX_HTML]
    found = frozenset(v.lower() for v in _CID.findall(sample)) | frozenset(v.lower() for v in _SRC.findall(sample))
    return frozenset(html_escape.unescape(v) for v in found) if any("&" in v for v in found) else found


def too_deep(html: str) -> bool:
    """Whether elements nest deeper than MAX_HTML_DEPTH: tree builders take quadratic time on those."""
    depth = 0
    for match in _OPEN.finditer(html):
        if match.group(2).lower() in _NEVER_NEST:
            continue
        depth = max(0, depth - 1) if match.group(1) else depth + 1
        if depth > MAX_HTML_DEPTH:
            return True
    return False


def text_from_html(html: str) -> str:
    """Readable text of HTML, links and pictures left out. Beyond the limits the tags are simply taken away."""
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


def clean_html(html: str) -> str:
    """HTML that is safe to show: nh3's defaults, remote content left to the page's own policy."""
    if not html:
        return ""
    if len(html) > MAX_HTML or too_deep(html):
        return f"<pre>{html_escape.escape(_plainly(html[:MAX_HTML]))}</pre>"
    import nh3

    return nh3.clean(html)


def _plainly(html: str) -> str:
    lower = html.lower()
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
