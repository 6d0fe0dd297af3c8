"""Asks the database what is known of arrivals: whose they are, which tickets they point to; locks what will change."""

from collections.abc import Sequence
from dataclasses import replace

from hub.actions import match
from hub.actions.arrivals import Read, lock_keys
from hub.actions.filing.state import Batch, Case, Customer, Name, Ticket
from hub.actions.match import REPORTS, Candidate, Evidence
from hub.model.interactions import Automatic, IdentityKind
from hub.model.tickets import TicketStatus
from storage import inbound, reports, threads
from storage.database import Connection
from storage.inbound import HolderRow
from storage.threads import ThreadRow


async def look_up(connection: Connection, batch: Batch, cases: Sequence[Case]) -> None:
    """Hold the persons and conversations, find their customers and tickets, and lock those."""
    hold = sorted({key for case in cases if case.arrival.raw_id for key in lock_keys(case.arrival)})
    if hold:
        await inbound.lock_conversations(connection, hold)
    for case in cases:
        case.read = _without_keys(batch, _known_as_ours(batch, case.read))
    senders = [case.read.interaction.sender.identities for case in cases if case.read]
    asked = {(one.kind.value, one.value, one.verified) for every in senders for one in every}
    if asked:
        for row in await inbound.find_people(connection, sorted(asked)):
            batch.people.setdefault((row.kind, row.value, row.verified), []).append(row)
            batch.owned[row.customer_id].add((row.kind, row.value, row.verified))
    await _look_up_threads(connection, batch, cases)
    # Whoever's ticket is there has its queue, its priority and its agent already.
    people = batch.owned.keys() | batch.customers.keys()
    if people and not all(_has_ticket(batch, case) for case in cases):
        batch.facts = await inbound.describe_people(connection, sorted(people))


def _has_ticket(batch: Batch, case: Case) -> bool:
    """Whether it will go on a ticket whatever comes before it in this batch: those only let more people in. What belongs to a
    burst may turn out not to, because a letter that was written later came first."""
    ticket = batch.tickets.get(case.goes_on) if case.goes_on is not None else None
    in_burst = case.evidence is not None and case.evidence.burst is not None
    return ticket is not None and ticket.status is not TicketStatus.CLOSED and not in_burst


def _known_as_ours(batch: Batch, read: Read | None) -> Read | None:
    """A letter from another inbox of ours is a loop as well."""
    if read is None or read.interaction.details is None or read.interaction.automatic is Automatic.LOOP:
        return read
    if not any(
        one.kind is IdentityKind.EMAIL and batch.house.is_own(one.value)
        for one in read.interaction.sender.identities
    ):
        return read
    return replace(read, interaction=replace(read.interaction, automatic=Automatic.LOOP, reply_address=""))


def _without_keys(batch: Batch, read: Read | None) -> Read | None:
    """Who answers a letter of ours quotes it, with what opens the case for its customer; that is nothing for who works here."""
    if read is None:
        return None
    said, clean = read.interaction, batch.house.without_keys
    cleaned = replace(
        said,
        subject=clean(said.subject),
        text=clean(said.text),
        full_text=clean(said.full_text),
        html=clean(said.html),
    )
    return replace(read, interaction=cleaned)


def name_of(case: Case, read: Read) -> Name | None:
    """By which a later version finds this one; None for what has no name."""
    said = read.interaction
    named = said.thread.key and said.external_id
    return (case.arrival.channel_id, said.thread.key, said.external_id) if named else None


def may_be_version(read: Read) -> bool:
    """Whether this may have been said before, in other words."""
    return read.interaction.revisable or "edit_of" in read.interaction.fields


async def _look_up_threads(connection: Connection, batch: Batch, cases: Sequence[Case]) -> None:
    names = {
        name
        for case in cases
        if case.read and may_be_version(case.read) and (name := name_of(case, case.read)) is not None
    }
    if names:
        batch.said = await inbound.find_said(connection, sorted(names))
    cited = await _cited(connection, cases)
    gathered = [(case, case.read, match.gather(case.arrival, case.read)) for case in cases if case.read]
    for case, _, evidence in gathered:
        case.evidence = evidence
    asked = [evidence for _, _, evidence in gathered]
    if not any(e.refs or e.ids or e.codes or e.sent or e.cited or e.burst for e in asked):
        return
    rows = await threads.find_threads(
        connection,
        refs=sorted({ref for e in asked for ref in e.refs}),
        ids=sorted({number for e in asked for number in e.ids} | set(cited.values())),
        codes=sorted({code for e in asked for code in e.codes}),
        sent=sorted({message_id for e in asked for message_id in e.sent}),
        cited=sorted({one for e in asked for one in e.cited}),
        bursts=sorted(
            {(e.burst.channel_id, e.burst.speaker, e.burst.at, e.burst.minutes) for e in asked if e.burst}
        ),
    )
    batch.found = match.index(rows)
    batch.refs = {row.evidence: row.ticket_id for row in rows if row.source == "ref" and row.named}
    batch.talks = {row.evidence for row in rows if row.talk}
    for ref, ticket_id in cited.items():
        if (candidate := batch.found.get(("id", str(ticket_id)))) is not None:
            batch.found["ref", ref] = candidate
    for case, read, evidence in gathered:
        case.goes_on = match.choose_ticket(
            batch.house.secret, case.arrival, read, evidence, batch.found
        ).ticket_id
    chosen = {case.goes_on for case in cases if case.goes_on is not None}
    about = {number for _, read, evidence in gathered for number in _reported(batch, read, evidence)}
    about |= {ticket_id for _, ticket_id in batch.said.values()}
    if chosen or about:
        live = any(batch.house.rules.work.is_live(case.arrival.kind.kind) for case, _, _ in gathered)
        await _lock(connection, batch, sorted(chosen | about), rows, live=live)
    if about - {ticket_id for _, ticket_id in batch.said.values()}:
        sent = sorted({message_id for e in asked for message_id in e.sent})
        batch.posted = await reports.posted(connection, sent, sorted(about))


async def _cited(connection: Connection, cases: Sequence[Case]) -> dict[str, int]:
    """Tickets of the messages that are answered in conversations, by evidence of match.gather."""
    asked = {
        (case.arrival.channel_id, case.read.interaction.thread.key, ref): case.arrival.scope
        for case in cases
        if case.read and case.arrival.kind.answer_id is None and case.read.interaction.thread.key
        for ref in case.read.interaction.thread.references[: match.MOST_CITED]
    }
    found = await inbound.find_cited(connection, sorted(asked)) if asked else {}
    return {
        f"{scope} {ref}": found[channel_id, ref]
        for (channel_id, _, ref), scope in asked.items()
        if (channel_id, ref) in found
    }


def _reported(batch: Batch, read: Read, evidence: Evidence) -> list[int]:
    """Tickets with letters of ours that a report is about, closed ones too."""
    if read.interaction.bounce is None or read.interaction.automatic not in REPORTS:
        return []
    keys = [("sent", one) for one in evidence.sent] + [("id", str(number)) for number in evidence.ids]
    return [batch.found[key].ticket_id for key in keys if key in batch.found]


async def _lock(
    connection: Connection, batch: Batch, ticket_ids: Sequence[int], rows: Sequence[ThreadRow], *, live: bool
) -> None:
    """Agents before tickets. A ticket that changed hands in between is treated as nobody's (see place)."""
    seen = {row.ticket_id: row for row in rows}
    known: list[ThreadRow | HolderRow] = [seen[number] for number in ticket_ids if number in seen]
    # Those to which only a change of their own entry leads.
    if others := [number for number in ticket_ids if number not in seen]:
        known += await inbound.holders(connection, others)
    holders = {one.assignee_id for one in known if one.assignee_id is not None and _counts_anew(one, live)}
    if holders:
        batch.agents = await inbound.lock_agents(connection, sorted(holders))
    sets = {one.ticket_id: one for one in batch.found.values()}
    for row in (await inbound.lock_tickets(connection, ticket_ids)).values():
        customer = batch.customers.setdefault(row.customer_id, Customer(id=row.customer_id))
        # None for a ticket that only a change of its own entry leads to.
        candidate = sets.get(row.id) or Candidate(
            ticket_id=row.id, status=TicketStatus(row.status), people=set()
        )
        batch.tickets[row.id] = Ticket(
            number=row.id,
            id=row.id,
            code=row.code,
            seq=row.seq,
            customer=customer,
            row=row,
            status=TicketStatus(row.status),
            channel_id=candidate.channel_id,
            channel_kind=candidate.channel_kind,
            people=_same(candidate.people),
            members=_same(candidate.members),
            copied=_same(candidate.copied),
        )


def _counts_anew(row: ThreadRow | HolderRow, live: bool) -> bool:
    """Whether a ticket may count otherwise on its agent's hands from now on: it was not in work, or, where somebody sits `live`
    at the other end now, nobody did."""
    return row.status in (TicketStatus.PENDING, TicketStatus.RESOLVED) or (live and not row.live)


def _same(people: object) -> set[str]:
    """The very set that the candidates share, so that whom a letter lets in may speak in the next one of this batch."""
    return people if isinstance(people, set) else set()
