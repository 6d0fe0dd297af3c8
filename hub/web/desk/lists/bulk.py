"""What is done to many tickets at once: the dialog that asks for the rest, the press, and the way back."""

from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import parse_qsl

from aiohttp import web

from hub.actions.cases.incidents import MOST_TITLE, add_incident
from hub.actions.failures import NotFound, NotPossible
from hub.actions.lists.bulk import MOST, Order, change_many, undo_many
from hub.actions.people.sight import seen_codes
from hub.model.codes import INCIDENT, TICKET, NotACode, read_code
from hub.model.permissions import Permission
from hub.web.desk.lists.built_in import choose_view
from hub.web.desk.lists.bulk_words import BULK, say_done
from hub.web.desk.lists.snooze import CLOSE, offered_moments, read_until
from hub.web.desk.say.words import PRIORITIES, STATUSES
from hub.web.desk.tickets.colleagues import colleagues
from hub.web.desk.tickets.listing import Look, views_of
from hub.web.desk.tickets.pages import reader_of
from hub.web.desk.visit import Visit, show_html
from storage import automation, incidents, ticket_lists, views
from storage.database import Connection

INCIDENTS = 200


async def show_bulk(visit: Visit) -> web.StreamResponse:
    """What else has to be said: to whom, which tag, until when."""
    what = visit.request.match_info["what"]
    if what not in BULK or (what == "incident" and not visit.may(Permission.MANAGE_INCIDENTS)):
        raise NotFound("There is no such thing to do.")
    codes = await _chosen(visit, visit.query)

    async def read(c: Connection) -> dict[str, Any]:
        seen = await seen_codes(c, visit.actor, list(codes[:30])) if what == "merge" else set()
        return {
            "agents": await colleagues(c),
            "queues": await views.name_queues(c),
            "tags": await automation.known_tags(c, "", 100),
            "tickets": [
                one for code in codes[:30] if code in seen and (one := await views.get_ticket(c, code))
            ]
            if what == "merge"
            else [],
            "going_on": await incidents.list_(c, resolved=False, limit=INCIDENTS)
            if what == "incident"
            else [],
        }

    return visit.page(
        "_bulk.html",
        what=what,
        number=len(codes),
        title=BULK[what][0],
        STATUSES=STATUSES,
        PRIORITIES=PRIORITIES,
        MOST_TITLE=MOST_TITLE,
        offered=await offered_moments(visit) if what == "snooze" else [],
        soonest=visit.now.astimezone(visit.voice.zone).strftime("%Y-%m-%dT%H:%M"),
        **await visit.ctx.database.read(read),
    )


async def post_bulk(visit: Visit) -> web.StreamResponse:
    """Do it, and say what came of it."""
    form = await visit.form()
    codes = await _chosen(visit, form)
    order = await _gather(visit, form) if form.get("what") == "incident" else _order(visit, form)
    done = await change_many(visit.ctx, ticket_codes=codes, order=order, actor=visit.actor)
    undo = f"/desk/bulk/{done.bulk_id}/undo" if done.bulk_id is not None else ""
    return show_html(visit.toast(say_done(visit.voice, done), undo) + CLOSE)


async def post_undo(visit: Visit) -> web.StreamResponse:
    """Take it back, as far as nothing else came of it."""
    given = visit.request.match_info["id"]
    if not (given.isascii() and given.isdigit() and len(given) < 19):
        raise NotFound("There is nothing to take back.")
    done = await undo_many(visit.ctx, bulk_id=int(given), actor=visit.actor)
    return show_html(visit.toast(say_done(visit.voice, done, back=True)))


async def _chosen(visit: Visit, form: Mapping[str, Any]) -> Sequence[int]:
    """The tickets that were ticked, or the first of the view."""
    if form.get("all") == "view":
        look = Look.read(dict(parse_qsl(str(form.get("look", "")))))

        async def find(c: Connection) -> list[int]:
            view = choose_view(look.scope, await views_of(c, look, visit.agent.id))
            ids = await ticket_lists.find_ids(
                c, look.wanted(view), reader_of(visit), order=view.arranged, limit=MOST
            )
            return [row.code for row in await ticket_lists.read_rows(c, ids)]

        return await visit.ctx.database.read(find)
    try:
        return [read_code(TICKET, one) for one in str(form.get("tickets", "")).split(",") if one][: MOST + 1]
    except NotACode as error:
        raise NotFound(str(error), code="not_a_ticket_number") from error


def _order(visit: Visit, form: Mapping[str, Any]) -> Order:
    """What the dialog asked for. Raises NotPossible."""
    what, value = str(form.get("what", "")), str(form.get("value", ""))
    match what:
        case "assign":
            return Order(what=what, value={"agent": None if value == "queue" else _number(value)})
        case "status" if value in STATUSES:
            return Order(what=what, value={"status": value})
        case "priority" if value in ("1", "2", "3", "4"):
            return Order(what=what, value={"priority": int(value)})
        case "queue" if value:
            return Order(what=what, value={"queue": value})
        case "tags":
            words = [one.strip() for one in str(form.get("tags", "")).replace("，", ",").split(",")]
            words = [one for one in words if one]
            if not words:
                raise NotPossible("There is no tag.", code="bad_tag")
            return Order(what=what, value={"remove" if value == "off" else "add": words})
        case "snooze":
            until = read_until(visit, str(form.get("until", "")), str(form.get("own", "")))
            return Order(what=what, value={"until": None if until is None else until.isoformat()})
        case "merge":
            try:
                return Order(what=what, value={"into": read_code(TICKET, str(form.get("into", "")))})
            except NotACode as error:
                raise NotPossible("Choose the ticket that stays.", code="no_target") from error
    raise NotPossible("There is no such thing to do.", code="bad_order")


async def _gather(visit: Visit, form: Mapping[str, Any]) -> Order:
    """Onto an incident that goes on, or onto a new one. Raises NotPossible."""
    if not visit.may(Permission.MANAGE_INCIDENTS):
        raise NotPossible("Your role does not allow this.", code="not_allowed")
    given, title = str(form.get("value", "")), str(form.get("title", "")).strip()
    if not given and not title:
        raise NotPossible("no incident was named", code="no_incident")
    try:
        code = read_code(INCIDENT, given) if given else None
    except NotACode as error:
        raise NotPossible("no incident was named", code="no_incident") from error
    return Order(
        what="incident",
        value={"incident": code or await add_incident(visit.ctx, title=title, actor=visit.actor)},
    )


def _number(given: str) -> int:
    if not (given.isascii() and given.isdigit() and len(given) < 19):
        raise NotPossible("No agent was chosen.", code="no_such_agent")
    return int(given)
