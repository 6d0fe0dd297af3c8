"""The desk's colours can be told apart by everybody, and every one that is shown as a token is one."""

import re

import pytest

from hub.web.desk.assets import FILES, STYLES
from hub.web.desk.design import COLOURS, LEAST_CONTRAST, contrast, pairs, tokens


def test_contrast_is_that_of_the_guidelines() -> None:
    assert contrast("#000000", "#ffffff") == pytest.approx(21.0)
    assert contrast("#777777", "#ffffff") == pytest.approx(4.48, abs=0.01)
    assert contrast("#ffffff", "#777777") == contrast("#777777", "#ffffff")


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_words_can_be_told_from_their_ground(theme: str) -> None:
    weak = {
        (one.words, one.ground): getattr(one, theme)
        for one in pairs()
        if getattr(one, theme) < LEAST_CONTRAST
    }
    assert weak == {}


def test_dark_is_the_same_whether_chosen_or_the_systems() -> None:
    css = FILES["tokens.css"][0].decode()
    chosen, _, by_system = css.partition('[data-theme="dark"]')[2].partition("@media")
    named = re.compile(r"--[a-z0-9-]+: [^;]+;")
    assert named.findall(chosen) == named.findall(by_system)
    assert set(tokens("dark")) == set(tokens("light")) and set(COLOURS) <= set(tokens("light"))


def test_every_name_that_a_style_uses_is_a_token() -> None:
    known = set(tokens("light"))
    for name, (body, _zipped, _kind) in FILES.items():
        if name.endswith(".css"):
            css = body.decode()
            used = set(re.findall(r"var\(--([a-z0-9-]+)", css)) - set(re.findall(r"--([a-z0-9-]+):", css))
            assert used <= known, name


def test_every_sheet_is_in_what_a_page_asks_for() -> None:
    sheets = {name for name in FILES if name.endswith(".css")}
    assert {f"{name}.css" for name in STYLES} == sheets - {"styles.css"}
