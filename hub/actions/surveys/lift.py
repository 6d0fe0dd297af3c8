"""A customer who did not want to be asked tells somebody who works here that they may be: it is for them to say, and the hub
keeps who wrote it down."""

from hub.actions.announce import EVENTS, announce
from hub.actions.context import Context
from hub.actions.failures import NotFound, NotPossible
from hub.actions.people.audit import record
from hub.model.audit import AuditKind
from hub.model.codes import CUSTOMER, show_code
from hub.model.people import Actor
from hub.model.tickets import EventKind
from storage import change_customers, events, surveys
from storage.database import Connection


async def lift_refusal(ctx: Context, *, customer_code: int, refusal_id: int, actor: Actor) -> str:
    """They are asked again, at the address that is returned. Raises NotFound, NotPossible (customer_changed)."""
    return await _change(ctx, customer_code, refusal_id, actor, AuditKind.SURVEY_REFUSAL_LIFTED)


async def restore_refusal(ctx: Context, *, customer_code: int, refusal_id: int, actor: Actor) -> str:
    """They are not. Raises NotFound, NotPossible (customer_changed)."""
    return await _change(ctx, customer_code, refusal_id, actor, AuditKind.SURVEY_REFUSAL_RESTORED)


async def _change(ctx: Context, customer_code: int, refusal_id: int, actor: Actor, what: AuditKind) -> str:
    async def work(connection: Connection) -> str:
        customer = await change_customers.lock_customer(connection, customer_code)
        known = [] if customer is None else await surveys.refusals_of(connection, customer.id)
        one = next((one for one in known if one.id == refusal_id), None)
        if customer is None or one is None:
            raise NotFound("There is no such refusal of this customer.")
        lifts = what is AuditKind.SURVEY_REFUSAL_LIFTED
        if not (
            await surveys.lift_refusal(connection, one.id, actor.agent_id)
            if lifts
            else await surveys.restore_refusal(connection, one.id)
        ):
            raise NotPossible("It is so already.", code="customer_changed")
        await events.add_event(
            connection,
            EventKind.CUSTOMER_CHANGED,
            agent_id=actor.agent_id,
            data={"customer": customer.id, "by": actor.name},
        )
        await announce(connection, EVENTS)
        await record(
            connection,
            what,
            actor=actor,
            subject=show_code(CUSTOMER, customer.code),
            details={"kind": one.channel_kind},
        )
        return one.address

    return await ctx.database.run(work)
