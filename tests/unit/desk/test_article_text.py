"""The text of an article as HTML and as plain text: what is written becomes what is read, and nothing else does."""

import re

from hub.web.article_text import article_as_text, render_article
from tests.security.payloads import payloads

_KNOWN = re.compile(
    r"</?(?:p|br|hr|h[2-6]|ul|ol|li|strong|em|s|code|pre|blockquote|a|table|thead|tbody|tr|th|td)"
    r"(?: (?:href|title|rel|start)=\"[^\"]*\")*>"
)


def test_what_can_be_written() -> None:
    html = str(
        render_article(
            "# One\n\n## Two\n\nA **b** *c* ~~d~~ `e`\nnext\n\n1. x\n2. y\n\n- z\n\n> q\n\n"
            "| a | b |\n|---|---|\n| 1 | 2 |\n\n---\n\n"
            "[in](/help/en/1-x) [out](https://a.example/?a=1&b=2) <mail@a.example>"
        )
    )
    for part in (
        "<h2>One</h2>", "<h3>Two</h3>", "<strong>b</strong>", "<em>c</em>", "<s>d</s>", "<code>e</code><br>\nnext", "<ol>",
        "<blockquote>", "<td>2</td>", "<hr>", '<a href="/help/en/1-x" rel="noopener noreferrer">in</a>',
        'href="https://a.example/?a=1&amp;b=2"', 'href="mailto:mail@a.example"',
    ):  # fmt: skip
        assert part in html, part


def test_headings_begin_below_the_title_wherever_the_author_began() -> None:
    assert "<h2>a</h2>" in render_article("### a") and "<h3>b</h3>" in render_article("### a\n\n#### b")


def test_no_html_comes_through() -> None:
    """Attacks as they are, and where Markdown takes addresses."""
    for payload in payloads("http://canary.example"):
        for body in (
            payload,
            f"[x]({payload})",
            f"![x]({payload})",
            f"<{payload}>",
            f"[x]: {payload}\n\n[x]",
        ):
            html = str(render_article(body))
            assert "<" not in _KNOWN.sub("", html), html
            for address in re.findall(r'<a [^>]*href="([^"]*)"', html):
                assert address.startswith(("http://", "https://", "mailto:", "tel:", "/help/")), address


def test_html_is_text_like_any_other() -> None:
    assert render_article("a <b>c</b>") == "<p>a &lt;b&gt;c&lt;/b&gt;</p>\n"


def test_pictures_are_told_in_words_and_links_lead_nowhere_else() -> None:
    html = render_article(
        "![a cat](https://evil.example/x.png) [x](javascript:alert(1)) [y](//evil.example) [z](/desk)"
    )
    assert "<img" not in html and "a cat" in html and "evil.example/x.png" not in html
    assert "href" not in html


def test_as_plain_text_for_an_answer() -> None:
    text = article_as_text(
        "## Steps\n\n1. Open **it**\n2. See [here](https://a.example/?a=1&b=2)\n\nBye <https://b.example>"
    )
    assert text == "Steps\n\n1. Open it\n2. See here (https://a.example/?a=1&b=2)\n\nBye https://b.example"
