"""Tags of a ticket: put on and taken off by whoever reads it."""

from aiohttp import web

from hub.actions.failures import NotPossible
from hub.actions.tags import change_tags
from hub.web.desk.tickets.acting import show_ticket
from hub.web.desk.tickets.thread import ENTRIES, ticket_code
from hub.web.desk.tickets.work import read_work, work_context
from hub.web.desk.visit import Visit
from storage import automation

OFFERED = 100


async def post_tags(visit: Visit) -> web.StreamResponse:
    """Put one on, or take one off."""
    code = ticket_code(visit.request.match_info["code"])
    form = await visit.request.post()
    add, remove = str(form.get("add", "")), str(form.get("remove", ""))
    if not add.strip() and not remove:
        raise NotPossible("There is no tag.", code="bad_tag")
    await change_tags(
        visit.ctx,
        ticket_code=code,
        actor=visit.actor,
        add=[one for one in add.replace("，", ",").split(",") if one.strip()],
        remove=[remove] if remove else [],
    )
    return await show_ticket(visit, code)


async def show_tag_choice(visit: Visit) -> web.StreamResponse:
    """Those that were ever used and that the ticket does not have."""
    code = ticket_code(visit.request.match_info["code"])
    work = await read_work(visit, code, ENTRIES)
    known = await visit.ctx.database.read(lambda c: automation.known_tags(c, "", OFFERED))
    offered = [tag for tag in known if tag not in work.thread.ticket.tags]
    return visit.page("_tag_choice.html", offered=offered, **work_context(visit, work))
