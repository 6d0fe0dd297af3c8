"""Changes of staff: what a file may say, and what becomes of the people."""

from collections.abc import Sequence

import pytest

from routing.simulate.case import Span, Worker
from routing.simulate.staff import Change, apply_staff, load_staff
from routing.simulate.trouble import CannotSimulate
from tests.unit.routing.simulate.small import worker

LI = worker(1, skills={"billing": 2}, languages=frozenset({"en"}), shifts=((0.0, 480.0), (1440.0, 1920.0)))
WANG = worker(2)
TOML = b"""
[[add]]
like = "agent 1"
count = 2
[[agent]]
name = "agent 1"
skills = { billing = 5, delivery = 3 }
languages = ["en", "fr"]
queues = []
capacity = 4
live_capacity = 0
[[agent]]
name = "agent 2"
skills = { billing = 0 }
hours = ["09:00-17:00"]
[[sick]]
name = "agent 1"
days = [2]
"""


def changed(source: bytes, staff: Sequence[Worker] = (LI, WANG)) -> list[Worker]:
    def shifts(change: Change) -> tuple[Span, ...]:
        return ((float(len(change.hours)), 99.0),)

    return apply_staff(
        load_staff(source),
        staff,
        shifts=shifts,
        day_of=lambda at: int(at // 1440) + 1,
        all_queues=frozenset({"a", "b"}),
    )


def test_a_file_changes_people_adds_some_and_sends_others_home() -> None:
    li, wang, second, third = changed(TOML)
    assert (li.skills, li.languages, li.queues) == ({"billing": 5, "delivery": 3}, {"en", "fr"}, {"a", "b"})
    assert (li.capacity, li.live_capacity, li.shifts) == (4, 0, ((0.0, 480.0),))
    assert (wang.skills, wang.shifts) == ({}, ((1.0, 99.0),))
    # Whoever is added can do what the one they are like can do by now, and is not ill with them.
    assert (second.name, third.name, second.skills) == ("agent 1 (2)", "agent 1 (3)", li.skills)
    assert second.shifts == LI.shifts
    assert len({one.id for one in (li, wang, second, third)}) == 4


def test_without_days_the_sick_are_away_all_the_time() -> None:
    assert changed(b'[[sick]]\nname = "agent 1"\n')[0].shifts == ()


def test_nothing_to_change_is_nothing_to_try() -> None:
    assert not load_staff(b"")
    assert load_staff(TOML)


@pytest.mark.parametrize(
    ("wrong", "code"),
    [
        (b"[[add", "not_toml"),
        (b"\xff", "not_toml"),
        (b'[[add]]\nlike = "agent 1"\ncount = 0\n', "wrong_key"),
        (b'[[agent]]\nname = "agent 1"\nshoes = 3\n', "wrong_key"),
        (b'[[agent]]\nname = "agent 1"\nskills = { billing = 9 }\n', "wrong_key"),
        (b'[[add]]\nlike = "nobody"\n', "unknown_agent"),
        (b'[[sick]]\nname = "nobody"\n', "unknown_agent"),
    ],
)
def test_what_cannot_be_used_is_named(wrong: bytes, code: str) -> None:
    with pytest.raises(CannotSimulate) as refused:
        changed(wrong)
    assert refused.value.code == code
