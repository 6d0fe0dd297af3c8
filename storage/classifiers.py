"""What was learned, version by version, and which version has a say. Over sql/classifiers.sql."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from storage.database import Connection
from storage.queries import load_queries

SQL = load_queries("classifiers")


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelRow:
    """`last_correction`: up to which it learned. `scores`: of it, of the rules alone and of the model in use then, each on
    examples that it had not seen (hub.actions.learning.learn). `verdict`: better, no_worse, worse or too_few."""

    version: int
    method: str
    lexicon: str
    last_correction: int
    examples: Any
    scores: Any
    verdict: str
    bytes: int
    author: str
    made_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class UseRow:
    """From `since` on this version had a say; 0: none had."""

    version: int
    author: str
    since: datetime


async def lock(connection: Connection) -> None:
    """One at a time, until the transaction ends. Comes first in it."""
    await connection.execute(SQL["lock"])


async def add_model(
    connection: Connection,
    *,
    method: str,
    lexicon: str,
    last_correction: int,
    examples: Mapping[str, int],
    scores: Mapping[str, Any],
    verdict: str,
    document: bytes,
    author: str,
) -> int:
    """A new version, not in use yet; returns its number. The caller holds the lock."""
    version: int = await connection.fetchval(
        SQL["add_model"], method, lexicon, last_correction, examples, scores, verdict, document, author
    )
    return version


async def list_models(connection: Connection, limit: int = 50) -> list[ModelRow]:
    """Newest first."""
    return [ModelRow(**row) for row in await connection.fetch(SQL["models"], limit)]


async def document(connection: Connection, version: int) -> bytes | None:
    """None where there is no such version."""
    found: bytes | None = await connection.fetchval(SQL["document"], version)
    return found


async def last_correction(connection: Connection) -> int:
    """Up to where the newest model has learned; 0 before there is any."""
    found: int = await connection.fetchval(SQL["last_correction"])
    return found


async def learned_until(connection: Connection, version: int) -> int | None:
    """Up to which correction a version has learned; None where there is no such version."""
    found: int | None = await connection.fetchval(SQL["learned_until"], version)
    return found


async def in_use(connection: Connection) -> int:
    """The version that has a say; 0 for none."""
    found: int = await connection.fetchval(SQL["in_use"])
    return found


async def use(connection: Connection, version: int, *, by_agent: int | None, author: str) -> None:
    """From now on this version has a say. The caller holds the lock."""
    await connection.execute(SQL["use"], version, by_agent, author)


async def list_uses(connection: Connection, limit: int = 50) -> list[UseRow]:
    """Newest first."""
    return [UseRow(**row) for row in await connection.fetch(SQL["uses"], limit)]
