"""Tickets that nobody at all can take, present or not: said once each, so that a supervisor sees it before the customer
does."""

from math import inf

from hub.actions.announce import EVENTS, announce
from hub.actions.as_facts import as_agents, needs_of
from hub.actions.context import Context
from routing.fit import fits
from routing.relax import relaxed
from routing.rules import RoutingRules
from routing.situation import Needs
from storage import floor, work
from storage.database import Connection
from storage.floor import SortRow


async def say_unplaceable(ctx: Context) -> int:
    """Look at what waits, by what it asks for; returns of how many tickets it was said now. What a queue asks for no more
    after a while (`relax`) is not missed. Where nobody works at all there is nothing to say."""

    async def work_(connection: Connection) -> int:
        sorts = await floor.waiting_sorts(connection)
        present = await work.look_at_agents(connection) if sorts else []
        if not present:
            return 0
        agents = as_agents(present, {one.queue for one in sorts}, present[0].now, ctx.rules)
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
    rule = rules.queue_named(sort.queue)
    needs = needs_of(sort.queue, sort.language, sort.skills)
    return needs if rule is None else relaxed(needs, rule.relax, inf)[0]
