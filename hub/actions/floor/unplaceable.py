"""Tickets that nobody at all can take, present or not: said once each, so that a supervisor sees it before the customer
does."""

from math import inf

from hub.actions.announce import EVENTS, announce
from hub.actions.context import Context
from hub.actions.floor.as_facts import as_agents, needs_of
from routing.fit import fits
from routing.relax import relaxed
from routing.rules import RoutingRules
from routing.situation import Needs
from storage import floor, work
from storage.database import Connection
from storage.floor import SortRow
from storage.work import AgentNow


async def say_unplaceable(ctx: Context) -> int:
    """Look at what waits, by what it asks for; returns of how many tickets it was said now. What a queue asks for no more
    after a while (`relax`) is not missed. Where nobody works at all there is nothing to say."""

    async def look(connection: Connection) -> tuple[list[SortRow], list[AgentNow], bool]:
        sorts = await floor.waiting_sorts(connection)
        if not sorts:
            return [], [], False
        return sorts, await work.look_at_agents(connection), bool(await floor.unplaceable(connection, 1))

    sorts, present, some_said = await ctx.database.read(look)
    if not present:
        return 0
    agents = as_agents(present, {one.queue for one in sorts}, present[0].now, ctx.rules)
    hopeless = [one for one in sorts if not any(fits(a, _least(ctx.rules, one)) for a in agents)]
    hopeful = [one for one in sorts if one not in hopeless] if some_said else []
    if not hopeless and not hopeful:
        return 0

    async def say(connection: Connection) -> int:
        await floor.placeable_again(connection, hopeful)
        said = await floor.say_unplaceable(connection, hopeless)
        if said:
            await announce(connection, EVENTS)
        return said

    return await ctx.database.run(say)


def _least(rules: RoutingRules, sort: SortRow) -> Needs:
    """What an agent must be at the least, once everything was dropped that its queue drops."""
    rule = rules.queue_named(sort.queue)
    needs = needs_of(sort.queue, sort.language, tuple(sort.skills))
    return needs if rule is None else relaxed(needs, rule.relax, inf)[0]
