"""Two sides, several seeds: what is said of their difference."""

from dataclasses import replace

import pytest

from routing.simulate.case import Case
from routing.simulate.trouble import CannotSimulate
from routing.simulate.tryout import judge, read_seeds, try_out
from tests.unit.routing.simulate.small import AT_ONCE, errand, worker


def a_day(seed: int, agents: int = 1) -> Case:
    """Twelve customers an hour, five minutes each, promised in ten: one agent is always late, two are not."""
    errands = tuple(
        errand(n, n * 5.0 + seed % 3, 7.0, due=n * 5.0 + seed % 3 + 10.0, labels={"kind": "enquiry"})
        for n in range(60)
    )
    return Case(errands=errands, workers=tuple(worker(n) for n in range(agents)), habits=AT_ONCE)


def test_a_clear_effect_is_called_better() -> None:
    found = try_out(a_day, lambda seed: a_day(seed, 2), (1, 2, 3))
    assert found["seeds"] == [1, 2, 3]
    assert found["before"]["errands"] == 60
    assert (
        found["differences"]["wait_mean"]["verdict"] == "same"
        or found["differences"]["wait_mean"]["mean"] < 0.0
    )
    assert found["after"]["figures"]["in_time"]["mean"] == 100.0
    assert found["before"]["figures"]["in_time"]["mean"] < 20.0
    assert found["after"]["by"]["kind"]["enquiry"] == {"errands": 60.0, "in_time": 100.0}
    assert [one["name"] for one in found["after"]["agents"]] == ["agent 0", "agent 1"]


def test_without_anything_to_compare_there_is_no_difference() -> None:
    found = try_out(a_day, None, (1,))
    assert (found["after"], found["differences"]) == (None, {})


def test_progress_is_told_to_its_end_and_never_goes_back() -> None:
    told: list[float] = []
    long = tuple(errand(n, n * 1.0, 1.0) for n in range(3_000))
    case = replace(a_day(1), errands=long, workers=(worker(1, shifts=((0.0, 5_000.0),)),))
    try_out(lambda seed: case, lambda seed: case, (1, 2), told.append)
    assert len(told) > 4
    assert told == sorted(told)
    assert told[-1] == 1.0


@pytest.mark.parametrize(
    ("differences", "higher", "verdict"),
    [
        ((1.0, 1.1, 0.9), True, "better"),
        ((1.0, 1.1, 0.9), False, "worse"),
        ((-1.0, -1.1, -0.9), False, "better"),
        ((1.0, -1.0, 0.5), True, "unclear"),
        ((1.0,), True, "unclear"),
        ((0.0, 0.0), True, "same"),
        ((5.0, 5.1, 5.2), None, "other"),
        # Paired t with 2 degrees of freedom: 4.30 standard errors are needed.
        ((1.0, 2.0, 3.0), True, "unclear"),
        ((2.0, 2.2, 2.9, 2.4, 2.5), True, "better"),
    ],
)
def test_what_is_said_of_differences(
    differences: tuple[float, ...], higher: bool | None, verdict: str
) -> None:
    assert judge(differences, higher) == verdict


def test_seeds_are_read_as_people_write_them() -> None:
    assert read_seeds("1-3") == (1, 2, 3)
    assert read_seeds("4, 1 ,4") == (4, 1)
    for wrong in ("", "x", "3-1", "1-", "-3", "1-31", "1-99999999999", "1,,2", "9" * 12):
        with pytest.raises(CannotSimulate):
            read_seeds(wrong)
