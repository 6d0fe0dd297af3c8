"""Plots as SVG, without a library: lines and dots over time, and what was injected on lanes below the same axis. Pure.

Colours are classes (`c0` to `c5`), so that the page's style decides on them, by day and by night.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from html import escape

WIDTH, HEIGHT, LEFT, RIGHT, BELOW, ABOVE = 1000, 210, 112, 12, 26, 10
LANE = 18
SMALLEST = 0.01
"""Where a scale of powers of ten begins."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """`points`: (seconds from the start, value). `dots`: not joined."""

    name: str
    points: Sequence[tuple[float, float]]
    dots: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Bar:
    """Something that lasted."""

    since: float
    until: float
    name: str


def plot(
    title: str,
    unit: str,
    seconds: float,
    lines: Sequence[Line],
    *,
    by_tens: bool = False,
    limit: float | None = None,
) -> str:
    """One plot as a `<figure>`. `by_tens`: a scale of powers of ten. `limit`: a line that is not to be crossed."""
    most = max([value for line in lines for _, value in line.points] + [limit or 0.0], default=0.0) or 1.0
    scale = _by_tens(most) if by_tens else _plain(most)
    inner = HEIGHT - ABOVE - BELOW

    def y(value: float) -> str:
        return f"{ABOVE + inner * (1 - scale.place(value)):.1f}"

    parts = [_across(seconds, HEIGHT)]
    for value in scale.steps:
        parts.append(f'<line class="grid" x1="{LEFT}" x2="{WIDTH - RIGHT}" y1="{y(value)}" y2="{y(value)}"/>')
        parts.append(f'<text x="{LEFT - 8}" y="{y(value)}" text-anchor="end" dy="4">{_number(value)}</text>')
    if limit is not None:
        parts.append(
            f'<line class="limit" x1="{LEFT}" x2="{WIDTH - RIGHT}" y1="{y(limit)}" y2="{y(limit)}"/>'
        )
    legend = []
    for place, line in enumerate(lines):
        legend.append(f'<span class="c{place % 6}">{"●" if line.dots else "━"}</span> {escape(line.name)}')
        if line.dots:
            parts += [
                f'<circle class="c{place % 6}" cx="{_x(at, seconds)}" cy="{y(value)}" r="3"/>'
                for at, value in line.points
            ]
        elif line.points:
            path = " ".join(f"{_x(at, seconds)},{y(value)}" for at, value in line.points)
            parts.append(f'<polyline class="c{place % 6}" points="{path}"/>')
    return _figure(title, unit, " &ensp; ".join(legend), HEIGHT, parts)


def lanes(title: str, seconds: float, rows: Sequence[tuple[str, Sequence[Bar]]]) -> str:
    """What happened when: one lane for each name."""
    height = ABOVE + LANE * len(rows) + BELOW
    parts = [_across(seconds, height)]
    for place, (name, bars) in enumerate(rows):
        top = ABOVE + LANE * place
        parts.append(
            f'<text x="{LEFT - 8}" y="{top + LANE / 2}" text-anchor="end" dy="4">{escape(name)}</text>'
        )
        parts.append(
            f'<line class="grid" x1="{LEFT}" x2="{WIDTH - RIGHT}" y1="{top + LANE}" y2="{top + LANE}"/>'
        )
        for bar in bars:
            begin = float(_x(bar.since, seconds))
            long = max(2.5, float(_x(bar.until, seconds)) - begin)
            parts.append(
                f'<rect class="bar" x="{begin:.1f}" y="{top + 4}" width="{long:.1f}" height="{LANE - 7}" rx="1.5">'
                f"<title>{escape(bar.name)}</title></rect>"
            )
    return _figure(title, "", "", height, parts)


def _figure(title: str, unit: str, legend: str, height: int, parts: Sequence[str]) -> str:
    of = f" <small>{escape(unit)}</small>" if unit else ""
    beside = f'<span class="legend">{legend}</span>' if legend else ""
    return (
        f"<figure><figcaption><b>{escape(title)}</b>{of}{beside}</figcaption>"
        f'<svg viewBox="0 0 {WIDTH} {height}" role="img" aria-label="{escape(title)}">{"".join(parts)}</svg></figure>'
    )


def _x(at: float, seconds: float) -> str:
    return f"{LEFT + max(0.0, at) * (WIDTH - LEFT - RIGHT) / max(seconds, 0.001):.1f}"


def _across(seconds: float, height: int) -> str:
    step = next((n for n in (5, 10, 15, 30, 60, 120, 300, 600, 900, 1800) if seconds / n <= 9), 3600)
    parts = []
    for n in range(int(seconds / step) + 1):
        at = n * step
        words = f"{at} s" if step < 60 else f"{at // 60} min"
        x = _x(at, seconds)
        parts.append(f'<line class="grid" x1="{x}" x2="{x}" y1="{ABOVE}" y2="{height - BELOW}"/>')
        anchor = "end" if float(x) > WIDTH - 30 else "middle"
        parts.append(f'<text x="{x}" y="{height - 8}" text-anchor="{anchor}">{words}</text>')
    return "".join(parts)


@dataclass(frozen=True, slots=True)
class _Scale:
    least: float
    most: float
    steps: tuple[float, ...]
    by_tens: bool = False

    def place(self, value: float) -> float:
        """0 at the bottom, 1 at the top."""
        if self.by_tens:
            return math.log10(max(value, self.least) / self.least) / math.log10(self.most / self.least)
        return value / self.most


def _plain(most: float) -> _Scale:
    rough = most / 4
    ten = 10.0 ** math.floor(math.log10(rough))
    step = next(n * ten for n in (1, 2, 2.5, 5, 10) if n * ten >= rough)
    many = math.ceil(most / step)
    return _Scale(0.0, step * many, tuple(step * n for n in range(many + 1)))


def _by_tens(most: float) -> _Scale:
    top = max(1, math.ceil(math.log10(max(most, SMALLEST * 10))))
    bottom = round(math.log10(SMALLEST))
    return _Scale(SMALLEST, 10.0**top, tuple(10.0**n for n in range(bottom, top + 1)), by_tens=True)


def _number(value: float) -> str:
    return f"{value:,.0f}" if value >= 10 or value == int(value) else f"{value:g}"
