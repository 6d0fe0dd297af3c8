"""Articles where somebody answers: those that fit the ticket, or what is looked for, and their text for the answer."""

from aiohttp import web

from hub.actions.answers.placeholders import words_language
from hub.actions.context import Context
from hub.actions.failures import NotFound
from hub.actions.knowledge.find import Offer, find_articles, suggest
from hub.actions.ports import public_url
from hub.model.article_pictures import pictures_in
from hub.web.article_text import article_as_text
from hub.web.desk.tickets.thread import ticket_code
from hub.web.desk.visit import Visit
from storage import knowledge as stored
from storage.knowledge import Story

MOST = 4
_MOST_TYPED = 300


async def show_fitting(visit: Visit) -> web.StreamResponse:
    """What fits the ticket; with `?q=`, what fits that."""
    story = await _story(visit)
    typed = visit.query.get("q", "").strip()[:_MOST_TYPED]
    language = words_language(story.language)
    if typed:
        offers = await find_articles(visit.ctx, typed, language=language, public=False, limit=MOST)
    else:
        offers = await fitting(visit.ctx, story, language)
    return visit.page(
        "_fitting_found.html",
        typed=typed,
        articles=[(one, public_url(visit.ctx) + one.path if one.public else "") for one in offers],
        as_text=article_as_text,
        pictures_in=pictures_in,
    )


async def fitting(ctx: Context, story: Story, language: str) -> list[Offer]:
    """Articles that may answer what the customer asked."""
    asked = f"{story.subject}\n{story.question or ''}"
    return await suggest(ctx, asked, language=language, public=False, limit=MOST)


async def _story(visit: Visit) -> Story:
    code = ticket_code(visit.request.match_info["code"])
    story = await visit.ctx.database.read(lambda c: stored.story(c, code, 1))
    if story is None:
        raise NotFound("There is no such ticket.")
    return story
