"""What the desk is made of, on a page of its own: read from the very file that the pages are drawn with, so that it stays
true."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta

from aiohttp import web

from hub.web.desk.assets import FILES
from hub.web.desk.say.language import N_
from hub.web.desk.say.targets import say_span
from hub.web.desk.visit import Visit

_NAMED = re.compile(r"--([a-z0-9-]+):\s*([^;]+);")
_ICON = re.compile(r'<symbol [^>]*id="([a-z0-9-]+)"')

PAIRS: Sequence[tuple[str, str]] = (
    ("ink", "paper"), ("ink", "pane"), ("ink", "card"), ("ink", "hover"), ("soft", "paper"), ("soft", "pane"), ("soft", "card"),
    ("soft", "hover"), ("accent", "card"), ("accent", "pane"), ("accent", "paper"), ("accent", "accent-soft"),
    ("ink", "accent-soft"), ("on-accent", "accent"), ("note-ink", "note"), ("on-note", "note-strong"), ("wrong", "card"),
    ("wrong", "wrong-soft"), ("warn", "card"), ("warn", "warn-soft"), ("info", "info-soft"), ("good", "card"),
)  # fmt: skip
"""Which words stand on which ground."""

LEAST_CONTRAST = 4.5
"""WCAG 2.2, 1.4.3, of text that is not large."""

COLOURS: Mapping[str, str] = {
    "paper": N_("the ground of the page"),
    "pane": N_("a pane beside the work"),
    "card": N_("what is written or read"),
    "ink": N_("words"),
    "soft": N_("words that stand back"),
    "line": N_("what parts things"),
    "edge": N_("the edge of a field"),
    "accent": N_("what can be done"),
    "accent-soft": N_("chosen; ours"),
    "note": N_("for colleagues only"),
    "wrong": N_("went wrong"),
    "warn": N_("presses"),
    "good": N_("is well"),
    "info": N_("is new"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Pair:
    """Words on a ground, and how well they can be told apart, 1 to 21, in the light and in the dark."""

    words: str
    ground: str
    light: float
    dark: float


def tokens(theme: str) -> dict[str, str]:
    """Name → value, as tokens.css has them. `theme`: light or dark; what is the same in both has the value of light."""
    css = FILES["tokens.css"][0].decode()
    light, _, rest = css.partition('[data-theme="dark"]')
    found = dict(_NAMED.findall(light))
    if theme == "dark":
        found |= dict(_NAMED.findall(rest.partition("@media")[0]))
    return found


def contrast(one: str, other: str) -> float:
    """Of two colours as #rrggbb, in either order (WCAG 2.2, "contrast ratio")."""
    brighter, darker = sorted((_luminance(one), _luminance(other)), reverse=True)
    return (brighter + 0.05) / (darker + 0.05)


def pairs() -> list[Pair]:
    """Each pair of PAIRS, measured."""
    light, dark = tokens("light"), tokens("dark")
    return [
        Pair(
            words=words,
            ground=ground,
            light=contrast(light[words], light[ground]),
            dark=contrast(dark[words], dark[ground]),
        )
        for words, ground in PAIRS
    ]


async def show_design(visit: Visit) -> web.StreamResponse:
    """The page."""
    known = tokens("light")

    def named(start: str) -> list[tuple[str, str]]:
        return [(name, value) for name, value in known.items() if name.startswith(start)]

    return visit.page(
        "design.html",
        section="design",
        COLOURS=COLOURS,
        pairs=pairs(),
        texts=named("text-"),
        distances=[one for one in named("s") if re.fullmatch(r"s\d+", one[0])],
        corners=named("round-"),
        span=lambda minutes: say_span(visit.voice, timedelta(minutes=minutes)),
        icons=sorted(_ICON.findall(FILES["icons.svg"][0].decode())),
    )


def _luminance(colour: str) -> float:
    parts = [int(colour[place : place + 2], 16) / 255 for place in (1, 3, 5)]
    red, green, blue = (
        part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts
    )
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue
