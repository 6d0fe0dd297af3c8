"""What a customer is to the company: a key account, of which segment, looked after by whom. Rules, promises and routing ask
for it."""

from hub.actions.announce import EVENTS, ROUTE, announce
from hub.actions.context import Context
from hub.actions.failures import NotFound, NotPossible
from hub.actions.targets import Touch, touch
from hub.model.codes import CUSTOMER, show_code
from hub.model.people import Actor
from hub.model.tickets import EventKind
from storage import customers, events, staff
from storage.database import Connection

MOST_SEGMENT = 40


async def change_care(
    ctx: Context,
    *,
    customer_code: int,
    actor: Actor,
    key_account: bool | None = None,
    segment: str | None = None,
    owner_id: int | None = None,
    nobody: bool = False,
) -> None:
    """None leaves as it is; `nobody` takes the owner away. What is promised on the customer's tickets in work goes by it at
    once; in which queue they are does not change. Raises NotFound, NotPossible (`bad_segment`)."""
    if segment is not None:
        segment = " ".join(segment.split())
        if len(segment) > MOST_SEGMENT or not segment.isprintable():
            raise NotPossible(f"A segment has {MOST_SEGMENT} characters at the most.", code="bad_segment")

    async def work(connection: Connection) -> None:
        was = await customers.lock_care(connection, customer_code)
        if was is None:
            raise NotFound(f"There is no customer {show_code(CUSTOMER, customer_code)}.")
        if owner_id is not None and not await staff.is_active(connection, owner_id):
            raise NotFound(f"There is no agent {owner_id}.")
        now = (
            was.key_account if key_account is None else key_account,
            was.segment if segment is None else segment,
            None if nobody else was.owner_id if owner_id is None else owner_id,
        )
        if now == (was.key_account, was.segment, was.owner_id):
            return
        await customers.set_care(connection, was.id, key_account=now[0], segment=now[1], owner_id=now[2])
        tickets = await customers.lock_tickets_in_work(connection, was.id)
        await touch(connection, ctx.rules, [Touch(ticket_id=number) for number in tickets])
        await events.add_event(
            connection,
            EventKind.CUSTOMER_CHANGED,
            agent_id=actor.agent_id,
            data={
                "customer": was.id,
                "key_account": now[0],
                "segment": now[1],
                "owner": now[2],
                "by": actor.name,
            },
        )
        await announce(connection, EVENTS, ROUTE)

    await ctx.database.run(work)
