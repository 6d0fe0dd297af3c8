"""Pace by level and the gain of knowing the customer, found again in answers that were made with known ones."""

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from routing.measure_pace import LIKE_ANSWERS, LONGEST, Answer, level_at, measure_pace
from routing.situation import Needs
from routing.worth import Weights, pace_of
from tests.unit.routing.desk import agent

ASSUMED = Weights()
LEVELS: list[int | None] = [None, 1, 2, 3, 4, 5]


def answers(
    paces: tuple[float, ...], gain: float, *, many: int = 4000, slower: float = 1.0, seed: int = 1
) -> list[Answer]:
    chance = random.Random(seed)
    made = []
    for _ in range(many):
        level, known, effort = chance.choice(LEVELS), chance.random() < 0.4, chance.choice((5.0, 9.0, 14.0))
        pace = (1.0 if level is None else paces[level - 1]) * (gain if known else 1.0)
        made.append(Answer(level, known, effort, slower * effort * chance.lognormvariate(0.0, 0.6) / pace))
    return made


@pytest.mark.parametrize(
    ("paces", "gain"),
    [
        ((1.0, 1.0, 1.0, 1.0, 1.0), 1.0),
        ((0.72, 0.86, 1.0, 1.12, 1.25), 1.25),
        ((0.5, 0.8, 1.0, 1.1, 1.1), 1.6),
    ],
)
@pytest.mark.parametrize("slower", [1.0, 1.7])
def test_what_made_the_answers_is_found(paces: tuple[float, ...], gain: float, slower: float) -> None:
    found = measure_pace(answers(paces, gain, slower=slower), ASSUMED)
    assert found.owner_gain == pytest.approx(gain, rel=0.07)
    # Only how levels stand to each other says anything: that all are slower than thought belongs to no level.
    for level in range(5):
        assert found.paces[level] / found.paces[2] == pytest.approx(paces[level] / paces[2], rel=0.09)
    assert sum(found.paces) == pytest.approx(5.0, rel=0.12)


def test_few_answers_move_little_and_none_nothing() -> None:
    assert measure_pace([], ASSUMED) is ASSUMED
    few = measure_pace([Answer(5, True, 6.0, 30.0)] * 3, ASSUMED)
    assert max(abs(new - old) for new, old in zip(few.paces, ASSUMED.paces, strict=True)) < 0.1
    assert few.owner_gain == pytest.approx(ASSUMED.owner_gain, rel=0.05)
    half = measure_pace(answers((1.0,) * 5, 1.0, many=int(LIKE_ANSWERS) * 6), ASSUMED)
    assert ASSUMED.paces[0] < half.paces[0] < 1.0 < half.paces[4] < ASSUMED.paces[4]


def test_one_forgotten_over_lunch_says_little() -> None:
    made = answers((1.0,) * 5, 1.0, many=600)
    lunch = [Answer(1, False, 6.0, LONGEST - 1.0)] * 3
    calm, odd = (measure_pace(rows, ASSUMED) for rows in (made, made + lunch))
    assert odd.paces[0] == pytest.approx(calm.paces[0], rel=0.06)
    assert measure_pace(made + [Answer(1, False, 6.0, LONGEST + 1.0)] * 500, ASSUMED) == calm


@given(
    st.lists(
        st.builds(
            Answer,
            level=st.sampled_from(LEVELS),
            known=st.booleans(),
            effort=st.floats(0.01, 1e3),
            minutes=st.floats(0.0, 1e4),
        ),
        max_size=40,
    )
)
def test_whatever_the_answers_paces_can_be_worked_with(rows: list[Answer]) -> None:
    found = measure_pace(rows, ASSUMED)
    assert all(0.05 < pace < 20.0 for pace in found.paces)
    assert 1.0 <= found.owner_gain < 20.0
    assert measure_pace(rows[::-1], ASSUMED).paces == pytest.approx(found.paces)


def test_a_level_is_that_by_which_somebody_works() -> None:
    needs = Needs("service", "", frozenset({("product", 1), ("billing", 2)}))
    skills = {"product": 5, "billing": 2}
    assert level_at(skills, needs) == 4  # 3.5, to the nearest even one
    assert level_at(skills, Needs("service", "", frozenset())) is None
    assert level_at({}, needs) == 1
    assert pace_of(agent(1, skills=skills), needs, (1.0, 2.0, 3.0, 4.0, 5.0)) == 3.5


def test_nobody_is_slower_for_knowing_the_customer() -> None:
    assert measure_pace(answers(ASSUMED.paces, 0.7), ASSUMED).owner_gain == 1.0
