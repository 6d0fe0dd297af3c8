"""Plots as SVG, without a library: lines and dots over time, with what was injected behind them. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass
from html import escape

WIDTH, HEIGHT, LEFT, BELOW, ABOVE = 1000, 220, 60, 26, 14
COLOURS = ("#1f6f8b", "#b5532f", "#4d7c2a", "#7a4f9a", "#8a7a1f", "#a03060")


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """`points`: (seconds from the start, value). `dots`: not joined."""

    name: str
    points: Sequence[tuple[float, float]]
    dots: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Band:
    """Something that lasted, drawn behind."""

    since: float
    until: float
    name: str


def plot(title: str, unit: str, seconds: float, lines: Sequence[Line], bands: Sequence[Band] = ()) -> str:
    """One plot as an `<figure>`."""
    most = max([value for line in lines for _, value in line.points], default=0.0) or 1.0
    across = (WIDTH - LEFT) / max(seconds, 0.001)

    def x(at: float) -> str:
        return f"{LEFT + at * across:.1f}"

    def y(value: float) -> str:
        return f"{ABOVE + (HEIGHT - ABOVE - BELOW) * (1 - value / most):.1f}"

    parts = [
        f'<rect x="{x(band.since)}" y="{ABOVE}" width="{max(1.0, (band.until - band.since) * across):.1f}" '
        f'height="{HEIGHT - ABOVE - BELOW}" fill="#d33" opacity="0.12"><title>{escape(band.name)}</title></rect>'
        for band in bands
    ]
    for step in range(5):
        value = most * step / 4
        parts.append(f'<line x1="{LEFT}" x2="{WIDTH}" y1="{y(value)}" y2="{y(value)}" stroke="#ddd"/>')
        parts.append(f'<text x="{LEFT - 6}" y="{y(value)}" text-anchor="end" dy="4">{value:,.4g}</text>')
    for step in range(7):
        at = seconds * step / 6
        parts.append(f'<text x="{x(at)}" y="{HEIGHT - 8}" text-anchor="middle">{at:,.0f} s</text>')
    legend = []
    for place, line in enumerate(lines):
        colour = COLOURS[place % len(COLOURS)]
        legend.append(f'<span style="color:{colour}">■</span> {escape(line.name)}')
        if line.dots:
            parts += [
                f'<circle cx="{x(at)}" cy="{y(value)}" r="2" fill="{colour}" opacity="0.6"/>'
                for at, value in line.points
            ]
        elif line.points:
            path = " ".join(f"{x(at)},{y(value)}" for at, value in line.points)
            parts.append(f'<polyline points="{path}" fill="none" stroke="{colour}" stroke-width="1.5"/>')
    return (
        f"<figure><figcaption><b>{escape(title)}</b> ({escape(unit)}) {' '.join(legend)}</figcaption>"
        f'<svg viewBox="0 0 {WIDTH} {HEIGHT}" role="img" aria-label="{escape(title)}">{"".join(parts)}</svg></figure>'
    )
