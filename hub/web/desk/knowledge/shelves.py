"""The page of categories."""

from aiohttp import web

from hub.actions.failures import NotPossible
from hub.actions.knowledge import categories
from hub.actions.knowledge.categories import MOST_TITLE
from hub.web.desk.knowledge.pages import PAGE, article_number
from hub.web.desk.say.words import say_failure
from hub.web.desk.visit import Visit, go

_PAGE = f"{PAGE}/categories"


async def show_categories(visit: Visit) -> web.StreamResponse:
    """All of them, in their order."""
    return await _page(visit)


async def post_new(visit: Visit) -> web.StreamResponse:
    """Add one at the end."""
    posted = await visit.form()
    titles = {name: str(posted.get(name, "")) for name in ("title_en", "title_zh")}
    try:
        await categories.add_category(visit.ctx, **titles, actor=visit.actor)
    except NotPossible as failure:
        return await _page(visit, trouble=say_failure(visit.voice, failure))
    return go(visit, _PAGE)


async def post_change(visit: Visit) -> web.StreamResponse:
    """Its titles, and whether it is used."""
    posted = await visit.form()
    await categories.change_category(
        visit.ctx,
        category_id=_number(visit),
        title_en=str(posted.get("title_en", "")),
        title_zh=str(posted.get("title_zh", "")),
        retired="retired" in posted,
        actor=visit.actor,
    )
    return go(visit, _PAGE)


async def post_move(visit: Visit) -> web.StreamResponse:
    """One place up or down."""
    posted = await visit.form()
    await categories.move_category(visit.ctx, category_id=_number(visit), up=posted.get("to") == "up")
    return go(visit, _PAGE)


def _number(visit: Visit) -> int:
    return article_number(visit.request.match_info["category"], most=9)


async def _page(visit: Visit, *, trouble: str = "") -> web.StreamResponse:
    response = visit.page(
        "knowledge_categories.html",
        section="knowledge",
        categories=await categories.list_categories(visit.ctx),
        trouble=trouble,
        MOST_TITLE=MOST_TITLE,
    )
    response.set_status(409 if trouble else 200)
    return response
