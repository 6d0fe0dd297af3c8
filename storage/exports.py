"""Everything about one customer, page by page. Over sql/exports.sql."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from storage.database import Connection
from storage.queries import load_queries

SQL = load_queries("exports")

TICKETS, ENTRIES = 50, 200
"""Rows of a page."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ExportedCustomer:
    id: int
    code: int
    name: str
    language: str
    segment: str
    note: str
    key_account: bool
    organisation: str
    created_at: datetime
    last_seen_at: datetime
    anonymised_at: datetime | None
    fields: Any


@dataclass(frozen=True, slots=True, kw_only=True)
class ExportedIdentity:
    kind: str
    value: str
    verified: bool
    created_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class ExportedTicket:
    id: int
    code: int
    subject: str
    kind: str
    status: str
    priority: int
    language: str
    queue: str
    channel: str
    channel_kind: str
    assignee: str
    tags: list[str]
    created_at: datetime
    updated_at: datetime
    resolved_at: datetime | None
    fields: Any


@dataclass(frozen=True, slots=True, kw_only=True)
class ExportedEntry:
    id: int
    kind: str
    direction: str
    author_name: str
    subject: str
    text: str
    html: str
    fields: Any
    details: Any
    channel: str
    occurred_at: datetime
    sent_to: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ExportedFile:
    interaction_id: int
    token: str
    filename: str
    content_type: str
    size: int
    infected: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class ExportedTask:
    code: int
    title: str
    text: str
    state: str
    outcome: str
    author: str
    made_at: datetime
    due_at: datetime | None
    ended_at: datetime | None


async def customer(connection: Connection, code: int) -> ExportedCustomer | None:
    row = await connection.fetchrow(SQL["customer"], code)
    return ExportedCustomer(**row) if row else None


async def identities(connection: Connection, customer_id: int) -> list[ExportedIdentity]:
    return [ExportedIdentity(**row) for row in await connection.fetch(SQL["identities"], customer_id)]


async def tickets(connection: Connection, customer_id: int, after: int) -> list[ExportedTicket]:
    """The next TICKETS of them."""
    return [ExportedTicket(**row) for row in await connection.fetch(SQL["tickets"], customer_id, after)]


async def entries(connection: Connection, ticket_id: int, after: int) -> list[ExportedEntry]:
    """The next ENTRIES of a ticket, notes too."""
    return [ExportedEntry(**row) for row in await connection.fetch(SQL["entries"], ticket_id, after)]


async def files(connection: Connection, interaction_ids: Sequence[int]) -> list[ExportedFile]:
    return [ExportedFile(**row) for row in await connection.fetch(SQL["files"], interaction_ids)]


async def file_bytes(connection: Connection, token: str) -> bytes | None:
    """None where it went meanwhile."""
    data: bytes | None = await connection.fetchval(SQL["bytes"], token)
    return data


async def tasks(connection: Connection, customer_id: int) -> list[ExportedTask]:
    """5,000 at the most."""
    return [ExportedTask(**row) for row in await connection.fetch(SQL["tasks"], customer_id)]
