"""F71: rules that set each other off come to an end, whatever they are; people are never held up."""

from collections import deque
from dataclasses import dataclass, replace

from hypothesis import given, settings
from hypothesis import strategies as st

from hub.model.tickets import EventKind
from routing.automation.bounds import MOST_DEPTH, MOST_VISITS, Stop, counts, must_stop
from routing.automation.facts import Facts, Told
from routing.automation.judge import holds, listens
from routing.automation.tables import AutomationRule, By
from tests.unit.routing.test_automation_judge import CALENDARS, FACTS

TAGS = ("a", "b", "c")


@dataclass
class Course:
    """What rules make of one ticket within an hour: entries of the ledger in order, each looked at by every rule."""

    rules: list[AutomationRule]
    facts: Facts
    visits: dict[str, int]
    stopped: dict[str, Stop]

    def go(self, first: Told, most: int) -> int:
        ledger, looked = deque([first]), 0
        while ledger:
            told = ledger.popleft()
            for rule in self.rules:
                now = replace(self.facts, told=told)
                if rule.name in self.stopped or not listens(rule, now) or not holds(rule, now, CALENDARS):
                    continue
                why = must_stop(told.depth, self.visits.get(rule.name, 0))
                if why is not None:
                    self.stopped[rule.name] = why
                    continue
                looked += 1
                assert looked <= most, "rules went on and on"
                made = self._do(rule, told)
                if made and counts(told.by):
                    self.visits[rule.name] = self.visits.get(rule.name, 0) + 1
                ledger.extend(made)
        return looked

    def _do(self, rule: AutomationRule, told: Told) -> list[Told]:
        made = []
        for action in rule.then:
            then = (self.facts.tags | set(action.add_tags)) - set(action.remove_tags)
            if then == self.facts.tags:
                continue
            data = {
                "added": sorted(then - self.facts.tags), "removed": sorted(self.facts.tags - then),
                "rule": rule.name, "depth": told.depth + 1,
            }  # fmt: skip
            self.facts = replace(self.facts, tags=then)
            made.append(Told(kind=EventKind.TAGS_CHANGED, data=data))
        return made


_tags = st.lists(st.sampled_from(TAGS), min_size=1, max_size=2, unique=True)
_actions = st.lists(
    st.one_of(_tags.map(lambda t: {"add_tags": t}), _tags.map(lambda t: {"remove_tags": t})),
    min_size=1,
    max_size=4,
)
_rules = st.lists(
    st.builds(
        lambda on, when, then: {"on": on, "when": {"tags": when} if when else {}, "then": then},
        st.lists(
            st.sampled_from(["tag_added", "tag_removed", "note_added"]), min_size=1, max_size=3, unique=True
        ),
        st.lists(st.sampled_from(TAGS), max_size=2, unique=True),
        _actions,
    ),
    min_size=1,
    max_size=6,
)


@settings(max_examples=200, deadline=None)
@given(tables=_rules)
def test_any_rules_at_all_come_to_an_end(tables: list[dict[str, object]]) -> None:
    rules = [AutomationRule.model_validate({"name": str(n), **one}) for n, one in enumerate(tables)]
    course = Course(rules, replace(FACTS, tags=frozenset()), {}, {})
    first = Told(kind=EventKind.TAGS_CHANGED, data={"added": ["a"]}, agent_id=1)
    # Each rule may look in vain at every entry that the others make; none makes more than its visits allow.
    most = len(rules) * (len(rules) * (MOST_VISITS + 1) * 4 + 1)
    course.go(first, most)
    assert all(n <= MOST_VISITS for n in course.visits.values())


def test_two_rules_in_a_circle_stop_at_the_sixth_of_a_row() -> None:
    rules = [
        AutomationRule.model_validate({"name": "A", "on": ["tag_removed"], "then": [{"add_tags": ["a"]}]}),
        AutomationRule.model_validate({"name": "B", "on": ["tag_added"], "then": [{"remove_tags": ["a"]}]}),
    ]
    course = Course(rules, replace(FACTS, tags=frozenset({"a"})), {}, {})
    assert course.go(Told(kind=EventKind.TAGS_CHANGED, data={"added": ["a"]}, agent_id=1), 100) == MOST_DEPTH
    assert course.stopped == {"A": Stop.CHAIN}


def test_what_people_do_never_counts() -> None:
    assert [counts(by) for by in (By.AGENT, By.CUSTOMER, By.RULE, By.HUB, None)] == [
        False,
        False,
        True,
        True,
        True,
    ]
    assert must_stop(0, 0) is None
    assert must_stop(MOST_DEPTH - 1, MOST_VISITS - 1) is None
    assert must_stop(MOST_DEPTH, 0) is Stop.CHAIN
    assert must_stop(0, MOST_VISITS) is Stop.TOO_OFTEN
