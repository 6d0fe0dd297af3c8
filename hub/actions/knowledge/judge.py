"""What customers do with an article: they read it, and say whether it helped."""

import hashlib

from channels.clean import clean_text
from hub.actions.context import Context
from hub.actions.failures import LoginRefused, NotFound
from hub.actions.signin.tries import count_try
from hub.model.articles import MOST_COMMENT
from storage import help as stored
from storage.help import PublicArticle, Vote

VOTES_OF_A_PEER = 30
"""In a quarter of an hour, by one address; all of a company may sit behind one."""
SEARCHES_OF_A_PEER = 600


class TooMany(LoginRefused):
    """This address asks too often; `retry_after` seconds."""


async def read_public(ctx: Context, article_id: int) -> list[PublicArticle]:
    """In every language in which customers read it. Raises NotFound where they do not, for whatever reason."""
    found = await ctx.database.read(lambda c: stored.public_article(c, article_id))
    if not found:
        raise NotFound("There is no such article.")
    return found


async def count_view(ctx: Context, article_id: int) -> None:
    """Somebody has opened it."""
    await ctx.database.run_one(lambda c: stored.count_view(c, article_id))


async def vote_of(ctx: Context, article_id: int, visitor: str) -> Vote | None:
    """What this visitor has said of it."""
    if not visitor:
        return None
    return await ctx.database.read(lambda c: stored.vote_of(c, article_id, _hashed(visitor)))


async def vote(
    ctx: Context, *, article_id: int, language: str, visitor: str, peer: str, helped: bool, comment: str
) -> None:
    """Keep what a visitor says, in the place of what they said before. `visitor`: the random number of their browser. Raises
    NotFound, TooMany."""
    await allow(ctx, f"help.vote:{peer}", VOTES_OF_A_PEER)
    kept = await ctx.database.run(
        lambda c: stored.vote(
            c,
            article_id,
            _hashed(visitor),
            language=language,
            helped=helped,
            comment=clean_text(comment, MOST_COMMENT),
        )
    )
    if not kept:
        raise NotFound("There is no such article.")


async def allow_search(ctx: Context, peer: str) -> None:
    """Raises TooMany."""
    await allow(ctx, f"help.search:{peer}", SEARCHES_OF_A_PEER)


async def allow(ctx: Context, key: str, most: int) -> None:
    """Count one more under this key, over all hubs. Raises TooMany."""
    try:
        await count_try(ctx, {key: most})
    except LoginRefused as refused:
        raise TooMany(str(refused), retry_after=refused.retry_after) from refused


def _hashed(visitor: str) -> bytes:
    return hashlib.sha256(visitor.encode()).digest()
