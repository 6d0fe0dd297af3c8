"""Prices of skills: what is scarce is dear, what is plenty is cheap, and nothing breaks the arithmetic."""

import math

from hypothesis import given, settings
from hypothesis import strategies as st

from routing.prices import LEAST, find_prices


def test_equal_work_and_equal_people_cost_the_same() -> None:
    prices = find_prices(
        {"a": 50.0, "b": 50.0}, {1: 60.0, 2: 60.0}, {1: {"a": 1.0, "b": 1.0}, 2: {"a": 1.0, "b": 1.0}}
    )
    assert all(math.isclose(price, 1.0, rel_tol=1e-3) for price in prices.of_work.values())
    assert prices.advantage("a", 1, 1.0) > 0.99


def test_whoever_can_do_what_few_can_should_not_do_what_all_can() -> None:
    """Two can do French, only one of them also German, of which there is as much: German is dearer, and for the one who
    speaks it French is a poor use of time."""
    prices = find_prices(
        {"fr": 50.0, "de": 50.0}, {1: 60.0, 2: 60.0}, {1: {"fr": 1.0, "de": 1.0}, 2: {"fr": 1.0}}
    )
    even = find_prices(
        {"fr": 90.0, "de": 20.0}, {1: 60.0, 2: 60.0}, {1: {"fr": 1.0, "de": 1.0}, 2: {"fr": 1.0}}
    )
    assert abs(even.of_work["de"] - even.of_work["fr"]) < 0.1
    crowded = find_prices(
        {"fr": 20.0, "de": 90.0}, {1: 60.0, 2: 60.0}, {1: {"fr": 1.0, "de": 1.0}, 2: {"fr": 1.0}}
    )
    assert crowded.of_work["de"] > 1.5 * crowded.of_work["fr"]
    assert crowded.advantage("fr", 1, 1.0) < 0.7 and crowded.advantage("fr", 2, 1.0) == 1.0
    assert crowded.advantage("de", 1, 1.0) == 1.0
    assert prices.of_work["de"] >= prices.of_work["fr"] - 0.05


def test_where_nothing_is_known_nobody_has_an_advantage() -> None:
    for prices in (
        find_prices({}, {1: 60.0}, {1: {"a": 1.0}}),
        find_prices({"a": 10.0}, {}, {}),
        find_prices({"a": 0.0}, {1: 60.0}, {1: {"a": 1.0}}),
        find_prices({"nobody's": 10.0}, {1: 60.0}, {1: {"a": 1.0}}),
    ):
        assert prices.advantage("a", 1, 0.5) == 1.0
        assert prices.advantage("a", 99, 0.5) == 1.0


CLASSES = st.sampled_from("abcd")


@settings(max_examples=60, deadline=None)
@given(
    st.dictionaries(CLASSES, st.floats(0.0, 1e5)),
    st.dictionaries(st.integers(1, 6), st.floats(0.0, 1e4)),
    st.dictionaries(st.integers(1, 6), st.dictionaries(CLASSES, st.floats(0.1, 3.0), max_size=4)),
)
def test_prices_are_numbers_whatever_the_staff(
    work: dict[str, float], minutes: dict[int, float], pace: dict[int, dict[str, float]]
) -> None:
    prices = find_prices(work, minutes, pace)
    assert all(math.isfinite(price) and price >= LEAST for price in prices.of_work.values())
    for agent_id, does in pace.items():
        for one, speed in does.items():
            assert 0.0 < prices.advantage(one, agent_id, speed) <= 1.0
