"""A fault run as a page: the gate, figures, plots, and what was injected when. By day and by night, without a script."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from html import escape

from tests.faults.draw import Bar, Line, lanes, plot
from tests.faults.figures import Bound, Figures, Spread, gate, passes, spread
from tests.faults.plan import ROW
from tests.faults.run import Result
from tests.faults.watch import TAKE_OVER_SECONDS

MOST_POINTS = 300
"""Of one line; each stands for so many seconds that there are no more."""
WORDS = {
    "kill": "killed", "crash": "died at a point", "stop": "paused", "sessions_end": "sessions ended",
    "silence": "Postgres silent", "late": "Postgres late", "mail_cut": "mail line cut", "dot": "no word after dot",
    "flood": "told to wait", "torn": "lines torn", "bot_cut": "bot line cut", "restart": "Postgres restart",
}  # fmt: skip
_STYLE = """
:root { color-scheme: light dark; --ground: #fbfaf7; --card: #fff; --ink: #1d2125; --quiet: #5d656d; --rule: #e2e0da;
  --good: #1f6b3a; --bad: #a8261c; --c0: #14687f; --c1: #b0502a; --c2: #4a7a2c; --c3: #77479b; --c4: #82711a; --c5: #9e3263 }
@media (prefers-color-scheme: dark) { :root { --ground: #15181b; --card: #1c2024; --ink: #e6e4df; --quiet: #9aa3ab;
  --rule: #31373d; --good: #7cc795; --bad: #f08b80; --c0: #5cb8d1; --c1: #e39a74; --c2: #97c96f; --c3: #c29be0; --c4: #d0bd5c;
  --c5: #e587b0 } }
* { box-sizing: border-box }
body { font: 15px/1.5 system-ui, "Noto Sans", "Noto Sans CJK SC", sans-serif; max-width: 1080px; margin: 0 auto;
  padding: 2rem 1rem 4rem; background: var(--ground); color: var(--ink) }
h1 { font-size: 1.5rem; line-height: 1.25; margin: 0 0 .25rem } h2 { font-size: 1.1rem; margin: 2.5rem 0 .75rem }
code { font: 13px/1.4 ui-monospace, monospace; color: var(--quiet); overflow-wrap: anywhere }
.verdict { font-size: 1.1rem; font-weight: 600; margin: 1rem 0 } .good { color: var(--good) } .bad { color: var(--bad) }
.open { color: var(--quiet) }
.card { background: var(--card); border: 1px solid var(--rule); border-radius: 6px; padding: .75rem 1rem; margin: 0 0 1rem;
  overflow-x: auto } .pair { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(100%, 30rem), 1fr)); gap: 1rem }
.pair .card { margin: 0 } table { border-collapse: collapse; width: 100% }
td, th { padding: .3rem .9rem .3rem 0; border-bottom: 1px solid var(--rule); text-align: left; vertical-align: top }
tr:last-child td { border-bottom: 0 } td > span { white-space: nowrap } th { font-weight: 500; color: var(--quiet) }
.n { text-align: right; font-variant-numeric: tabular-nums; white-space: nowrap }
figure { margin: 0 0 1rem; background: var(--card); border: 1px solid var(--rule); border-radius: 6px; padding: .75rem 1rem }
figcaption { display: flex; flex-wrap: wrap; gap: .25rem .75rem; align-items: baseline } small { color: var(--quiet) }
.legend { margin-left: auto; color: var(--quiet) } svg { width: 100%; display: block; font: 11px system-ui, sans-serif }
svg text { fill: var(--quiet) } .grid { stroke: var(--rule) } .limit { stroke: var(--bad); stroke-dasharray: 4 3 }
polyline { fill: none; stroke-width: 1.5 } circle { fill-opacity: .65 } .bar { fill: var(--c1); fill-opacity: .75 }
.c0 { color: var(--c0) } .c1 { color: var(--c1) } .c2 { color: var(--c2) } .c3 { color: var(--c3) } .c4 { color: var(--c4) }
.c5 { color: var(--c5) } polyline[class] { stroke: currentColor } circle[class] { fill: currentColor }
summary { cursor: pointer; padding: .25rem 0 }
"""


def page(result: Result, figures: Figures, *, title: str, asked: str, gated: bool = False) -> str:
    """`gated`: a line of the gate of which the run cannot say that it holds does not."""
    return (
        "<!doctype html><html lang='en'><meta charset='utf-8'><meta name='viewport' content='width=device-width'>"
        f"<title>{escape(title)}</title><style>{_STYLE}</style>"
        f"<h1>{escape(title)}</h1><code>{escape(asked)}</code>{_verdict(result, figures, gated)}{_plots(result, figures)}"
        f"{_figures(result, figures)}{_injected(result, figures)}</html>"
    )


def _verdict(result: Result, figures: Figures, gated: bool) -> str:
    wrong, bounds = result.verdict.wrong, gate(result, figures)
    if wrong:
        said = f"<p class='verdict bad'>{len(wrong)} times an invariant broke</p>"
    elif any(one.holds is False for one in bounds):
        said = "<p class='verdict bad'>Every invariant holds; a bound of the gate does not</p>"
    elif not passes(bounds, gated=gated):
        said = "<p class='verdict bad'>Every invariant holds; of a line of the gate the run was too short to say</p>"
    else:
        said = "<p class='verdict good'>Every invariant holds: nothing lost, nothing doubled</p>"
    broken = "".join(f"<li>{escape(one[:2000])}</li>" for one in wrong[:100])
    return (
        said
        + (f"<div class='card'><ul class='bad'>{broken}</ul></div>" if broken else "")
        + f"<div class='card'>{_table(('', 'wanted', 'found', ''), (_bound(one) for one in bounds))}</div>"
    )


def _bound(one: Bound) -> tuple[str, ...]:
    mark = {
        True: "<span class='good'>✓ holds</span>",
        False: "<span class='bad'>✗ does not</span>",
        None: "<span class='open'>too short to say</span>",
    }
    return escape(one.what), escape(one.wanted), escape(one.found), mark[one.holds]


def _figures(result: Result, figures: Figures) -> str:
    verdict = result.verdict
    outcomes = ", ".join(f"{count:,} {name}" for name, count in sorted(figures.outcomes.items()))
    plain = [
        ("seconds", f"{figures.seconds:,.0f}"),
        ("operations", f"{figures.said:,}: {outcomes}"),
        ("operations a second", f"{figures.rate:.1f}"),
        ("things that customers said, on timelines", f"{verdict.kept:,}"),
        ("answers sent, failed, in doubt", f"{verdict.sent:,}, {verdict.failed:,}, {verdict.uncertain:,}"),
        ("letters that nobody can read, in quarantine", f"{verdict.poisoned:,}"),
        ("answers asked for again, the same", f"{verdict.replays:,}"),
        ("letters whose relay fell silent behind the final dot", f"{result.dropped:,}"),
        ("faults injected", f"{len(result.injected):,}"),
        ("somebody had no room", f"in {figures.full:.0%} of the looks"),
        ("hubs killed, and died at a point", f"{figures.kills:,}, {figures.crashes:,}"),
        (
            "quiet after the last fault",
            "never" if verdict.quiet_after is None else f"{verdict.quiet_after:.1f} s",
        ),
        ("most sessions in Postgres", f"{figures.most_sessions:,}"),
        ("longest pause of the run itself, s", f"{figures.paused:.1f}"),
    ]
    kinds = sorted({one.what for one in figures.take_overs})
    taken = [(kind, spread(one.seconds for one in figures.take_overs if one.what == kind)) for kind in kinds]
    healed = [
        (WORDS[kind], spread(one.seconds for one in figures.recoveries if one.kind == kind))
        for kind in sorted({one.kind for one in figures.recoveries})
    ]
    late = [
        ("timers", figures.timers_late),
        ("timers, after what was broken had healed", figures.late_after_heal),
    ]
    said = [
        *figures.filed_ms.items(),
        ("behind a letter that nobody can read", figures.behind_poison_ms),
        ("answers, until the hub had them", figures.answered_ms),
    ]
    return (
        "<h2>Figures</h2><div class='pair'>"
        f"<div class='card'>{_table(('the run', ''), ((escape(a), escape(b)) for a, b in plain))}</div>"
        f"<div class='card'>{_spreads('from the first attempt to the timeline, ms', said, '{:,.0f}')}</div>"
        f"<div class='card'>{_spreads('taken over from a hub that was gone, s', taken, '{:.1f}')}</div>"
        f"<div class='card'>{_spreads('recovered after the end of a fault, s', healed, '{:.1f}')}</div>"
        f"<div class='card'>{_spreads('late, s', late, '{:.1f}')}</div></div>"
    )


def _spreads(what: str, found: Sequence[tuple[str, Spread]], form: str) -> str:
    return _table(
        (what, "n:of", "n:p50", "n:p95", "n:longest"),
        (
            (
                escape(name),
                f"n:{one.count:,}",
                *(f"n:{form.format(n)}" for n in (one.p50, one.p95, one.longest)),
            )
            for name, one in found
        ),
    )


def _table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """`n:` before a cell: a number, at the right."""

    def cell(name: str, said: str) -> str:
        number = said.startswith("n:")
        return f"<{name}{' class=n' if number else ''}>{said.removeprefix('n:')}</{name}>"

    body = "".join(f"<tr>{''.join(cell('td', one) for one in row)}</tr>" for row in rows)
    return f"<table><tr>{''.join(cell('th', one) for one in head)}</tr>{body}</table>"


def _plots(result: Result, figures: Figures) -> str:
    length = result.ended - result.began
    step = max(1.0, length / MOST_POINTS)
    said, filed = defaultdict[int, int](int), defaultdict[int, int](int)
    waits = defaultdict[int, list[float]](list)
    for one in result.ledger.operations.values():
        if one.what in ("answer", "resolve"):
            continue
        said[int((one.invoked - result.began) / step)] += 1
        at = result.verdict.timelines.filed.get(one.key)
        if at is not None:
            filed[int((at - result.began) / step)] += 1
            waits[int((one.invoked - result.began) / step)].append(max(0.0, at - one.invoked))
    slots = range(int(length / step) + 1)
    of_slot = {n: spread(found) for n, found in waits.items()}
    every = [(look.at - result.began, look) for look in result.looks]
    apart = max(1, len(every) // (2 * MOST_POINTS))
    looks = every[::apart]
    # Of what lasts for moments the highest is shown, not whatever the look that is drawn has seen.
    most = [max(every[n : n + apart], key=lambda one: one[1].sessions) for n in range(0, len(every), apart)]
    seen = [(at, look) for at, look in looks if look.answered]
    kinds = [kind for kind in ROW if any(one.fault.kind == kind for one in result.injected)]
    injected = [
        (
            WORDS[kind],
            [
                Bar(
                    since=one.began - result.began, until=one.ended - result.began,
                    name=f"{one.row} hub {one.fault.hub} {one.note}",
                )
                for one in result.injected
                if one.fault.kind == kind
            ],
        )
        for kind in kinds
    ]  # fmt: skip
    taken = sorted({one.what for one in figures.take_overs})
    return "<h2>Over time</h2>" + "".join(
        (
            lanes("What was injected when", length, injected),
            plot(
                "Rate", "a second", length,
                [
                    Line(name="said by customers", points=[((n + 0.5) * step, said[n] / step) for n in slots]),
                    Line(name="on a timeline", points=[((n + 0.5) * step, filed[n] / step) for n in slots]),
                ],
            ),
            plot(
                "From the first attempt to the timeline", "seconds", length,
                [
                    Line(name=name, points=[((n + 0.5) * step, getattr(one, part)) for n, one in sorted(of_slot.items())])
                    for name, part in (("median", "p50"), ("95 of 100", "p95"), ("longest", "longest"))
                ],
                by_tens=True,
            ),
            plot(
                "Recovery: from the end of a fault until all that was said meanwhile stood on a timeline", "seconds", length,
                [Line(name="each fault", points=[(one.at, one.seconds) for one in figures.recoveries], dots=True)],
            ),
            plot(
                "Take-over: from the moment a hub was gone until another had what it held", "seconds", length,
                [
                    Line(
                        name=what, dots=True,
                        points=[(one.at - result.began, one.seconds) for one in figures.take_overs if one.what == what],
                    )
                    for what in taken
                ],
                limit=TAKE_OVER_SECONDS,
            ),
            plot(
                "Waiting", "rows", length,
                [
                    Line(name="answers that have not left", points=[(at, look.outbox) for at, look in seen]),
                    Line(name="items that were not read", points=[(at, look.unread) for at, look in seen]),
                ],
            ),
            plot(
                "Memory", "MB", length,
                [
                    Line(name=f"hub {number}", points=[(at, look.rss[number] / 1e6) for at, look in looks])
                    for number in range(len(result.seats))
                ],
            ),
            plot(
                "Sessions in Postgres", "", length,
                [Line(name="all", points=[(at, look.sessions) for at, look in most if look.answered])],
            ),
        )
    )  # fmt: skip


def _injected(result: Result, figures: Figures) -> str:
    rows = (
        (
            f"n:{one.began - result.began:,.1f}", one.row, WORDS[one.fault.kind], f"n:{one.fault.hub}",
            f"n:{one.ended - one.began:.1f}", f"n:{recovery.seconds:.1f}", f"n:{one.met:,}", escape(one.note),
        )
        for one, recovery in zip(result.injected, figures.recoveries, strict=True)
    )  # fmt: skip
    head = ("n:at, s", "row", "fault", "n:hub", "n:lasted, s", "n:recovered after, s", "n:met", "")
    return (
        f"<h2>Every fault</h2><details class='card'><summary>{len(result.injected)} faults, in the order of their beginning"
        f"</summary>{_table(head, rows)}</details>"
    )
