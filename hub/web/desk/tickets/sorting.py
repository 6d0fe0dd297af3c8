"""What a ticket is, how urgent, and where it belongs: changed by whoever reads it."""

from aiohttp import web

from hub.actions.failures import NotPossible
from hub.actions.learning.correct import change_ticket
from hub.web.desk.tickets.acting import show_ticket
from hub.web.desk.tickets.thread import ticket_code
from hub.web.desk.visit import Visit


async def post_sort(visit: Visit) -> web.StreamResponse:
    """One of kind, priority and queue. With a queue comes whether the agent keeps the ticket."""
    code = ticket_code(visit.request.match_info["code"])
    form = await visit.form()
    given = {name: str(form[name]) for name in ("kind", "priority", "queue") if form.get(name)}
    if not given:
        raise NotPossible("nothing was chosen")
    if given.get("priority", "1") not in ("1", "2", "3", "4"):
        raise NotPossible("no such priority", code="unknown_priority")
    await change_ticket(
        visit.ctx,
        ticket_code=code,
        actor=visit.actor,
        kind=given.get("kind"),
        priority=int(given["priority"]) if "priority" in given else None,
        queue=given.get("queue"),
        keep_assignee=form.get("keep") == "yes",
        seen_kind=str(form["seen"]) if form.get("seen") else None,
    )
    return await show_ticket(visit, code)
