"""Endpoints of other programs, and the calls that they get. Thin typed functions over sql/webhooks.sql."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from storage.database import Connection
from storage.queries import load_queries

SQL = load_queries("webhooks")


@dataclass(frozen=True, slots=True, kw_only=True)
class CallFacts:
    """Of the ticket that a call is about; all but `now` are None where it is about none."""

    now: datetime
    code: int | None
    customer: int | None
    key_account: bool | None
    queue: str | None
    kind: str | None
    priority: int | None
    status: str | None
    language: str | None
    channel: str | None
    channel_kind: str | None
    assignee: str | None
    created_at: datetime | None
    updated_at: datetime | None
    waiting_since: datetime | None
    due_at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ClaimedCall:
    """A call that this process makes now. `failures`: of its endpoint, in a row."""

    id: int
    handle: UUID
    webhook_id: int
    body: str
    attempts: int
    url: str
    sealed: bytes
    failures: int


@dataclass(frozen=True, slots=True, kw_only=True)
class SettledRow:
    """The endpoint after a call."""

    id: int
    name: str
    failures: int
    paused_at: datetime | None
    was_paused: bool
    enabled: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class LockedWebhook:
    id: int
    name: str
    url: str
    sealed: bytes
    enabled: bool
    failures: int
    paused_at: datetime | None
    version: int


@dataclass(frozen=True, slots=True, kw_only=True)
class WebhookRow:
    """An endpoint as people look at it. `waiting`: calls that have not left, the oldest since `oldest_at`."""

    id: int
    name: str
    url: str
    enabled: bool
    failures: int
    paused_at: datetime | None
    hold_until: datetime | None
    version: int
    made_by: str
    made_at: datetime
    waiting: int
    oldest_at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class CallRow:
    """One call. `status`: the last answer's, None where there was none; `error`: a code (hub.actions.errands.make_calls)."""

    id: int
    handle: UUID
    event: str
    ticket_code: int | None
    rule: str
    state: str
    attempts: int
    status: int | None
    error: str
    took_ms: int | None
    queued_at: datetime
    settled_at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class BacklogRow:
    waiting: int
    oldest_seconds: float
    paused: int


async def queue(
    connection: Connection,
    *,
    webhook: str,
    event: str,
    cause: str,
    ticket_id: int | None,
    rule: str,
    body: str,
) -> int | None:
    """The call's id, also of one that was queued before; None where no endpoint of this name is switched on."""
    made: int | None = await connection.fetchval(SQL["queue"], webhook, event, cause, ticket_id, rule, body)
    return made


async def facts(connection: Connection, ticket_id: int | None) -> CallFacts:
    row: Any = await connection.fetchrow(SQL["facts"], ticket_id)
    return CallFacts(**row)


async def names(connection: Connection) -> list[str]:
    return [row["name"] for row in await connection.fetch(SQL["names"])]


async def claim(connection: Connection, limit: int, token: UUID, lease_seconds: float) -> list[ClaimedCall]:
    """The oldest call of each endpoint that may be tried now, taken under `token`."""
    return [ClaimedCall(**row) for row in await connection.fetch(SQL["claim"], limit, token, lease_seconds)]


async def settle(
    connection: Connection,
    call_id: int,
    token: UUID,
    *,
    state: str,
    status: int | None,
    error: str,
    took_ms: int,
    hold_seconds: float,
    pause_at: int,
    gone: bool,
) -> SettledRow | None:
    """How it went; None where this process had lost the call. `gone`: the endpoint wants no more."""
    row = await connection.fetchrow(
        SQL["settle"], call_id, token, state, status, error, took_ms, hold_seconds, pause_at, gone
    )
    return SettledRow(**row) if row else None


async def free_abandoned(connection: Connection) -> int:
    """Calls whose sender is gone wait again; returns how many."""
    return len(await connection.fetch(SQL["abandoned"]))


async def give_up(connection: Connection) -> int:
    """Calls that could not be made in their time are failed; returns how many."""
    return len(await connection.fetch(SQL["give_up"]))


async def add(connection: Connection, name: str, url: str, made_by: str) -> int | None:
    """The new endpoint's id, without a secret yet; None where the name is taken."""
    made: int | None = await connection.fetchval(SQL["add"], name, url, made_by)
    return made


async def seal(connection: Connection, webhook_id: int, sealed: bytes) -> bool:
    """Whether there is such an endpoint."""
    return await connection.fetchval(SQL["seal"], webhook_id, sealed) is not None


async def lock(connection: Connection, webhook_id: int) -> LockedWebhook | None:
    row = await connection.fetchrow(SQL["lock"], webhook_id)
    return LockedWebhook(**row) if row else None


async def change(connection: Connection, webhook_id: int, url: str, enabled: bool) -> int:
    """The new version."""
    version: int = await connection.fetchval(SQL["change"], webhook_id, url, enabled)
    return version


async def retire(connection: Connection, webhook_id: int) -> None:
    """It is called no more, and its secret is forgotten."""
    await connection.execute(SQL["retire"], webhook_id)


async def works(connection: Connection, webhook_id: int) -> None:
    """It was seen to work: it is tried at once, whatever was before."""
    await connection.execute(SQL["works"], webhook_id)


async def add_settled(
    connection: Connection,
    handle: UUID,
    webhook_id: int,
    *,
    event: str,
    body: str,
    state: str,
    status: int | None,
    error: str,
    took_ms: int,
) -> int:
    """Write down a call that was made outside the row."""
    made: int = await connection.fetchval(
        SQL["add_settled"], handle, webhook_id, event, body, state, status, error, took_ms
    )
    return made


async def again(connection: Connection, webhook_id: int, call_id: int) -> bool:
    """A failed call waits again; False where it is in no such state."""
    return await connection.fetchval(SQL["again"], webhook_id, call_id) is not None


async def list_webhooks(connection: Connection) -> list[WebhookRow]:
    return [WebhookRow(**row) for row in await connection.fetch(SQL["list"])]


async def list_calls(connection: Connection, webhook_id: int, before: int, limit: int) -> list[CallRow]:
    """Newest first, older than the call `before`."""
    return [CallRow(**row) for row in await connection.fetch(SQL["calls"], webhook_id, before, limit)]


async def backlog(connection: Connection) -> BacklogRow:
    row: Any = await connection.fetchrow(SQL["backlog"])
    return BacklogRow(**row)
