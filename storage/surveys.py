"""Surveys: who was asked what, and what they said. Thin typed functions over sql/surveys.sql."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from storage.database import Connection
from storage.queries import load_queries

SQL = load_queries("surveys")


@dataclass(frozen=True, slots=True, kw_only=True)
class RefusalRow:
    """Somebody does not want to be asked at an address. `lifted_at`: since when they are again, by the word of `lifted_by`."""

    id: int
    channel_kind: str
    address: str
    at: datetime
    lifted_at: datetime | None
    lifted_by: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ActiveRow:
    """A survey that is on. `definition` as hub.actions.surveys.definition has it."""

    id: int
    version: int
    definition: Any


@dataclass(frozen=True, slots=True, kw_only=True)
class AskedRow:
    """One question about one resolution. `open`: its time is not over; `changeable`: the answer can still be another.
    `survey_id` None: the channel's own rating."""

    id: int
    ticket_id: int
    resolution: int
    kind: str
    channel_id: int
    address: str
    score: int | None
    comment: str
    entry_id: int | None
    answers: Any
    language: str
    survey_id: int | None
    survey_version: int | None
    follow_up_id: int | None
    token_hash: bytes
    open: bool
    changeable: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Followable:
    language: str
    channel_kind: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ScoreRow:
    code: int
    kind: str
    score: int
    comment: str
    answered_at: datetime


async def resolution(connection: Connection, ticket_id: int) -> int:
    """0 where the ticket never was resolved."""
    return await connection.fetchval(SQL["resolution"], ticket_id) or 0


async def active(connection: Connection) -> list[ActiveRow]:
    return [ActiveRow(**row) for row in await connection.fetch(SQL["active"])]


async def definition(connection: Connection, survey_id: int, number: int) -> Any:
    """As it was in this version."""
    return await connection.fetchval(SQL["definition"], survey_id, number)


async def next_id(connection: Connection) -> int:
    """The number of an invitation that is about to be made: its token is worked out from it."""
    number: int = await connection.fetchval(SQL["next_id"])
    return number


async def was_asked(connection: Connection, ticket_id: int, resolution: int) -> bool:
    found: bool = await connection.fetchval(SQL["was_asked"], ticket_id, resolution)
    return found


async def asked_within(connection: Connection, customer_id: int, seconds: float) -> bool:
    found: bool = await connection.fetchval(SQL["asked_within"], customer_id, seconds)
    return found


async def ask_later(connection: Connection, kind: str, ticket_id: int, seconds: float) -> None:
    """The ticket's timer of this kind, which has just fired, fires again."""
    await connection.execute(SQL["ask_later"], ticket_id, kind, seconds)


async def refuses(connection: Connection, channel_id: int, address: str) -> bool:
    """Whether whoever is reached there does not want to be asked."""
    found: bool = await connection.fetchval(SQL["refuses"], channel_id, address)
    return found


async def refuse(connection: Connection, channel_id: int, address: str) -> None:
    await connection.execute(SQL["refuse"], channel_id, address)


async def refusals_of(connection: Connection, customer_id: int) -> list[RefusalRow]:
    """Oldest first; those that were lifted too."""
    return [RefusalRow(**row) for row in await connection.fetch(SQL["refusals_of"], customer_id)]


async def lift_refusal(connection: Connection, number: int, agent_id: int | None) -> bool:
    """False where it does not stand."""
    return await connection.fetchval(SQL["lift_refusal"], number, agent_id) is not None


async def restore_refusal(connection: Connection, number: int) -> bool:
    """False where it was not lifted."""
    return await connection.fetchval(SQL["restore_refusal"], number) is not None


async def invite(
    connection: Connection,
    number: int,
    *,
    ticket_id: int,
    resolution: int,
    kind: str,
    channel_id: int,
    address: str,
    token_hash: bytes,
    seconds: float,
    survey: tuple[int, int] | None,
    language: str,
    shown: bool,
    by_hand: bool = False,
) -> None:
    """`survey`: (id, version). `by_hand`: an agent asks, before it is resolved. The ticket is locked, and its customer was not
    asked about this resolution."""
    survey_id, version = survey if survey is not None else (None, None)
    await connection.execute(
        SQL["invite"], number, ticket_id, resolution, kind, channel_id, address, token_hash, seconds, survey_id, version,
        language, shown, by_hand,
    )  # fmt: skip


async def asked(connection: Connection, token_hash: bytes, change_seconds: float) -> AskedRow | None:
    row = await connection.fetchrow(SQL["asked"], token_hash, change_seconds)
    return AskedRow(**row) if row else None


async def asked_by_id(connection: Connection, invitation_id: int, change_seconds: float) -> AskedRow | None:
    row = await connection.fetchrow(SQL["asked_by_id"], invitation_id, change_seconds)
    return AskedRow(**row) if row else None


async def asked_here(
    connection: Connection, ticket_id: int, channel_id: int, address: str, change_seconds: float
) -> AskedRow | None:
    row = await connection.fetchrow(SQL["asked_here"], ticket_id, channel_id, address, change_seconds)
    return AskedRow(**row) if row else None


async def asked_on_page(
    connection: Connection, ticket_id: int, channel_id: int, change_seconds: float
) -> AskedRow | None:
    row = await connection.fetchrow(SQL["asked_on_page"], ticket_id, channel_id, change_seconds)
    return AskedRow(**row) if row else None


async def is_alive(connection: Connection, ticket_id: int, resolution: int) -> bool:
    """Whether a question about this resolution still means something."""
    found: bool = await connection.fetchval(SQL["is_alive"], ticket_id, resolution)
    return found


async def answer(
    connection: Connection,
    invitation_id: int,
    *,
    score: int,
    comment: str,
    entry_id: int,
    answers: dict[str, Any],
) -> None:
    """`entry_id`: where it stands on the timeline; of several the first."""
    await connection.execute(SQL["answer"], invitation_id, score, comment, entry_id, answers)


async def followed_up(connection: Connection, invitation_id: int, ticket_id: int) -> None:
    await connection.execute(SQL["followed_up"], invitation_id, ticket_id)


async def add_entry(
    connection: Connection,
    *,
    ticket_id: int,
    seq: int,
    customer_id: int,
    channel_id: int,
    direction: str,
    author_name: str,
    text: str,
    fields: dict[str, Any],
    thread_key: str,
    revises: int | None = None,
    subject: str = "",
    external_id: str = "",
) -> int:
    made: int = await connection.fetchval(
        SQL["add_entry"], ticket_id, seq, customer_id, channel_id, direction, author_name, text, fields, thread_key,
        revises, subject, external_id,
    )  # fmt: skip
    return made


async def follow_up_facts(connection: Connection, ticket_id: int) -> Followable:
    row = await connection.fetchrow(SQL["follow_up_facts"], ticket_id)
    assert row is not None
    return Followable(**row)


async def letters_from(connection: Connection, ticket_id: int, channel_id: int, address: str) -> Any:
    """What the last letter from there says beside its text; None where a person never wrote from it here, or it cannot be
    reached."""
    return await connection.fetchval(SQL["letters_from"], ticket_id, channel_id, address)


async def scores_of(connection: Connection, customer_id: int, limit: int) -> Sequence[ScoreRow]:
    return [ScoreRow(**row) for row in await connection.fetch(SQL["scores_of"], customer_id, limit)]
