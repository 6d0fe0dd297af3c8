"""Entries that people take to another ticket. Thin typed functions over sql/move.sql."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

from storage.columns import transposed
from storage.database import Connection
from storage.queries import load_queries

SQL = load_queries("move")


@dataclass(frozen=True, slots=True, kw_only=True)
class MovableRow:
    """An entry that is to go, or a later version of one (`revises`), which goes along. `delivery` is the state of its outbox
    row ("" for others), `sent_to` its recipient."""

    id: int
    seq: int
    direction: str
    kind: str
    automatic: str
    author_name: str
    subject: str
    text: str
    full_text: str
    details: Any
    created_at: datetime
    occurred_at: datetime
    channel_id: int | None
    channel: str
    channel_kind: str
    thread_key: str
    delivery: str
    sent_to: str
    revises: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class MoveRow:
    """A move as it was made. The statuses are those before it and after it; `target_seq` is where the target's ledger stood."""

    id: int
    source_id: int
    target_id: int
    source_code: int
    target_code: int
    split: bool
    source_was: str
    source_became: str
    target_was: str
    target_became: str
    target_seq: int
    undone_at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class MovedDraft:
    """A draft that came to a ticket: it stands there as `revision`, or is kept beside another."""

    agent_id: int
    mode: str
    revision: int | None
    beside_id: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class BroughtLive:
    """The target is live because the source was; `given_to`: who has it since, None where it had its agent."""

    given_to: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Brought:
    """What was begun on the source and came along: drafts, ids of versions that had lost and of files, names of fields; and
    the conversation, where somebody sat at the other end."""

    drafts: Sequence[MovedDraft]
    beside: Sequence[int]
    files: Sequence[int]
    fields: Sequence[str]
    live: BroughtLive | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class MovedEntry:
    interaction_id: int
    from_seq: int
    to_seq: int


async def movable(connection: Connection, ticket_id: int, ids: Sequence[int]) -> list[MovableRow]:
    """Those of these entries that stand on the ticket, in their order."""
    return [MovableRow(**row) for row in await connection.fetch(SQL["movable"], ticket_id, ids)]


async def put(
    connection: Connection,
    entries: Sequence[tuple[int, int]],
    *,
    ticket_id: int,
    customer_id: int,
    from_ticket_id: int,
) -> None:
    """(entry, number): on `ticket_id` now, with all that hangs on them."""
    await connection.execute(SQL["put"], *transposed(entries, 2), ticket_id, customer_id, from_ticket_id)


async def refresh(connection: Connection, ticket_id: int) -> None:
    """Have the ticket's row say what its entries say."""
    await connection.execute(SQL["refresh"], ticket_id)


async def speaks_last(connection: Connection, ticket_id: int) -> tuple[str, bool]:
    """(direction of the last word or "", whether anything that was said is left)."""
    row: Any = await connection.fetchrow(SQL["speaks_last"], ticket_id)
    return row["direction"], row["anything"]


async def owner_of(connection: Connection, address: str) -> int | None:
    """The customer whom the address proves."""
    found: int | None = await connection.fetchval(SQL["owner_of"], address)
    return found


async def claims(connection: Connection, customer_id: int, address: str) -> bool:
    """Whether the customer is said, or proven, to have the address."""
    found: bool = await connection.fetchval(SQL["claims"], customer_id, address)
    return found


async def strangers(connection: Connection, ticket_id: int, addresses: Sequence[str]) -> list[str]:
    """Those of the addresses that do not prove the ticket's customer."""
    return [row["value"] for row in await connection.fetch(SQL["strangers"], ticket_id, addresses)]


async def merge_into(connection: Connection, ticket_id: int, other_id: int) -> None:
    """Who looks for `ticket_id` finds `other_id`."""
    await connection.execute(SQL["merge_into"], ticket_id, other_id)


async def unmerge(connection: Connection, ticket_id: int, other_id: int) -> None:
    """Who looks for `ticket_id` finds it again, and not `other_id`."""
    await connection.execute(SQL["unmerge"], ticket_id, other_id)


async def add_move(
    connection: Connection,
    *,
    source_id: int,
    target_id: int,
    split: bool,
    agent_id: int | None,
    by_name: str,
    source_was: str,
    target_was: str,
) -> int:
    """Begin the ledger's line; returns its id."""
    made: int = await connection.fetchval(
        SQL["add_move"], source_id, target_id, split, agent_id, by_name, source_was, target_was
    )
    return made


async def set_brought(connection: Connection, move_id: int, brought: Brought) -> None:
    await connection.execute(SQL["set_brought"], move_id, asdict(brought))


async def brought_by(connection: Connection, move_id: int) -> Brought | None:
    """What came along beside the entries; None where nothing did."""
    found = await connection.fetchval(SQL["brought_by"], move_id)
    if found is None:
        return None
    live = found.get("live")
    return Brought(
        **{
            **found,
            "drafts": [MovedDraft(**one) for one in found["drafts"]],
            "live": BroughtLive(**live) if live else None,
        }
    )


async def close_move(
    connection: Connection,
    move_id: int,
    *,
    source_became: str,
    target_became: str,
    target_seq: int,
    entries: Sequence[tuple[int, int, int]],
) -> None:
    """End it. `entries`: (entry, number before, number now)."""
    await connection.execute(
        SQL["close_move"], move_id, source_became, target_became, target_seq, *transposed(entries, 3)
    )


async def move_of(connection: Connection, move_id: int) -> MoveRow | None:
    """The move, unlocked."""
    row = await connection.fetchrow(SQL["move_of"], move_id)
    return MoveRow(**row) if row else None


async def entries_of_move(connection: Connection, move_id: int) -> list[MovedEntry]:
    """Where each entry stood and was put."""
    return [MovedEntry(**row) for row in await connection.fetch(SQL["entries_of_move"], move_id)]


async def in_place(connection: Connection, move_id: int, ticket_id: int) -> int:
    """How many entries of the move still stand where it put them."""
    found: int = await connection.fetchval(SQL["in_place"], move_id, ticket_id)
    return found


async def added_since(connection: Connection, ticket_id: int, seq: int) -> bool:
    """Whether anything came on the ticket after number `seq`."""
    found: bool = await connection.fetchval(SQL["added_since"], ticket_id, seq)
    return found


async def end_move(connection: Connection, move_id: int, by_name: str) -> bool:
    """It is undone. False where it was already."""
    return await connection.fetchval(SQL["end_move"], move_id, by_name) is not None


async def is_merged(connection: Connection, ticket_id: int) -> bool:
    """Whether all of the ticket is on another one."""
    found: bool = await connection.fetchval(SQL["is_merged"], ticket_id)
    return found
