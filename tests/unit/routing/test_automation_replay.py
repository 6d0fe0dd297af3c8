"""What rules would have made of a ledger: the ticket as it was at each entry, each wait once."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from hub.model.tickets import Priority, TicketKind, TicketStatus
from routing.automation.book import Book
from routing.automation.facts import Facts, Message, Told
from routing.automation.replay import Entry, after_each, replay
from routing.automation.tables import AutomationRule
from routing.rules import load_rules
from tests.conftest import RULES

SHIPPED = load_rules(RULES.read_bytes())
BEGIN = datetime(2026, 11, 23, 2, 0, tzinfo=UTC)
NOW = Facts(
    kind=TicketKind.REQUEST,
    priority=Priority.HIGH,
    queue="service",
    status=TicketStatus.RESOLVED,
    channel="support",
    channel_kind="email",
    now=BEGIN + timedelta(days=3),
    tags=frozenset({"b"}),
    assigned=True,
)


def entry(minutes: float, kind: str, *, said: Message | None = None, number: int = 0, **data: Any) -> Entry:
    told = Told(kind=kind, data=data, message=said)
    return Entry(at=BEGIN + timedelta(minutes=minutes), told=told, message_id=number)


IN, OUT = Message(direction="in", text="Hello"), Message(direction="out")
LEDGER = [
    entry(0, "ticket_opened", said=IN, number=1),
    entry(1, "tags_changed", added=["a", "b"], removed=[]),
    entry(2, "ticket_assigned", agent=1),
    entry(3, "kind_changed", **{"from": "enquiry", "to": "request"}),
    entry(4, "queue_changed", **{"from": "enquiries", "to": "service"}),
    entry(5, "ticket_released", agent=1),
    entry(60, "priority_changed", **{"from": 2, "to": 3}),
    entry(90, "ticket_assigned", agent=2),
    entry(100, "interaction_added", said=OUT, number=2),
    entry(100, "status_changed", **{"from": "open", "to": "pending"}),
    entry(200, "interaction_added", said=IN, number=3),
    entry(200, "status_changed", **{"from": "pending", "to": "open"}),
    entry(250, "tags_changed", added=[], removed=["a"]),
    entry(300, "interaction_added", said=OUT, number=4),
    entry(300, "status_changed", **{"from": "open", "to": "resolved"}),
]


def book(*rules: dict[str, Any]) -> Book:
    made = [
        AutomationRule.model_validate({"name": str(n), "then": [{"note": "n"}], **one})
        for n, one in enumerate(rules)
    ]
    return Book(made, SHIPPED.calendar, SHIPPED.policies)


def found(
    *rules: dict[str, Any], since: datetime = BEGIN, ledger: list[Entry] = LEDGER, now: Facts = NOW
) -> list[tuple[str, float]]:
    return [
        (one.because, (one.at - BEGIN) / timedelta(minutes=1))
        for one in replay(book(*rules), now, BEGIN, ledger, since)
    ]


def test_a_ticket_is_what_it_was_after_each_entry() -> None:
    states = after_each(NOW, LEDGER)
    first, last = states[0], states[-1]
    assert replace(last, now=NOW.now) == NOW
    assert (first.kind, first.priority, first.queue, first.status, first.tags, first.assigned) == (
        TicketKind.ENQUIRY, Priority.NORMAL, "enquiries", TicketStatus.OPEN, frozenset(), False,
    )  # fmt: skip
    assert [one.assigned for one in states][1:9] == [False, True, True, True, False, False, True, True]
    assert [sorted(states[place].tags) for place in (0, 1, -3)] == [[], ["a", "b"], ["b"]]


def test_rules_are_asked_of_the_ticket_as_it_was_then() -> None:
    assert found({"on": ["opened"], "when": {"queue": ["enquiries"]}}) == [("opened", 0)]
    assert found({"on": ["opened"], "when": {"queue": ["service"]}}) == []
    assert found({"on": ["customer_wrote"], "when": {"tags": ["a"], "words": ["hello"]}}) == [
        ("customer_wrote", 200)
    ]
    assert found({"on": ["agent_replied"]}, since=BEGIN + timedelta(minutes=150)) == [("agent_replied", 300)]


def test_waits_are_found_where_nothing_happened_for_so_long() -> None:
    assert found({"after": 50, "of": "unassigned"}) == [("unassigned", 55)]
    # From minute 0 to 2, then from 5 to 90.
    assert found({"after": 86, "of": "unassigned"}) == []
    assert found({"after": 30, "of": "unanswered"}) == [("unanswered", 30), ("unanswered", 230)]
    assert found({"after": 100, "of": "pending"}) == []
    assert found({"after": 99, "of": "pending"}) == [("pending", 199)]
    assert found({"after": 1440, "of": "resolved"}) == [("resolved", 1740)]
    assert found({"after": 5000, "of": "resolved"}) == []
    assert found({"after": 299, "of": "opened"}) == [("opened", 299)]


def test_a_condition_that_comes_true_later_is_found_when_it_does() -> None:
    rule = {"after": 10, "of": "unassigned", "when": {"priority": ["high"]}}
    assert found(rule) == [("unassigned", 60)]
    assert found({**rule, "unless": {"tags": ["a"]}}) == []


def test_minutes_of_a_calendar_pass_in_its_hours() -> None:
    # Three in the afternoon of a Monday, and three of the next day: nine hours, of which office hours are from nine to six.
    assert found({"after": 9 * 60, "of": "resolved", "calendar": "office"}) == [("resolved", 1740)]


def test_an_answer_that_was_taken_back_is_none() -> None:
    ledger = [*LEDGER[:9], entry(101, "delivery_changed", number=2, state="cancelled", interaction=2)]
    now = replace(
        NOW, status=TicketStatus.OPEN, now=BEGIN + timedelta(minutes=200), tags=frozenset({"a", "b"})
    )
    assert found({"after": 120, "of": "unanswered"}, ledger=ledger, now=now) == [("unanswered", 120)]


def test_what_waited_before_the_time_looked_at_is_found_at_its_beginning() -> None:
    """As when the rule had been made then: it looks at what is there."""
    since = BEGIN + timedelta(minutes=70)
    assert found({"after": 50, "of": "unassigned"}, since=since) == [("unassigned", 70)]
    assert found({"on": ["opened"]}, since=since) == []
