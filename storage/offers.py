"""Offers: made, accepted, declined, expired, taken back. Thin typed functions over sql/offers.sql; nothing is decided here."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from storage.columns import transposed
from storage.database import Connection
from storage.queries import asking, load_queries

SQL = load_queries("offers")
_LAST_ID = 2**63 - 1


@dataclass(frozen=True, slots=True, kw_only=True)
class OfferCard:
    """An open offer as its agent sees it. `seconds_left` and `seconds_given` by the clock of the database."""

    id: int
    code: int
    customer_name: str
    channel: str
    channel_kind: str
    subject: str
    kind: str
    kind_uncertain: bool
    priority: int
    title_en: str
    title_zh: str
    preview: str
    waiting_since: datetime | None
    seconds_left: float
    seconds_given: float


@dataclass(frozen=True, slots=True, kw_only=True)
class OfferRow:
    id: int
    ticket_code: int
    agent_id: int
    agent_name: str
    state: str
    offered_at: datetime
    expires_at: datetime
    settled_at: datetime | None


async def offer(
    connection: Connection, offered: Sequence[tuple[int, int, str, int, bool]], tell: Sequence[str]
) -> int:
    """(ticket id, agent id, why as JSON text, seconds to think, whether it was live), and the topics to notify; returns how
    many were still to be had. The caller holds the agents' locks."""
    made: int = await connection.fetchval(SQL["offer"], *transposed(offered, 5), tell)
    return made


async def accept(connection: Connection, offer_id: int, agent_id: int, why: Any) -> int | None:
    """The code of the ticket, which is the agent's now; None where the offer has ended. `why` is added to why it was
    offered."""
    code: int | None = await connection.fetchval(SQL["accept"], offer_id, agent_id, why)
    return code


async def put_back(
    connection: Connection, offer_ids: Sequence[int], state: str, why: Any, by: int | None = None
) -> list[int]:
    """End those of these offers that are still open, as declined, expired (only what is due) or withdrawn, and free their
    places; returns whose they were. `by`: who did it, for the ledger. The caller holds the agents' locks."""
    return [
        row["agent_id"] for row in await connection.fetch(SQL["put_back"], list(offer_ids), state, why, by)
    ]


async def withdraw(connection: Connection, ticket_id: int, agent_id: int) -> bool:
    """Take an open offer back within a step on the ticket, which holds both locks and writes the ledger; False where there is
    none."""
    return await connection.fetchval(SQL["withdraw"], ticket_id, agent_id) is not None


async def open_of_agent(connection: Connection, agent_id: int) -> list[int]:
    """Ids of what an agent is offered now."""
    return [row["id"] for row in await connection.fetch(SQL["open_of_agent"], agent_id)]


async def beyond_room(connection: Connection, agent_id: int) -> list[int]:
    """Ids of what an agent is offered now without having room for it. The caller holds the agent's lock."""
    return [row["id"] for row in await connection.fetch(SQL["beyond_room"], agent_id)]


async def lock_agent_of(connection: Connection, offer_id: int, agent_id: int) -> tuple[int, str] | None:
    """(id, name) of the agent whose open offer it is, locked; None where it has ended, or is somebody else's."""
    row = await connection.fetchrow(SQL["lock_agent_of"], offer_id, agent_id)
    return (row["id"], row["name"]) if row else None


async def overdue(connection: Connection, limit: int) -> list[tuple[int, int]]:
    """(offer id, agent id) of those whose time is over."""
    return [(row["id"], row["agent_id"]) for row in await connection.fetch(SQL["overdue"], limit)]


async def lock_agents(connection: Connection, agent_ids: Sequence[int]) -> None:
    """Lock these agents, in order of their ids."""
    await connection.execute(SQL["lock_agents"], sorted(set(agent_ids)))


async def silent(connection: Connection, agent_ids: Sequence[int]) -> list[int]:
    """Of these agents, those on line who let two offers in a row expire since they came on line; what was offered side by side
    is one."""
    return [row["id"] for row in await connection.fetch(SQL["silent"], list(agent_ids))]


async def next_end(connection: Connection) -> float | None:
    """Seconds until the next open offer ends, negative where it should have; None where there is none."""
    seconds: float | None = await connection.fetchval(SQL["next_end"])
    return seconds


async def offers_of(connection: Connection, agent_id: int) -> list[OfferCard]:
    """What an agent is offered now, what is new last."""
    return [OfferCard(**row) for row in await connection.fetch(SQL["offers_of"], agent_id)]


async def presence_because(connection: Connection, agent_id: int) -> str:
    """Why the hub changed the agent's presence; "" where somebody did."""
    because: str = await connection.fetchval(SQL["presence_because"], agent_id)
    return because


async def list_offers(
    connection: Connection, *, state: str | None, agent_id: int | None, before: int | None, limit: int
) -> list[OfferRow]:
    """Newest first, older than the id `before`."""
    query, asked = asking(SQL["list_offers"], {"o.state = ?": state, "o.agent_id = ?": agent_id}, first=3)
    last = _LAST_ID if before is None else before
    rows = await connection.fetch(f"{query} ORDER BY o.id DESC LIMIT $2", last, limit, *asked)
    return [OfferRow(**row) for row in rows]
