"""Skills by agent and queues by agent, one cell at a time. A cell is changed from what was seen in it."""

from functools import partial

from aiohttp import web

from hub.actions.failures import ActionFailure, NotPossible
from hub.actions.people.change_agent import get_agent, set_membership, set_skill
from hub.model.permissions import Sight
from hub.web.desk.say.floor import say_skill
from hub.web.desk.say.words import say_failure
from hub.web.desk.staff.forms import number
from hub.web.desk.staff.pages import agent_id, titles_of
from hub.web.desk.visit import Visit
from storage import agents
from storage.agents import AgentDetails


async def show_skills(visit: Visit) -> web.StreamResponse:
    """Everybody's level of every skill."""
    return await _show(visit, "staff_skills.html")


async def show_members(visit: Visit) -> web.StreamResponse:
    """Who works on which queue."""
    return await _show(visit, "staff_queues.html")


async def post_skill(visit: Visit) -> web.StreamResponse:
    """One level. What is refused leaves the row as it is, and says why."""
    posted = await visit.form()
    try:
        agent = await set_skill(
            visit.ctx,
            agent_id=agent_id(visit),
            skill=str(posted.get("skill", "")),
            was=number(str(posted.get("was", ""))),
            level=number(str(posted.get("level", "")).strip() or "0"),
            actor=visit.actor,
        )
    except ActionFailure as failure:
        return await _refused(visit, "_skill_row.html", failure)
    return visit.page("_skill_row.html", person=agent, refused="", **_columns(visit))


async def post_membership(visit: Visit) -> web.StreamResponse:
    """In a queue, or out of it."""
    posted = await visit.form()
    try:
        agent = await set_membership(
            visit.ctx,
            agent_id=agent_id(visit),
            queue=str(posted.get("queue", "")),
            member=posted.get("member") == "yes",
            actor=visit.actor,
        )
    except ActionFailure as failure:
        return await _refused(visit, "_member_row.html", failure)
    return visit.page("_member_row.html", person=agent, refused="", **_columns(visit))


async def _refused(visit: Visit, row: str, failure: ActionFailure) -> web.StreamResponse:
    if not visit.partial:
        raise NotPossible(str(failure), code=failure.code) from failure
    agent = await get_agent(visit.ctx, agent_id(visit))
    answer = visit.page(row, person=agent, refused=say_failure(visit.voice, failure), **_columns(visit))
    # A morph leaves alone what was typed; here the row is to show what is stored.
    answer.headers["HX-Reswap"] = "outerHTML"
    return answer


async def _show(visit: Visit, template: str) -> web.StreamResponse:
    everybody = await visit.ctx.database.read(agents.list_details)
    people: list[AgentDetails] = [one for one in everybody if one.active]
    return visit.page(template, section="staff", people=people, refused="", **_columns(visit))


def _columns(visit: Visit) -> dict[str, object]:
    rules = visit.ctx.rules
    return {
        "sees_all": visit.actor.sight is Sight.ALL,
        "SKILLS": rules.skills,
        "QUEUES": titles_of(visit, rules.queue),
        "skill_name": partial(say_skill, visit.voice),
    }
