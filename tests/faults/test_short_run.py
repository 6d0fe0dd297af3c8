"""A short run of several hubs under faults, the same for the same seed: nothing lost, nothing doubled (F73, small)."""

from collections import Counter
from pathlib import Path

import pytest

from tests.faults.crash_points import busy_points
from tests.faults.crashing_hub import DIED
from tests.faults.figures import gate, work_out
from tests.faults.plan import SHORT, make_plan
from tests.faults.run import Result, run_faults

SECONDS = 18.0
SURE = ("receive:_claim", "deliver:take_up", "timers:fire")
"""Points by which a hub comes every second or two, whatever happens: who is to die there does so while somebody looks."""


@pytest.mark.timeout(240)
@pytest.mark.parametrize("seed", [7])
async def test_hubs_under_faults_lose_and_double_nothing(
    database_dsn: str, tmp_path: Path, seed: int
) -> None:
    plan = make_plan(
        seed,
        seconds=SECONDS,
        every=SECONDS / (len(SHORT) + 1),
        hubs=3,
        points=[point for point in busy_points() if any(one in point for one in SURE)],
        kinds=SHORT,
        longest_stop=20,
    )
    assert {fault.kind for fault in plan} == set(SHORT)
    done = await run_faults(tmp_path, database_dsn, plan, seed=seed, seconds=SECONDS, rate=8, hubs=3)
    assert not done.verdict.wrong, done.verdict.wrong
    assert done.verdict.kept > 30 and done.verdict.sent > 10 and done.verdict.replays
    assert done.verdict.poisoned and any(look.full for look in done.looks)
    assert len(done.injected) == len(plan)
    assert [(one.fault.kind, one.note) for one in done.injected if not one.met] == []
    _ended_as_they_were_made_to(done)
    bounds = gate(done, work_out(done))
    assert [one for one in bounds if one.holds is False] == []


def _ended_as_they_were_made_to(done: Result) -> None:
    """Hubs were killed, and one came to its point; letters were heard to their end by a relay that said nothing."""
    codes = Counter(code for seat in done.seats for *_, code in seat.ends)
    killed = sum(one.fault.kind in ("kill", "crash") for one in done.injected)
    assert 0 < codes[-9] <= killed and codes[DIED] == 1, codes
    assert done.dropped == sum(one.met for one in done.injected if one.fault.kind == "dot") > 0
