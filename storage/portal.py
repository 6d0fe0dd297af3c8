"""The customer's own page: who is signed in, and what the owner of an address may see. Thin typed functions over
sql/portal.sql.

Addresses are in lower case throughout, as identities are.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from storage.database import Connection
from storage.queries import load_queries

SQL = load_queries("portal")

NEWEST = 2**63 - 1
"""An id that no ticket has: begin with the newest."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TriedCode:
    address: str
    code_hash: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class LinkRow:
    """`ticket_id` None: it opens everything, once."""

    address: str
    ticket_id: int | None
    ticket_code: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class SessionRow:
    """`ticket_id`: the only case that is shown. `stale`: it was written down as seen a while ago."""

    address: str
    ticket_id: int | None
    stale: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class TicketRow:
    """One line of the list. `subject` "": its owner does not know what it is called. `last_mine`: they had the last word."""

    id: int
    code: int
    status: str
    created_at: datetime
    channel_kind: str
    subject: str
    last_at: datetime
    last_mine: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class CaseRow:
    """One ticket. `standing`: customer, member or claimed."""

    id: int
    code: int
    status: str
    created_at: datetime
    resolved_at: datetime | None
    channel_id: int
    channel_kind: str
    subject: str
    standing: str


@dataclass(frozen=True, slots=True, kw_only=True)
class LineRow:
    """One entry. `mine`: a customer's; `own`: of whoever looks, and not of somebody else who had it sent to them too.
    `cut`: `text` is only its beginning."""

    id: int
    mine: bool
    own: bool
    author_name: str
    text: str
    cut: bool
    fields: Any
    said_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class WordsRow:
    """A line as it is looked through for words, as far as its page shows it. `files`: their names; `bytes`: of the texts up to
    here."""

    ticket_id: int
    id: int
    mine: bool
    subject: str
    text: str
    fields: Any
    bytes: int
    files: list[str]


@dataclass(frozen=True, slots=True, kw_only=True)
class FileRow:
    interaction_id: int
    token: str
    filename: str
    size: int


@dataclass(frozen=True, slots=True, kw_only=True)
class FilePlace:
    """Where a file stands."""

    ticket_code: int
    interaction_id: int
    filename: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ProfileRow:
    code: int
    name: str
    language: str
    organisation_id: int | None
    note: str
    version: int


async def is_known(connection: Connection, address: str) -> bool:
    """Whether its owner would see anything."""
    found: bool = await connection.fetchval(SQL["is_known"], address)
    return found


async def add_code(
    connection: Connection,
    *,
    browser_hash: bytes,
    address: str,
    code_hash: bytes,
    link_hash: bytes,
    channel_id: int,
    letter: dict[str, Any],
    leaves: bool,
    seconds: float,
) -> None:
    """A code and a link, both good for `seconds`, and the letter with them, which may not leave."""
    await connection.execute(
        SQL["add_code"], browser_hash, address, code_hash, link_hash, channel_id, letter, leaves, seconds
    )


async def take_try(connection: Connection, browser_hash: bytes, most: int) -> TriedCode | None:
    """None where there is no code, or not one any more."""
    row = await connection.fetchrow(SQL["take_try"], browser_hash, most)
    return TriedCode(**row) if row else None


async def use_code(connection: Connection, browser_hash: bytes) -> bool:
    """False where somebody else has used it just now."""
    return await connection.fetchval(SQL["use_code"], browser_hash) is not None


async def add_link(
    connection: Connection, token_hash: bytes, address: str, ticket_id: int, seconds: float
) -> None:
    await connection.execute(SQL["add_link"], token_hash, address, ticket_id, seconds)


async def find_link(connection: Connection, token_hash: bytes) -> LinkRow | None:
    """None for what is no link, or not one any more."""
    row = await connection.fetchrow(SQL["find_link"], token_hash)
    return LinkRow(**row) if row else None


async def use_link(connection: Connection, token_hash: bytes) -> bool:
    """Of one that is good for once; False where it was used just now."""
    return await connection.fetchval(SQL["use_link"], token_hash) is not None


async def add_session(
    connection: Connection, token_hash: bytes, address: str, ticket_id: int | None, seconds: float
) -> datetime:
    """When it was."""
    made_at: datetime = await connection.fetchval(SQL["add_session"], token_hash, address, ticket_id, seconds)
    return made_at


async def device_holds(connection: Connection, address: str, made_at: datetime, seconds: float) -> bool:
    """Whether a browser that was marked then is still known again."""
    holds: bool = await connection.fetchval(SQL["device_holds"], address, made_at, seconds)
    return holds


async def session(connection: Connection, token_hash: bytes, idle_seconds: float) -> SessionRow | None:
    """None for what is no session, or not one any more."""
    row = await connection.fetchrow(SQL["session"], token_hash, idle_seconds)
    return SessionRow(**row) if row else None


async def touch_session(connection: Connection, token_hash: bytes) -> None:
    await connection.execute(SQL["touch_session"], token_hash)


async def move_session(connection: Connection, token_hash: bytes, ticket_code: int) -> None:
    await connection.execute(SQL["move_session"], token_hash, ticket_code)


async def end_session(connection: Connection, token_hash: bytes) -> None:
    await connection.execute(SQL["end_session"], token_hash)


async def end_all(connection: Connection, address: str) -> None:
    """Sessions, codes and links, and by what browsers are known again."""
    await connection.execute(SQL["end_all"], address)


async def tickets(
    connection: Connection, address: str, state: str, before: int, only: int | None, limit: int
) -> list[TicketRow]:
    """Newest first. `state`: "", open or done."""
    rows = await connection.fetch(SQL["tickets"], address, state, before, only or 0, limit)
    return [TicketRow(**row) for row in rows]


async def ticket(connection: Connection, address: str, code: int, only: int | None) -> CaseRow | None:
    """None where there is no such ticket for the owner of this address."""
    row = await connection.fetchrow(SQL["ticket"], address, code, only or 0)
    return CaseRow(**row) if row else None


async def lines(
    connection: Connection, ticket_id: int, address: str, limit: int, *, only: int = 0
) -> list[LineRow]:
    """Whether the ticket may be seen at all is asked before. `only`: this entry, by its id."""
    rows = await connection.fetch(SQL["lines"], ticket_id, address, limit, only)
    return [LineRow(**row) for row in rows]


async def lines_with(
    connection: Connection, address: str, ticket_ids: Sequence[int], words: str, most: int, most_bytes: int
) -> list[WordsRow]:
    """Lines of these tickets, which may be seen, that may have what is looked for, newest ticket and newest line first; `most`
    of each, and none below the one with which their texts reach `most_bytes`. `words`: a tsquery."""
    rows = await connection.fetch(SQL["lines_with"], address, list(ticket_ids), words, most, most_bytes)
    return [WordsRow(**row) for row in rows]


async def files(connection: Connection, interaction_ids: Sequence[int]) -> list[FileRow]:
    return [FileRow(**row) for row in await connection.fetch(SQL["files"], interaction_ids)]


async def file_place(connection: Connection, token: str) -> FilePlace | None:
    row = await connection.fetchrow(SQL["file_ticket"], token)
    return FilePlace(**row) if row else None


async def profile(connection: Connection, address: str) -> ProfileRow | None:
    """None for an address that is nobody's by proof."""
    row = await connection.fetchrow(SQL["profile"], address)
    return ProfileRow(**row) if row else None


async def tidy(connection: Connection, idle_seconds: float, device_seconds: float) -> None:
    """Those that are over."""
    await connection.execute(SQL["tidy"], idle_seconds, device_seconds)


async def add_said(
    connection: Connection,
    *,
    ticket_id: int,
    seq: int,
    customer_id: int,
    author_name: str,
    fields: dict[str, Any],
) -> int:
    """The entry's id."""
    number: int = await connection.fetchval(SQL["add_said"], ticket_id, seq, customer_id, author_name, fields)
    return number


async def heard_now(connection: Connection, ticket_id: int) -> None:
    """The customer of this ticket was heard without having written."""
    await connection.execute(SQL["heard_now"], ticket_id)
