"""The text of an article: Markdown to HTML that can be shown to anybody, and to plain text for an answer. Pure.

Markdown (CommonMark with tables and ~~struck out~~) without HTML in it; nh3 has the last word on what comes out. Of pictures
our own are shown (hub.model.article_pictures), and of any other its words: a page of ours fetches nothing from elsewhere.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from html import escape, unescape

import nh3
from markdown_it import MarkdownIt
from markdown_it.renderer import RendererProtocol
from markdown_it.token import Token
from markdown_it.utils import EnvType, OptionsDict
from markupsafe import Markup

from channels.email.parts.html_text import text_from_html
from hub.model.article_pictures import token_of

_TAGS = {
    "p", "br", "hr", "h2", "h3", "h4", "h5", "h6", "ul", "ol", "li", "strong", "em", "s", "code", "pre", "blockquote", "a",
    "table", "thead", "tbody", "tr", "th", "td", "img",
}  # fmt: skip
_OF_PICTURE = {"src", "srcset", "sizes", "alt", "width", "height", "loading", "decoding"}
_ATTRIBUTES = {"a": {"href", "title"}, "ol": {"start"}, "img": _OF_PICTURE}
_SCHEMES = {"http", "https", "mailto", "tel"}
_SCHEME = re.compile(r"(?i)(?:https?|mailto|tel):")
_LINK = re.compile(r'<a href="([^"]*)"[^>]*>(.*?)</a>', re.DOTALL)
_HEADING = re.compile(r"h([1-6])")
_BLANK_LINES = re.compile(r"\n{3,}")


@dataclass(frozen=True, slots=True)
class Measured:
    """A picture that may be shown: as wide and high as it is in pixels. `small_width` 0: there is no smaller one."""

    token: str
    width: int
    height: int
    small_width: int


@dataclass(frozen=True, slots=True)
class Pictures:
    """Which pictures of a text are shown, and below which path of ours they lie."""

    path: str = ""
    shown: tuple[Measured, ...] = ()

    def of(self, address: str) -> Measured | None:
        """The picture that a text names by this; None for one that is not shown."""
        token = token_of(address)
        return next((one for one in self.shown if one.token == token), None) if token else None


NO_PICTURES = Pictures()


def _picture(
    _renderer: RendererProtocol, tokens: Sequence[Token], place: int, _options: OptionsDict, env: EnvType
) -> str:
    token, pictures = tokens[place], env["pictures"]
    found = pictures.of(str(token.attrs.get("src", "")))
    if found is None:
        return str(env["words"]).format(escape(token.content))
    return _as_element(found, pictures.path, token.content)


def _as_element(picture: Measured, path: str, words: str) -> str:
    """`sizes`: the column of text, as both style sheets have it."""
    address = f"{path}/{picture.token}"
    both = ""
    if picture.small_width:
        both = (
            f' srcset="{address}/small {picture.small_width}w, {address} {picture.width}w"'
            ' sizes="(max-width: 46rem) 92vw, 42rem"'
        )
    return (
        f'<img src="{address}"{both} alt="{escape(words)}" width="{picture.width}" height="{picture.height}"'
        ' loading="lazy" decoding="async">'
    )


def _parser() -> MarkdownIt:
    made = MarkdownIt("commonmark", {"html": False, "breaks": True}).enable(["table", "strikethrough"])
    made.add_render_rule("image", _picture)
    return made


_MARKDOWN = _parser()


@lru_cache(maxsize=256)
def render_article(body: str, pictures: Pictures = NO_PICTURES) -> Markup:
    """The text as HTML. Its highest headings stand one level below the title; links lead to the web, to a mailbox, to a
    telephone, or to another page of help (/help/…). Of pictures those among `pictures` are shown.

    >>> render_article("# Hi\\n[x](javascript:alert(1)) <b>")
    Markup('<h2>Hi</h2>\\n<p>[x](javascript:alert(1)) &lt;b&gt;</p>\\n')
    """
    return _render(body, {"pictures": pictures, "words": "{}"})


def _render(body: str, env: EnvType) -> Markup:
    """`words` of the environment: how what a picture shows stands in the place of one that is not shown."""
    tokens = _MARKDOWN.parse(body)
    levels = [int(found[1]) for token in tokens if (found := _HEADING.fullmatch(token.tag))]
    for token in tokens:
        if level := _HEADING.fullmatch(token.tag):
            token.tag = f"h{min(6, int(level[1]) - min(levels) + 2)}"
    html = _MARKDOWN.renderer.render(tokens, _MARKDOWN.options, env)
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


@lru_cache(maxsize=64)
def article_as_text(body: str) -> str:
    """The text as it is put into an answer: no marks, the address of a link behind its words, of a picture what it shows, in
    brackets.

    >>> article_as_text("## Steps\\n1. Open **it**\\n2. See [here](https://a.example/x)")
    'Steps\\n\\n1. Open it\\n2. See here (https://a.example/x)'
    """
    html = _render(body, {"pictures": NO_PICTURES, "words": "[{}]"})
    with_addresses = _LINK.sub(_in_words, str(html))
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
