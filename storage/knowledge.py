"""The knowledge base as it is written. Thin typed functions over sql/knowledge.sql; nothing is decided here."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

from storage.database import Connection
from storage.queries import load_queries

SQL = load_queries("knowledge")

State = Literal["published", "draft", "translate"]
LAST = (datetime.fromisoformat("9999-01-01T00:00:00+00:00"), 2**63 - 1)


@dataclass(frozen=True, slots=True, kw_only=True)
class CategoryRow:
    """`articles`: those that are not put away."""

    id: int
    place: int
    title_en: str
    title_zh: str
    retired: bool
    articles: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ArticleRow:
    """What is the same in every language. `ticket_code`: the ticket that it was made from, if it was."""

    id: int
    category_id: int | None
    visibility: str
    tags: list[str]
    version: int
    views: int
    helped: int
    helped_not: int
    archived_at: datetime | None
    created_at: datetime
    updated_at: datetime
    author_name: str
    ticket_code: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class TextRow:
    """One language of an article as it is being written. `live`: the number of the version that is read now, if one is, with
    its title and summary; `changed`: that one says something else. `behind`: the other language was changed since."""

    article_id: int
    language: str
    title: str
    summary: str
    body: str
    behind: bool
    version: int
    changed_by: str
    changed_at: datetime
    live: int | None
    live_title: str
    live_summary: str
    published_at: datetime | None
    changed: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class VersionRow:
    """One publication."""

    language: str
    number: int
    title: str
    author_name: str
    published_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Words:
    """What a text says."""

    title: str
    summary: str
    body: str


@dataclass(frozen=True, slots=True, kw_only=True)
class LiveWords:
    language: str
    title: str
    summary: str
    body: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CommentRow:
    """What a reader said to "did this help?"."""

    language: str
    helped: bool
    comment: str
    voted_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class LockedArticle:
    version: int
    visibility: str
    category_id: int | None
    tags: list[str]
    archived_at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Story:
    """A ticket as a draft is made of it. `answers`: the last ones that colleagues gave, newest first."""

    subject: str
    language: str
    customer_name: str
    identities: list[str]
    question: str | None
    answers: list[str]
    authors: list[str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """Which articles a list shows; None lets everything through. `category` 0: those without one. `ids`: only these."""

    archived: bool = False
    visibility: str | None = None
    category: int | None = None
    language: str | None = None
    state: State | None = None
    ids: Sequence[int] | None = None


async def categories(connection: Connection) -> list[CategoryRow]:
    """In their order, those that are retired last."""
    return [CategoryRow(**row) for row in await connection.fetch(SQL["categories"])]


async def add_category(connection: Connection, title_en: str, title_zh: str) -> int:
    made: int = await connection.fetchval(SQL["add_category"], title_en, title_zh)
    return made


async def change_category(
    connection: Connection, category_id: int, title_en: str, title_zh: str, retired: bool
) -> bool:
    """Whether there is one."""
    found = await connection.fetchval(SQL["change_category"], category_id, title_en, title_zh, retired)
    return found is not None


async def lock_categories(connection: Connection) -> list[int]:
    """The ids of those in use, in their order."""
    return [row["id"] for row in await connection.fetch(SQL["lock_categories"])]


async def place_categories(connection: Connection, ids: Sequence[int]) -> None:
    """In this order."""
    await connection.execute(SQL["place_categories"], list(ids))


async def category_in_use(connection: Connection, category_id: int) -> bool:
    found: bool = await connection.fetchval(SQL["category_in_use"], category_id)
    return found


async def list_articles(
    connection: Connection, wanted: Wanted, *, before: tuple[datetime, int] = LAST, limit: int = 50
) -> list[ArticleRow]:
    """Last changed first, those that come after the row `before`."""
    ids = None if wanted.ids is None else list(wanted.ids)
    found = await connection.fetch(
        SQL["list"], wanted.archived, wanted.visibility, wanted.category, wanted.language, wanted.state, *before, ids, limit
    )  # fmt: skip
    return [ArticleRow(**row) for row in found]


async def article(connection: Connection, article_id: int) -> ArticleRow | None:
    row = await connection.fetchrow(SQL["get"], article_id)
    return ArticleRow(**row) if row else None


async def texts(connection: Connection, ids: Sequence[int]) -> list[TextRow]:
    """Of all these, in every language that there is."""
    return [TextRow(**row) for row in await connection.fetch(SQL["texts"], list(ids))]


async def versions(connection: Connection, article_id: int) -> list[VersionRow]:
    """Newest first."""
    return [VersionRow(**row) for row in await connection.fetch(SQL["versions"], article_id)]


async def version_text(connection: Connection, article_id: int, language: str, number: int) -> Words | None:
    row = await connection.fetchrow(SQL["version_text"], article_id, language, number)
    return Words(**row) if row else None


async def comments(connection: Connection, article_id: int) -> list[CommentRow]:
    """Newest first."""
    return [CommentRow(**row) for row in await connection.fetch(SQL["votes"], article_id)]


async def add_article(
    connection: Connection,
    *,
    category_id: int | None,
    visibility: str,
    tags: Sequence[str],
    ticket_code: int | None,
    author_id: int | None,
) -> int:
    made: int = await connection.fetchval(
        SQL["add"], category_id, visibility, list(tags), ticket_code, author_id
    )
    return made


async def lock_article(connection: Connection, article_id: int) -> LockedArticle | None:
    row = await connection.fetchrow(SQL["lock"], article_id)
    return LockedArticle(**row) if row else None


async def change_article(
    connection: Connection,
    article_id: int,
    *,
    category_id: int | None,
    visibility: str,
    tags: Sequence[str],
) -> None:
    """The article is locked."""
    await connection.execute(SQL["change"], article_id, category_id, visibility, list(tags))


async def touch(connection: Connection, article_id: int) -> None:
    """It was changed now. The article is locked."""
    await connection.execute(SQL["touch"], article_id)


async def set_archived(connection: Connection, article_id: int, archived: bool) -> None:
    await connection.execute(SQL["archive"], article_id, archived)


async def text_version(connection: Connection, article_id: int, language: str) -> int:
    """0 where there is no such text yet. The article is locked."""
    found: int = await connection.fetchval(SQL["text_version"], article_id, language)
    return found


async def write_text(
    connection: Connection,
    article_id: int,
    language: str,
    text: Words,
    *,
    agent_id: int | None,
    lexemes: str,
) -> int:
    """The new version. `lexemes`: a tsvector as text. The article is locked."""
    version: int = await connection.fetchval(
        SQL["write_text"], article_id, language, text.title, text.summary, text.body, agent_id, lexemes
    )
    return version


async def mark_behind(connection: Connection, article_id: int, language: str, behind: bool) -> None:
    await connection.execute(SQL["mark_behind"], article_id, language, behind)


async def publish_text(
    connection: Connection, article_id: int, language: str, agent_id: int | None, title_lexemes: str
) -> int:
    """What is written is read from now on; returns the number of this publication."""
    number: int = await connection.fetchval(
        SQL["publish_text"], article_id, language, agent_id, title_lexemes
    )
    return number


async def withdraw_text(connection: Connection, article_id: int, language: str) -> bool:
    """Whether it was read until now."""
    return await connection.fetchval(SQL["withdraw_text"], article_id, language) is not None


async def live_texts(connection: Connection, article_id: int) -> list[LiveWords]:
    """What is read of it now."""
    return [LiveWords(**row) for row in await connection.fetch(SQL["live_texts"], article_id)]


async def reindex(
    connection: Connection, article_id: int, language: str, lexemes: str, *, live: bool
) -> None:
    """Other words to be found by: of what is read, or of what is being written."""
    await connection.execute(SQL["reindex_live" if live else "reindex_text"], article_id, language, lexemes)


async def article_of_ticket(connection: Connection, ticket_code: int) -> int | None:
    found: int | None = await connection.fetchval(SQL["of_ticket"], ticket_code)
    return found


async def story(connection: Connection, ticket_code: int, answers: int) -> Story | None:
    """With the last `answers` answers; None where there is no such ticket."""
    row: Any = await connection.fetchrow(SQL["story"], ticket_code, answers)
    return Story(**row) if row else None
