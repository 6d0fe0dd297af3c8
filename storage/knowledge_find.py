"""Candidates for a search in the knowledge base. Thin typed functions over sql/knowledge_find.sql."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from storage.database import Connection
from storage.queries import load_queries

SQL = load_queries("knowledge_find")


MOST_TEXTS = 300
"""A lexeme that so many texts have tells nothing of any of them."""


class Reader(StrEnum):
    """Who looks: authors also find what is not published; colleagues what is; customers what is for them."""

    WRITTEN = "written"
    READ = "read"
    PUBLIC = "public"


@dataclass(frozen=True, slots=True, kw_only=True)
class FoundRow:
    """One language of one article, whole: the text itself decides what is found."""

    id: int
    language: str
    title: str
    summary: str
    body: str
    tags: list[str]
    helped: int
    helped_not: int


@dataclass(frozen=True, slots=True, kw_only=True)
class TouchRow:
    """An article has the lexeme at this place of what was asked for (from 1)."""

    place: int
    id: int
    in_title: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class ShownRow:
    """One language of an article that is read."""

    id: int
    language: str
    title: str
    summary: str
    body: str
    visibility: str
    helped: int
    helped_not: int


async def candidates(connection: Connection, reader: Reader, words: str) -> list[FoundRow]:
    """Texts that have these lexemes; `words` is a tsquery."""
    return [FoundRow(**row) for row in await connection.fetch(SQL[f"find_{reader}"], words)]


async def frequencies(connection: Connection, lexemes: Sequence[str]) -> list[int]:
    """How many texts have each of these lexemes, MOST_TEXTS at the most; each is a tsquery."""
    rows = await connection.fetch(SQL["frequencies"], list(lexemes), MOST_TEXTS)
    return [row["texts"] for row in rows]


async def touches(connection: Connection, *, public: bool, lexemes: Sequence[str]) -> list[TouchRow]:
    """Which articles have which of these lexemes, MOST_TEXTS of each at the most; each is a tsquery."""
    name = "touches_public" if public else "touches_read"
    return [TouchRow(**row) for row in await connection.fetch(SQL[name], list(lexemes), MOST_TEXTS)]


async def count_articles(connection: Connection, *, public: bool) -> int:
    """How many there are to choose from."""
    found: int = await connection.fetchval(SQL["count_public" if public else "count_read"])
    return found


async def shown(connection: Connection, ids: Sequence[int], *, public: bool) -> list[ShownRow]:
    """These articles in every language in which they are read."""
    name = "shown_public" if public else "shown_read"
    return [ShownRow(**row) for row in await connection.fetch(SQL[name], list(ids))]
