"""Pictures of articles: kept, named by texts, shown. Thin typed functions over sql/pictures.sql; nothing is decided here."""

from collections.abc import Sequence
from dataclasses import dataclass

from storage.database import Connection
from storage.knowledge_find import Reader
from storage.queries import load_queries

SQL = load_queries("pictures")

WRITTEN = 0
"""In the place of a version's number: the text as it is being written."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Measures:
    """`width`, `height` in pixels; `small_width` 0: there is no smaller one."""

    token: str
    width: int
    height: int
    small_width: int


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredPicture:
    """What it is, without its bytes."""

    content_type: str
    sha256: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class PublicPicture:
    """One of an article that customers read, without its bytes."""

    token: str
    filename: str
    content_type: str
    size: int
    sha256: bytes


async def add_picture(
    connection: Connection,
    *,
    filename: str,
    content_type: str,
    width: int,
    height: int,
    size: int,
    sha256: bytes,
    small_sha256: bytes | None,
    small_width: int,
    made_by: int | None,
) -> Measures:
    """Its bytes are in the table of blobs already. No text names it yet."""
    row = await connection.fetchrow(
        SQL["add"], filename, content_type, width, height, size, sha256, small_sha256, small_width, made_by
    )
    assert row is not None
    return Measures(**row)


async def name_pictures(
    connection: Connection, article_id: int, language: str, tokens: Sequence[str]
) -> None:
    """The text as it is being written names these from now on, as far as there are such pictures. The article is locked."""
    place = article_id, language, WRITTEN
    held = await connection.fetch(SQL["hold"], *place, list(tokens))
    await connection.execute(SQL["name"], *place, [row["id"] for row in held if row["token"] in tokens])


async def keep_version(connection: Connection, article_id: int, language: str, number: int) -> None:
    """What is written is version `number` now. The article is locked."""
    await connection.execute(SQL["keep_version"], article_id, language, number)


async def measures(connection: Connection, tokens: Sequence[str]) -> list[Measures]:
    """Of those that there are, in any order."""
    return [Measures(**row) for row in await connection.fetch(SQL["measures"], list(tokens))]


async def picture(connection: Connection, token: str, reader: Reader, *, small: bool) -> StoredPicture | None:
    """For authors any; for the others one that a text which they read names. `small`: the smaller one, where there is."""
    row = await connection.fetchrow(SQL[f"{reader}_picture"], token, small)
    return StoredPicture(**row) if row else None


async def bytes_of(connection: Connection, sha256: bytes) -> bytes | None:
    """None for a picture that went meanwhile."""
    data: bytes | None = await connection.fetchval(SQL["bytes"], sha256)
    return data


async def of_public_article(connection: Connection, article_id: int, language: str) -> list[PublicPicture]:
    """Those of an article as customers read it; none where they do not."""
    return [PublicPicture(**row) for row in await connection.fetch(SQL["of_public"], article_id, language)]
