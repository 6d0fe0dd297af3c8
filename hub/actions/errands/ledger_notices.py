"""What agents are told because of what stands in the ledgers of tickets: read once, in order, by one hub at a time.

That a notice is made and that its event was read are one transaction: nothing is told twice or forgotten, whatever dies.
"""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from hub.actions.context import Context
from hub.actions.errands.mentions import find_mentions, sees
from hub.actions.errands.notices import NewNotice, add_notices, overseers_of
from hub.model.notices import NoticeKind
from hub.model.tickets import EventKind, TicketStatus
from storage import followers
from storage import notices as stored
from storage.database import Connection
from storage.feed_marks import LedgerRow, read_on
from storage.notices import AnswerRow, NoteRow, QueueNamed, StaffRow, ToldTicket

READER = "notices"
_AT_ONCE = 2000
_KINDS = frozenset(
    (
        EventKind.TICKET_ASSIGNED,
        EventKind.TICKET_RELEASED,
        EventKind.TICKET_UNPLACEABLE,
        EventKind.OFFER_SETTLED,
        EventKind.SLA_WARNING,
        EventKind.SLA_BREACHED,
        EventKind.INTERACTION_ADDED,
        EventKind.STATUS_CHANGED,
        EventKind.DELIVERY_CHANGED,
    )
)
_NOT_DELIVERED = ("failed", "uncertain")
"""What an answer becomes that a person has to look after."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """As things stand now; what an event says is older. `followers` by ticket, where it has any."""

    tickets: Mapping[int, ToldTicket]
    staff: Sequence[StaffRow]
    notes: Mapping[int, NoteRow]
    answers: Mapping[int, AnswerRow] = field(default_factory=dict)
    queues: Sequence[QueueNamed] = ()
    followers: Mapping[int, Sequence[int]] = field(default_factory=dict)


async def tell_of_ledger(ctx: Context) -> int:
    """Make the notices of what happened since the last look; returns 0 where there was nothing to read."""

    async def work(connection: Connection) -> int:
        rows = await read_on(connection, READER, _KINDS, _AT_ONCE)
        if rows is None:
            return 0
        rows = [row for row in rows if row.ticket_id is not None and _may_ring(row)]
        followed = await followers.of_tickets(connection, sorted({row.ticket_id or 0 for row in rows}))
        # Most of what customers write is followed by nobody.
        rows = [row for row in rows if row.ticket_id in followed or not _is_for_followers(row)]
        if rows:
            facts = await _facts(connection, rows, followed)
            await add_notices(connection, list(notices_of(rows, facts)), never_again=True)
            await followers.add(connection, _mentioned_on(facts))
        return 1

    return await ctx.database.run(work)


async def _facts(
    connection: Connection, rows: Sequence[LedgerRow], followed: Mapping[int, Sequence[int]]
) -> Facts:
    noted = [int(row.data["interaction"]) for row in rows if _is_internal(row)]
    notes = await stored.notes(connection, noted) if noted else []
    lost = [int(row.data["interaction"]) for row in rows if row.kind == EventKind.DELIVERY_CHANGED]
    answers = await stored.answers(connection, lost) if lost else []
    tickets = {row.ticket_id for row in rows if row.ticket_id is not None} | {
        note.ticket_id for note in notes
    }
    return Facts(
        tickets=await stored.tickets(connection, sorted(tickets)),
        staff=await stored.staff(connection),
        notes={note.id: note for note in notes},
        answers={answer.id: answer for answer in answers},
        queues=await stored.queues(connection) if any("@" in note.text for note in notes) else (),
        followers=followed,
    )


def notices_of(rows: Iterable[LedgerRow], facts: Facts) -> Iterator[NewNotice]:
    """Who is to be told what because of these events."""
    for row in rows:
        ticket = facts.tickets[row.ticket_id or 0]
        cause = f"event:{row.id}"
        match row.kind:
            case EventKind.STATUS_CHANGED:
                if row.data["to"] == TicketStatus.RESOLVED:
                    yield from _to_followers(row, facts, NoticeKind.FOLLOWED_RESOLVED)
            case EventKind.TICKET_ASSIGNED:
                agent_id = int(row.data["agent"])
                yield from _to_followers(row, facts, NoticeKind.FOLLOWED_ASSIGNED, but=agent_id)
                # Not who took it themselves, and not who has lost it again.
                if agent_id != row.agent_id and agent_id == ticket.assignee_id:
                    names = {one.id: one.name for one in facts.staff}
                    by = names.get(row.agent_id or 0, "")
                    yield _notice(agent_id, NoticeKind.ASSIGNED_TO_YOU, cause, ticket, {"by": by})
            case EventKind.SLA_WARNING | EventKind.SLA_BREACHED:
                breached = row.kind == EventKind.SLA_BREACHED
                kind = NoticeKind.SLA_BREACHED if breached else NoticeKind.SLA_WARNING
                told = [] if ticket.assignee_id is None else [ticket.assignee_id]
                # A breach is escalated; so is a warning that nobody else would hear.
                if breached or not told:
                    told += overseers_of(facts.staff, ticket.queue_id)
                for agent_id in dict.fromkeys(told):
                    yield _notice(agent_id, kind, cause, ticket, {"target": str(row.data["target"])})
            case EventKind.TICKET_UNPLACEABLE:
                for agent_id in overseers_of(facts.staff, ticket.queue_id):
                    yield _notice(agent_id, NoticeKind.UNPLACEABLE, cause, ticket, {})
            case EventKind.OFFER_SETTLED:
                if row.data["state"] == "expired":
                    yield _notice(int(row.data["agent"]), NoticeKind.OFFER_EXPIRED, cause, ticket, {})
            case EventKind.DELIVERY_CHANGED:
                answer = facts.answers.get(int(row.data["interaction"]))
                for agent_id in _who_care_for(answer, ticket, facts) if answer is not None else ():
                    said = {"state": str(row.data["state"])}
                    yield _notice(agent_id, NoticeKind.NOT_DELIVERED, cause, ticket, said)
            case EventKind.TICKET_RELEASED:
                # The hub says why; a person who gives it back does not.
                if "because" in row.data:
                    yield _notice(int(row.data["agent"]), NoticeKind.AWAY, cause, ticket, {})
            case _ if _is_for_followers(row):
                yield from _to_followers(row, facts, NoticeKind.FOLLOWED_MESSAGE)
            case _:
                note = facts.notes.get(int(row.data["interaction"]))
                for agent_id in _named_in(note, facts) if note is not None else ():
                    if note is not None and agent_id != note.agent_id:
                        # Where the note was moved since, it is there that it is read.
                        yield NewNotice(
                            agent_id=agent_id, kind=NoticeKind.MENTIONED, cause=cause, ticket_id=note.ticket_id,
                            params={"by": note.author_name},
                        )  # fmt: skip


def _who_care_for(answer: AnswerRow, ticket: ToldTicket, facts: Facts) -> list[int]:
    """Who wrote it and who has its ticket, as far as they see it; where that is nobody, who leads."""
    there = {one.id for one in facts.staff}
    theirs = [one for one in (answer.agent_id, ticket.assignee_id) if one in there and one is not None]
    seeing = _who_see(facts, ticket.id, theirs)
    told = [one for one in dict.fromkeys(theirs) if one in seeing]
    return told or overseers_of(facts.staff, ticket.queue_id)


def _may_ring(row: LedgerRow) -> bool:
    """Most of what is said to customers, and how it fares, is no news to anybody; nor is it news where a person moves an answer
    that did not arrive."""
    if row.kind == EventKind.DELIVERY_CHANGED:
        return row.agent_id is None and str(row.data["state"]) in _NOT_DELIVERED
    return str(row.data.get("direction")) != "out"


def _named_in(note: NoteRow, facts: Facts) -> list[int]:
    named = find_mentions(note.text, facts.staff, facts.queues).everybody(facts.staff)
    seeing = _who_see(facts, note.ticket_id, named)
    return [agent_id for agent_id in named if agent_id in seeing]


def _who_see(facts: Facts, ticket_id: int, of: Collection[int]) -> set[int]:
    """Those of them who may see the ticket."""
    asked = set(of)
    return {one.id for one in facts.staff if one.id in asked and sees(one, facts.tickets[ticket_id])}


def _mentioned_on(facts: Facts) -> list[tuple[int, int]]:
    """(ticket, agent): who is named by themselves follows what they were named on; a whole team does not."""
    found = []
    for note in facts.notes.values():
        named = find_mentions(note.text, facts.staff, facts.queues).agents
        seeing = _who_see(facts, note.ticket_id, named)
        found += [(note.ticket_id, one) for one in named if one != note.agent_id and one in seeing]
    return found


def _to_followers(
    row: LedgerRow, facts: Facts, kind: NoticeKind, *, but: int | None = None
) -> Iterator[NewNotice]:
    """Not to who did it, to `but`, nor to who has the ticket: they see it anyhow, or are told otherwise."""
    ticket = facts.tickets[row.ticket_id or 0]
    names = {one.id: one.name for one in facts.staff}
    said = {"by": names.get(row.agent_id or 0, ""), "to": names.get(but or 0, "")}
    followers = facts.followers.get(ticket.id, ())
    seeing = _who_see(facts, ticket.id, followers)
    for agent_id in followers:
        if agent_id not in (row.agent_id, but, ticket.assignee_id) and agent_id in seeing:
            yield _notice(agent_id, kind, f"followed:{row.id}", ticket, said)


def _is_internal(row: LedgerRow) -> bool:
    return row.kind == EventKind.INTERACTION_ADDED and row.data.get("direction") == "internal"


def _is_for_followers(row: LedgerRow) -> bool:
    """What is told to followers alone: what a customer wrote, and changes of status."""
    return row.kind == EventKind.STATUS_CHANGED or (
        row.kind == EventKind.INTERACTION_ADDED and row.data.get("direction") == "in"
    )


def _notice(
    agent_id: int, kind: NoticeKind, cause: str, ticket: ToldTicket, params: Mapping[str, str]
) -> NewNotice:
    return NewNotice(agent_id=agent_id, kind=kind, cause=cause, ticket_id=ticket.id, params=params)
