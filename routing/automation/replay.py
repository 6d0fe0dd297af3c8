"""What rules would have made of a ticket, by its ledger: each entry and each wait again, with the ticket as it was then. Pure.

What one rule would have done is not done, so what it would have set off in another is not seen.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime

from hub.model.tickets import EventKind, Priority, TicketKind, TicketStatus
from routing.automation.book import Book
from routing.automation.facts import Facts, Told
from routing.automation.judge import holds
from routing.automation.tables import AutomationRule, Since
from routing.automation.waits import due_at


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One entry of a ledger. `message_id`: of what was said, or of what a delivery is about; 0 for neither."""

    at: datetime
    told: Told
    message_id: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class WouldRun:
    """A rule would have held. `because`: what it listens to, or waits for."""

    rule: AutomationRule
    at: datetime
    because: str


@dataclass(slots=True)
class Waits:
    """Since when each thing is so, as the ledger goes on."""

    opened: datetime
    free: datetime | None = None
    pending: datetime | None = None
    resolved: datetime | None = None
    asked: dict[int, datetime] = field(default_factory=dict)
    answered: set[int] = field(default_factory=set)

    def hear(self, entry: Entry) -> None:
        told, said = entry.told, entry.told.message
        if told.kind in (EventKind.TICKET_OPENED, EventKind.TICKET_RELEASED):
            self.free = entry.at
        elif told.kind == EventKind.STATUS_CHANGED:
            became = told.data.get("to")
            if became == TicketStatus.OPEN:
                self.free = entry.at
            elif became == TicketStatus.PENDING:
                self.pending = entry.at
            elif became == TicketStatus.RESOLVED:
                self.resolved = entry.at
        elif told.kind == EventKind.DELIVERY_CHANGED and told.data.get("state") == "cancelled":
            self.answered.discard(entry.message_id)
        if said is not None and not said.automatic and entry.message_id:
            if said.direction == "in":
                self.asked[entry.message_id] = entry.at
            elif said.direction == "out":
                self.answered.add(entry.message_id)

    def anchors(self, facts: Facts) -> dict[Since, datetime]:
        """As `storage.automation.anchors` finds them."""
        status, found = facts.status, dict[Since, datetime]()
        if status is TicketStatus.OPEN:
            if not facts.assigned:
                found[Since.UNASSIGNED] = self.free or self.opened
            last = max(self.answered, default=0)
            unanswered = [at for number, at in self.asked.items() if number > last]
            if unanswered:
                found[Since.UNANSWERED] = min(unanswered)
        if status is TicketStatus.PENDING:
            found[Since.PENDING] = self.pending or self.opened
        if status is TicketStatus.RESOLVED:
            found[Since.RESOLVED] = self.resolved or self.opened
        if status in (TicketStatus.OPEN, TicketStatus.PENDING):
            found[Since.OPENED] = self.opened
        return found


def replay(
    book: Book, now: Facts, opened: datetime, ledger: Sequence[Entry], since: datetime
) -> Iterator[WouldRun]:
    """From `since` until `now.now`, in order. `now`: the ticket as it is; `ledger`: all of it, in order."""
    fired: set[tuple[str, datetime]] = set()
    waits = Waits(opened)
    states = after_each(now, ledger)
    for place, (entry, state) in enumerate(zip(ledger, states, strict=True)):
        waits.hear(entry)
        if entry.at >= since and (hearing := book.hearing(entry.told)):
            here = replace(state, told=entry.told)
            for rule in hearing:
                if holds(rule, here, book.calendars):
                    heard = min(entry.told.happenings & frozenset(rule.on))
                    yield WouldRun(rule=rule, at=entry.at, because=heard.value)
        if book.timed:
            until = ledger[place + 1].at if place + 1 < len(ledger) else now.now
            yield from _waited(book, state, waits.anchors(state), (max(entry.at, since), until), fired)


def _waited(
    book: Book,
    state: Facts,
    anchors: Mapping[Since, datetime],
    span: tuple[datetime, datetime],
    fired: set[tuple[str, datetime]],
) -> Iterator[WouldRun]:
    """Time rules whose time came while nothing happened, or had come before and whose conditions hold only now."""
    begin, until = span
    for rule in book.timed:
        anchor = anchors.get(rule.of) if rule.of is not None else None
        if anchor is None or rule.of is None or (rule.name, anchor) in fired:
            continue
        due = due_at(rule, anchor, book.calendars)
        if due is None or not (at := max(due, begin)) < until:
            continue
        if holds(rule, replace(state, told=None, now=at), book.calendars):
            fired.add((rule.name, anchor))
            yield WouldRun(rule=rule, at=at, because=rule.of.value)


def after_each(now: Facts, ledger: Sequence[Entry]) -> list[Facts]:
    """The ticket after each entry of its ledger: what it is now, with what was changed since taken back. What no entry tells of
    (its customer, its subject) is as it is now."""
    held, holders = False, list[bool]()
    for entry in ledger:
        if entry.told.kind in (EventKind.TICKET_ASSIGNED, EventKind.TICKET_RELEASED):
            held = entry.told.kind == EventKind.TICKET_ASSIGNED
        holders.append(held)
    states: list[Facts] = []
    state = now
    for entry, assigned in zip(reversed(ledger), reversed(holders), strict=True):
        states.append(replace(state, now=entry.at, assigned=assigned))
        state = _before(state, entry.told)
    states.reverse()
    return states


def _before(state: Facts, told: Told) -> Facts:
    data = told.data
    if told.kind == EventKind.TAGS_CHANGED:
        return replace(state, tags=(state.tags - set(data.get("added", ()))) | set(data.get("removed", ())))
    was = data.get("from")
    if was is None:
        return state
    if told.kind == EventKind.STATUS_CHANGED:
        return replace(state, status=TicketStatus(was))
    if told.kind == EventKind.PRIORITY_CHANGED:
        return replace(state, priority=Priority(was))
    if told.kind == EventKind.KIND_CHANGED:
        return replace(state, kind=TicketKind(was))
    return replace(state, queue=str(was)) if told.kind == EventKind.QUEUE_CHANGED else state
