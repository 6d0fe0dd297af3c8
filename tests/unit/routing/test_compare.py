"""Two documents of rules compared, and changes carried over to another version."""

from copy import deepcopy
from itertools import combinations
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from routing.compare import Change, compare, rebase, touched, unit_of

# However busy the machine is.
whenever = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])

BASE: dict[str, Any] = {
    "default_queue": "service",
    "skills": ["billing"],
    "languages": {"offered": ["zh", "en"], "fallback": ""},
    "queue": [
        {"name": "complaints", "priority": "high", "stick_hours": 72},
        {"name": "service", "priority": "normal", "stick_hours": 72},
    ],
    "rule": [
        {"name": "a", "when": {"kind": ["complaint"], "key_account": True}, "then": {"queue": "complaints"}},
        {"name": "b", "when": {"kind": []}, "then": {"queue": "service"}},
        {"name": "c", "when": {}, "then": {"priority": "low"}},
    ],
}


def changed(**sections: Any) -> dict[str, Any]:
    return {**deepcopy(BASE), **sections}


def test_nothing_differs() -> None:
    assert compare(BASE, deepcopy(BASE)) == ()


def test_what_stands_alone_and_what_has_keys() -> None:
    after = changed(
        default_queue="complaints",
        skills=["billing", "delivery"],
        languages={"offered": ["zh"], "fallback": ""},
    )
    assert compare(BASE, after) == (
        Change(what="changed", section="default_queue", before="service", after="complaints"),
        Change(what="changed", section="skills", before=["billing"], after=["billing", "delivery"]),
        Change(what="changed", section="languages", key="offered", before=["zh", "en"], after=["zh"]),
    )


def test_entries_come_go_and_change() -> None:
    after = changed(
        queue=[
            {"name": "service", "priority": "low", "stick_hours": 72},
            {"name": "new", "priority": "normal", "stick_hours": 0},
        ]
    )
    assert compare(BASE, after) == (
        Change(what="removed", section="queue", name="complaints", before=BASE["queue"][0]),
        Change(what="changed", section="queue", name="service", key="priority", before="normal", after="low"),
        Change(what="added", section="queue", name="new", after=after["queue"][1]),
    )


def test_a_condition_is_told_by_itself() -> None:
    rule = {"name": "a", "when": {"kind": ["complaint"]}, "then": {"queue": "complaints"}}
    after = changed(rule=[rule, *BASE["rule"][1:]])
    assert compare(BASE, after) == (
        Change(what="changed", section="rule", name="a", key="when.key_account", before=True, after=None),
    )


def test_what_was_moved_is_as_little_as_possible() -> None:
    a, b, c = BASE["rule"]
    assert compare(BASE, changed(rule=[c, a, b])) == (
        Change(what="moved", section="rule", name="c", before=3, after=1),
    )
    assert compare(BASE, changed(rule=[b, a, c]))[0].what == "moved"
    assert len(compare(BASE, changed(rule=[b, a, c]))) == 1


@whenever
@given(st.permutations("abcdef"))
def test_what_was_not_moved_kept_its_order(order: list[str]) -> None:
    before, after = ([{"name": name} for name in names] for names in ("abcdef", order))
    moved = {one.name for one in compare({"rule": before}, {"rule": after})}
    kept = [name for name in order if name not in moved]
    assert kept == sorted(kept)
    # Nothing that could have stayed was moved: no longer run keeps its order.
    runs = [run for size in range(1, 7) for run in combinations(order, size) if list(run) == sorted(run)]
    assert len(kept) == max(map(len, runs))


def test_the_order_of_queues_says_nothing() -> None:
    assert compare(BASE, changed(queue=BASE["queue"][::-1])) == ()


def test_a_section_that_is_new() -> None:
    calendar = {"name": "office", "zone": "UTC"}
    assert compare(BASE, changed(calendar=[calendar])) == (
        Change(what="added", section="calendar", name="office", after=calendar),
    )


def test_units_of_changes_are_the_units_touched() -> None:
    after = changed(default_queue="complaints", queue=BASE["queue"][:1], rule=BASE["rule"][:2])
    assert {unit_of(change) for change in compare(BASE, after)} == set(touched(BASE, after))
    assert set(touched(BASE, after)) == {("default_queue",), ("queue", "service"), ("rule",)}


def test_two_people_who_change_two_queues_do_not_clash() -> None:
    mine, theirs = deepcopy(BASE), deepcopy(BASE)
    mine["queue"][0]["priority"] = "urgent"
    theirs["queue"][1]["stick_hours"] = 0
    theirs["queue"].append({"name": "more", "priority": "low", "stick_hours": 1})
    made = rebase(BASE, mine, theirs)
    assert made.clashes == ()
    assert made.document["queue"] == [
        {"name": "complaints", "priority": "urgent", "stick_hours": 72},
        {"name": "service", "priority": "normal", "stick_hours": 0},
        {"name": "more", "priority": "low", "stick_hours": 1},
    ]


def test_the_same_change_twice_is_no_clash() -> None:
    mine = changed(default_queue="complaints")
    assert rebase(BASE, mine, deepcopy(mine)).clashes == ()


def test_both_changed_the_rules_and_one_has_to_give_way() -> None:
    mine, theirs = changed(rule=BASE["rule"][:1]), changed(rule=BASE["rule"][1:], skills=[])
    made = rebase(BASE, mine, theirs)
    assert made.clashes == (("rule",),)
    assert made.document == theirs
    kept = rebase(BASE, mine, theirs, {("rule",): "mine"})
    assert (kept.clashes, kept.document) == ((), {**theirs, "rule": mine["rule"]})
    given_up = rebase(BASE, mine, theirs, {("rule",): "theirs"})
    assert (given_up.clashes, given_up.document) == ((), theirs)


def test_a_queue_that_they_removed_and_i_changed_clashes() -> None:
    mine = deepcopy(BASE)
    mine["queue"][0]["priority"] = "urgent"
    theirs = changed(queue=BASE["queue"][1:])
    assert rebase(BASE, mine, theirs).clashes == (("queue", "complaints"),)
    kept = rebase(BASE, mine, theirs, {("queue", "complaints"): "mine"})
    assert [one["name"] for one in kept.document["queue"]] == ["service", "complaints"]


entries = st.lists(
    st.fixed_dictionaries({"name": st.sampled_from("abcdef"), "x": st.integers(0, 3)}),
    unique_by=lambda one: one["name"],
    max_size=6,
)
documents = st.fixed_dictionaries(
    {"queue": entries, "rule": entries, "skills": st.lists(st.sampled_from("st"), unique=True)}
)


def _alike(document: dict[str, Any]) -> dict[str, Any]:
    return {**document, "queue": sorted(document["queue"], key=lambda one: str(one["name"]))}


@whenever
@given(documents, documents, documents)
def test_with_my_word_in_every_clash_all_of_mine_is_there(base: Any, mine: Any, theirs: Any) -> None:
    clashes = rebase(base, mine, theirs).clashes
    made = rebase(base, mine, theirs, dict.fromkeys(clashes, "mine"))
    assert made.clashes == ()
    for unit in touched(base, mine):
        assert unit not in touched(mine, made.document)
    for unit in touched(theirs, made.document):
        assert unit in touched(base, mine)


@whenever
@given(documents, documents)
def test_on_top_of_nothing_new_a_draft_is_itself(base: Any, mine: Any) -> None:
    assert _alike(rebase(base, mine, base).document) == _alike(mine)
    assert _alike(rebase(base, base, mine).document) == _alike(mine)


@whenever
@given(documents, documents)
def test_what_is_told_is_all_there_is(before: Any, after: Any) -> None:
    """Each side can be told from the other by its changes alone: names, values, and the order of what is ordered."""
    changes = compare(before, after)
    assert (changes == ()) == (_alike(before) == _alike(after))
    for section in ("queue", "rule"):
        told = {one.name for one in changes if one.section == section}
        old, new = ({one["name"]: one for one in document[section]} for document in (before, after))
        assert {name for name in old.keys() | new.keys() if old.get(name) != new.get(name)} <= told
    moved = {one.name for one in changes if one.what == "moved"}
    stayed = [one["name"] for one in after["rule"] if one["name"] not in moved]
    was = [one["name"] for one in before["rule"] if one["name"] in stayed]
    assert was == [name for name in stayed if name in was]
