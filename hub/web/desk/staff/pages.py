"""The staff: who there is, the form of one, and what is done to an account."""

from collections.abc import Iterable, Mapping
from functools import partial

from aiohttp import web

from hub.actions.failures import ActionFailure, NotFound, NotPossible
from hub.actions.people.change_agent import (
    GIVEN_SECONDS,
    AgentChange,
    change_agent,
    get_agent,
    new_password,
    reset_password,
)
from hub.actions.people.hand_over import hand_over_all
from hub.actions.people.roles import list_roles
from hub.actions.people.staff import add_agent, languages_of
from hub.actions.signin.of_others import end_sessions_of, reset_second_step
from hub.model.people import Role
from hub.model.permissions import Permission, Sight
from hub.web.desk.say.floor import say_skill
from hub.web.desk.say.words import say_failure
from hub.web.desk.staff.forms import LEVELS, AgentForm, number
from hub.web.desk.visit import Visit, go
from routing.promises import CalendarTable
from routing.queues import QueueRule
from storage import agents, tasks
from storage.agents import AgentDetails
from storage.database import Connection

PAGE = "/desk/staff"


async def show_staff(visit: Visit) -> web.StreamResponse:
    """Everybody whom `?q=` finds, and the form of the one that `?agent=` names; "new" for a new one."""
    asked = visit.query.get("agent", "")
    if not asked:
        return await _show(visit)
    if asked == "new":
        form = AgentForm(languages=frozenset(languages_of(visit.ctx.rules)), locale=visit.voice.locale)
        return await _show(visit, form)
    agent = await get_agent(visit.ctx, _id(asked))
    return await _show(visit, AgentForm.of(agent), agent, done=visit.query.get("done", ""))


async def post_new(visit: Visit) -> web.StreamResponse:
    """A new agent, with a password that is shown this once."""
    posted = await visit.form()
    form = AgentForm.read(posted)
    password = new_password()
    try:
        wanted = form.change()
        if wanted.role not in (None, Role.AGENT) and not visit.may(Permission.MANAGE_ROLES):
            raise NotPossible("Only who manages roles gives one.", code="not_allowed")
        made = await add_agent(
            visit.ctx,
            login=form.login,
            name=form.name,
            password=password,
            role=wanted.role or Role.AGENT,
            languages=wanted.languages or (),
            skills=wanted.skills,
            queues=wanted.queues or (),
            capacity=wanted.capacity or 0,
            live_capacity=wanted.live_capacity or 0,
            calendar=form.calendar,
            locale=form.locale,
            good_for=GIVEN_SECONDS,
            actor=visit.actor,
        )
    except ActionFailure as failure:
        return await _show(visit, form, trouble=say_failure(visit.voice, failure), status=409)
    agent = await get_agent(visit.ctx, made)
    return await _show(visit, AgentForm.of(agent), agent, done="added", password=password)


async def post_agent(visit: Visit) -> web.StreamResponse:
    """What the form says."""
    agent = await _agent(visit)
    form = AgentForm.read(await visit.form())
    try:
        await change_agent(
            visit.ctx,
            agent_id=agent.id,
            change=form.change(),
            actor=visit.actor,
            version=number(form.version),
        )
    except ActionFailure as failure:
        return await _show(visit, form, agent, trouble=say_failure(visit.voice, failure), status=409)
    return _back(visit, agent, "saved")


async def post_active(visit: Visit) -> web.StreamResponse:
    """Shut an agent out, or let them in again. What they held goes back to its queues by itself."""
    agent = await _agent(visit)
    posted = await visit.form()
    active = posted.get("active") == "yes"
    try:
        await change_agent(visit.ctx, agent_id=agent.id, change=AgentChange(active=active), actor=visit.actor)
    except ActionFailure as failure:
        return await _trouble(visit, agent, failure)
    return _back(visit, agent, "let_in" if active else "shut_out")


async def post_password(visit: Visit) -> web.StreamResponse:
    """A new password, shown on this answer alone."""
    agent = await _agent(visit)
    try:
        password = await reset_password(visit.ctx, agent_id=agent.id, actor=visit.actor)
    except ActionFailure as failure:
        return await _trouble(visit, agent, failure)
    agent = await get_agent(visit.ctx, agent.id)
    return await _show(visit, AgentForm.of(agent), agent, done="password", password=password)


async def post_end_sessions(visit: Visit) -> web.StreamResponse:
    """Log an agent out everywhere."""
    agent = await _agent(visit)
    try:
        await end_sessions_of(visit.ctx, agent_id=agent.id, actor=visit.actor)
    except ActionFailure as failure:
        return await _trouble(visit, agent, failure)
    return _back(visit, agent, "sessions_ended")


async def post_second_step(visit: Visit) -> web.StreamResponse:
    """Whoever lost telephone and codes gets in by the password alone, to set up a new second step."""
    agent = await _agent(visit)
    try:
        await reset_second_step(visit.ctx, agent_id=agent.id, actor=visit.actor)
    except ActionFailure as failure:
        return await _trouble(visit, agent, failure)
    return _back(visit, agent, "second_step_reset")


async def post_hand_over(visit: Visit) -> web.StreamResponse:
    """All that an agent has, to somebody else or back to the queues."""
    agent = await _agent(visit)
    posted = await visit.form()
    to = str(posted.get("to", ""))
    try:
        await hand_over_all(
            visit.ctx, from_agent=agent.id, to_agent=_id(to) if to else None, actor=visit.actor
        )
    except ActionFailure as failure:
        return await _trouble(visit, agent, failure)
    return _back(visit, agent, "handed_over")


async def _show(
    visit: Visit,
    form: AgentForm | None = None,
    agent: AgentDetails | None = None,
    *,
    trouble: str = "",
    done: str = "",
    password: str = "",
    status: int = 200,
) -> web.StreamResponse:
    everybody = await visit.ctx.database.read(agents.list_details)
    looked_for = visit.query.get("q", "")[:100]
    rules = visit.ctx.rules
    held, held_tasks = (0, 0) if agent is None else await _in_hand(visit, agent.id)
    response = visit.page(
        "staff.html",
        section="staff",
        looked_for=looked_for,
        listed=[one for one in everybody if _found(one, looked_for)],
        others=[one for one in everybody if one.active and (agent is None or one.id != agent.id)],
        form=form,
        person=agent,
        sees_all=visit.actor.sight is Sight.ALL,
        held=held,
        held_tasks=held_tasks,
        trouble=trouble,
        done=done,
        password=password,
        gives=[one.name for one in await list_roles(visit.ctx) if one.within(visit.actor)]
        if visit.may(Permission.MANAGE_ROLES)
        else [],
        SKILLS=tuple(dict.fromkeys((*rules.skills, *(form.skills if form else ())))),
        SPOKEN=tuple(dict.fromkeys((*languages_of(rules), *sorted(form.languages if form else ())))),
        CALENDARS=titles_of(visit, rules.calendar),
        QUEUES=titles_of(visit, rules.queue),
        LEVELS=LEVELS,
        skill_name=partial(say_skill, visit.voice),
    )
    response.set_status(status)
    return response


async def _in_hand(visit: Visit, agent_id: int) -> tuple[int, int]:
    """Tickets and tasks."""

    async def look(connection: Connection) -> tuple[int, int]:
        return await agents.open_tickets_of(connection, agent_id), len(
            await tasks.held_by(connection, agent_id)
        )

    return await visit.ctx.database.read(look)


async def _trouble(visit: Visit, agent: AgentDetails, failure: ActionFailure) -> web.StreamResponse:
    said = say_failure(visit.voice, failure)
    return await _show(visit, AgentForm.of(agent), agent, trouble=said, status=409)


async def _agent(visit: Visit) -> AgentDetails:
    return await get_agent(visit.ctx, agent_id(visit))


def agent_id(visit: Visit) -> int:
    """The number in the address. Raises NotFound."""
    return _id(visit.request.match_info["id"])


def _back(visit: Visit, agent: AgentDetails, done: str) -> web.Response:
    return go(visit, f"{PAGE}?agent={agent.id}&done={done}")


def _found(agent: AgentDetails, looked_for: str) -> bool:
    """By a part of the name or login, or by a skill."""
    low = looked_for.strip().casefold()
    return low in agent.name.casefold() or low in agent.login or low in agent.skills


def titles_of(visit: Visit, tables: Iterable[QueueRule | CalendarTable]) -> Mapping[str, str]:
    """What queues or calendars are called in the reader's language, by name."""
    return {one.name: one.title_zh if visit.voice.chinese else one.title_en for one in tables}


def _id(given: str) -> int:
    if not (given.isascii() and given.isdigit() and len(given) < 19):
        raise NotFound("not the number of an agent")
    return int(given)
