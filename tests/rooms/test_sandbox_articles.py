"""The demo's knowledge base: there once, readable in both languages, and what is for colleagues stays with them."""

from hub.actions.context import Context
from hub.actions.knowledge.find import suggest
from hub.sandbox.articles import sample_articles, write_articles
from hub.sandbox.people import STORIES
from storage import help as shelves
from tests.fakes.scene import one


async def test_sample_articles_are_written_once_and_answer_what_sample_customers_ask(ctx: Context) -> None:
    await write_articles(ctx)
    await write_articles(ctx)
    assert await one(ctx, "SELECT count(*) FROM article") == len(sample_articles()["article"])
    titles = {
        language: {row.title for row in await ctx.database.read(lambda c, of=language: shelves.shelf(c, of))}  # type: ignore[misc]
        for language in ("en", "zh_CN")
    }
    assert "How to return something" in titles["en"] and "如何退货" in titles["zh_CN"]
    assert not any("Goodwill" in title or "补偿" in title for title in titles["en"] | titles["zh_CN"])
    offered = [story for story in STORIES if await suggest(ctx, story.text, language="en", public=True)]
    assert offered
