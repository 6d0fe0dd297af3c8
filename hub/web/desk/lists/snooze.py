"""Putting one ticket off: the dialog with its moments, the press, and the way back."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from aiohttp import web

from hub.actions.context import Context
from hub.actions.failures import NotPossible
from hub.actions.lists.moments import Moment, moments, read_own
from hub.actions.lists.snooze import snooze_ticket, wake_ticket
from hub.model.codes import TICKET, show_code
from hub.web.desk.say.language import N_, Voice
from hub.web.desk.say.snooze import say_until
from hub.web.desk.tickets.acting import show_ticket, taken_back
from hub.web.desk.tickets.thread import ENTRIES, ticket_code
from hub.web.desk.tickets.work import read_work
from hub.web.desk.visit import Visit
from routing.calendars import Calendar
from storage import agents
from storage.snooze import UNTIL_WRITTEN

CLOSE = '<hx-partial hx-target="#dialog" hx-swap="innerHTML"></hx-partial>'
"""What ends the dialog: it is empty from then on."""
WRITTEN = "written"
_NAMES = {
    "hour": N_("In one hour"),
    "afternoon": N_("This afternoon"),
    "tomorrow": N_("Tomorrow morning"),
    "monday": N_("Monday"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Offered:
    """A moment to choose. `value`: what its button sends."""

    name: str
    at: str
    value: str


async def show_snooze(visit: Visit) -> web.StreamResponse:
    """Until when."""
    code = ticket_code(visit.request.match_info["code"])
    work = await read_work(visit, code, ENTRIES)
    ticket = work.thread.ticket
    return visit.page(
        "_snooze.html",
        ticket=ticket,
        takes=ticket.assignee_id is None,
        offered=await offered_moments(visit),
        soonest=_as_field(visit, visit.now),
    )


async def post_snooze(visit: Visit) -> web.StreamResponse:
    """Out of the way until then."""
    code = ticket_code(visit.request.match_info["code"])
    form = await visit.form()
    until = read_until(visit, str(form.get("until", "")), str(form.get("own", "")))
    await snooze_ticket(visit.ctx, ticket_code=code, until=until, actor=visit.actor)
    said = say_until(visit.voice, until or UNTIL_WRITTEN, visit.now)
    text = visit.voice.say(N_("Snoozed %(until)s."), until=said)
    undo = f"/desk/tickets/{show_code(TICKET, code)}/undo/snooze"
    response = await show_ticket(visit, code, visit.toast(text, undo) + CLOSE)
    response.headers["HX-Retarget"] = "#thread"
    response.headers["HX-Reswap"] = "outerMorph"
    return response


async def post_wake(visit: Visit) -> web.StreamResponse:
    """Back at once."""
    code = ticket_code(visit.request.match_info["code"])
    await wake_ticket(visit.ctx, ticket_code=code, actor=visit.actor)
    return await show_ticket(visit, code)


async def post_undo_snooze(visit: Visit) -> web.StreamResponse:
    """The same from a toast."""
    code = ticket_code(visit.request.match_info["code"])
    await wake_ticket(visit.ctx, ticket_code=code, actor=visit.actor)
    return taken_back(visit)


async def offered_moments(visit: Visit) -> Sequence[Offered]:
    """What can be chosen with one press, by the agent's day."""
    return [
        Offered(name=_name(visit.voice, one), at=visit.voice.weekday(one.at), value=one.at.isoformat())
        for one in await own_moments(visit)
    ]


async def own_moments(visit: Visit) -> Sequence[Moment]:
    """The moments ahead of the agent's own day."""
    return moments(visit.now, visit.voice.zone, await _shifts(visit.ctx, visit.agent.id))


def read_until(visit: Visit, chosen: str, own: str) -> datetime | None:
    """What a form asked for; None: until the customer writes. Raises NotPossible (bad_moment)."""
    if chosen == WRITTEN:
        return None
    try:
        given = read_own(own, visit.voice.zone) if chosen == "own" else datetime.fromisoformat(chosen)
    except ValueError as error:
        raise NotPossible("This is no moment.", code="bad_moment") from error
    if given is None or given.tzinfo is None or not 2000 <= given.year < 9000:
        raise NotPossible("This is no moment.", code="bad_moment")
    return given.astimezone(UTC)


async def _shifts(ctx: Context, agent_id: int) -> Calendar | None:
    details = await ctx.database.read(lambda c: agents.details(c, agent_id))
    return ctx.rules.policies.calendars.get(details.calendar) if details else None


def _name(voice: Voice, one: Moment) -> str:
    return voice.say(_NAMES[one.code])


def _as_field(visit: Visit, at: datetime) -> str:
    return at.astimezone(visit.voice.zone).strftime("%Y-%m-%dT%H:%M")
