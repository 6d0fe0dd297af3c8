"""How messages hang together: evidence of tickets, what letters cite, links, and what else is known of an entry. Thin typed
functions over sql/threads.sql."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from storage.columns import transposed
from storage.database import Connection
from storage.queries import load_queries
from storage.side_by_side import side_by_side

SQL = load_queries("threads")


@dataclass(frozen=True, slots=True, kw_only=True)
class ThreadRow:
    """A ticket that evidence points to. `source`: ref ("scope ref"), id, code, sent, cited ("ref speaker") or burst ("channel
    speaker"); `people` (proofs of the customer), `members` (who may speak too) and `copied` (who may not) are "kind:value".
    `named`: the ref stands on this very ticket; `talk`: it is a live conversation that is known."""

    source: str
    evidence: str
    ticket_id: int
    moved_from: int | None
    status: str
    subject: str
    channel_id: int
    channel_kind: str
    heard_at: datetime | None
    people: list[str]
    members: list[str]
    copied: list[str]
    named: bool
    talk: bool
    assignee_id: int | None
    live: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class LinkRow:
    """A ticket that has to do with another. `newer`: it came after that one, and points to it."""

    code: int
    subject: str
    status: str
    why: str
    newer: bool
    created_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportRow:
    """What became of our letter at one recipient. `outcome`: failed, delayed or delivered."""

    interaction_id: int
    address: str
    outcome: str
    status: str
    reason: str
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class MovedRow:
    """Who took an entry to where it is, and from where."""

    interaction_id: int
    move_id: int
    by_name: str
    moved_at: datetime
    from_code: int
    split: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class EntryFacts:
    """What is known of an entry beside itself. `also_reached` names channels."""

    also_reached: tuple[str, ...] = ()
    reports: tuple[ReportRow, ...] = ()
    moved: MovedRow | None = None


NO_FACTS = EntryFacts()


async def find_threads(
    connection: Connection,
    *,
    refs: Sequence[tuple[str, str]],
    ids: Sequence[int],
    codes: Sequence[int],
    sent: Sequence[str],
    cited: Sequence[tuple[str, str]],
    bursts: Sequence[tuple[int, str, datetime, float]],
) -> list[ThreadRow]:
    """Tickets that (scope, ref), ids, spoken numbers, Message-IDs of our own letters, (id, speaker) and (inbox, speaker, time,
    minutes) point to; of a burst the newest first."""
    rows = await connection.fetch(
        SQL["find_threads"],
        *transposed(refs, 2),
        ids,
        codes,
        sent,
        *transposed(cited, 2),
        *transposed(bursts, 4),
    )
    return [ThreadRow(**row) for row in rows]


async def remember(
    connection: Connection, cited: Sequence[tuple[str, int, int]], links: Sequence[tuple[int, int, str]]
) -> None:
    """(id, interaction, ticket) that are cited; (ticket, other ticket, why) that have to do with each other."""
    await connection.execute(SQL["remember"], *transposed(cited, 3), *transposed(links, 3))


async def ticket_links(connection: Connection, ticket_id: int) -> list[LinkRow]:
    """Tickets that have to do with this one, newest first."""
    return [LinkRow(**row) for row in await connection.fetch(SQL["ticket_links"], ticket_id)]


async def entry_facts(connection: Connection, interaction_ids: Sequence[int]) -> dict[int, EntryFacts]:
    """What is known of these entries beside themselves; those of which nothing is are left out."""
    if not interaction_ids:
        return {}
    ids = list(interaction_ids)
    async with side_by_side(connection) as also:
        reached_, reports_, moved_ = (
            also.ask(also.connection.fetch(SQL[name], ids))
            for name in ("also_reached", "reports_of", "moves_of")
        )
    reached = {row["interaction_id"]: tuple(row["channels"]) for row in reached_.result()}
    reports: defaultdict[int, list[ReportRow]] = defaultdict(list)
    for row in reports_.result():
        reports[row["interaction_id"]].append(ReportRow(**row))
    moved = {row["interaction_id"]: MovedRow(**row) for row in moved_.result()}
    return {
        one: EntryFacts(
            also_reached=reached.get(one, ()), reports=tuple(reports.get(one, ())), moved=moved.get(one)
        )
        for one in ids
        if one in reached or one in reports or one in moved
    }
