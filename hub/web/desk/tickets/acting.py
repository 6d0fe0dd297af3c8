"""What is done to a ticket with one press: take, give, put back, open, pend, resolve, close."""

from aiohttp import web

from hub.actions.failures import NotPossible
from hub.actions.floor.assign import assign_ticket
from hub.actions.status import change_status
from hub.web.desk.say.words import STATUSES
from hub.web.desk.tickets.thread import ENTRIES, ticket_code
from hub.web.desk.tickets.work import entries_asked, read_work, work_context
from hub.web.desk.visit import Visit
from storage import views


async def post_take(visit: Visit) -> web.StreamResponse:
    """Give the ticket to whoever pressed."""
    code = ticket_code(visit.request.match_info["code"])
    await assign_ticket(visit.ctx, ticket_code=code, agent_id=visit.agent.id, actor=visit.actor)
    return await show_ticket(visit, code)


async def post_assign(visit: Visit) -> web.StreamResponse:
    """Give the ticket to a colleague."""
    code = ticket_code(visit.request.match_info["code"])
    given = str((await visit.request.post()).get("agent", ""))
    if not (given.isascii() and given.isdigit() and len(given) < 19):
        raise NotPossible("no agent was chosen")
    await assign_ticket(visit.ctx, ticket_code=code, agent_id=int(given), actor=visit.actor)
    return await show_ticket(visit, code)


async def post_release(visit: Visit) -> web.StreamResponse:
    """Put the ticket back into its queue."""
    code = ticket_code(visit.request.match_info["code"])
    await assign_ticket(visit.ctx, ticket_code=code, agent_id=None, actor=visit.actor)
    return await show_ticket(visit, code)


async def post_status(visit: Visit) -> web.StreamResponse:
    """Move the ticket on."""
    code = ticket_code(visit.request.match_info["code"])
    given = str((await visit.request.post()).get("status", ""))
    if given not in STATUSES:
        raise NotPossible("no such status")
    await change_status(visit.ctx, ticket_code=code, status=given, actor=visit.actor)
    return await show_ticket(visit, code)


async def show_colleagues(visit: Visit) -> web.StreamResponse:
    """Who the ticket can be given to, those who are here first."""
    code = ticket_code(visit.request.match_info["code"])
    work = await read_work(visit, code, ENTRIES)
    order = {"online": 0, "busy": 1, "away": 2, "offline": 3}
    agents = sorted(
        (one for one in await visit.ctx.database.read(views.list_agents) if one.active),
        key=lambda one: (order.get(one.presence, 4), one.name),
    )
    return visit.page("_colleagues.html", agents=agents, **work_context(visit, work))


async def show_ticket(visit: Visit, code: int) -> web.StreamResponse:
    """The thread as it is now."""
    work = await read_work(visit, code, entries_asked(visit.request))
    return visit.page("_thread.html", **work_context(visit, work))
