"""A rule that goes round in circles is stopped, where everybody can see it, until a supervisor lets it go on."""

import structlog

from hub.actions.announce import EVENTS, RULES, announce
from hub.actions.automation.case import RuleCase
from hub.actions.context import Context
from hub.actions.errands.notices import NewNotice, add_notices, overseers_of
from hub.actions.failures import NotFound
from hub.model.notices import NoticeKind
from hub.model.people import Actor
from hub.model.tickets import EventKind
from routing.automation.bounds import Stop
from storage import automation as stored
from storage import events, notices
from storage.database import Connection

log = structlog.get_logger(__name__)


async def stop_rule(case: RuleCase, why: Stop) -> None:
    """From now on it does nothing. The ticket's ledger says so, and those are told who can let it go on."""
    connection, name = case.connection, case.rule.name
    if not await stored.stop(connection, name, why.value, case.ticket_id):
        return
    log.warning("automation.stopped", rule=name, reason=why.value, ticket=case.ticket_id)
    await events.add_event(
        connection, EventKind.RULE_STOPPED, ticket_id=case.ticket_id, data={"rule": name, "why": why.value}
    )
    await add_notices(
        connection,
        [
            NewNotice(
                agent_id=one,
                kind=NoticeKind.RULE_STOPPED,
                cause=f"stopped:{case.cause(0)}",
                ticket_id=case.ticket_id,
                params={"rule": name, "text": ""},
            )
            for one in overseers_of(await notices.staff(connection), None)
        ],
    )
    await announce(connection, EVENTS)


async def resume_rule(ctx: Context, *, name: str, actor: Actor) -> None:
    """Let it go on. What happened meanwhile is not made up for; what it waits for is reckoned anew. Raises NotFound where it is
    not stopped. The caller has checked that the actor may."""

    async def work(connection: Connection) -> None:
        if not await stored.resume(connection, name):
            raise NotFound(f"No automation called {name!r} is stopped.")
        await stored.plan_anew(connection)
        await events.add_event(
            connection, EventKind.RULE_RESUMED, agent_id=actor.agent_id, data={"rule": name, "by": actor.name}
        )
        await announce(connection, EVENTS, RULES)

    await ctx.database.run(work)
