"""The text of an article: Markdown to HTML that can be shown to anybody, and to plain text for an answer. Pure.

Markdown (CommonMark with tables and ~~struck out~~) without HTML in it; nh3 has the last word on what comes out. No pictures: a
page of ours fetches nothing from elsewhere.
"""

import re
from collections.abc import Sequence
from functools import lru_cache
from html import escape, unescape

import nh3
from markdown_it import MarkdownIt
from markdown_it.renderer import RendererProtocol
from markdown_it.token import Token
from markdown_it.utils import EnvType, OptionsDict
from markupsafe import Markup

from channels.email.parts.html_text import text_from_html

_TAGS = {
    "p", "br", "hr", "h2", "h3", "h4", "h5", "h6", "ul", "ol", "li", "strong", "em", "s", "code", "pre", "blockquote", "a",
    "table", "thead", "tbody", "tr", "th", "td",
}  # fmt: skip
_ATTRIBUTES = {"a": {"href", "title"}, "ol": {"start"}}
_SCHEMES = {"http", "https", "mailto", "tel"}
_SCHEME = re.compile(r"(?i)(?:https?|mailto|tel):")
_LINK = re.compile(r'<a href="([^"]*)"[^>]*>(.*?)</a>', re.DOTALL)
_HEADING = re.compile(r"h([1-6])")
_BLANK_LINES = re.compile(r"\n{3,}")


def _picture_in_words(
    _renderer: RendererProtocol, tokens: Sequence[Token], place: int, _options: OptionsDict, _env: EnvType
) -> str:
    return escape(tokens[place].content)


def _parser() -> MarkdownIt:
    made = MarkdownIt("commonmark", {"html": False, "breaks": True}).enable(["table", "strikethrough"])
    made.add_render_rule("image", _picture_in_words)
    return made


_MARKDOWN = _parser()


@lru_cache(maxsize=256)
def render_article(body: str) -> Markup:
    """The text as HTML. Its highest headings stand one level below the title; links lead to the web, to a mailbox, to a
    telephone, or to another page of help (/help/…).

    >>> render_article("# Hi\\n[x](javascript:alert(1)) <b>")
    Markup('<h2>Hi</h2>\\n<p>[x](javascript:alert(1)) &lt;b&gt;</p>\\n')
    """
    tokens = _MARKDOWN.parse(body)
    levels = [int(found[1]) for token in tokens if (found := _HEADING.fullmatch(token.tag))]
    for token in tokens:
        if level := _HEADING.fullmatch(token.tag):
            token.tag = f"h{min(6, int(level[1]) - min(levels) + 2)}"
    html = _MARKDOWN.renderer.render(tokens, _MARKDOWN.options, {})
    clean = nh3.clean(
        html,
        tags=_TAGS,
        attributes=_ATTRIBUTES,
        attribute_filter=_keep,
        url_schemes=_SCHEMES,
        url_relative="pass_through",
        link_rel="noopener noreferrer",
    )
    return Markup(clean)  # noqa: S704 - nh3 has just cleaned it


def article_as_text(body: str) -> str:
    """The text as it is put into an answer: no marks, the address of a link behind its words.

    >>> article_as_text("## Steps\\n1. Open **it**\\n2. See [here](https://a.example/x)")
    'Steps\\n\\n1. Open it\\n2. See here (https://a.example/x)'
    """
    with_addresses = _LINK.sub(_in_words, str(render_article(body)))
    lines = (line.strip() for line in text_from_html(with_addresses).split("\n"))
    return _BLANK_LINES.sub("\n\n", "\n".join(lines)).strip()


def _keep(tag: str, name: str, value: str) -> str | None:
    if tag == "a" and name == "href":
        bare = value.strip()
        return bare if _SCHEME.match(bare) or bare.startswith("/help/") else None
    return value


def _in_words(link: re.Match[str]) -> str:
    words, address = link[2], link[1]
    return words if unescape(words) == unescape(address) else f"{words} ({address})"
