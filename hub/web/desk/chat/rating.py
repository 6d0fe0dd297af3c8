"""An agent asks how the customer likes it, while they are there."""

from aiohttp import web

from hub.actions.surveys.invite import invite_now
from hub.web.desk.say.language import N_
from hub.web.desk.tickets.acting import show_ticket
from hub.web.desk.tickets.thread import ticket_code
from hub.web.desk.visit import Visit


async def post_rating(visit: Visit) -> web.StreamResponse:
    """Put the question on the pages of the conversation."""
    code = ticket_code(visit.request.match_info["code"])
    await invite_now(visit.ctx, ticket_code=code, actor=visit.actor)
    return await show_ticket(visit, code, visit.toast(visit.voice.say(N_("Asked for a rating."))))
