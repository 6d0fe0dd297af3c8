"""Tickets that belong together: one merged into another, two linked, and the way back."""

from aiohttp import web

from hub.actions.cases.link import LinkKind, link_tickets, unlink_tickets
from hub.actions.cases.merge import merge_tickets
from hub.actions.failures import ActionFailure, NotFound, NotPossible
from hub.actions.people.sight import seen_codes
from hub.model.codes import TICKET, NotACode, read_code, show_code
from hub.web.desk.say.language import N_
from hub.web.desk.say.words import LINK_KINDS, say_failure
from hub.web.desk.tickets.acting import show_ticket, taken_back
from hub.web.desk.tickets.moving import show_work
from hub.web.desk.tickets.thread import ticket_code
from hub.web.desk.visit import Visit
from storage import cases, views
from storage.database import Connection

PROPOSED = 12
CLOSE_DIALOG = '<hx-partial hx-target="#dialog" hx-swap="innerHTML"></hx-partial>'
"""What ends the dialog: it is empty from then on."""


async def show_merge(visit: Visit) -> web.StreamResponse:
    """Into which ticket this one is to go: this customer's others, or a number."""
    return await _dialog(visit, "_merge.html")


async def post_merge(visit: Visit) -> web.StreamResponse:
    """Merge it, and show the other one; what stands against it is said in the dialog."""
    code = ticket_code(visit.request.match_info["code"])
    form = await visit.form()
    given = str(form.get("to", "")).strip() or str(form.get("proposed", ""))
    try:
        into = await _named(visit, given)
        move_id, _ = await merge_tickets(
            visit.ctx,
            ticket_code=code,
            into_code=into,
            actor=visit.actor,
            other_customer=form.get("other_customer") == "yes",
        )
    except ActionFailure as refused:
        return await _dialog(visit, "_merge.html", refused, given)
    text = visit.voice.say(N_("%(number)s is part of this ticket now."), number=show_code(TICKET, code))
    toast = visit.toast(text, f"/desk/moves/{move_id}/undo", into="#work")
    response = await show_work(visit, into, toast + CLOSE_DIALOG)
    response.headers["HX-Retarget"] = "#work"
    response.headers["HX-Reswap"] = "outerHTML"
    return response


async def show_link(visit: Visit) -> web.StreamResponse:
    """Which ticket this one has to do with, and how."""
    return await _dialog(visit, "_link.html")


async def post_link(visit: Visit) -> web.StreamResponse:
    """Link the two."""
    code = ticket_code(visit.request.match_info["code"])
    form = await visit.form()
    given = str(form.get("to", "")).strip() or str(form.get("proposed", ""))
    try:
        if str(form.get("kind", "")) not in LINK_KINDS:
            raise NotPossible("no such kind of link")
        other = await _named(visit, given)
        kind = LinkKind(str(form["kind"]))
        await link_tickets(visit.ctx, ticket_code=code, other_code=other, kind=kind, actor=visit.actor)
    except ActionFailure as refused:
        return await _dialog(visit, "_link.html", refused, given)
    text = visit.voice.say(N_("Linked with %(number)s."), number=show_code(TICKET, other))
    undo = f"/desk/tickets/{show_code(TICKET, code)}/links/{show_code(TICKET, other)}/undo"
    response = await show_ticket(visit, code, visit.toast(text, undo) + CLOSE_DIALOG)
    response.headers["HX-Retarget"] = "#thread"
    response.headers["HX-Reswap"] = "outerMorph"
    return response


async def post_unlink(visit: Visit) -> web.StreamResponse:
    """They have nothing to do with each other."""
    code, other = _pair(visit)
    kind = await unlink_tickets(visit.ctx, ticket_code=code, other_code=other, actor=visit.actor)
    text = visit.voice.say(N_("Not linked with %(number)s any more."), number=show_code(TICKET, other))
    undo = f"/desk/tickets/{show_code(TICKET, code)}/links/{show_code(TICKET, other)}/again?kind={kind.value}"
    return await show_ticket(visit, code, visit.toast(text, undo))


async def post_undo_link(visit: Visit) -> web.StreamResponse:
    """The link that was just made is gone."""
    code, other = _pair(visit)
    await unlink_tickets(visit.ctx, ticket_code=code, other_code=other, actor=visit.actor)
    return taken_back(visit)


async def post_link_again(visit: Visit) -> web.StreamResponse:
    """The link that was just taken away is there."""
    code, other = _pair(visit)
    kind = visit.query.get("kind", "")
    if kind not in LINK_KINDS:
        raise NotFound("no such kind of link")
    await link_tickets(visit.ctx, ticket_code=code, other_code=other, kind=LinkKind(kind), actor=visit.actor)
    return taken_back(visit)


def _pair(visit: Visit) -> tuple[int, int]:
    return ticket_code(visit.request.match_info["code"]), ticket_code(visit.request.match_info["other"])


async def _named(visit: Visit, given: str) -> int:
    if not given:
        raise NotPossible("no ticket was named", code="no_target")
    return await visit.ticket_in_sight(given)


def _read(given: str) -> int:
    try:
        return read_code(TICKET, given)
    except NotACode:
        return 0


async def _dialog(
    visit: Visit, template: str, refused: ActionFailure | None = None, given: str = ""
) -> web.Response:
    code = ticket_code(visit.request.match_info["code"])

    async def read(c: Connection) -> dict[str, object] | None:
        ticket = await views.get_ticket(c, code)
        if ticket is None:
            return None
        proposed = await cases.proposed(c, ticket.id, PROPOSED)
        seen = await seen_codes(c, visit.actor, [one.code for one in proposed])
        return {"ticket": ticket, "proposed": [one for one in proposed if one.code in seen]}

    found = await visit.ctx.database.read(read)
    if found is None:
        raise NotFound(f"There is no ticket {show_code(TICKET, code)}.")
    return visit.page(
        template,
        given=given,
        given_code=_read(given),
        trouble=say_failure(visit.voice, refused) if refused is not None else "",
        other_customer=refused is not None and refused.code == "other_customer",
        **found,
    )
