"""Time rules: from when on they count, and when their time comes."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from hub.model.tickets import TicketStatus
from routing.automation.book import Book
from routing.automation.tables import AutomationRule, Since
from routing.automation.waits import due_at, waits, watched
from routing.rules import RoutingRules, load_rules
from tests.conftest import RULES
from tests.unit.routing.test_automation_judge import CALENDARS, FACTS

# A Friday, half past five in Shanghai.
FRIDAY = datetime(2026, 11, 27, 9, 30, tzinfo=UTC)


def a_rule(**more: Any) -> AutomationRule:
    return AutomationRule.model_validate(
        {"name": "r", "after": 60, "of": "pending", "then": [{"note": "n"}], **more}
    )


def test_minutes_pass_plainly_or_in_working_time() -> None:
    assert due_at(a_rule(), FRIDAY, CALENDARS) == FRIDAY + timedelta(minutes=60)
    # Half an hour on Friday, the other half on Monday.
    monday = datetime(2026, 11, 30, 1, 30, tzinfo=UTC)
    assert due_at(a_rule(calendar="office"), FRIDAY, CALENDARS) == monday


def test_a_rule_waits_where_what_it_waits_for_is_so_and_its_conditions_may_hold() -> None:
    rules = [
        a_rule(name="waits"),
        a_rule(name="of another", of="resolved"),
        a_rule(name="other kind", when={"kind": ["request"]}),
        a_rule(name="asked later", when={"key_account": False, "outside": "office"}),
    ]
    pending = replace(FACTS, status=TicketStatus.PENDING)
    found = list(waits(rules, pending, {Since.PENDING: FRIDAY}, CALENDARS))
    assert [(rule.name, anchor) for rule, anchor, _ in found] == [("waits", FRIDAY), ("asked later", FRIDAY)]


@pytest.mark.parametrize(
    ("of", "some", "not_these"),
    [
        ("unassigned", {"ticket_released", "ticket_opened", "status_changed"}, {"interaction_added:in"}),
        ("unanswered", {"interaction_added:in", "interaction_added:out"}, {"ticket_assigned"}),
        ("pending", {"status_changed"}, {"ticket_opened", "interaction_added:in"}),
        ("resolved", {"status_changed"}, {"interaction_added:in"}),
        ("opened", {"ticket_opened"}, {"interaction_added:in"}),
    ],
)
def test_only_what_may_change_a_wait_is_looked_at(of: str, some: set[str], not_these: set[str]) -> None:
    found = watched([a_rule(of=of)])
    assert some <= found
    assert found.isdisjoint(not_these)
    assert "tags_changed" in found


def test_who_asks_whether_somebody_has_it_looks_at_that_too() -> None:
    assert "ticket_assigned" in watched([a_rule(when={"assigned": True})])
    assert watched([]) == frozenset()


def book(*rules: AutomationRule) -> Book:
    shipped = load_rules(RULES.read_bytes())
    return Book(rules, shipped.calendar, shipped.policies)


def test_a_fingerprint_is_that_of_what_is_waited_for() -> None:
    assert book().fingerprint == ""
    one = book(a_rule()).fingerprint
    assert one == book(a_rule(), a_rule(name="off", enabled=False)).fingerprint
    assert one != book(a_rule(after=61)).fingerprint
    listening = AutomationRule.model_validate({"name": "e", "on": ["opened"], "then": [{"note": "n"}]})
    assert one == book(a_rule(), listening).fingerprint
    assert book(a_rule(), listening).listened == sorted({*watched([a_rule()]), "ticket_opened"})


def test_the_rulebook_has_its_automations_ready() -> None:
    document = load_rules(RULES.read_bytes()).model_dump(mode="json", exclude_defaults=True)
    document["automation"] = [{"name": "r", "on": ["note_added"], "then": [{"note": "n"}]}]
    rules: RoutingRules = load_rules(document)
    assert rules.automations.listened == ["interaction_added:internal"]
    assert rules.automations is rules.automations
