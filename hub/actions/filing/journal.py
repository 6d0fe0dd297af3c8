"""The journal: which arrivals are new, which were there before, and what became of each."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from channels.adapter import Acceptance
from hub.actions.announce import EVENTS, GATHER, ROUTE, announce
from hub.actions.arrivals import Arrival, lock_keys, storable
from hub.actions.filing.state import Batch, Case
from hub.model.codes import TICKET, show_code
from hub.model.tickets import EventKind
from storage import events, gathering, inbound
from storage.database import Connection, as_json


@dataclass(slots=True, kw_only=True)
class Answers:
    """`known` by the id of the arrival; `mirrors` are repetitions within this very batch."""

    known: dict[int, Acceptance] = field(default_factory=dict)
    mirrors: list[tuple[Arrival, Case]] = field(default_factory=list)

    def in_order(self, batch: Batch, arrivals: Sequence[Arrival]) -> list[Acceptance]:
        """What each is told, once everything is filed."""
        for case in batch.cases:
            self.known.setdefault(id(case.arrival), _answer(case))
        for arrival, case in self.mirrors:
            self.known[id(arrival)] = replace(self.known[id(case.arrival)], duplicate=True)
        return [self.known[id(arrival)] for arrival in arrivals if id(arrival) in self.known]


async def read_journal(connection: Connection, batch: Batch, arrivals: Sequence[Arrival]) -> Answers:
    """Claim keys; fill `batch.cases` with the cases to go on with."""
    answers = Answers()
    fresh = [arrival for arrival in arrivals if not arrival.raw_id]
    if fresh:
        await _claim(connection, batch, answers, fresh)
    old = [arrival for arrival in arrivals if arrival.raw_id]
    if old:
        waiting = await inbound.lock_raw(connection, [arrival.raw_id for arrival in old])
        batch.cases += [
            Case(
                arrival=arrival,
                raw_id=arrival.raw_id,
                read=arrival.read,
                state="quarantined" if arrival.error else "received",
            )
            for arrival in old
            if arrival.raw_id in waiting
        ]
    return answers


async def _claim(connection: Connection, batch: Batch, answers: Answers, fresh: Sequence[Arrival]) -> None:
    taken = await inbound.take_keys(
        connection,
        [(a.channel_id, a.item.external_key, a.content_scope, a.item.content_key) for a in fresh],
        sorted({key for arrival in fresh for key in lock_keys(arrival)}),
    )
    again: list[Arrival] = []
    copies: list[Case] = []
    for arrival, key in zip(fresh, taken, strict=True):
        if not key.is_new:
            again.append(arrival)
            continue
        case = Case(arrival=arrival, raw_id=key.raw_id, read=arrival.read)
        batch.cases.append(case)
        if not key.content_is_new:
            case.read, case.state = None, "duplicate"
            copies.append(case)
        elif arrival.error:
            case.state = "quarantined"
    if again or copies:
        await _answer_repetitions(connection, batch, answers, again, copies)


async def _answer_repetitions(
    connection: Connection, batch: Batch, answers: Answers, again: list[Arrival], copies: list[Case]
) -> None:
    keys = [(a.channel_id, a.item.external_key) for a in again]
    keys += [_content(case) for case in copies]
    kept = await inbound.find_kept(connection, keys)
    here = {(c.arrival.channel_id, c.arrival.item.external_key): c for c in batch.cases}
    for arrival in again:
        key = (arrival.channel_id, arrival.item.external_key)
        row = kept.get(key)
        if row is None:
            answers.mirrors.append((arrival, here[key]))
            continue
        answers.known[id(arrival)] = Acceptance(
            raw_id=row.raw_id,
            duplicate=True,
            ticket_code=show_code(TICKET, row.ticket_code) if row.ticket_code else "",
            interaction_id=row.interaction_id or 0,
            quarantined=row.error if row.state == "quarantined" else "",
        )
    for case in copies:
        row = kept.get(_content(case))
        case.duplicate_of = row.raw_id if row else _first_like(case, batch.cases)
        answers.known[id(case.arrival)] = Acceptance(raw_id=case.raw_id, duplicate=True)


def _content(case: Case) -> tuple[int, str]:
    return case.arrival.content_scope, f"content:{case.arrival.item.content_key}"


def _first_like(copy: Case, cases: Sequence[Case]) -> int:
    """The item of the same batch that has the content of `copy`, and was there first."""
    return next(
        case.raw_id for case in cases if case.state != "duplicate" and _content(case) == _content(copy)
    )


async def write_journal(connection: Connection, batch: Batch) -> None:
    """Write down what became of each, and tell whoever waits for it."""
    rows = [
        inbound.RawRow(
            id=case.raw_id,
            channel_id=case.arrival.channel_id,
            external_key=case.arrival.item.external_key,
            content=case.arrival.item.content,
            meta=as_json(storable(case.arrival.item.meta)),
            received_at=case.arrival.item.received_at,
            state=case.state,
            error=case.error or case.arrival.error,
            interaction_id=case.interaction_id or None,
            ticket_id=case.ticket.id if case.ticket else None,
            duplicate_of=case.duplicate_of,
        )
        for case in batch.cases
    ]
    new = [row for row, case in zip(rows, batch.cases, strict=True) if not case.arrival.raw_id]
    old = [row for row, case in zip(rows, batch.cases, strict=True) if case.arrival.raw_id]
    topics = [EVENTS] if any(case.state in ("read", "quarantined") for case in batch.cases) else []
    if any(ticket.wants_agent for ticket in batch.tickets.values()):
        topics.append(ROUTE)
    if new:
        await inbound.keep_raw(connection, new, topics)
    parts = [case for case in batch.cases if case.arrival.is_part and case.state == "received"]
    if parts:
        await gathering.add_parts(
            connection,
            [
                (
                    case.raw_id,
                    case.arrival.channel_id,
                    case.arrival.item.part_of,
                    case.arrival.item.said_in,
                )
                for case in parts
            ],
        )
        await announce(connection, GATHER)
    if old:
        await inbound.settle_raw(connection, old)
        await announce(connection, *topics)
    for row in rows:
        if row.state == "quarantined":
            await events.add_event(connection, EventKind.QUARANTINED, data={"raw": row.id})


def _answer(case: Case) -> Acceptance:
    return Acceptance(
        raw_id=case.raw_id,
        duplicate=False,
        ticket_code=show_code(TICKET, case.ticket.code) if case.ticket else "",
        interaction_id=case.interaction_id,
        quarantined=case.arrival.error,
    )
