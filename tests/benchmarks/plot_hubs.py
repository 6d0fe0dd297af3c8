"""Draws what `many_hubs` printed: `python -m tests.benchmarks.plot_hubs < figures.jsonl > docs/images/hubs.svg`.

Two rows of bars, for one hub, two and four: tickets a second, and the processor time that one ticket takes, by whom.
"""

import sys
from collections.abc import Iterable, Sequence
from html import escape
from typing import Any

import orjson

WIDTH, LEFT, BAR, GAP, FULL = 760, 110, 22, 12, 460
_STYLE = """
svg { font: 14px system-ui, "Noto Sans CJK SC", sans-serif; fill: #1f2328; }
.title { font-weight: 600; }
.rate, .hub_us { fill: #2b6cb0; } .postgres_us { fill: #b7791f; } .client_us { fill: #718096; }
@media (prefers-color-scheme: dark) {
  svg { fill: #e6edf3; }
  .rate, .hub_us { fill: #63b3ed; } .postgres_us { fill: #ecc94b; } .client_us { fill: #a0aec0; }
}
"""
_WHO = {"hub_us": "the hubs", "postgres_us": "Postgres", "client_us": "the load itself"}


def draw(figures: Sequence[dict[str, Any]]) -> str:
    """The picture. `figures`: lines of `many_hubs`, as JSON says them."""
    parts, y = [], 24
    most = max(one["value"] for one in figures)
    parts.append(_text(0, y, "Tickets a second, from a post to an agent", "title"))
    for one in figures:
        y += BAR + GAP
        wide = FULL * one["value"] / most
        parts += [
            _text(0, y, _hubs(one)),
            _bar(LEFT, y, wide, "rate"),
            _text(LEFT + wide + 8, y, f"{one['value']:.0f}"),
        ]
    y += 2 * (BAR + GAP)
    parts.append(_text(0, y, "Processor time of one ticket, in milliseconds", "title"))
    most = max(sum(one["cpu"][who] for who in _WHO) for one in figures)
    for one in figures:
        y, x = y + BAR + GAP, float(LEFT)
        parts.append(_text(0, y, _hubs(one)))
        for who in _WHO:
            wide = FULL * one["cpu"][who] / most
            parts.append(_bar(x, y, wide, who))
            x += wide
        parts.append(_text(x + 8, y, " + ".join(f"{one['cpu'][who] / 1000:.2f}" for who in _WHO)))
    y, x = y + BAR + GAP, float(LEFT)
    for who, name in _WHO.items():
        parts += [_bar(x, y, 14, who), _text(x + 20, y, name)]
        x += 150
    body = "\n".join((f"<style>{_STYLE}</style>", *parts))
    return f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {y + 14}" role="img">\n{body}\n</svg>\n'


def read(lines: Iterable[bytes]) -> list[dict[str, Any]]:
    """The figures of `many_hubs` among what was printed."""
    found = [orjson.loads(line) for line in lines if line.startswith(b"{")]
    return [one for one in found if one.get("name", "").startswith("many_hubs_")]


def _hubs(one: dict[str, Any]) -> str:
    return "1 hub" if one["hubs"] == 1 else f"{one['hubs']} hubs"


def _bar(x: float, y: float, wide: float, kind: str) -> str:
    return (
        f'<rect class="{kind}" x="{x:.0f}" y="{y - BAR + 6:.0f}" width="{wide:.1f}" height="{BAR}" rx="2"/>'
    )


def _text(x: float, y: float, words: str, kind: str = "") -> str:
    return f'<text class="{kind}" x="{x:.0f}" y="{y}">{escape(words)}</text>'


if __name__ == "__main__":
    sys.stdout.write(draw(read(sys.stdin.buffer)))
