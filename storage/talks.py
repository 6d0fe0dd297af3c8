"""Conversations as their channels know them, and what customers show in them. Thin typed functions over sql/talks.sql."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from storage.database import Connection
from storage.queries import load_queries

SQL = load_queries("talks")


@dataclass(frozen=True, slots=True, kw_only=True)
class TalkRow:
    """`waits_for`: what the customer was asked for, while `waits`; `shut`: they have shut us out."""

    language: str
    waits_for: str
    waits_data: Any
    waits: bool
    shut: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class InWorkRow:
    """A ticket of a customer. `waits`: nobody has it."""

    id: int
    code: int
    subject: str
    status: str
    waits: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class TryRow:
    """A code that was sent to an address; only its hash is known."""

    id: int
    kind: str
    value: str
    code_hash: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class LinkedRow:
    id: int
    kind: str
    value: str


async def read(connection: Connection, channel_id: int, thread_key: str) -> TalkRow | None:
    row = await connection.fetchrow(SQL["read"], channel_id, thread_key)
    return TalkRow(**{**row, "waits": bool(row["waits"])}) if row else None


async def open_talk(
    connection: Connection, channel_id: int, thread_key: str, *, address: str, kind: str, value: str
) -> None:
    """With whom it is: the identity (kind, value) that the channel proves."""
    await connection.execute(SQL["open"], channel_id, thread_key, address, kind, value)


async def claim_key(connection: Connection, channel_id: int, key: str) -> bool:
    """False: it was claimed before."""
    return await connection.fetchval(SQL["claim_key"], channel_id, key) is not None


async def is_claimed(connection: Connection, channel_id: int, key: str) -> bool:
    found: bool = await connection.fetchval(SQL["is_claimed"], channel_id, key)
    return found


async def concerned(connection: Connection, channel_id: int, words: Sequence[tuple[str, str]]) -> set[str]:
    """Of words, each (conversation, key): the keys of those whose conversation was asked for something, or that were taken for
    an answer before."""
    found = await connection.fetch(
        SQL["concerned"], channel_id, [thread_key for thread_key, _ in words], [key for _, key in words]
    )
    return {row["key"] for row in found}


async def set_language(
    connection: Connection, channel_id: int, thread_key: str, *, locale: str, language: str
) -> None:
    await connection.execute(SQL["set_language"], channel_id, thread_key, locale, language)


async def wait_for(
    connection: Connection,
    channel_id: int,
    thread_key: str,
    what: str,
    data: dict[str, Any] | None = None,
    *,
    seconds: float = 0.0,
) -> None:
    """The next word of the customer may be this; "" for nothing."""
    await connection.execute(SQL["wait_for"], channel_id, thread_key, what, data or {}, seconds)


async def set_shut(connection: Connection, channel_id: int, thread_key: str, *, shut: bool) -> bool:
    """Whether it was otherwise before."""
    return await connection.fetchval(SQL["set_shut"], channel_id, thread_key, shut) is not None


async def shut_out(connection: Connection, outbox_id: int) -> str:
    """The conversation of this message is shut; its key where that is news, else ""."""
    return await connection.fetchval(SQL["shut_out"], outbox_id) or ""


async def tell_ticket(connection: Connection, channel_id: int, thread_key: str, kind: str) -> None:
    await connection.execute(SQL["tell_ticket"], channel_id, thread_key, kind)


async def customer_of(connection: Connection, kind: str, value: str) -> tuple[int, str] | None:
    """(id, language) of whom this proves."""
    row = await connection.fetchrow(SQL["customer_of"], kind, value)
    return (row["id"], row["language"]) if row else None


async def add_customer(connection: Connection, name: str, language: str, kind: str, value: str) -> int:
    made: int = await connection.fetchval(SQL["add_customer"], name, language, kind, value)
    return made


async def begin_anew(connection: Connection, channel_id: int, thread_key: str) -> None:
    await connection.execute(SQL["begin_anew"], channel_id, thread_key)


async def tickets_in_work(connection: Connection, customer_id: int, limit: int) -> list[InWorkRow]:
    """Newest first."""
    return [InWorkRow(**row) for row in await connection.fetch(SQL["tickets_in_work"], customer_id, limit)]


async def is_ticket(connection: Connection, ticket_id: int) -> bool:
    """Whether there is one of this number."""
    found: bool = await connection.fetchval(SQL["is_ticket"], ticket_id)
    return found


async def add_proof(
    connection: Connection,
    channel_id: int,
    thread_key: str,
    *,
    kind: str,
    value: str,
    code_hash: bytes,
    seconds: float,
) -> None:
    await connection.execute(SQL["add_proof"], channel_id, thread_key, kind, value, code_hash, seconds)


async def take_try(connection: Connection, channel_id: int, thread_key: str, most: int) -> TryRow | None:
    """The code that is asked for; None: it is too old, was used, or was guessed at `most` times."""
    row = await connection.fetchrow(SQL["take_try"], channel_id, thread_key, most)
    return TryRow(**row) if row else None


async def used(connection: Connection, proof_id: int, *, first: bool) -> None:
    """The code came back, and is good for nothing any more. `first`: nothing else had proven the address before."""
    await connection.execute(SQL["used"], proof_id, first)


async def note_proof(
    connection: Connection, channel_id: int, thread_key: str, *, kind: str, value: str
) -> None:
    await connection.execute(SQL["note_proof"], channel_id, thread_key, kind, value)


async def linked_here(
    connection: Connection, channel_id: int, thread_key: str, customer_id: int
) -> Sequence[LinkedRow]:
    rows = await connection.fetch(SQL["linked_here"], channel_id, thread_key, customer_id)
    return [LinkedRow(**row) for row in rows]


async def unlink(
    connection: Connection, channel_id: int, thread_key: str, identity: LinkedRow, customer_id: int
) -> None:
    await connection.execute(SQL["unlink"], identity.id, customer_id)
    await connection.execute(SQL["forget_proofs"], channel_id, thread_key, identity.kind, identity.value)


async def add_claim(connection: Connection, customer_id: int, kind: str, value: str) -> None:
    await connection.execute(SQL["add_claim"], customer_id, kind, value)


async def prove(connection: Connection, customer_id: int, kind: str, value: str) -> int:
    """Whose it is now: the customer's, or whose it was before."""
    owner: int | None = await connection.fetchval(SQL["prove"], customer_id, kind, value)
    if owner is None:  # proven by another transaction, which ended while this one waited for it
        found = await customer_of(connection, kind, value)
        assert found is not None, "what is in the way is there"
        owner = found[0]
    return owner


async def tidy(connection: Connection) -> None:
    for name in ("tidy_proofs", "tidy_keys"):
        await connection.execute(SQL[name])
