"""The first steps of a new house: a page, and a card on the desk until they are done or put away."""

from aiohttp import web

from hub.actions.first_steps import first_steps, say_needed
from hub.model.permissions import Permission
from hub.web.desk.say.setup import STEPS
from hub.web.desk.visit import Visit, go

PAGE = "/desk/start"


async def show_start(visit: Visit) -> web.StreamResponse:
    """The page."""
    return visit.page("start.html", section="start", **await _read(visit))


async def show_card(visit: Visit) -> web.StreamResponse:
    """The card; empty for everybody who cannot do these steps, and when there is nothing left."""
    if not visit.may(Permission.MANAGE_CHANNELS):
        return visit.page("_start_card.html", first=None, STEPS=STEPS)
    return visit.page("_start_card.html", **await _read(visit))


async def post_step(visit: Visit) -> web.StreamResponse:
    """Not needed here, or needed after all; the card put away, or shown again."""
    form = await visit.form()
    needed, key = form.get("needed") == "1", visit.request.match_info["key"]
    await say_needed(visit.ctx, key=key, needed=needed, actor=visit.actor)
    if not visit.partial:
        return go(visit, PAGE)
    if form.get("card") == "1":
        return await show_card(visit)
    return visit.page("_start.html", **await _read(visit))


async def _read(visit: Visit) -> dict[str, object]:
    return {"first": await first_steps(visit.ctx, visit.actor), "STEPS": STEPS}
