"""A short run of several hubs under faults, the same for the same seed: nothing lost, nothing doubled (F73, small)."""

from pathlib import Path

import pytest

from tests.faults.crash_points import busy_points
from tests.faults.plan import SHORT, make_plan
from tests.faults.run import run_faults

SECONDS = 18.0


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
        points=busy_points(),
        kinds=SHORT,
        longest_stop=20,
    )
    assert {fault.kind for fault in plan} == set(SHORT)
    done = await run_faults(tmp_path, database_dsn, plan, seed=seed, seconds=SECONDS, rate=8, hubs=3)
    assert not done.verdict.wrong, done.verdict.wrong
    assert done.verdict.kept > 30 and done.verdict.sent > 10 and done.verdict.replays
    assert len(done.injected) == len(plan)
