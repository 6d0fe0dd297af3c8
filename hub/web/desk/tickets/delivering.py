"""What is done to a reply that has not arrived: sent once more, or kept from leaving."""

from collections.abc import Awaitable, Callable

from aiohttp import web

from hub.actions.answers import recall
from hub.actions.failures import NotFound
from hub.web.desk.tickets.thread import ticket_code
from hub.web.desk.tickets.work import entries_asked, read_work, work_context
from hub.web.desk.visit import Visit


async def post_send_again(visit: Visit) -> web.StreamResponse:
    """Try a reply once more that failed, or that nobody knows the fate of."""
    await deliver_action(visit, recall.send_again)
    return await _show_thread(visit)


async def post_cancel(visit: Visit) -> web.StreamResponse:
    """Keep a reply from leaving."""
    await deliver_action(visit, recall.cancel_reply)
    return await _show_thread(visit)


async def deliver_action(visit: Visit, act: Callable[..., Awaitable[object]]) -> None:
    """`act` on the reply that the address names. Raises NotFound, NotPossible."""
    given = visit.request.match_info["id"]
    if not (given.isascii() and given.isdigit() and int(given) < 2**63):
        raise NotFound("not the id of a reply")
    await act(visit.ctx, interaction_id=int(given), actor=visit.actor)


async def _show_thread(visit: Visit) -> web.StreamResponse:
    code = ticket_code(visit.request.match_info["code"])
    work = await read_work(visit, code, entries_asked(visit.query))
    return visit.page("_thread.html", **work_context(visit, work))
