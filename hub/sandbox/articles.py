"""The sandbox's knowledge base, as articles.toml has it, is written where there is none yet."""

import tomllib
from importlib.resources import files
from typing import Any

from hub.actions.context import Context
from hub.actions.knowledge.categories import add_category
from hub.actions.knowledge.write import Facts, new_article, publish
from hub.model.articles import LANGUAGES, Visibility
from hub.model.people import HUB
from storage import knowledge as stored
from storage.knowledge import Words


def sample_articles() -> dict[str, Any]:
    """Categories and articles; an article may lack a language."""
    return tomllib.loads((files("hub.sandbox") / "articles.toml").read_text("utf-8"))


async def write_articles(ctx: Context) -> None:
    """All of them, published, where there is no category yet."""
    if await ctx.database.read(stored.categories):
        return
    samples = sample_articles()
    numbers = {
        one["name"]: await add_category(ctx, title_en=one["en"], title_zh=one["zh"], actor=HUB)
        for one in samples["category"]
    }
    for one in samples["article"]:
        await _write(ctx, one, numbers[one["category"]])


async def _write(ctx: Context, sample: dict[str, Any], category: int) -> None:
    visibility = Visibility(sample["visibility"])
    facts = Facts(visibility=visibility, category_id=category, tags=tuple(sample["tags"]))
    article_id = 0
    for language in (one for one in LANGUAGES if one in sample):
        text, version = Words(**sample[language]), 0
        if not article_id:
            article_id = await new_article(ctx, language=language, text=text, facts=facts, actor=HUB)
            version = 1
        await publish(
            ctx,
            article_id=article_id,
            language=language,
            version=version,
            text=text,
            visibility=visibility,
            actor=HUB,
        )
