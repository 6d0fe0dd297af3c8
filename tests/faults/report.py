"""A fault run as a page: verdict, figures, plots, and what was injected when."""

import statistics
from collections import defaultdict
from html import escape

from tests.faults.draw import Band, Line, plot
from tests.faults.figures import Figures
from tests.faults.run import Result

_STYLE = """
body { font: 15px/1.5 system-ui, sans-serif; max-width: 1040px; margin: 2rem auto; padding: 0 1rem; color: #222 }
table { border-collapse: collapse } td, th { padding: .2rem .8rem; border-bottom: 1px solid #ddd; text-align: left }
td.n { text-align: right; font-variant-numeric: tabular-nums } svg { width: 100%; font: 11px system-ui, sans-serif }
figure { margin: 1.5rem 0 } .good { color: #2a6f2a } .bad { color: #a02020 }
"""


def page(result: Result, figures: Figures, *, title: str, asked: str) -> str:
    wrong = result.verdict.wrong
    verdict = (
        '<p class="good">Every invariant holds.</p>'
        if not wrong
        else "<p class='bad'>Broken:</p><ul>"
        + "".join(f"<li>{escape(one[:2000])}</li>" for one in wrong[:100])
        + "</ul>"
    )
    return (
        f"<!doctype html><html lang='en'><meta charset='utf-8'><title>{escape(title)}</title><style>{_STYLE}</style>"
        f"<h1>{escape(title)}</h1><p><code>{escape(asked)}</code></p>{verdict}{_figures(result, figures)}"
        f"{_plots(result)}{_injected(result, figures)}</html>"
    )


def _figures(result: Result, figures: Figures) -> str:
    verdict = result.verdict
    rows = [
        ("seconds", f"{figures.seconds:.0f}"),
        (
            "operations",
            f"{figures.said}: "
            + ", ".join(f"{count} {name}" for name, count in sorted(figures.outcomes.items())),
        ),
        ("things that customers said, on timelines", str(verdict.kept)),
        ("answers sent, failed, in doubt", f"{verdict.sent}, {verdict.failed}, {verdict.uncertain}"),
        ("answers that the injected faults may have left in doubt", str(verdict.doubtful)),
        ("letters whose relay fell silent behind the final dot", str(result.dropped)),
        ("faults injected", str(len(result.injected))),
        ("hubs killed, and died at a point", f"{figures.kills}, {figures.crashes}"),
        ("quiet after", f"{verdict.quiet_after:.1f} s"),
        ("take-over of channels: longest, median", _two(figures.take_overs)),
        ("recovery after a fault: longest, median", _two([one.seconds for one in figures.recoveries])),
        ("most sessions in Postgres", str(figures.most_sessions)),
        (
            "growth of memory",
            "no hub lived long enough" if figures.growth is None else f"{figures.growth:+.1%}",
        ),
    ]
    spread = "".join(
        f"<tr><td>{escape(name)}</td>" + "".join(f"<td class='n'>{one:,.0f}</td>" for one in found) + "</tr>"
        for name, found in [
            *figures.filed_ms.items(),
            ("answers, until the hub had them", figures.answered_ms),
        ]
    )
    table = "".join(f"<tr><td>{escape(name)}</td><td>{escape(value)}</td></tr>" for name, value in rows)
    return (
        f"<h2>Figures</h2><table>{table}</table><h3>From the first attempt to the timeline</h3>"
        f"<table><tr><th>channel</th><th>p50 ms</th><th>p95 ms</th><th>longest ms</th></tr>{spread}</table>"
    )


def _two(found: list[float]) -> str:
    return f"{max(found):.1f} s, {statistics.median(found):.1f} s (of {len(found)})" if found else "none"


def _plots(result: Result) -> str:
    length = result.ended - result.began
    bands = [
        Band(
            since=one.began - result.began, until=one.ended - result.began, name=f"{one.row} {one.fault.kind}"
        )
        for one in result.injected
    ]
    rate: dict[str, defaultdict[int, int]] = {"said": defaultdict(int), "on a timeline": defaultdict(int)}
    waits: list[tuple[float, float]] = []
    for one in result.ledger.operations.values():
        if one.what in ("answer", "resolve"):
            continue
        rate["said"][int(one.invoked - result.began)] += 1
        if one.key in result.filed:
            rate["on a timeline"][int(result.filed[one.key] - result.began)] += 1
            waits.append((one.invoked - result.began, max(0.0, result.filed[one.key] - one.invoked)))
    seconds = range(int(length) + 1)
    looks = [(look.at - result.began, look) for look in result.looks if look.answered]
    return "<h2>Over time</h2>" + "".join(
        (
            plot(
                "Rate", "a second", length,
                [Line(name=name, points=[(n, found[n]) for n in seconds]) for name, found in rate.items()], bands,
            ),
            plot(
                "From the first attempt to the timeline", "seconds", length,
                [Line(name="each", points=waits, dots=True)], bands,
            ),
            plot(
                "Waiting", "rows", length,
                [
                    Line(name="answers that have not left", points=[(at, look.outbox) for at, look in looks]),
                    Line(name="items that were not read", points=[(at, look.unread) for at, look in looks]),
                ],
                bands,
            ),
            plot(
                "Memory", "MB", length,
                [
                    Line(
                        name=f"hub {number}",
                        points=[(look.at - result.began, look.rss[number] / 1e6) for look in result.looks],
                    )
                    for number in range(len(result.seats))
                ],
                bands,
            ),
            plot(
                "Sessions in Postgres", "sessions", length,
                [Line(name="all", points=[(at, look.sessions) for at, look in looks])], bands,
            ),
        )
    )  # fmt: skip


def _injected(result: Result, figures: Figures) -> str:
    rows = "".join(
        f"<tr><td class='n'>{one.began - result.began:.1f}</td><td>{one.row}</td><td>{escape(one.fault.kind)}</td>"
        f"<td class='n'>{one.fault.hub}</td><td class='n'>{one.ended - one.began:.1f}</td>"
        f"<td class='n'>{recovery.seconds:.1f}</td><td>{escape(one.note)}</td></tr>"
        for one, recovery in zip(result.injected, figures.recoveries, strict=True)
    )
    return (
        "<h2>What was injected when</h2><table><tr><th>at s</th><th>row</th><th>fault</th><th>hub</th><th>lasted s</th>"
        f"<th>recovered after s</th><th>note</th></tr>{rows}</table>"
    )
