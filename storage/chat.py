"""Live conversations: who is there, what was seen, what becomes of them. Thin typed functions over sql/chat.sql.

`key` is a conversation's key inside its channel, `topic` what is notified where something is news.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from storage.columns import transposed
from storage.database import Connection
from storage.queries import load_queries

SQL = load_queries("chat")
MOST_PAGES = 20
"""Of one conversation, that are counted at once."""


@dataclass(frozen=True, slots=True, kw_only=True)
class StandingRow:
    """How a conversation stands. `ticket_id`, `code` None: nothing was said yet. `waits`: nobody has its
    ticket. `asked`: an agent asked how they like it."""

    ticket_id: int | None
    code: int | None
    status: str
    queue: str
    agent: str
    waits: bool
    typing: bool
    asked: bool
    mail: str
    now: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class VisitorRow:
    """A visitor as the desk sees them, of one ticket. `away_since`: when their last page was closed, or heard last, None
    where that is not known. Answers up to `seen_line` were before their eyes, those up to `mailed_line` were sent to `mail`."""

    ticket_id: int
    code: int
    channel: str
    here: bool
    typing: bool
    away_since: datetime | None
    by_mail: bool
    mail: str
    seen_line: int
    mailed_line: int


@dataclass(frozen=True, slots=True, kw_only=True)
class DueChat:
    """A conversation to look at, under lock with its ticket. `returned`: letters to its address came back. `heard_at`: when any
    of its pages was heard last."""

    channel_id: int
    thread_key: str
    channel: str
    ticket_id: int
    code: int
    status: str
    language: str
    last_out_at: datetime | None
    mail: str
    returned: bool
    seen_line: int
    mailed_line: int
    away_since: datetime | None
    here: bool
    heard_at: datetime | None
    now: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class UnseenLine:
    """An answer, with the names of its files and how large they are together. `gone`: it cannot be called back any more."""

    id: int
    gone: bool
    text: str
    author_name: str
    created_at: datetime
    bytes: int
    files: list[str]


@dataclass(frozen=True, slots=True, kw_only=True)
class TalkOf:
    """`proven`: the customer has shown that this address is theirs."""

    ticket_id: int
    code: int
    language: str
    mail: str
    proven: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class SaidRow:
    direction: str
    author_name: str
    text: str
    created_at: datetime
    by_hand: bool


async def here(
    connection: Connection, channel_id: int, key: str, page: str, stale_seconds: float, topic: str
) -> None:
    await connection.execute(SQL["here"], channel_id, key, page, stale_seconds, topic, MOST_PAGES)


async def gone(
    connection: Connection,
    channel_id: int,
    key: str,
    page: str,
    stale_seconds: float,
    topic: str,
    look_seconds: float,
) -> None:
    """`look_seconds`: when it is looked at, where this was the last page."""
    await connection.execute(SQL["gone"], channel_id, key, page, stale_seconds, topic, look_seconds)


async def typing(
    connection: Connection, channel_id: int, key: str, on: bool, seconds: float, topic: str
) -> None:
    await connection.execute(SQL["typing"], channel_id, key, on, seconds, topic)


async def seen(connection: Connection, channel_id: int, key: str, line_id: int, topic: str) -> None:
    await connection.execute(SQL["seen"], channel_id, key, line_id, topic)


async def set_mail(connection: Connection, channel_id: int, key: str, address: str) -> None:
    await connection.execute(SQL["set_mail"], channel_id, key, address)


async def note_talks(connection: Connection, said: Sequence[tuple[int, str, str]]) -> None:
    """(channel, key, address or "") of each; of several addresses the last counts."""
    await connection.execute(SQL["note_talks"], *transposed(said, 3))


async def answered(connection: Connection, channel_id: int, key: str, look_seconds: float) -> None:
    """It is looked whether that was seen, after so long."""
    await connection.execute(SQL["answered"], channel_id, key, look_seconds)


async def answered_again(connection: Connection, interaction_id: int) -> None:
    """An answer that had failed waits to leave; where that is to no conversation nothing happens."""
    await connection.execute(SQL["answered_again"], interaction_id)


async def standing(connection: Connection, channel_id: int, key: str, stale_seconds: float) -> StandingRow:
    """`stale_seconds`: of pages of the desk."""
    row = await connection.fetchrow(SQL["standing"], channel_id, key, stale_seconds)
    assert row is not None, "it has a row of its own"
    return StandingRow(**row)


async def writing(connection: Connection, stale_seconds: float) -> set[tuple[int, str]]:
    """(channel, key) of conversations in which somebody of the house writes."""
    rows = await connection.fetch(SQL["writing"], stale_seconds)
    return {(row["channel_id"], row["thread_key"]) for row in rows}


async def visitors(
    connection: Connection, codes: Sequence[int], stale_seconds: float, kinds: Sequence[str]
) -> list[VisitorRow]:
    """Of those of these tickets that are live conversations. `kinds` of channels that have visitors."""
    return [VisitorRow(**row) for row in await connection.fetch(SQL["visitors"], codes, stale_seconds, kinds)]


async def due(connection: Connection, limit: int, stale_seconds: float) -> list[DueChat]:
    return [DueChat(**row) for row in await connection.fetch(SQL["due"], limit, stale_seconds)]


async def unseen(connection: Connection, channel_id: int, key: str, after: int) -> list[UnseenLine]:
    return [UnseenLine(**row) for row in await connection.fetch(SQL["unseen"], channel_id, key, after)]


async def is_here(connection: Connection, channel_id: int, key: str, stale_seconds: float) -> bool:
    """Whether any page of its visitor is open."""
    found: bool = await connection.fetchval(SQL["is_here"], channel_id, key, stale_seconds)
    return found


async def set_look(
    connection: Connection, chat: DueChat, look_at: datetime | None, away_since: datetime | None
) -> None:
    """When it is looked at next; None: nothing is expected."""
    await connection.execute(SQL["set_look"], chat.channel_id, chat.thread_key, look_at, away_since)


async def went_by_mail(connection: Connection, channel_id: int, key: str, line_id: int) -> None:
    """From now on it goes on there, until its visitor is back."""
    await connection.execute(SQL["went_by_mail"], channel_id, key, line_id)


async def goes_by_mail(
    connection: Connection, talks: Sequence[tuple[str, str]]
) -> dict[tuple[str, str], str]:
    """Whereto those of these conversations (channel's name, key) go on that do so by letter now."""
    rows = await connection.fetch(SQL["goes_by_mail"], *transposed(talks, 2))
    return {(row["channel"], row["thread_key"]): row["mail"] for row in rows}


async def note_withheld(connection: Connection, ticket_id: int, channel_id: int) -> None:
    """Once a day: a letter waits, for too many went to its address."""
    await connection.execute(SQL["note_withheld"], ticket_id, channel_id)


async def add_letter(
    connection: Connection,
    *,
    ticket_id: int,
    channel_id: int,
    message: Mapping[str, Any],
    subject: str,
    text: str,
    message_id: str,
    automatic: str,
    files_of: Sequence[int],
    address: str,
) -> None:
    """On the timeline as `text`, into the outbox as `message`. `files_of`: entries whose files go along. The address is
    noted beside the customer, as one that nobody has proven, where it is not known."""
    await connection.execute(
        SQL["add_letter"], ticket_id, channel_id, message, subject, text, message_id, automatic, files_of, address
    )  # fmt: skip


async def talk_of(connection: Connection, channel_id: int, key: str) -> TalkOf | None:
    """Locks the ticket. None where nothing was said, or nowhere is known that it goes on."""
    row = await connection.fetchrow(SQL["talk_of"], channel_id, key)
    return TalkOf(**row) if row else None


async def said(connection: Connection, channel_id: int, key: str) -> list[SaidRow]:
    return [SaidRow(**row) for row in await connection.fetch(SQL["said"], channel_id, key)]


async def file(
    connection: Connection, channel_id: int, key: str, line_id: int, number: int
) -> tuple[str, str, bytes] | None:
    """(name, token, content) of the file of this number (from 1) of a line that is of this conversation."""
    row = await connection.fetchrow(SQL["file"], channel_id, key, line_id, number - 1)
    return (row["filename"], row["token"], row["data"]) if row else None


async def add_key(
    connection: Connection,
    key_hash: bytes,
    channel_id: int,
    key: str,
    *,
    seconds: float,
    most: int,
    since: int,
) -> bool:
    """Beside `most` others at most. False where nothing was said in this conversation."""
    found = await connection.fetchval(SQL["add_key"], key_hash, channel_id, key, seconds, most, since)
    return found is not None


async def key(connection: Connection, key_hash: bytes, channel_id: int) -> tuple[str, int] | None:
    """(conversation, line after which it opens it); None for a key that is none, or over."""
    row = await connection.fetchrow(SQL["key"], key_hash, channel_id)
    return (row["thread_key"], row["since"]) if row else None


async def last_said_in(connection: Connection, channel_id: int, key: str) -> int:
    """The line that its visitor wrote last; 0 for none."""
    found: int = await connection.fetchval(SQL["last_said_in"], channel_id, key)
    return found


async def is_proven(connection: Connection, ticket_id: int, address: str) -> bool:
    """Whether the ticket's customer has shown that this address is theirs."""
    found: bool = await connection.fetchval(SQL["is_proven"], ticket_id, address)
    return found


async def tidy(connection: Connection) -> None:
    for name in ("tidy_keys", "tidy_pages", "tidy_typing", "tidy_chats"):
        await connection.execute(SQL[name])
