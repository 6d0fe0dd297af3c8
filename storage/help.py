"""What customers read of the knowledge base. Thin typed functions over sql/help.sql."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from storage.database import Connection
from storage.queries import load_queries

SQL = load_queries("help")


@dataclass(frozen=True, slots=True, kw_only=True)
class PublicArticle:
    """One language of an article. `category_id` may name one that is retired: then its titles are ""."""

    id: int
    language: str
    title: str
    summary: str
    body: str
    published_at: datetime
    category_id: int | None
    category_en: str
    category_zh: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ShelfRow:
    """One title on the shelf."""

    id: int
    language: str
    title: str
    summary: str
    category_id: int | None
    category_en: str
    category_zh: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SiteRow:
    id: int
    language: str
    title: str
    published_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Vote:
    helped: bool
    comment: str


async def public_article(connection: Connection, article_id: int) -> list[PublicArticle]:
    """In every language in which customers read it; none where they do not."""
    return [PublicArticle(**row) for row in await connection.fetch(SQL["article"], article_id)]


async def shelf(connection: Connection, language: str, category_id: int | None = None) -> list[ShelfRow]:
    """By category, most helpful first."""
    return [ShelfRow(**row) for row in await connection.fetch(SQL["shelf"], language, category_id)]


async def site(connection: Connection) -> Sequence[SiteRow]:
    return [SiteRow(**row) for row in await connection.fetch(SQL["sitemap"])]


async def count_view(connection: Connection, article_id: int) -> None:
    await connection.execute(SQL["count_view"], article_id)


async def vote_of(connection: Connection, article_id: int, visitor: bytes) -> Vote | None:
    row = await connection.fetchrow(SQL["vote_of"], article_id, visitor)
    return Vote(**row) if row else None


async def vote(
    connection: Connection, article_id: int, visitor: bytes, *, language: str, helped: bool, comment: str
) -> bool:
    """Keep what a visitor says and count anew; whether customers read the article."""
    if await connection.fetchval(SQL["lock_public"], article_id) is None:
        return False
    await connection.execute(SQL["vote"], article_id, visitor, language, helped, comment)
    await connection.execute(SQL["count_votes"], article_id)
    return True
