"""HTML from outside to HTML that can be shown. Pure; nh3 has the last word on every character of it.

No script, no form, no style sheet, no name that a script could meet, no address that is fetched by itself: pictures become
marks which the page fills in, or does not. What a link really leads to stands beside it.
"""

import html as escaping
import re
import secrets
from collections.abc import Callable
from dataclasses import dataclass
from urllib.parse import unquote, urlsplit

import nh3

TAGS = (nh3.ALLOWED_TAGS | {"font", "big", "tfoot"}) - {"map", "area"}
_SIZES = {"align", "valign", "bgcolor", "width", "height"}
ATTRIBUTES = {
    "*": {"style", "dir", "lang", "title"},
    "a": {"href"},
    "img": {"src", "alt", "width", "height", "align", "border"},
    "font": {"color", "face", "size"},
    "table": _SIZES | {"border", "cellpadding", "cellspacing"},
    "tr": _SIZES,
    "td": _SIZES | {"colspan", "rowspan", "nowrap"},
    "th": _SIZES | {"colspan", "rowspan", "nowrap"},
    "col": {"span", "width"},
    "div": {"align"},
    "p": {"align"},
    "hr": {"width", "size", "color", "align"},
    "ol": {"start", "type"},
    "ul": {"type"},
    "li": {"value"},
}
LINKS = ("http", "https", "mailto", "tel")
_LONGEST_ADDRESS = 2000

_STYLES = frozenset(
    """background background-color border border-bottom border-bottom-color border-bottom-style border-bottom-width
    border-collapse border-color border-left border-left-color border-left-style border-left-width border-radius border-right
    border-right-color border-right-style border-right-width border-spacing border-style border-top border-top-color
    border-top-style border-top-width border-width clear color direction display float font font-family font-size font-style
    font-variant font-weight height letter-spacing line-height list-style list-style-type margin margin-bottom margin-left
    margin-right margin-top max-height max-width min-height min-width overflow-wrap padding padding-bottom padding-left
    padding-right padding-top table-layout text-align text-decoration text-indent text-transform vertical-align white-space
    width word-break word-wrap""".split()  # noqa: SIM905 - words
)
# What is not plainly a value: escapes, at-rules, addresses, anything called but a colour.
_ODD_VALUE = re.compile(
    r"[\\@<>{}&]|/\*|url|image|expression|(?<!rgb)(?<!rgba)(?<!hsl)(?<!hsla)\(", re.IGNORECASE
)
_LINK = re.compile(r'<a((?: [a-z-]+="[^"]*")*)>(.*?)</a>', re.DOTALL)
_HREF = re.compile(r' href="([^"]*)"')
_TAG = re.compile(r"<[^>]*>")
_SHOWN_HOST = re.compile(
    r"(?:https?://|www\.|@)[^\s/]+"
    r"|\w-*\.(?!(?:pdf|docx?|xlsx?|pptx?|csv|txt|zip|png|jpe?g|gif|html?)\b)[^\W\d_]{2,}\b",
    re.IGNORECASE,
)
_OUTLOOK = {"p": {"MsoNormal"}, "li": {"MsoNormal"}, "div": {"MsoNormal"}}
MARKS = {"hub-host", "hub-spoof"}
MOST_WORDS = 300
"""Characters of a link's words that are looked at."""


@dataclass(frozen=True, slots=True)
class Cleaned:
    """`html` names its pictures `cid:<mark>.<place>`, where place is that of the picture's own address in `pictures`: a
    "cid:", "data:" or web address as the sender wrote it."""

    html: str
    mark: str
    pictures: tuple[str, ...]

    def with_pictures(self, address_of: Callable[[str], str]) -> str:
        """The HTML with each picture where `address_of` says; "" leaves only its words."""

        def place(found: re.Match[str]) -> str:
            return escaping.escape(address_of(self.pictures[int(found[1])]), quote=True)

        return re.sub(rf"cid:{self.mark}\.(\d+)", place, self.html)


def clean(html: str) -> Cleaned:
    """Cleaned. Takes quadratic time on what nests thousands deep (see bounded.py)."""
    # Whoever wrote the letter cannot know the mark, so nothing in it can be taken for a picture's place.
    mark = secrets.token_hex(8)
    pictures: list[str] = []

    def keep(tag: str, name: str, value: str) -> str | None:
        if name == "src":
            address = value.strip()
            if not address.lower().startswith(("cid:", "data:image/", "http://", "https://")):
                return None
            pictures.append(address)
            return f"cid:{mark}.{len(pictures) - 1}"
        if name == "href":
            return value if urlscheme(value) in LINKS else None
        if name == "style":
            return clean_style(value) or None
        return value

    once = nh3.clean(
        html,
        tags=TAGS,
        attributes=ATTRIBUTES,
        attribute_filter=keep,
        allowed_classes=_OUTLOOK,
        link_rel="noopener noreferrer nofollow",
        url_schemes={*LINKS, "cid"},
        url_relative="deny",
    )
    twice = nh3.clean(
        _LINK.sub(_with_host, once),
        tags=TAGS,
        attributes=ATTRIBUTES,
        allowed_classes={**_OUTLOOK, "span": MARKS},
        link_rel="noopener noreferrer nofollow",
        url_schemes={*LINKS, "cid"},
        url_relative="deny",
    )
    return Cleaned(twice, mark, tuple(pictures))


def clean_style(value: str) -> str:
    """The declarations that change how text looks and can do nothing else.

    >>> clean_style("color: red; position: fixed; background: url(//x)")
    'color:red'
    """
    kept = []
    for declaration in value[:4000].split(";"):
        name, _, what = declaration.partition(":")
        name, what = name.strip().lower(), what.strip()
        if name in _STYLES and what and not _ODD_VALUE.search(what):
            kept.append(f"{name}:{what}")
    return ";".join(kept)


def urlscheme(address: str) -> str:
    """The scheme as a browser would read it: blanks before it and control characters inside do not count."""
    bare = re.sub(r"[\x00-\x20\x7f]", "", address)
    scheme, colon, _ = bare.partition(":")
    return scheme.lower() if colon and re.fullmatch(r"[A-Za-z][A-Za-z0-9+.-]*", scheme) else ""


def real_host(address: str) -> str:
    """Where a link leads, in ASCII: the host, or the mailbox of a mailto link; "" where there is none to say.

    >>> real_host("https://bank.example@evil.example/x")
    'evil.example'
    """
    if urlscheme(address) == "mailto":
        return unquote(address.partition(":")[2].partition("?")[0]).strip().lower()[:120]
    # Reading it begins with bringing it into its form, which for many marks upon one letter would take minutes.
    if len(address) > _LONGEST_ADDRESS and not address.isascii():
        return "?"
    try:
        host = urlsplit(address.strip()).hostname or ""
        return host.encode("idna").decode() if not host.isascii() else host[:253]
    except (ValueError, UnicodeError):
        return "?"


def _names(shown: str, host: str) -> bool:
    """Whether the words of a link name this very host, and not one that only ends or begins like it."""
    return re.search(rf"(?<![\w.@-]){re.escape(host)}(?![\w@-]|\.\w)", shown) is not None


def _with_host(link: re.Match[str]) -> str:
    href = _HREF.search(link[1])
    if href is None:
        return link[0]
    host = real_host(escaping.unescape(href[1]))
    # The beginning is what a reader takes in, and looking for hosts in more of it could take for ever.
    shown = escaping.unescape(_TAG.sub("", link[2])[:2000]).strip().lower()[:MOST_WORDS]
    if not host or _names(shown, host) or (host.startswith("www.") and _names(shown, host[4:])):
        return link[0]
    kind = "hub-spoof" if _SHOWN_HOST.search(shown) else "hub-host"
    return f'{link[0]}<span class="{kind}"> [{escaping.escape(host)}] </span>'
