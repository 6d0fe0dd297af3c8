"""What is done to a ticket with one press: take, give, put back, open, pend, resolve, close. And taken back with another."""

from aiohttp import web

from hub.actions.cases.undo import undo_assignment, undo_status
from hub.actions.failures import NotFound, NotPossible
from hub.actions.floor.assign import assign_ticket
from hub.actions.status import change_status
from hub.model.codes import TICKET, show_code
from hub.web.desk.say.language import N_
from hub.web.desk.say.words import STATUSES, STATUSES_DONE
from hub.web.desk.tickets.colleagues import colleagues
from hub.web.desk.tickets.thread import ENTRIES, ticket_code
from hub.web.desk.tickets.work import entries_asked, read_work, work_context
from hub.web.desk.visit import Visit, show_html
from storage import views


async def post_take(visit: Visit) -> web.StreamResponse:
    """Give the ticket to whoever pressed."""
    return await _give(visit, visit.agent.id)


async def post_assign(visit: Visit) -> web.StreamResponse:
    """Give the ticket to a colleague."""
    return await _give(visit, _agent(str((await visit.form()).get("agent", ""))))


async def post_release(visit: Visit) -> web.StreamResponse:
    """Put the ticket back into its queue."""
    return await _give(visit, None)


async def _give(visit: Visit, agent_id: int | None) -> web.StreamResponse:
    code = ticket_code(visit.request.match_info["code"])
    before = await visit.ctx.database.read(lambda c: views.get_ticket(c, code))
    seq = await assign_ticket(visit.ctx, ticket_code=code, agent_id=agent_id, actor=visit.actor)
    if not seq or before is None:
        return await show_ticket(visit, code)
    say = visit.voice.say
    back = "" if before.assignee_id is None else before.assignee_id
    if agent_id is None:
        text = say(N_("Back in the queue."))
    elif agent_id == visit.agent.id:
        text = say(N_("The ticket is yours."))
    else:
        agents = await visit.ctx.database.read(views.list_agents)
        text = say(
            N_("Given to %(name)s."), name=next((one.name for one in agents if one.id == agent_id), "")
        )
    undo = f"/desk/tickets/{show_code(TICKET, code)}/undo/assignment?seq={seq}&back={back}"
    return await show_ticket(visit, code, visit.toast(text, undo))


async def post_status(visit: Visit) -> web.StreamResponse:
    """Move the ticket on."""
    code = ticket_code(visit.request.match_info["code"])
    given = str((await visit.form()).get("status", ""))
    if given not in STATUSES:
        raise NotPossible("no such status")
    seq = await change_status(visit.ctx, ticket_code=code, status=given, actor=visit.actor)
    if not seq:
        return await show_ticket(visit, code)
    undo = f"/desk/tickets/{show_code(TICKET, code)}/undo/status?seq={seq}"
    return await show_ticket(visit, code, visit.toast(visit.voice.say(STATUSES_DONE[given]), undo))


async def post_undo_status(visit: Visit) -> web.StreamResponse:
    """The status that it had."""
    code = ticket_code(visit.request.match_info["code"])
    await undo_status(visit.ctx, ticket_code=code, seq=_seq(visit), actor=visit.actor)
    return taken_back(visit)


async def post_undo_assignment(visit: Visit) -> web.StreamResponse:
    """Whoever had it has it."""
    code = ticket_code(visit.request.match_info["code"])
    back = visit.query.get("back", "")
    back_to = _agent(back) if back else None
    await undo_assignment(visit.ctx, ticket_code=code, seq=_seq(visit), back_to=back_to, actor=visit.actor)
    return taken_back(visit)


def taken_back(visit: Visit) -> web.Response:
    """The answer to a toast's button; what the page shows comes over its socket."""
    return show_html(visit.toast(visit.voice.say(N_("Undone."))))


def _seq(visit: Visit) -> int:
    given = visit.query.get("seq", "")
    if not (given.isascii() and given.isdigit() and len(given) < 10):
        raise NotFound("not a number of the ledger")
    return int(given)


def _agent(given: str) -> int:
    if not (given.isascii() and given.isdigit() and len(given) < 19):
        raise NotPossible("no agent was chosen")
    return int(given)


async def show_reassign(visit: Visit) -> web.StreamResponse:
    """The same in a dialog, for pages without the ticket."""
    return await show_colleagues(visit, "_reassign.html")


async def show_colleagues(visit: Visit, template: str = "_colleagues.html") -> web.StreamResponse:
    """Who the ticket can be given to, those who are here first."""
    code = ticket_code(visit.request.match_info["code"])
    work = await read_work(visit, code, ENTRIES)
    agents = await visit.ctx.database.read(colleagues)
    return visit.page(template, agents=agents, **work_context(visit, work))


async def show_ticket(visit: Visit, code: int, tail: str = "") -> web.StreamResponse:
    """The thread as it is now. `tail`: a toast that goes with it."""
    work = await read_work(visit, code, entries_asked(visit.query))
    return visit.page("_thread.html", tail=tail, **work_context(visit, work))
