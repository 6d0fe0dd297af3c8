"""Tickets that nobody at all can take, present or not: said once each, so that a supervisor sees it before the customer
does."""

from hub.actions.announce import EVENTS, announce
from hub.actions.as_facts import as_agents
from hub.actions.context import Context
from routing.fit import fits
from routing.rules import RoutingRules, read_skill
from routing.situation import Needs
from storage import floor, work
from storage.database import Connection
from storage.floor import SortRow


async def say_unplaceable(ctx: Context) -> int:
    """Look at what waits, by what it asks for; returns of how many tickets it was said now. What a queue asks for no more
    after a while (`relax`) is not missed."""

    async def work_(connection: Connection) -> int:
        sorts = await floor.waiting_sorts(connection)
        if not sorts:
            return 0
        present = await work.look_at_agents(connection)
        agents = as_agents(present, {one.queue for one in sorts}, present[0].now) if present else []
        hopeless = [one for one in sorts if not any(fits(a, _least(ctx.rules, one)) for a in agents)]
        if good := [one for one in sorts if one not in hopeless]:
            await floor.placeable_again(connection, good)
        said = await floor.say_unplaceable(connection, hopeless) if hopeless else 0
        if said:
            await announce(connection, EVENTS)
        return said

    return await ctx.database.run(work_)


def _least(rules: RoutingRules, sort: SortRow) -> Needs:
    """What an agent must be at the least, once everything was dropped that its queue drops."""
    queue = rules.queue_named(sort.queue)
    dropped = {step.drop for step in queue.relax} if queue is not None else set()
    skills = {} if dropped & {"skills", "language"} else dict(map(read_skill, sort.skills))
    if "levels" in dropped:
        skills = dict.fromkeys(skills, 1)
    return Needs(sort.queue, "" if "language" in dropped else sort.language, frozenset(skills.items()))
