"""The gate of a fault run is shown figures that break each of its bounds, and figures that say too little; and how figures are
worked out that it asks for."""

import asyncio
import gc
import time
from dataclasses import replace
from types import SimpleNamespace
from typing import Any

import pytest

from tests.faults.check import Verdict
from tests.faults.figures import (
    LATE_SECONDS,
    LINES_BESIDE,
    LINES_OF_A_HUB,
    MESSAGES,
    Figures,
    Spread,
    gate,
    late_after_heal,
    passes,
    spread,
    work_out,
)
from tests.faults.inject import Injected
from tests.faults.ledger import Ledger
from tests.faults.pauses import noting_pauses, without_looking_through_what_stays
from tests.faults.plan import Fault
from tests.faults.run import Result
from tests.faults.watch import Look, TakeOver

SOON = Spread(count=100, p50=10.0, p95=20.0, longest=30.0)
GOOD = Figures(
    seconds=2700.0, said=MESSAGES, rate=45.0, outcomes={}, by_channel={}, filed_ms={"support": SOON, "bot": SOON},
    answered_ms=SOON, recoveries=[],
    take_overs=[TakeOver(what=what, at=1.0, seconds=16.0) for what in ("mailbox", "Telegram", "answers under way")],
    timers_late=SOON, late_after_heal=replace(SOON, longest=1.0), latest_timers=[], behind_poison_ms=SOON, full=0.5,
    growth=0.01,
    most_sessions=50, paused=0.2, kills=1, crashes=1,
)  # fmt: skip
MOST = 3 * LINES_OF_A_HUB + LINES_BESIDE
"""Of two hubs, and one hub's again."""


def _result(*, wrong: tuple[str, ...] = (), uncertain: int = 2, met: int = 1) -> Result:
    return Result(
        began=0.0, ended=2700.0, ledger=Ledger(),
        injected=[Injected(fault=Fault(at=1.0, kind="kill"), began=1.0, ended=1.0, met=met)],
        looks=[Look(at=1.0, rss=[1, 1], answered=True)], seats=[SimpleNamespace(ends=[]), SimpleNamespace(ends=[])],  # type: ignore[list-item]
        verdict=Verdict(wrong=list(wrong), uncertain=uncertain, doubtful=2), late=[], dropped=0, paused=0.2,
    )  # fmt: skip


def test_a_run_that_keeps_every_bound_passes_the_gate() -> None:
    bounds = gate(_result(), GOOD)
    assert [one for one in bounds if one.holds is not True] == []
    assert passes(bounds, gated=True)


@pytest.mark.parametrize(
    ("what", "figures", "result"),
    [
        ("invariants that broke", GOOD, _result(wrong=("I1",))),
        ("answers in doubt", GOOD, _result(uncertain=3)),
        ("kinds of fault that met nothing", GOOD, _result(met=0)),
        *(
            (f"take-over: {one.what}", replace(GOOD, take_overs=[*GOOD.take_overs, replace(one, seconds=30.1)]), _result())
            for one in GOOD.take_overs
        ),
        (
            "timers, late after what was broken had healed",
            replace(GOOD, late_after_heal=replace(SOON, longest=LATE_SECONDS + 0.1)),
            _result(),
        ),
        (
            "95 of 100 on their timeline, on the slowest channel",
            replace(GOOD, filed_ms={**GOOD.filed_ms, "bot": replace(SOON, p95=60_001.0)}),
            _result(),
        ),
        (
            "letters right behind one that nobody can read, in the middle",
            replace(GOOD, behind_poison_ms=replace(SOON, p50=1_011.0)),
            _result(),
        ),
        ("sessions in Postgres", replace(GOOD, most_sessions=MOST + 1), _result()),
        ("the run itself stood still", replace(GOOD, paused=2.1), _result()),
        ("growth of memory", replace(GOOD, growth=0.1), _result()),
    ],
)  # fmt: skip
def test_what_breaks_a_bound_does_not_pass_the_gate(what: str, figures: Figures, result: Result) -> None:
    bounds = gate(result, figures)
    assert [one.what for one in bounds if one.holds is False] == [what]
    assert not passes(bounds, gated=False)


@pytest.mark.parametrize(
    ("what", "figures"),
    [
        ("operations", replace(GOOD, said=MESSAGES - 1)),
        ("take-over: mailbox", replace(GOOD, take_overs=GOOD.take_overs[1:])),
        ("timers, late after what was broken had healed", replace(GOOD, late_after_heal=spread(()))),
        (
            "letters right behind one that nobody can read, in the middle",
            replace(GOOD, behind_poison_ms=replace(SOON, count=19)),
        ),
        ("growth of memory", replace(GOOD, growth=None)),
        ("growth of memory", replace(GOOD, seconds=599.0)),
    ],
)  # fmt: skip
def test_where_a_run_is_too_short_to_say_it_passes_only_where_the_gate_is_not_asked_for(
    what: str, figures: Figures
) -> None:
    bounds = gate(_result(), figures)
    assert [one.what for one in bounds if one.holds is None] == [what]
    assert passes(bounds, gated=False) and not passes(bounds, gated=True)


def test_every_line_of_the_gate_is_one_that_was_broken() -> None:
    """One that is added must be shown a breach, too."""

    def lines(test: Any) -> set[str]:
        return {given[0] for mark in test.pytestmark for given in mark.args[1]}

    shown = lines(test_what_breaks_a_bound_does_not_pass_the_gate)
    assert {one.what for one in gate(_result(), GOOD)} - shown == {"operations"}, (
        "which can only be too few to say"
    )


def test_a_timer_is_late_from_when_nothing_stood_in_its_way() -> None:
    def fault(kind: Any, began: float, ended: float) -> Injected:
        return Injected(fault=Fault(at=began, kind=kind), began=began, ended=ended)

    assert late_after_heal(100.0, 7.0, []) == 7.0
    restart = fault("restart", 99.0, 103.0)
    assert late_after_heal(100.0, 7.0, [restart]) == 4.0
    assert late_after_heal(100.0, 2.0, [restart]) == 0.0
    assert late_after_heal(100.0, 7.0, [fault("dot", 99.0, 103.0)]) == 7.0, "a relay holds up no timer"
    assert late_after_heal(100.0, 17.0, [fault("silence", 105.1, 116.0)]) == 17.0, "it was late by then"
    follow = [restart, fault("stop", 107.0, 115.0)]
    assert late_after_heal(100.0, 17.0, follow) == 2.0, "between the two there was no time for it"


def test_figures_of_a_run_are_worked_out_from_what_happened() -> None:
    result = _result()
    for n in range(3):
        for after, what in ((1.0, "letter"), (2.0, "poison"), (3.0, "letter")):
            said = result.ledger.invoke("support", what)
            said.invoked = 10.0 * n + after
            if what == "letter":
                result.verdict.timelines.filed[said.key] = said.invoked + (0.1 if after < 2.0 else 0.5 + n)
    result.late.append((5.0, 7.0))
    result.looks.append(Look(at=2.0, rss=[1, 1], full=1, answered=True))
    figures = work_out(result)
    assert figures.behind_poison_ms == spread([500.0, 1500.0, 2500.0])
    assert figures.late_after_heal.longest == figures.timers_late.longest == 7.0
    assert figures.full == 0.5 and figures.filed_ms["support"].count == 6


async def test_a_run_that_stands_still_says_so() -> None:
    async with noting_pauses() as pauses:
        asyncio.get_running_loop().call_soon(time.sleep, 0.3)
        await asyncio.sleep(0.1)
    assert 0.2 < pauses.longest < 3


async def test_what_stays_is_not_looked_through_again() -> None:
    stays = [[number] for number in range(1000)]
    frozen = gc.get_freeze_count()
    async with without_looking_through_what_stays():
        await asyncio.sleep(0)
        assert gc.get_freeze_count() >= frozen + len(stays)
