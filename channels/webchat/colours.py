"""One colour of the company's, made readable in both themes. Pure. Contrast as WCAG 2.2 measures it."""

import colorsys
from collections.abc import Mapping

_ENOUGH = 4.6
"""WCAG asks for 4.5 between text and its ground; a little more, because browsers round."""
_STEPS = 60
_WHITE = (255, 255, 255)
_DARK = (12, 20, 17)
_GROUNDS: Mapping[str, tuple[str, ...]] = {"light": ("#ffffff", "#f3f5f3"), "dark": ("#1b211e", "#232a27")}
"""What the colour lies upon, in chat.css: the panel and what is raised in it."""

Rgb = tuple[int, int, int]


def theme_css(colour: str, theme: str) -> str:
    """The style sheet that gives the panel its colour. `theme`: auto (as the visitor's system says), light, dark."""
    light, dark = (_block(shades(colour, one)) for one in ("light", "dark"))
    match theme:
        case "light":
            return f":root{{{light}}}\n"
        case "dark":
            return f":root{{{dark}}}\n"
    return f":root{{{light}}}\n@media (prefers-color-scheme:dark){{:root{{{dark}}}}}\n"


def shades(colour: str, theme: str) -> dict[str, str]:
    """`accent`: the colour, made darker or lighter until it can be read on the theme's grounds; `on-accent`: what can be read
    on it; `accent-soft`: a breath of it.

    >>> shades("#0b6b4f", "light")["accent"], shades("#ffee00", "light")["on-accent"]
    ('#0b6b4f', '#ffffff')
    """
    grounds = [_rgb(one) for one in _GROUNDS[theme]]
    hue, lightness, saturation = colorsys.rgb_to_hls(*(part / 255 for part in _rgb(colour)))
    end = 0.0 if theme == "light" else 1.0
    chosen = _rgb(colour)
    for step in range(_STEPS + 1):
        # Hue and saturation stay: it is still the company's colour.
        nearer = lightness + (end - lightness) * step / _STEPS
        red, green, blue = (round(part * 255) for part in colorsys.hls_to_rgb(hue, nearer, saturation))
        chosen = (red, green, blue)
        if all(contrast(chosen, ground) >= _ENOUGH for ground in grounds):
            break
    above = max((_WHITE, _DARK), key=lambda one: contrast(one, chosen))
    return {
        "accent": _hex(chosen),
        "on-accent": _hex(above),
        "accent-soft": _hex(_mix(chosen, grounds[0], 0.88)),
    }


def contrast(one: Rgb, other: Rgb) -> float:
    """Between 1 and 21 (WCAG 2.2, "contrast ratio")."""
    lighter, darker = sorted((_luminance(one), _luminance(other)), reverse=True)
    return (lighter + 0.05) / (darker + 0.05)


def _luminance(colour: Rgb) -> float:
    parts = [
        part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4
        for part in (value / 255 for value in colour)
    ]
    return 0.2126 * parts[0] + 0.7152 * parts[1] + 0.0722 * parts[2]


def _mix(one: Rgb, other: Rgb, share: float) -> Rgb:
    red, green, blue = (round(a + (b - a) * share) for a, b in zip(one, other, strict=True))
    return red, green, blue


def _rgb(colour: str) -> Rgb:
    return int(colour[1:3], 16), int(colour[3:5], 16), int(colour[5:7], 16)


def _hex(colour: Rgb) -> str:
    return "#{:02x}{:02x}{:02x}".format(*colour)


def _block(values: Mapping[str, str]) -> str:
    return "".join(f"--{name}:{value};" for name, value in values.items())
