"""What a notification of the browser says of a ticket: the socket brings ids only; the page asks, and is authorised again."""

from aiohttp import web

from hub.actions.failures import NotFound
from hub.model.codes import TICKET, show_code
from hub.web.desk.say.language import N_
from hub.web.desk.tickets.thread import ticket_code
from hub.web.desk.visit import Visit
from storage import views

_TEXTS = {
    "answered": N_("%(name)s has answered"),
    "offer": N_("A ticket is offered to you"),
}


async def get_news(visit: Visit) -> web.StreamResponse:
    """One sentence, what it is about, and where to read on. `about`: answered or offer. Raises NotFound."""
    code = ticket_code(visit.request.match_info["code"])
    text = _TEXTS.get(visit.query.get("about", ""))
    ticket = await visit.ctx.database.read(lambda c: views.get_ticket(c, code))
    if ticket is None or text is None:
        raise NotFound(f"There is no ticket {code}.")
    name = ticket.customer_name or visit.voice.say(N_("The customer"))
    number = show_code(TICKET, code)
    return web.json_response(
        {
            "title": visit.voice.say(text, name=name) if "%" in text else visit.voice.say(text),
            "text": f"{number} · {ticket.subject or visit.voice.say(N_('No subject'))}",
            "url": f"/desk/tickets/{number}?scope=mine",
        },
        headers={"Cache-Control": "no-store"},
    )
