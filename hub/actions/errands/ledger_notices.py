"""What agents are told because of what stands in the ledgers of tickets: read once, in order, by one hub at a time.

That a notice is made and that its event was read are one transaction: nothing is told twice or forgotten, whatever dies.
"""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from hub.actions.context import Context
from hub.actions.errands.notices import NewNotice, add_notices, overseers_of
from hub.model.notices import NoticeKind
from hub.model.tickets import EventKind
from storage import notices as stored
from storage.database import Connection
from storage.feed_marks import LedgerRow, read_on
from storage.notices import NoteRow, StaffRow, ToldTicket

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
    )
)
_MENTION = re.compile(r"(?<![\w@.])@([a-z0-9][a-z0-9._@-]{0,63})", re.IGNORECASE)


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """As things stand now; what an event says is older."""

    tickets: Mapping[int, ToldTicket]
    staff: Sequence[StaffRow]
    notes: Mapping[int, NoteRow]


async def tell_of_ledger(ctx: Context) -> int:
    """Make the notices of what happened since the last look; returns 0 where there was nothing to read."""

    async def work(connection: Connection) -> int:
        rows = await read_on(connection, READER, _KINDS, _AT_ONCE)
        if rows is None:
            return 0
        rows = [row for row in rows if row.ticket_id is not None and not _is_from_outside(row)]
        if rows:
            await add_notices(
                connection, list(notices_of(rows, await _facts(connection, rows))), never_again=True
            )
        return 1

    return await ctx.database.run(work)


async def _facts(connection: Connection, rows: Sequence[LedgerRow]) -> Facts:
    noted = [int(row.data["interaction"]) for row in rows if row.kind == EventKind.INTERACTION_ADDED]
    notes = await stored.notes(connection, noted) if noted else []
    tickets = sorted({row.ticket_id for row in rows if row.ticket_id is not None})
    return Facts(
        tickets=await stored.tickets(connection, tickets),
        staff=await stored.staff(connection),
        notes={note.id: note for note in notes},
    )


def notices_of(rows: Iterable[LedgerRow], facts: Facts) -> Iterator[NewNotice]:
    """Who is to be told what because of these events."""
    for row in rows:
        ticket = facts.tickets[row.ticket_id or 0]
        cause = f"event:{row.id}"
        match row.kind:
            case EventKind.TICKET_ASSIGNED:
                agent_id = int(row.data["agent"])
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
            case EventKind.TICKET_RELEASED:
                # The hub says why; a person who gives it back does not.
                if "because" in row.data:
                    yield _notice(int(row.data["agent"]), NoticeKind.AWAY, cause, ticket, {})
            case _:
                note = facts.notes.get(int(row.data["interaction"]))
                for agent_id in mentioned(note.text, facts.staff) if note is not None else ():
                    if note is not None and agent_id != note.agent_id:
                        # Where the note was moved since, it is there that it is read.
                        yield NewNotice(
                            agent_id=agent_id, kind=NoticeKind.MENTIONED, cause=cause, ticket_id=note.ticket_id,
                            params={"by": note.author_name},
                        )  # fmt: skip


def mentioned(text: str, staff: Sequence[StaffRow]) -> list[int]:
    """Whom a note names: @ and the login, which may be followed by a full stop.

    >>> mentioned("Ask @lin.", [StaffRow(id=7, login="lin", name="Lin", role="agent", queues=[])])
    [7]
    """
    logins = {one.login: one.id for one in staff}
    named = (found[1].lower() for found in _MENTION.finditer(text))
    ids = (logins.get(name, logins.get(name.rstrip("._-@"))) for name in named)
    return list(dict.fromkeys(one for one in ids if one is not None))


def _is_from_outside(row: LedgerRow) -> bool:
    """Only what colleagues say to each other can name one of them."""
    return row.kind == EventKind.INTERACTION_ADDED and row.data.get("direction") != "internal"


def _notice(
    agent_id: int, kind: NoticeKind, cause: str, ticket: ToldTicket, params: Mapping[str, str]
) -> NewNotice:
    return NewNotice(agent_id=agent_id, kind=kind, cause=cause, ticket_id=ticket.id, params=params)
