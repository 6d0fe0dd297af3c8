"""Tags of a ticket: put on and taken off by whoever reads it."""

from urllib.parse import urlencode

from aiohttp import web

from hub.actions.failures import NotFound, NotPossible
from hub.actions.tags import change_tags
from hub.model.codes import TICKET, show_code
from hub.web.desk.say.language import N_
from hub.web.desk.tickets.acting import show_ticket, taken_back
from hub.web.desk.tickets.thread import ENTRIES, ticket_code
from hub.web.desk.tickets.work import read_work, work_context
from hub.web.desk.visit import Visit
from storage import automation, views

OFFERED = 100


async def post_tags(visit: Visit) -> web.StreamResponse:
    """Put one on, or take one off."""
    code = ticket_code(visit.request.match_info["code"])
    form = await visit.form()
    add, remove = str(form.get("add", "")), str(form.get("remove", ""))
    if not add.strip() and not remove:
        raise NotPossible("There is no tag.", code="bad_tag")
    before = await visit.ctx.database.read(lambda c: views.get_ticket(c, code))
    now = await change_tags(
        visit.ctx,
        ticket_code=code,
        actor=visit.actor,
        add=[one for one in add.replace("，", ",").split(",") if one.strip()],
        remove=[remove] if remove else [],
    )
    had = set(before.tags) if before is not None else set(now)
    on, off = sorted(set(now) - had), sorted(had - set(now))
    if not on and not off:
        return await show_ticket(visit, code)
    say = visit.voice.say
    words = [say(N_("Tag put on: %(tags)s"), tags=say(N_(", ")).join(on))] if on else []
    words += [say(N_("Tag taken off: %(tags)s"), tags=say(N_(", ")).join(off))] if off else []
    back = urlencode([("add", one) for one in off] + [("remove", one) for one in on])
    undo = f"/desk/tickets/{show_code(TICKET, code)}/undo/tags?{back}"
    return await show_ticket(visit, code, visit.toast(" · ".join(words), undo))


async def post_undo_tags(visit: Visit) -> web.StreamResponse:
    """Those on that were on, those off that were off."""
    code = ticket_code(visit.request.match_info["code"])
    query = visit.query
    add, remove = query.getall("add", []), query.getall("remove", [])
    if not add and not remove:
        raise NotFound("no tags")
    await change_tags(visit.ctx, ticket_code=code, actor=visit.actor, add=add, remove=remove)
    return taken_back(visit)


async def show_tag_choice(visit: Visit) -> web.StreamResponse:
    """Those that were ever used and that the ticket does not have."""
    code = ticket_code(visit.request.match_info["code"])
    work = await read_work(visit, code, ENTRIES)
    known = await visit.ctx.database.read(lambda c: automation.known_tags(c, "", OFFERED))
    offered = [tag for tag in known if tag not in work.thread.ticket.tags]
    return visit.page("_tag_choice.html", offered=offered, **work_context(visit, work))
