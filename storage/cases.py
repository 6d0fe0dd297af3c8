"""Whole tickets: what was done to one, merges, links. Thin typed functions over sql/cases.sql."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from storage.columns import transposed
from storage.database import Connection
from storage.queries import load_queries

SQL = load_queries("cases")


@dataclass(frozen=True, slots=True, kw_only=True)
class PastEvent:
    kind: str
    data: Any
    agent_id: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class MergeRow:
    """Documents as `snapshot` makes them: the target after the merge, both tickets before it."""

    came: Any
    source_was: Any
    target_was: Any


@dataclass(frozen=True, slots=True, kw_only=True)
class ProposedRow:
    code: int
    subject: str
    status: str
    channel_kind: str
    updated_at: datetime
    assignee_name: str


async def event_at(connection: Connection, ticket_id: int, seq: int) -> PastEvent | None:
    """The ledger's entry of this number."""
    row = await connection.fetchrow(SQL["event_at"], ticket_id, seq)
    return PastEvent(**row) if row else None


async def happened_since(connection: Connection, ticket_id: int, seq: int, kinds: Sequence[str]) -> bool:
    """Whether one of these kinds follows number `seq`; notes for colleagues do not count as entries."""
    found: bool = await connection.fetchval(SQL["happened_since"], ticket_id, seq, list(kinds))
    return found


async def all_entries(connection: Connection, ticket_id: int, most: int) -> list[int]:
    """The entries of a ticket, oldest first, `most` of them."""
    return [row["id"] for row in await connection.fetch(SQL["all_entries"], ticket_id, most)]


async def snapshot(connection: Connection, ticket_id: int) -> Any:
    """What a merge changes of a ticket beside its entries."""
    return await connection.fetchval(SQL["snapshot"], ticket_id)


async def bring_along(connection: Connection, source_id: int, target_id: int) -> None:
    """People, followers and incidents of the one are the other's too."""
    for name in ("bring_people", "bring_followers", "bring_incidents"):
        await connection.execute(SQL[name], source_id, target_id)


async def add_merge(
    connection: Connection, move_id: int, *, came: Any, source_was: Any, target_was: Any
) -> None:
    """The move was the whole ticket."""
    await connection.execute(SQL["add_merge"], move_id, came, source_was, target_was)


async def merge_of(connection: Connection, move_id: int) -> MergeRow | None:
    """None where the move was no merge."""
    row = await connection.fetchrow(SQL["merge_of"], move_id)
    return MergeRow(**row) if row else None


async def take_people_back(connection: Connection, ticket_id: int, before: Any, after: Any) -> None:
    """Participants as they were, but what somebody changed since stays."""
    await connection.execute(SQL["take_people_back"], ticket_id, before, after)


async def take_others_back(
    connection: Connection,
    ticket_id: int,
    *,
    followers: Sequence[int],
    incidents: Sequence[int],
    links: Sequence[tuple[int, int]],
) -> None:
    """These came with the merge, and go."""
    await connection.execute(
        SQL["take_others_back"], ticket_id, list(followers), list(incidents), *transposed(links, 2)
    )


async def restore_row(connection: Connection, ticket_id: int, row: Any) -> None:
    """As `snapshot` had it under "row"."""
    await connection.execute(SQL["restore_row"], ticket_id, row)


async def ids_of(connection: Connection, codes: Sequence[int]) -> dict[int, int]:
    """Code to id, of those that there are."""
    return {row["code"]: row["id"] for row in await connection.fetch(SQL["ids_of"], list(codes))}


async def add_link(connection: Connection, ticket_id: int, other_id: int, why: str) -> None:
    """There is none yet between the two."""
    await connection.execute(SQL["add_link"], ticket_id, other_id, why)


async def link_between(connection: Connection, ticket_id: int, other_id: int) -> tuple[int, int, str] | None:
    """(from, to, why), whichever way round."""
    row = await connection.fetchrow(SQL["link_between"], ticket_id, other_id)
    return (row["ticket_id"], row["other_id"], row["why"]) if row else None


async def drop_link(connection: Connection, ticket_id: int, other_id: int) -> None:
    """One that a person made; what the hub found itself stays."""
    await connection.execute(SQL["drop_link"], ticket_id, other_id)


async def proposed(connection: Connection, ticket_id: int, most: int) -> list[ProposedRow]:
    """The same customer's other tickets that were not merged away."""
    return [ProposedRow(**row) for row in await connection.fetch(SQL["proposed"], ticket_id, most)]
