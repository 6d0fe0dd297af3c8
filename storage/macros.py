"""Macros and their runs. Thin typed functions over sql/macros.sql."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from storage.database import Connection
from storage.queries import load_queries

SQL = load_queries("macros")


@dataclass(frozen=True, slots=True, kw_only=True)
class MacroRow:
    """`acts` as hub.model.macros has them. `owner_id`: whose own it is; `queue`: for whom, "" for everybody."""

    id: int
    name: str
    acts: dict[str, Any]
    owner_id: int | None
    queue: str
    used: int
    version: int
    updated_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class NewMacro:
    name: str
    acts: Mapping[str, Any]
    owner_id: int | None
    queue_id: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class RunTaken:
    """A run that is taken back: what it did, in order, each with how it was before."""

    macro_id: int
    ticket_code: int
    done: list[dict[str, Any]]


async def list_macros(connection: Connection, agent_id: int | None) -> Sequence[MacroRow]:
    """By name, with this agent's own."""
    return [MacroRow(**row) for row in await connection.fetch(SQL["list_macros"], agent_id)]


async def offered_on(connection: Connection, ticket_code: int, agent_id: int | None) -> Sequence[MacroRow]:
    """What this agent is offered on this ticket, most used first."""
    return [MacroRow(**row) for row in await connection.fetch(SQL["offered_on"], ticket_code, agent_id)]


async def macro(connection: Connection, macro_id: int, agent_id: int | None) -> MacroRow | None:
    """None also for one that is another agent's own."""
    row = await connection.fetchrow(SQL["macro"], macro_id, agent_id)
    return MacroRow(**row) if row else None


async def add_macro(connection: Connection, new: NewMacro, agent_id: int | None) -> int | None:
    """Its id; None where the name is taken."""
    made: int | None = await connection.fetchval(
        SQL["add_macro"], new.name, dict(new.acts), new.owner_id, new.queue_id, agent_id
    )
    return made


async def lock_macro(connection: Connection, macro_id: int) -> tuple[int, int | None] | None:
    """(version, whose own it is); None where there is no such macro."""
    row = await connection.fetchrow(SQL["lock_macro"], macro_id)
    return (row["version"], row["owner_id"]) if row else None


async def name_taken(connection: Connection, macro_id: int, new: NewMacro) -> bool:
    taken: bool = await connection.fetchval(SQL["name_taken"], macro_id, new.name, new.owner_id)
    return taken


async def change_macro(connection: Connection, macro_id: int, new: NewMacro) -> int:
    """The new version. The macro is locked."""
    version: int = await connection.fetchval(
        SQL["change_macro"], macro_id, new.name, dict(new.acts), new.owner_id, new.queue_id
    )
    return version


async def retire_macro(connection: Connection, macro_id: int) -> None:
    """It is offered no more."""
    await connection.execute(SQL["retire_macro"], macro_id)


async def add_run(
    connection: Connection,
    macro_id: int,
    ticket_id: int,
    agent_id: int | None,
    done: Sequence[Mapping[str, Any]],
) -> int:
    """Its id; the macro is counted as used."""
    made: int = await connection.fetchval(
        SQL["add_run"], macro_id, ticket_id, agent_id, [dict(one) for one in done]
    )
    return made


async def take_run(connection: Connection, run_id: int, agent_id: int, seconds: float) -> RunTaken | None:
    """To take it back, once; None where that was done, is another's, or was longer ago than so many seconds."""
    row = await connection.fetchrow(SQL["take_run"], run_id, agent_id, seconds)
    return RunTaken(**row) if row else None
