"""A hub dies right before and after a commit or a word to the outside; the next one makes it whole: nothing lost, nothing
doubled (F1, F51). `make crash-points` goes through all points; here are those that are dear if they are wrong."""

from pathlib import Path

import pytest

from tests.faults.crash_points import all_points
from tests.faults.every_point import trying

DEAR = (
    "commit:hub.actions.receive:_file:before",
    "call:telegram:accept:before",
    "call:telegram:accept:after",
    "call:email:send:after",
)


@pytest.mark.timeout(600)
async def test_a_hub_that_dies_at_one_point_after_another_leaves_nothing_half_done(
    database_dsn: str, tmp_path: Path
) -> None:
    assert set(DEAR) <= set(all_points())
    async with trying(tmp_path, database_dsn, DEAR, patience=60, seed=1) as (trial, verdict):
        assert verdict.wrong == []
        assert all(trial.reached.values()), trial.reached
        assert verdict.kept > 20 and verdict.sent
