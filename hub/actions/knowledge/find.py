"""Articles that fit: to what somebody types, and to what a customer or a ticket says."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from hub.actions.context import Context
from hub.actions.knowledge.rank import by_terms, by_touches, lifted, most_telling
from hub.actions.knowledge.words import looked_for, query_of
from hub.actions.search.query import read_query
from hub.model.articles import public_path
from storage import knowledge_find as stored
from storage.database import Connection
from storage.knowledge_find import Reader, ShownRow

MOST = 50


@dataclass(frozen=True, slots=True, kw_only=True)
class Offer:
    """An article that fits, in the language wanted where it has that. `public`: customers read it too, at `path`; "" where they
    do not."""

    id: int
    language: str
    title: str
    summary: str
    body: str
    public: bool

    @property
    def path(self) -> str:
        return public_path(self.language, self.id, self.title) if self.public else ""


async def find_ids(ctx: Context, typed: str, reader: Reader) -> list[int]:
    """Articles that have every word of what was typed, the best first. `typed` as in the search field of the desk; what
    qualifies tickets there qualifies nothing here."""
    asked = read_query(typed.replace("\x00", ""), datetime.now(UTC).date())
    words = query_of(asked)
    if not words:
        return []
    # Whole texts are compared: of two hundred long ones for a second and more, in which others are to be answered. One search
    # at a time of colleagues, and one of strangers: two hundred at once would fill the memory, and every thread.
    async with ctx.memo.setdefault((find_ids, reader), asyncio.Semaphore(1)):
        rows = await ctx.database.read(lambda c: stored.candidates(c, reader, words))
        found = await asyncio.to_thread(by_terms, rows, asked)
    return [one.id for one in found][:MOST]


async def find_articles(
    ctx: Context, typed: str, *, language: str, public: bool, limit: int = 20, alike: bool = True
) -> list[Offer]:
    """Published ones: those that have every word, or, where there are none and `alike` is asked for, those that have the most
    in common."""
    ids = await find_ids(ctx, typed, Reader.PUBLIC if public else Reader.READ)
    if not ids and alike:
        return await suggest(ctx, typed, language=language, public=public, limit=limit)
    return await _as_offers(ctx, ids[:limit], language, public)


async def suggest(ctx: Context, text: str, *, language: str, public: bool, limit: int = 3) -> list[Offer]:
    """Published articles that may answer a text, the best first; none where nothing is alike. `public`: only those that
    customers read."""
    wanted = looked_for(text)
    if not wanted:
        return []

    async def read(c: Connection) -> tuple[list[tuple[int, float]], list[ShownRow]]:
        telling = most_telling(wanted, await stored.frequencies(c, wanted))
        touches = await stored.touches(c, public=public, lexemes=telling) if telling else []
        if not touches:
            return [], []
        total = await stored.count_articles(c, public=public)
        fits = by_touches(touches, asked=len(wanted), total=total)[:MOST]
        return fits, await stored.shown(c, [one for one, _ in fits], public=public) if fits else []

    fits, rows = await ctx.database.read(read)
    votes = {row.id: (row.helped, row.helped_not) for row in rows}
    ranked = sorted(
        ((one, lifted(weight, *votes[one])) for one, weight in fits if one in votes),
        key=lambda pair: -pair[1],
    )
    return _offers([one for one, _ in ranked[:limit]], rows, language)


async def _as_offers(ctx: Context, ids: Sequence[int], language: str, public: bool) -> list[Offer]:
    rows = await ctx.database.read(lambda c: stored.shown(c, ids, public=public))
    return _offers(ids, rows, language)


def _offers(ids: Sequence[int], rows: Sequence[ShownRow], language: str) -> list[Offer]:
    """In the order of `ids`; each in one language."""
    chosen: dict[int, ShownRow] = {}
    for row in rows:
        if row.id not in chosen or row.language == language:
            chosen[row.id] = row
    return [
        Offer(
            id=row.id,
            language=row.language,
            title=row.title,
            summary=row.summary,
            body=row.body,
            public=row.visibility == "public",
        )
        for row in (chosen[one] for one in ids if one in chosen)
    ]
