"""A rule gives a ticket to somebody, or takes it from whoever has it. What a person gave by hand stays where it is."""

from functools import partial
from typing import Any

from hub.actions.automation.case import Did, Outcome, RuleCase
from hub.actions.context import Context
from hub.actions.floor.assign import hand_over
from hub.actions.ticket_work import Step, on_ticket
from hub.model.tickets import TicketStatus
from routing.automation.tables import Action, AutomationRule
from storage import automation as stored
from storage import work
from storage.automation import FactsRow

NOBODY = "nobody"


async def whom(ctx: Context, rule: AutomationRule, facts: FactsRow) -> dict[str, int | None]:
    """Those whom the rule may give the ticket to, by the name that it gives them; None where there is nobody of that name."""
    named = {one.assign for one in rule.then if one.assign is not None and one.assign != NOBODY}
    found = {"owner": facts.owner_id} if "owner" in named else {}
    for name in sorted(named - {"owner"}):
        find = partial(stored.agent_by_login, login=name.removeprefix("agent:"))
        found[name] = await ctx.database.read(find)
    return found


async def give_ticket(case: RuleCase, action: Action) -> Did:
    """To whom the rule names, whatever their load: its author is a person. To nobody: back to its queue."""
    name = str(action.assign)
    agent_id = None if name == NOBODY else case.agents.get(name)
    if name != NOBODY and agent_id is None:
        return Did(action=action, outcome=Outcome.REFUSED, code="no_agent")

    async def step(taken: Step) -> Did:
        if agent_id is not None and not (agent_id in taken.agents and taken.agents[agent_id].active):
            return Did(action=action, outcome=Outcome.REFUSED, code="no_agent")
        if taken.ticket.assignee_id == agent_id and taken.ticket.offered_to is None:
            return Did(action=action, outcome=Outcome.SAME)
        if case.facts.given_by_hand and not action.even_if_manual:
            return Did(action=action, outcome=Outcome.BY_HAND)
        if taken.status is TicketStatus.CLOSED:
            return Did(action=action, outcome=Outcome.REFUSED, code="closed")
        why: dict[str, Any] = {
            "outcome": "rule",
            "by": case.actor.name,
            "rule": case.rule.name,
            "agent_id": agent_id,
            "reasons": [],
        }
        await hand_over(taken, agent_id, why=why)
        await work.set_ticket(taken.connection, taken.ticket.id, seq=taken.seq)
        return Did(action=action, outcome=Outcome.DONE)

    others = () if agent_id is None else (agent_id,)
    return await on_ticket(case.ctx, case.facts.code, case.actor, step, with_agents=others)
