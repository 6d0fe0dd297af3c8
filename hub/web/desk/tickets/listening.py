"""Listening to a colleague's conversation: being there, whispering, taking over, going."""

from aiohttp import web

from hub.actions.cases.listen import listen_in, stop_listening, take_over, whisper
from hub.model.codes import TICKET, show_code
from hub.web.desk.tickets.acting import show_ticket
from hub.web.desk.tickets.moving import show_work
from hub.web.desk.tickets.thread import ticket_code
from hub.web.desk.visit import Visit, go


async def post_listen(visit: Visit) -> web.StreamResponse:
    """Be there; from another page, go there."""
    code = ticket_code(visit.request.match_info["code"])
    await listen_in(visit.ctx, ticket_code=code, actor=visit.actor)
    if visit.query.get("from") == "floor":
        return go(visit, f"/desk/tickets/{show_code(TICKET, code)}?scope=all")
    return await show_ticket(visit, code)


async def post_leave(visit: Visit) -> web.StreamResponse:
    """Be gone."""
    code = ticket_code(visit.request.match_info["code"])
    await stop_listening(visit.ctx, ticket_code=code, actor=visit.actor)
    return await show_work(visit, code)


async def post_whisper(visit: Visit) -> web.StreamResponse:
    """A word to the colleague alone."""
    code = ticket_code(visit.request.match_info["code"])
    text = str((await visit.form()).get("text", ""))
    await whisper(visit.ctx, ticket_code=code, text=text, actor=visit.actor)
    return await show_ticket(visit, code)


async def post_take_over(visit: Visit) -> web.StreamResponse:
    """The conversation is the listener's, with the box to answer in."""
    code = ticket_code(visit.request.match_info["code"])
    await take_over(visit.ctx, ticket_code=code, actor=visit.actor)
    return await show_work(visit, code)
