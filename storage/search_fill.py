"""Writing down what things are found by. Over sql/search_fill.sql."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

from storage.database import Connection
from storage.queries import load_queries

SQL = load_queries("search_fill")

What = Literal["entry", "ticket", "customer", "organisation"]
KINDS: tuple[What, ...] = ("entry", "ticket", "customer", "organisation")
_TABLES: Mapping[What, str] = {
    "entry": "entries",
    "ticket": "tickets",
    "customer": "customers",
    "organisation": "organisations",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Left:
    """What was there before there was a search, and is still to be taken in: what has an id below these. None: it is done."""

    entry: int | None
    ticket: int | None
    customer: int | None
    organisation: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class FaultRow:
    """What could not be taken in. `ref`: the id that it has among its kind; `code` and `ticket_code`: as people call it, or the
    ticket on which it stands; None where there is none."""

    what: str
    ref: int
    error: str
    set_aside_at: datetime
    code: int | None
    ticket_code: int | None


async def take_turn(connection: Connection) -> Left | None:
    """For the rest of the transaction nobody else writes. None: somebody does so now."""
    row = await connection.fetchrow(SQL["take_turn"])
    return Left(**row) if row else None


async def still_there(connection: Connection) -> None:
    """Nothing is asked: the session is not forgotten."""
    await connection.execute(SQL["still_there"])


async def take_due(connection: Connection, limit: int, most_bytes: int) -> dict[What, list[int]]:
    """The first things that are to be read anew, no more once their texts have so many bytes; they are off the list once the
    transaction commits."""
    due: dict[What, list[int]] = {}
    for row in await connection.fetch(SQL["take_due"], limit, most_bytes):
        due.setdefault(row["what"], []).append(row["ref"])
    return due


async def old_ids(connection: Connection, what: What, below: int, limit: int, most_bytes: int) -> list[int]:
    """The next of those that were there before, downwards, and as few as of what is due. Empty: there are none."""
    sizes = (most_bytes,) if what == "entry" else ()
    return [row["id"] for row in await connection.fetch(SQL[f"old_{_TABLES[what]}"], below, limit, *sizes)]


async def fill_on(connection: Connection, left: Left) -> None:
    """So far it has come."""
    await connection.execute(SQL["fill_on"], left.entry, left.ticket, left.customer, left.organisation)


async def documents(connection: Connection, what: What, ids: Sequence[int]) -> list[Mapping[str, Any]]:
    """What is there of these now, as columns by name: `id`, and entry: subject, text, fields, files; ticket: code, subject,
    tags; customer: code, name, identities; organisation: code, name."""
    return [dict(row) for row in await connection.fetch(SQL[f"{what}_documents"], list(ids))]


async def write(connection: Connection, what: What, words: Mapping[int, Sequence[str]]) -> None:
    """What each is found by from now on. Lexemes hold letters and digits alone."""
    numbers = sorted(words)
    await connection.execute(
        SQL[f"write_{_TABLES[what]}"],
        numbers,
        [" ".join(f"'{one}'" for one in words[number]) for number in numbers],
    )


async def forget(connection: Connection, what: What, ids: Sequence[int]) -> None:
    """They are gone."""
    await connection.execute(SQL[f"forget_{_TABLES[what]}"], list(ids))


async def set_aside(connection: Connection, what: What, ref: int, error: str) -> None:
    """It is not tried again by itself."""
    await connection.execute(SQL["set_aside"], what, ref, error.replace("\x00", ""))


async def clear(connection: Connection, what: What, ids: Sequence[int]) -> None:
    """These were taken in."""
    await connection.execute(SQL["clear"], what, list(ids))


async def faults(connection: Connection, limit: int) -> list[FaultRow]:
    """What was set aside, the newest first."""
    return [FaultRow(**row) for row in await connection.fetch(SQL["faults"], limit)]


async def put_back(connection: Connection) -> int:
    """All that was set aside is due again; returns how much."""
    many: int = await connection.fetchval(SQL["put_back"])
    return many


async def is_behind(connection: Connection) -> tuple[bool, bool]:
    """(whether something new is still to be read, whether what was there before is)"""
    row = await connection.fetchrow(SQL["still_due"])
    return (bool(row["due"]), bool(row["filling"])) if row else (False, False)
