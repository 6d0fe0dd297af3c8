"""What a template always shows stands in it when it is compiled, and is what would have been said each time."""

from typing import Any

import jinja2
import pytest
from markupsafe import Markup

from hub.web.desk.say.folding import Words


def made(calls: list[str]) -> Words:
    def say(text: str) -> Markup:
        calls.append(text)
        return Markup(f"<{text}>")

    def draw(name: str, title: str = "") -> Markup:
        calls.append(name)
        return Markup("[{}:{}]").format(name, title)

    words = Words({"_": say, "icon": draw}, autoescape=True, undefined=jinja2.StrictUndefined)
    words.globals |= {"_": lambda text, **values: f"{text}{sorted(values)}", "icon": lambda *said: "drawn"}
    return words


@pytest.mark.parametrize(
    ("template", "said"),
    [
        ('{{ _("a") }}', "<a>"),
        ('{{ icon("x") }}{{ icon("y", _("b")) }}', "[x:][y:<b>]"),
        ('{% if n %}{{ _("c") if n else _("d") }}{% endif %}', "<c>"),
        ("<i title=\"{{ _('e') }}\">", '<i title="<e>">'),
    ],
)
def test_constants_are_said_once(template: str, said: str) -> None:
    calls: list[str] = []
    compiled = made(calls).from_string(template)
    before = list(calls)
    assert before
    assert compiled.render(n=1) == compiled.render(n=1) == said
    assert calls == before


@pytest.mark.parametrize(
    ("template", "said"),
    [
        ('{{ _("a", n=n) }}', "a[&#39;n&#39;]"),
        ("{{ _(text) }}", "t[]"),
        ('{{ icon("x", text) }}{{ icon(*many) }}', "drawndrawn"),
        ('{{ other("a") }}', "a"),
    ],
)
def test_whatever_depends_on_the_page_is_said_each_time(template: str, said: str) -> None:
    calls: list[str] = []
    values: dict[str, Any] = {"n": 1, "text": "t", "many": ["x"], "other": str}
    assert made(calls).from_string(template).render(**values) == said
    assert calls == []
