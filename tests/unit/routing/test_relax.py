"""What is asked for less and less, the longer a ticket waits."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from routing.explain import explain
from routing.queues import Relax
from routing.relax import next_step, relaxed
from routing.situation import Needs

NEEDS = Needs("q", "zh", frozenset({("billing", 3), ("product", 1)}))
STEPS = (
    Relax(after=10, drop="levels"),
    Relax(after=20, drop="skills"),
    Relax(after=60, drop="language"),
)


@pytest.mark.parametrize(
    ("waited", "language", "skills", "said"),
    [
        (0, "zh", {("billing", 3), ("product", 1)}, []),
        (9.99, "zh", {("billing", 3), ("product", 1)}, []),
        (10, "zh", {("billing", 1), ("product", 1)}, ["after 10 min any level will do"]),
        (20, "zh", set(), ["after 20 min no skill is needed"]),
        (61, "", set(), ["after 20 min no skill is needed", "after 60 min any language will do"]),
    ],
)
def test_one_requirement_after_the_other_goes(
    waited: float, language: str, skills: set[tuple[str, int]], said: list[str]
) -> None:
    needs, reasons = relaxed(NEEDS, STEPS, waited)
    assert needs == Needs("q", language, frozenset(skills))
    assert [explain(reason, "en") for reason in reasons] == said


def test_the_last_step_includes_those_before_it() -> None:
    needs, reasons = relaxed(NEEDS, (Relax(after=5, drop="language"),), 5)
    assert needs == Needs("q")
    assert [explain(reason, "zh_CN") for reason in reasons] == [
        "已等待 5 分钟，不再要求技能",
        "已等待 5 分钟，不再要求语言",
    ]


@pytest.mark.parametrize(
    "needs", [Needs("q"), Needs("q", "other"), Needs("q", "", frozenset({("billing", 1)}))]
)
def test_what_was_never_asked_for_is_not_said_to_be_dropped(needs: Needs) -> None:
    assert relaxed(needs, STEPS[:1], 100) == (needs, ())
    assert relaxed(Needs("q", "other"), STEPS, 100)[1] == ()


def test_the_next_step_is_the_next_one() -> None:
    assert [next_step(STEPS, waited) for waited in (0, 9.9, 10, 59, 60)] == [10, 10, 20, 60, None]
    assert next_step((), 0) is None


_steps = st.lists(
    st.builds(Relax, after=st.integers(1, 100), drop=st.sampled_from(["levels", "skills", "language"])),
    max_size=5,
)


@given(steps=_steps, early=st.floats(0, 120), more=st.floats(0, 120))
def test_nothing_is_ever_asked_for_again(steps: list[Relax], early: float, more: float) -> None:
    before, _ = relaxed(NEEDS, steps, early)
    after, _ = relaxed(NEEDS, steps, early + more)
    assert {name for name, _ in after.skills} <= {name for name, _ in before.skills}
    levels = dict(before.skills)
    assert all(least <= levels[name] for name, least in after.skills)
    assert after.language in (before.language, "")


@given(steps=_steps, waited=st.floats(0, 120))
def test_nothing_changes_before_the_next_step(steps: list[Relax], waited: float) -> None:
    then = next_step(steps, waited)
    until = then - 1e-6 if then is not None else 1000.0
    assert relaxed(NEEDS, steps, max(until, waited)) == relaxed(NEEDS, steps, waited)
