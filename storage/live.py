"""Conversations with somebody who sits at the other end. Thin typed functions over sql/live.sql; nothing is decided here."""

from collections.abc import Sequence
from dataclasses import dataclass

from storage.database import Connection
from storage.queries import load_queries

SQL = load_queries("live")


@dataclass(frozen=True, slots=True, kw_only=True)
class SilentRow:
    """A conversation that was looked at. `silent`: nobody wrote for so long, and its timer has fired."""

    timer_id: int
    ticket_id: int
    silent: bool


async def end_wrap_up(connection: Connection, agent_id: int) -> str | None:
    """The agent is ready for what comes; returns their presence, None where they were already."""
    presence: str | None = await connection.fetchval(SQL["end_wrap_up"], agent_id)
    return presence


async def falling_silent(connection: Connection, limit: int) -> list[int | None]:
    """Whose conversations are to be looked at now, unlocked; None among them where nobody has one. Empty: there is none."""
    return [row["holder"] for row in await connection.fetch(SQL["falling_silent"], limit)]


async def take_silent(
    connection: Connection, limit: int, holders: Sequence[int], silence_seconds: float
) -> list[SilentRow]:
    """Conversations that are due and nobody's, or one of these agents', who are locked. The tickets are locked; where somebody
    wrote, they are looked at again in time."""
    return [
        SilentRow(**row)
        for row in await connection.fetch(SQL["take_silent"], limit, holders, silence_seconds)
    ]


async def set_live(connection: Connection, ticket_id: int, silence_seconds: float | None) -> None:
    """Somebody sits at the other end, and is looked for after so many seconds without a word; None: nobody does any more. The
    ticket's loads are the caller's."""
    if silence_seconds is None:
        await connection.execute(SQL["stop_live"], ticket_id)
    else:
        await connection.execute(SQL["begin_live"], ticket_id, silence_seconds)


async def end_live(connection: Connection, ticket_id: int, *, seq: int, release: bool) -> None:
    """Nobody sits at the other end any more; `release`: and nobody has it now."""
    await connection.execute(SQL["end_live"], ticket_id, seq, release)
