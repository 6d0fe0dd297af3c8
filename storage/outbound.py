"""What has to leave. Thin typed functions over sql/outbound.sql."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from storage.database import Connection
from storage.queries import load_queries

SQL = load_queries("outbound")


@dataclass(frozen=True, slots=True, kw_only=True)
class ClaimedReply:
    """A reply that this process sends now. `message` is what was fixed when it was queued; `error`: what stood in its way the
    last time; `too_late`: its time is over."""

    id: int
    ticket_id: int
    interaction_id: int
    channel_id: int
    message: Any
    message_id: str
    attempts: int
    queued_at: datetime
    error: str
    too_late: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class AbandonedReply:
    id: int
    ticket_id: int
    interaction_id: int
    channel_id: int
    lease_token: UUID
    attempts: int
    may_have_left: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class CancelledReply:
    """`message` as it was queued. `unanswered`: its ticket waits for an answer again."""

    message: Any
    channel: str
    unanswered: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class AnswerFacts:
    """What an answer is written with. From `channel` on: of the last that a customer said; None where nobody has said
    anything."""

    language: str
    signature: str
    channel: str | None
    thread_key: str | None
    text: str | None
    author_name: str | None
    occurred_at: datetime | None
    details: Any


@dataclass(frozen=True, slots=True, kw_only=True)
class CopyRow:
    """A reply that has left and of which the mailbox has no copy yet."""

    id: int
    interaction_id: int
    channel_id: int
    message: Any
    queued_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class FileRow:
    filename: str
    content_type: str
    data: bytes


async def claim(
    connection: Connection,
    channel_ids: Sequence[int],
    limit: int,
    token: UUID,
    lease_seconds: float,
    topic: str,
) -> list[ClaimedReply]:
    """Due replies of these channels, of each `limit` at the most, the head of each conversation, taken under `token`; `topic`
    is notified."""
    rows = await connection.fetch(SQL["claim"], channel_ids, limit, token, lease_seconds, topic)
    return sorted((ClaimedReply(**row) for row in rows), key=lambda row: row.id)


async def claim_overdue(
    connection: Connection, limit: int, token: UUID, lease_seconds: float
) -> list[ClaimedReply]:
    """Replies of any channel whose time is over, taken under `token`, to be given up."""
    rows = await connection.fetch(SQL["claim_overdue"], token, lease_seconds, limit)
    return [ClaimedReply(**row) for row in rows]


async def files_of(connection: Connection, interaction_ids: Sequence[int]) -> dict[int, list[FileRow]]:
    """The files of replies, by interaction."""
    files: defaultdict[int, list[FileRow]] = defaultdict(list)
    for row in await connection.fetch(SQL["files_of"], interaction_ids):
        files[row["interaction_id"]].append(
            FileRow(filename=row["filename"], content_type=row["content_type"], data=row["data"])
        )
    return files


async def settle(
    connection: Connection,
    outbox_id: int,
    token: UUID,
    *,
    topic: str,
    state: str,
    error: str = "",
    external_id: str = "",
    relay_id: str = "",
    wants_copy: bool = False,
    arrived: Sequence[str] = (),
    refused: int = 0,
    again_in: float = 0.0,
) -> bool:
    """False where this process had lost the row, and nothing was written. `again_in`: seconds, at most as many as it has left.
    `arrived`: e-mail addresses for which it was taken over; `refused`: how many in copy it was not. `topic` is notified."""
    done: bool | None = await connection.fetchval(
        SQL["settle"], outbox_id, token, state, error, external_id, again_in, relay_id, wants_copy,
        [one.lower() for one in arrived], refused, topic,
    )  # fmt: skip
    return bool(done)


async def renew(connection: Connection, token: UUID, lease_seconds: float) -> None:
    """What was claimed under `token` and is still being sent stays ours for `lease_seconds` from now."""
    await connection.execute(SQL["renew"], token, lease_seconds)


async def leave(
    connection: Connection, outbox_ids: Sequence[int], token: UUID, lease_seconds: float
) -> set[int]:
    """Write down that these replies may have left from now on; returns those that are still ours, and were not called back."""
    return {row["id"] for row in await connection.fetch(SQL["leave"], outbox_ids, token, lease_seconds)}


async def hold_channel(connection: Connection, channel_id: int, seconds: float) -> None:
    """Nothing of this channel leaves for `seconds`."""
    await connection.execute(SQL["hold_channel"], channel_id, seconds)


async def abandoned(connection: Connection) -> list[AbandonedReply]:
    """Replies of any channel whose sender is gone; locked."""
    return [AbandonedReply(**row) for row in await connection.fetch(SQL["abandoned"])]


async def resend(connection: Connection, interaction_id: int, give_up_seconds: float) -> int | None:
    """A failed or uncertain reply waits again; returns its ticket, None where it is in no such state."""
    ticket_id: int | None = await connection.fetchval(SQL["resend"], interaction_id, give_up_seconds)
    return ticket_id


async def cancel(connection: Connection, interaction_id: int) -> CancelledReply | None:
    """A reply that has not left does not leave any more; None where it is too late."""
    row = await connection.fetchrow(SQL["cancel"], interaction_id)
    return CancelledReply(**row) if row else None


async def cancelled(connection: Connection, interaction_id: int) -> CancelledReply | None:
    """A reply that was cancelled before; None where it was not, or its words were erased since."""
    row = await connection.fetchrow(SQL["cancelled"], interaction_id)
    return CancelledReply(**row) if row else None


async def answer_facts(connection: Connection, ticket_id: int, agent_id: int | None) -> AnswerFacts:
    """What an answer of this agent, or of a program, to this ticket is written with."""
    row: Any = await connection.fetchrow(SQL["answer_facts"], ticket_id, agent_id)
    return AnswerFacts(**row)


async def take_copies(connection: Connection, channel_id: int, limit: int) -> list[CopyRow]:
    """Replies that have left by this channel and of which its mailbox has no copy yet, oldest first."""
    return [CopyRow(**row) for row in await connection.fetch(SQL["take_copies"], channel_id, limit)]


async def settle_copy(connection: Connection, outbox_id: int, state: str) -> None:
    """`kept`, or `failed`: it is not tried again."""
    await connection.execute(SQL["settle_copy"], outbox_id, state)


async def ticket_of(connection: Connection, interaction_id: int) -> int | None:
    """The code of the ticket on which this reply lies; None: it is no reply."""
    code: int | None = await connection.fetchval(SQL["ticket_of"], interaction_id)
    return code


async def is_by_hand(connection: Connection, interaction_id: int) -> bool:
    """Whether a person or a program wrote it, and not the hub by itself."""
    by_hand: bool = await connection.fetchval(SQL["is_by_hand"], interaction_id)
    return by_hand
