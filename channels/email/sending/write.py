"""The words of a letter: the answer, the signature below it, what it answers below both; as text and as HTML. Pure."""

import html
import re

from babel.dates import format_datetime

from hub.model.interactions import OutboundInteraction, Quotation
from hub.model.links import with_links

MOST_QUOTED = 10_000
"""Characters of a quotation; what is longer is cut, and says so."""
_MOST_LINES = 300
_BREAK = re.compile(r"\r\n|[\r\n\v\f\x1c-\x1e\x85\u2028\u2029]")


def write_text(message: OutboundInteraction) -> str:
    """The plain part. The signature begins as RFC 3676 4.3 has it, so that programs know it; quoted lines begin with "> "."""
    parts = [message.text]
    if message.signature:
        parts.append(f"-- \n{message.signature}")
    if message.quotation is not None:
        lines = _BREAK.split(_cut(message.quotation.text))
        quoted = "\n".join(f"> {line}" if line else ">" for line in lines)
        parts.append(f"{attribution(message.quotation, message.language)}\n{quoted}")
    return "\n\n".join(parts)


def write_html(message: OutboundInteraction) -> str:
    """The same as HTML. What is quoted is marked as mail programs mark it, so that they fold it away."""
    parts = [f"<div>{message.html or _escaped(message.text)}</div>"]
    if message.signature:
        parts.append(f"<div>-- <br>\r\n{_escaped(message.signature)}</div>")
    if message.quotation is not None:
        said = _escaped(attribution(message.quotation, message.language))
        quoted = _escaped(_cut(message.quotation.text))
        parts.append(
            f'<div class="gmail_quote"><div>{said}</div>\r\n<blockquote type="cite">{quoted}</blockquote></div>'
        )
    body = "<br>\r\n".join(parts)
    return f'<!DOCTYPE html><html><head><meta charset="utf-8"></head><body>{body}</body></html>'


def attribution(quotation: Quotation, language: str) -> str:
    """The line above a quotation. Its time is in UTC, and says so: nobody knows the reader's."""
    author = " ".join(quotation.author.split())
    if language == "zh_CN":
        at = format_datetime(quotation.said_at, "y年M月d日 HH:mm", locale="zh_CN")
        return f"{at} (UTC)，{author} 写道："
    at = format_datetime(quotation.said_at, "d MMM y 'at' HH:mm", locale="en")
    return f"On {at} UTC, {author} wrote:"


def _cut(text: str) -> str:
    lines = _BREAK.split(text[:MOST_QUOTED].strip())[:_MOST_LINES]
    kept = "\n".join(lines)
    return kept if len(text.strip()) <= MOST_QUOTED and len(lines) < _MOST_LINES else f"{kept}\n[…]"


def _escaped(text: str) -> str:
    """Escaped text with its line breaks and its links to the web."""
    escaped = "".join(
        f'<a href="{html.escape(address)}">{html.escape(words)}</a>'
        if address.lower().startswith("http")
        else html.escape(words)
        for words, address in with_links(text)
    )
    return re.sub(r"\r\n|\r|\n", "<br>\r\n", escaped)
