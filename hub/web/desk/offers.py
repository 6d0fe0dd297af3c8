"""What the agent is offered now, on every page of the desk: a card for each, and their answers."""

from aiohttp import web

from hub.actions.failures import NotPossible
from hub.actions.floor.offers import accept_offer, decline_offer
from hub.actions.floor.presence import OFFERS_NOT_ANSWERED
from hub.model.codes import TICKET, show_code
from hub.model.people import Presence
from hub.web.desk.visit import Visit, go
from storage import offers
from storage.database import Connection


async def show_offers(visit: Visit) -> web.StreamResponse:
    """The cards; and, where offers were not answered, why no more of them come."""

    async def read(c: Connection) -> dict[str, object]:
        away = visit.agent.presence == Presence.AWAY
        because = await offers.presence_because(c, visit.agent.id) if away else ""
        return {
            "offered": await offers.offers_of(c, visit.agent.id),
            "missed": because == OFFERS_NOT_ANSWERED,
        }

    return visit.page("_offers.html", **await visit.ctx.database.read(read))


async def post_accept(visit: Visit) -> web.StreamResponse:
    """Yes: the ticket is theirs, and is opened. What was being written elsewhere is kept by the page."""
    code = await accept_offer(visit.ctx, offer_id=_id(visit), agent_id=visit.agent.id, actor=visit.actor)
    where = f"/desk/tickets/{show_code(TICKET, code)}"
    if visit.partial:
        return web.Response(status=204, headers={"HX-Redirect": where, "Cache-Control": "no-store"})
    return go(visit, where)


async def post_decline(visit: Visit) -> web.StreamResponse:
    """No: it goes to the next best at once."""
    await decline_offer(visit.ctx, offer_id=_id(visit), agent_id=visit.agent.id, actor=visit.actor)
    return await show_offers(visit) if visit.partial else go(visit, "/desk")


def _id(visit: Visit) -> int:
    given = visit.request.match_info["id"]
    if not (given.isascii() and given.isdigit() and int(given) < 2**63):
        raise NotPossible("not the id of an offer", code="offer_over")
    return int(given)
