"""Incidents: the list, one with its tickets, and the word to everybody whom it concerns."""

import secrets
from collections.abc import Sequence

from aiohttp import web

from hub.actions.cases.incidents import (
    MOST_TITLE,
    add_incident,
    attach_by_tag,
    attach_tickets,
    change_incident,
    detach_ticket,
)
from hub.actions.cases.tell_everybody import Preview, preview_update, stop_update, tell_left_out, write_update
from hub.actions.failures import ActionFailure, NotFound, NotPossible
from hub.actions.lists.bulk import MOST, Order, add_up, change_many, undo_many
from hub.actions.people.sight import seen_codes
from hub.model.codes import INCIDENT, TICKET, NotACode, read_code, show_code
from hub.web.desk.lists.bulk_words import say_resolved
from hub.web.desk.say.language import N_
from hub.web.desk.say.words import say_failure
from hub.web.desk.tickets.acting import show_ticket, taken_back
from hub.web.desk.tickets.joining import CLOSE_DIALOG
from hub.web.desk.tickets.thread import ticket_code
from hub.web.desk.visit import Visit, go
from storage import automation, incidents, views
from storage.database import Connection
from storage.incidents import NotTold, UpdateRow

LISTED, SHOWN, UPDATES, NOT_TOLD, TAGS = 200, 200, 50, 100, 100


async def show_incidents(visit: Visit) -> web.StreamResponse:
    """Those that go on, and those that are over."""
    return visit.page("incidents.html", section="incidents", **await _lists(visit))


async def show_list(visit: Visit) -> web.StreamResponse:
    """The list alone."""
    return visit.page("_incidents.html", **await _lists(visit))


async def post_new(visit: Visit) -> web.StreamResponse:
    """A new one."""
    form = await visit.form()
    code = await add_incident(visit.ctx, title=str(form.get("title", "")), actor=visit.actor)
    return go(visit, f"/desk/incidents/{show_code(INCIDENT, code)}")


async def show_incident(visit: Visit) -> web.StreamResponse:
    """One of them."""
    return visit.page("incident.html", section="incidents", **await _one(visit))


async def show_state(visit: Visit) -> web.StreamResponse:
    """How it stands."""
    return await _state(visit)


async def post_change(visit: Visit) -> web.StreamResponse:
    """Its title and how far it is; the last state is one press away."""
    code, form = _code(visit), await visit.form()
    version = str(form.get("version", ""))
    before = await visit.ctx.database.read(lambda c: incidents.by_code(c, code))
    await change_incident(
        visit.ctx,
        incident_code=code,
        version=int(version) if version.isascii() and version.isdigit() and len(version) < 9 else 0,
        title=str(form.get("title", "") or (before.title if before else "")),
        state=str(form.get("state", "")),
        actor=visit.actor,
    )
    return await _state(visit)


async def post_attach(visit: Visit) -> web.StreamResponse:
    """Tickets by their numbers, or all with a tag."""
    code, form = _code(visit), await visit.form()
    tag = str(form.get("tag", "")).strip()
    if tag:
        added = await attach_by_tag(visit.ctx, incident_code=code, tag=tag, actor=visit.actor)
    else:
        given = str(form.get("tickets", "")).replace("，", " ").replace(",", " ").replace("、", " ").split()
        if not given:
            raise NotPossible("no ticket was named", code="no_target")
        codes = [ticket_code(one) for one in given]
        added = await attach_tickets(visit.ctx, incident_code=code, ticket_codes=codes, actor=visit.actor)
    text = visit.voice.count("%(num)s ticket added.", "%(num)s tickets added.", added)
    return await _state(visit, visit.toast(text))


async def post_detach(visit: Visit) -> web.StreamResponse:
    """One has nothing to do with it."""
    code, ticket = _code(visit), ticket_code(visit.request.match_info["ticket"])
    await detach_ticket(visit.ctx, incident_code=code, ticket_code=ticket, actor=visit.actor)
    text = visit.voice.say(N_("%(number)s is off the incident."), number=show_code(TICKET, ticket))
    undo = f"/desk/incidents/{show_code(INCIDENT, code)}/tickets/{show_code(TICKET, ticket)}/back"
    return await _state(visit, visit.toast(text, undo))


async def post_attach_back(visit: Visit) -> web.StreamResponse:
    """It has, after all."""
    ticket = ticket_code(visit.request.match_info["ticket"])
    await attach_tickets(visit.ctx, incident_code=_code(visit), ticket_codes=[ticket], actor=visit.actor)
    return taken_back(visit)


async def show_preview(visit: Visit) -> web.StreamResponse:
    """Whom what is being written would reach."""
    query = visit.query
    preview = await preview_update(
        visit.ctx,
        incident_code=_code(visit),
        actor=visit.actor,
        with_claimed=query.get("with_claimed") == "yes",
        text_en=query.get("text_en", ""),
        text_zh=query.get("text_zh", ""),
    )
    return visit.page("_incident_preview.html", preview=preview)


async def post_update(visit: Visit) -> web.StreamResponse:
    """Tell everybody."""
    code, form = _code(visit), await visit.form()
    await write_update(
        visit.ctx,
        incident_code=code,
        key=str(form.get("key", "")),
        state=str(form.get("state", "")),
        text_en=str(form.get("text_en", "")),
        text_zh=str(form.get("text_zh", "")),
        with_claimed=form.get("with_claimed") == "yes",
        actor=visit.actor,
    )
    return await _state(
        visit, visit.toast(visit.voice.say(N_("The update goes out now."))), "_incident_sent.html"
    )


async def post_stop(visit: Visit) -> web.StreamResponse:
    """Nobody more is told."""
    stopped = await stop_update(
        visit.ctx,
        incident_code=_code(visit),
        update_id=_id(visit.request.match_info["id"]),
        actor=visit.actor,
    )
    text = visit.voice.count(
        "Stopped: %(num)s customer is not told.", "Stopped: %(num)s customers are not told.", stopped
    )
    return await _state(visit, visit.toast(text))


async def post_again(visit: Visit) -> web.StreamResponse:
    """Whoever was left out because something was broken is told after all."""
    await tell_left_out(
        visit.ctx,
        incident_code=_code(visit),
        update_id=_id(visit.request.match_info["id"]),
        actor=visit.actor,
    )
    return await _state(visit)


async def post_resolve(visit: Visit) -> web.StreamResponse:
    """All its tickets in work are resolved; what cannot be is said, and why."""
    code = _code(visit)
    row = await visit.ctx.database.read(lambda c: incidents.by_code(c, code))
    if row is None:
        raise NotFound("There is no such incident.")
    number = row.id
    codes = await visit.ctx.database.read(lambda c: incidents.open_tickets(c, number))
    resolve = Order(what="status", value={"status": "resolved"})
    lots = [codes[at : at + MOST] for at in range(0, len(codes), MOST)]
    parts = [await change_many(visit.ctx, ticket_codes=lot, order=resolve, actor=visit.actor) for lot in lots]
    text = say_resolved(visit.voice, add_up(parts))
    kept = [str(done.bulk_id) for done in parts if done.bulk_id is not None]
    undo = f"/desk/incidents/{show_code(INCIDENT, code)}/resolve/undo?bulk={','.join(kept)}" if kept else ""
    return await _state(visit, visit.toast(text, undo))


async def post_undo_resolve(visit: Visit) -> web.StreamResponse:
    """They are as they were."""
    for one in visit.query.get("bulk", "").split(","):
        await undo_many(visit.ctx, bulk_id=_id(one), actor=visit.actor)
    return taken_back(visit)


async def show_choice(visit: Visit) -> web.StreamResponse:
    """To which incident a ticket belongs: one that goes on, or a new one."""
    return await _choice(visit)


async def post_choice(visit: Visit) -> web.StreamResponse:
    """Put the ticket on it."""
    code = ticket_code(visit.request.match_info["code"])
    form = await visit.form()
    given, title = str(form.get("incident", "")), str(form.get("title", "")).strip()
    try:
        if title:
            incident = await add_incident(visit.ctx, title=title, actor=visit.actor, ticket_codes=[code])
        elif given:
            incident = _read(given)
            await attach_tickets(visit.ctx, incident_code=incident, ticket_codes=[code], actor=visit.actor)
        else:
            raise NotPossible("no incident was named", code="no_incident")
    except ActionFailure as refused:
        return await _choice(visit, say_failure(visit.voice, refused))
    number = show_code(INCIDENT, incident)
    text = visit.voice.say(N_("The ticket is on incident %(number)s."), number=number)
    undo = f"/desk/incidents/{number}/tickets/{show_code(TICKET, code)}/off"
    response = await show_ticket(visit, code, visit.toast(text, undo) + CLOSE_DIALOG)
    response.headers["HX-Retarget"] = "#thread"
    response.headers["HX-Reswap"] = "outerMorph"
    return response


async def post_off(visit: Visit) -> web.StreamResponse:
    """The ticket that was just put on it is off."""
    ticket = ticket_code(visit.request.match_info["ticket"])
    await detach_ticket(visit.ctx, incident_code=_code(visit), ticket_code=ticket, actor=visit.actor)
    return taken_back(visit)


async def _choice(visit: Visit, trouble: str = "") -> web.Response:
    code = ticket_code(visit.request.match_info["code"])

    async def read(c: Connection) -> dict[str, object] | None:
        ticket = await views.get_ticket(c, code)
        if ticket is None:
            return None
        return {
            "ticket": ticket,
            "going_on": await incidents.list_(c, resolved=False, limit=SHOWN),
            "has": {one.code for one in await incidents.of_ticket(c, ticket.id)},
        }

    found = await visit.ctx.database.read(read)
    if found is None:
        raise NotFound(f"There is no ticket {show_code(TICKET, code)}.")
    return visit.page("_incident_choice.html", trouble=trouble, MOST_TITLE=MOST_TITLE, **found)


async def _lists(visit: Visit) -> dict[str, object]:
    async def read(c: Connection) -> dict[str, object]:
        return {
            "going_on": await incidents.list_(c, resolved=False, limit=LISTED),
            "over": await incidents.list_(c, resolved=True, limit=LISTED),
            "MOST_TITLE": MOST_TITLE,
        }

    return await visit.ctx.database.read(read)


async def _state(visit: Visit, tail: str = "", template: str = "_incident.html") -> web.Response:
    return visit.page(template, tail=tail, **await _one(visit))


async def _one(visit: Visit) -> dict[str, object]:
    code = _code(visit)

    async def read(c: Connection) -> dict[str, object] | None:
        row = await incidents.by_code(c, code)
        if row is None:
            return None
        updates: Sequence[UpdateRow] = await incidents.updates(c, row.id, UPDATES)
        missed: dict[int, list[NotTold]] = {
            one.id: await incidents.not_told(c, one.id, NOT_TOLD)
            for one in updates
            if one.failed or one.skipped
        }
        tickets = await incidents.tickets(c, row.id, SHOWN)
        left_out = [each.ticket_code for found in missed.values() for each in found]
        seen = await seen_codes(c, visit.actor, [*(one.code for one in tickets), *left_out])
        missed = {key: [each for each in found if each.ticket_code in seen] for key, found in missed.items()}
        return {
            "row": row,
            "tickets": [one for one in tickets if one.code in seen],
            "in_work": len(await incidents.open_tickets(c, row.id)),
            "updates": updates,
            "missed": missed,
            "tags": await automation.known_tags(c, "", TAGS),
        }

    found = await visit.ctx.database.read(read)
    if found is None:
        raise NotFound(f"There is no incident {show_code(INCIDENT, code)}.")
    preview: Preview = await preview_update(visit.ctx, incident_code=code, actor=visit.actor)
    return {**found, "preview": preview, "MOST_TITLE": MOST_TITLE, "key": secrets.token_urlsafe(12)}


def _code(visit: Visit) -> int:
    return _read(visit.request.match_info["incident"])


def _read(given: str) -> int:
    try:
        return read_code(INCIDENT, given)
    except NotACode as error:
        raise NotFound(str(error)) from error


def _id(given: str) -> int:
    if not (given.isascii() and given.isdigit() and len(given) < 19):
        raise NotFound("not an id")
    return int(given)
