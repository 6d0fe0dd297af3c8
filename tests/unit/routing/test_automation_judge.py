"""Which rules hold: condition by condition, and what they listen to."""

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from hub.model.tickets import EventKind, Priority, TicketKind, TicketStatus
from routing.automation.facts import LISTENED, Facts, Message, Told
from routing.automation.judge import holds, listens, may_hold
from routing.automation.tables import AutomationRule, By, Happening
from routing.rules import load_rules
from tests.conftest import RULES

CALENDARS = load_rules(RULES.read_bytes()).policies.calendars
# A Wednesday, in Shanghai.
AT_TEN = datetime(2026, 11, 25, 2, 0, tzinfo=UTC)
AT_NIGHT = datetime(2026, 11, 25, 17, 0, tzinfo=UTC)
FACTS = Facts(
    kind=TicketKind.COMPLAINT,
    priority=Priority.HIGH,
    queue="complaints",
    status=TicketStatus.OPEN,
    channel="support",
    channel_kind="email",
    now=AT_TEN,
    tags=frozenset({"late", "vip"}),
    language="zh",
    subject="Where is my PARCEL",
    assigned=False,
    uncertain=False,
    key_account=True,
    segment="gold",
    organisation="Acme GmbH",
    customer_language="en",
    open_tickets=3,
    ticket_fields={"warranty": "over", "insured": True, "price": 1200.5},
    customer_fields={"tier": "Gold"},
    told=Told(
        kind=EventKind.INTERACTION_ADDED,
        message=Message(direction="in", text="Der Straße nach: 包裹 is LATE", attachment=True),
    ),
)

HOLD: list[tuple[str, Any, Any]] = [
    ("kind", ["complaint", "request"], ["request"]),
    ("priority", ["high"], ["low", "urgent"]),
    ("queue", ["complaints"], ["service"]),
    ("status", ["open", "pending"], ["closed"]),
    ("tags", ["vip", "none"], ["none"]),
    ("language", ["zh"], ["en"]),
    ("channel", ["support"], ["chat"]),
    ("channel_kind", ["email"], ["webchat"]),
    ("subject", ["parcel"], ["refund"]),
    ("assigned", False, True),
    ("uncertain", False, True),
    ("key_account", True, False),
    ("segment", ["gold"], ["silver"]),
    ("organisation", ["acme gmbh"], ["acme"]),
    ("customer_language", ["en"], ["zh"]),
    ("open_tickets", 3, 4),
    (
        "ticket_fields",
        ["warranty = OVER", "price=1,200.50", "insured = yes", "warranty = in"],
        ["warranty", "insured = no"],
    ),
    ("customer_fields", ["tier"], ["tier = silver", "other"]),
    ("words", ["STRASSE", "none"], ["none"]),
    ("attachment", True, False),
    ("direction", ["in"], ["out"]),
    ("automatic", False, True),
    ("by", ["customer"], ["agent", "rule", "hub"]),
    ("during", "office", ""),
    ("weekday", ["wednesday"], ["thursday"]),
]


def a_rule(**more: Any) -> AutomationRule:
    on = more.pop("on", ["customer_wrote"])
    return AutomationRule.model_validate({"name": "r", "on": on, "then": [{"add_tags": ["x"]}], **more})


@pytest.mark.parametrize(("name", "true", "false"), HOLD)
def test_a_condition_holds_or_not_and_unless_turns_it_round(name: str, true: Any, false: Any) -> None:
    assert holds(a_rule(when={name: true}), FACTS, CALENDARS)
    assert not holds(a_rule(unless={name: true}), FACTS, CALENDARS)
    if false != "":
        assert not holds(a_rule(when={name: false}), FACTS, CALENDARS)
        assert holds(a_rule(unless={name: false}), FACTS, CALENDARS)


def test_all_of_when_must_hold_and_none_of_unless_may() -> None:
    assert holds(a_rule(when={"kind": ["complaint"], "assigned": False}), FACTS, CALENDARS)
    assert not holds(a_rule(when={"kind": ["complaint"], "assigned": True}), FACTS, CALENDARS)
    assert not holds(a_rule(unless={"kind": ["request"], "assigned": False}), FACTS, CALENDARS)


def test_hours_and_weekdays_go_by_the_calendar() -> None:
    late = replace(FACTS, now=AT_NIGHT)
    assert holds(a_rule(when={"outside": "office"}), late, CALENDARS)
    assert not holds(a_rule(when={"during": "office"}), late, CALENDARS)
    # It is Thursday in Shanghai.
    assert holds(a_rule(when={"weekday": ["thursday"]}), late, CALENDARS)
    assert holds(a_rule(when={"outside": "office", "weekday": ["thursday"]}), late, CALENDARS)


def test_a_promise_is_asked_for_where_something_is_said_about_one() -> None:
    warned = replace(FACTS, told=Told(kind=EventKind.SLA_WARNING, data={"target": "resolution"}))
    assert holds(a_rule(on=["sla_warning"], when={"target": ["resolution"]}), warned, CALENDARS)
    assert not holds(a_rule(on=["sla_warning"], when={"target": ["first_response"]}), warned, CALENDARS)


@pytest.mark.parametrize(
    "action", [{"reply": "t"}, {"status": "resolved"}, {"status": "closed"}, {"webhook": "w"}]
)
def test_nothing_leaves_or_ends_because_of_a_kind_that_is_uncertain(action: dict[str, str]) -> None:
    unsure = replace(FACTS, uncertain=True)
    when = {"kind": ["complaint"]}
    for given in ({"when": when}, {"unless": {"kind": ["request"]}}):
        assert not holds(a_rule(then=[action], **given), unsure, CALENDARS)
        assert holds(a_rule(then=[action], **given), FACTS, CALENDARS)
    assert holds(a_rule(then=[action], when={**when, "uncertain": True}), unsure, CALENDARS)
    assert holds(a_rule(then=[action]), unsure, CALENDARS)
    assert holds(a_rule(then=[{"note": "n"}], when=when), unsure, CALENDARS)


def test_what_may_hold_leaves_customer_and_moment_for_later() -> None:
    rule = AutomationRule.model_validate(
        {
            "name": "r", "after": 5, "of": "unassigned", "then": [{"note": "n"}],
            "when": {"kind": ["complaint"], "key_account": False, "during": "office"}, "unless": {"open_tickets": 1},
        }
    )  # fmt: skip
    assert may_hold(rule, replace(FACTS, now=AT_NIGHT), CALENDARS)
    assert not holds(rule, FACTS, CALENDARS)
    assert not may_hold(rule, replace(FACTS, kind=TicketKind.REQUEST), CALENDARS)


def told(kind: str, message: Message | None = None, agent_id: int | None = None, **data: Any) -> Told:
    return Told(kind=kind, data=data, message=message, agent_id=agent_id)


@pytest.mark.parametrize(
    ("what", "heard"),
    [
        (told("ticket_opened", Message(direction="in")), {Happening.OPENED}),
        (told("interaction_added", Message(direction="in")), {Happening.CUSTOMER_WROTE}),
        (told("interaction_added", Message(direction="in", automatic=True)), {Happening.MACHINE_WROTE}),
        (told("interaction_added", Message(direction="out")), {Happening.AGENT_REPLIED}),
        (told("interaction_added", Message(direction="out", automatic=True)), set()),
        (told("interaction_added", Message(direction="internal")), {Happening.NOTE_ADDED}),
        (told("interaction_added", Message(direction="in", moved=True)), set()),
        (told("interaction_added"), set()),
        (told("tags_changed", added=["a"], removed=[]), {Happening.TAG_ADDED}),
        (told("tags_changed", added=["a"], removed=["b"]), {Happening.TAG_ADDED, Happening.TAG_REMOVED}),
        (told("delivery_changed", state="failed"), {Happening.DELIVERY_FAILED}),
        (told("delivery_changed", state="sent"), set()),
        (told("offer_settled", state="expired"), {Happening.OFFER_EXPIRED}),
        (told("offer_settled", state="accepted"), set()),
        (told("survey_answered", score=5, low=False), {Happening.RATED}),
        (told("survey_answered", score=1, low=True), {Happening.RATED, Happening.RATED_LOW}),
        (told("sla_breached"), {Happening.SLA_BREACHED}),
        (told("related"), set()),
        (told("a kind of later"), set()),
    ],
)
def test_what_happened_has_a_name(what: Told, heard: set[Happening]) -> None:
    assert what.happenings == heard
    for one in heard:
        assert listens(a_rule(on=[one.value]), replace(FACTS, told=what))
        kind = what.kind
        said = f"{kind}:{what.message.direction}" if kind == "interaction_added" and what.message else kind
        assert LISTENED[one] == said


def test_everything_that_can_be_listened_to_is_found_somewhere() -> None:
    assert set(LISTENED) == set(Happening)


@pytest.mark.parametrize(
    ("what", "by"),
    [
        (told("tags_changed", agent_id=7, added=["a"]), By.AGENT),
        (told("tags_changed", rule="r", depth=2), By.RULE),
        (told("interaction_added", Message(direction="in")), By.CUSTOMER),
        (told("interaction_added", Message(direction="in", automatic=True)), By.HUB),
        (told("ticket_assigned"), By.HUB),
    ],
)
def test_whose_doing_it_was(what: Told, by: By) -> None:
    assert what.by is by
    assert what.depth == (2 if by is By.RULE else 0)
