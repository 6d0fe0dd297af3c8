"""Old text in HTML: quoted blocks become lines with `>`, containers of history get a title above. Pure, linear.

The mark-up of a mail program is better evidence than words, but text rules decide what goes (quotes.py); so the
evidence is turned into the marks which they know.
"""

import re
from collections.abc import Iterator
from textwrap import dedent

from channels.email.limits import MAX_QUOTE_TEXT
from channels.email.parts.html_text import text_from_html

_TITLE = "<div>-----Original Message-----</div>"
_SIGNATURE = "<div>--&nbsp;</div>"

_HISTORY = re.compile(
    r"""(?ix)<(?:div|span|section|table|hr|a)\b(?=[^>]{0,600}(?:
        \bid\s*=\s*["']?(?:x_)*(?:divrplyfwdmsg|olk_src_body_section|mail-editor-reference-message-container
            |ms-outlook-mobile-reference-message|origbody|orienvelope|reply-intro|stopspelling|mailmasterquote|ntes-pcmac-quote
            |lark-mail-quote[\w-]*|original-content|yahoo_quoted_?\w*|_originalcontent)\b
      | \bclass\s*=\s*["'][^"'>]{0,120}(?:outlookmessageheader|yahoo_quoted|protonmail_quote|tutanota_quote|zmail_extra
            |ntes-mailmaster-quote|mailmaster-quote|history-quote-wrapper|hiri_quote)\b
      | \bname\s*=\s*["']?messagereplysection\b
      | \bstyle\s*=\s*["'][^"'>]{0,120}border:\s*none;\s*border-top:\s*(?:solid\s*\#(?:e1e1e1|b5c4df)|\#(?:e1e1e1|b5c4df)\s*1)
    ))[^>]{0,1200}>"""
)
_SIGNED = re.compile(
    r"""(?ix)<(?:div|span|pre|table|p|sign|hr)\b(?=[^>]{0,400}(?:
        \bclass\s*=\s*["'][^"'>]{0,120}(?:gmail_signature|moz-signature|protonmail_signature_block(?!-empty)|tutanota_signature
            |mailmaster_signature|js-signature)\b
      | \bid\s*=\s*["']?(?:x_)*(?:applemailsignature|ms-outlook-(?:mobile|ios)-signature|ntes-pcmac-signature|spneditorsign
            |signature|zmail_signature|yahoo_signature)\b
      | \bdata-smartmail\s*=\s*["']?gmail_signature | \bsignid\s*= | \bstyle\s*=\s*["']width:\s*210px
    ))[^>]{0,800}>"""
)
_INDENTED_MARK = re.compile(r"(?m)^[ \t]{0,40}--[ \t]*$")
_BLOCKQUOTE = re.compile(r"(?i)<(/?)blockquote\b([^>]{0,2000})>")
_INDENT = re.compile(
    r"(?i)border:\s*(?:none|0)[^-]|margin(?:-left)?:\s*(?:0(?:px)?\s+0(?:px)?\s+0(?:px)?\s+)?40px|webkit-indent"
)


def text_with_quotes(html: str) -> str:
    """The text of HTML with `>` before quoted lines and titles above history; "" when the mark-up shows neither."""
    if len(html) > MAX_QUOTE_TEXT or not (
        _BLOCKQUOTE.search(html) or _HISTORY.search(html) or _SIGNED.search(html)
    ):
        return ""
    marked = _SIGNED.sub(lambda m: _SIGNATURE + m.group(0), _HISTORY.sub(lambda m: _TITLE + m.group(0), html))
    pieces: list[str] = []
    for quoted, piece in _pieces(marked):
        text = _INDENTED_MARK.sub("-- ", dedent(text_from_html(piece).strip("\n")))
        if not text.strip():
            continue
        pieces.append("\n".join(f"> {line}".rstrip() for line in text.split("\n")) if quoted else text)
    return "\n\n".join(pieces)


def _pieces(html: str) -> Iterator[tuple[bool, str]]:
    """HTML cut at its outermost quotes; pieces in between are not well formed, which the converter forgives."""
    start = 0
    for begin, end in _outermost_quotes(html):
        yield False, html[start:begin]
        yield True, html[begin:end]
        start = end
    yield False, html[start:]


def _outermost_quotes(html: str) -> list[tuple[int, int]]:
    """Where quotes begin and end. Without attributes it may be a citation of the author's: a quote if nothing follows."""
    found: list[tuple[int, int]] = []
    depth = begin = 0
    opening = ""
    for match in _BLOCKQUOTE.finditer(html):
        if not match.group(1):
            if depth == 0:
                begin, opening = match.start(), match.group(2)
            depth += 1
        elif depth:
            depth -= 1
            if depth == 0 and _is_quote(opening, html, match.end()):
                found.append((begin, match.end()))
    if depth and _is_quote(opening, html, len(html)):
        found.append((begin, len(html)))
    return found


def _is_quote(attributes: str, html: str, end: int) -> bool:
    if attributes.strip(" /\t\r\n"):
        return not _INDENT.search(attributes)
    return html.find("lockquote", end) < 0 and not text_from_html(html[end:]).strip()
