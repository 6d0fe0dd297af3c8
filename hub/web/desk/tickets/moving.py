"""Entries that belong on another ticket, people who belong on this one, and the way back."""

from aiohttp import web
from yarl import URL

from hub.actions.adopt import adopt_sender
from hub.actions.answers.copies import read_copies
from hub.actions.failures import NotFound, NotPossible
from hub.actions.move import move_entries, split_entries, undo_move
from hub.actions.participants import add_participant, remove_participant
from hub.model.codes import TICKET, show_code
from hub.web.desk.tickets.composing import composer_context
from hub.web.desk.tickets.listing import Look
from hub.web.desk.tickets.thread import ENTRIES, ticket_code
from hub.web.desk.tickets.work import read_work, work_context
from hub.web.desk.visit import Visit


async def post_move(visit: Visit) -> web.StreamResponse:
    """Move the chosen entries to the ticket that was named, or into a new one; shows where they are now."""
    code = ticket_code(visit.request.match_info["code"])
    form = await visit.form()
    chosen = [_id(str(one)) for one in form.getall("entry", ())]
    if form.get("into") == "new":
        new, move_id = await split_entries(
            visit.ctx, ticket_code=code, interaction_ids=chosen, actor=visit.actor
        )
        return await _show(visit, new, moved=move_id, count=len(chosen))
    given = str(form.get("to", "")).strip()
    if not given:
        raise NotPossible("no ticket was named", code="no_target")
    to = ticket_code(given)
    move_id = await move_entries(
        visit.ctx, ticket_code=code, interaction_ids=chosen, to_code=to, actor=visit.actor
    )
    return await _show(visit, to, moved=move_id, count=len(chosen))


async def post_undo_move(visit: Visit) -> web.StreamResponse:
    """Put them back where they were, and show that ticket."""
    code = await undo_move(visit.ctx, move_id=_id(visit.request.match_info["id"]), actor=visit.actor)
    return await _show(visit, code)


async def post_adopt(visit: Visit) -> web.StreamResponse:
    """Answer whoever wrote the letter that this entry passes on."""
    code = ticket_code(visit.request.match_info["code"])
    entry = _id(visit.request.match_info["id"])
    await adopt_sender(visit.ctx, ticket_code=code, interaction_id=entry, actor=visit.actor)
    return await _show(visit, code)


async def post_let_in(visit: Visit) -> web.StreamResponse:
    """Let somebody speak in the ticket."""
    code = ticket_code(visit.request.match_info["code"])
    named = read_copies(str((await visit.form()).get("address", "")))
    if not named:
        raise NotPossible("nobody was named", code="not_an_address")
    for one in named:
        await add_participant(visit.ctx, ticket_code=code, mailbox=one, actor=visit.actor)
    return await _show_pane(visit, code)


async def post_let_out(visit: Visit) -> web.StreamResponse:
    """Let them speak no more."""
    code = ticket_code(visit.request.match_info["code"])
    address = str((await visit.form()).get("address", ""))
    await remove_participant(visit.ctx, ticket_code=code, address=address, actor=visit.actor)
    return await _show_pane(visit, code)


async def _show(visit: Visit, code: int, *, moved: int | None = None, count: int = 0) -> web.StreamResponse:
    tail = ""
    if moved is not None:
        text = visit.voice.count(
            "%(num)s entry is on this ticket now.", "%(num)s entries are on this ticket now.", count
        )
        tail = visit.toast(text, f"/desk/moves/{moved}/undo", into="#work")
    return await show_work(visit, code, tail)


async def show_work(visit: Visit, code: int, tail: str = "") -> web.Response:
    """The ticket and everything beside it, in the place of another one."""
    work = await read_work(visit, code, ENTRIES)
    # The page that asked stays in its view of the list.
    look = Look.read(URL(visit.request.headers.get("HX-Current-URL", "")).query)
    context = await composer_context(visit, work)
    response = visit.page("_work.html", look=look, tail=tail, **context)
    response.headers["HX-Push-Url"] = f"/desk/tickets/{show_code(TICKET, code)}?{look.query()}"
    return response


async def _show_pane(visit: Visit, code: int) -> web.StreamResponse:
    work = await read_work(visit, code, ENTRIES)
    return visit.page("_customer.html", look=Look.read(visit.query), **work_context(visit, work))


def _id(given: str) -> int:
    if not (given.isascii() and given.isdigit() and int(given) < 2**63):
        raise NotFound("not an id")
    return int(given)
