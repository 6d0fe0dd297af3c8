"""Two customers that are one person: what was the one's is the other's, in one transaction, and back at any later time.

Rows are pointed to whoever stays, so that every reader goes on looking in one place; which rows came, and what the
one that stays said before, is on record (docs/decisions/0040). Who looks for the one that went finds the other.
"""

from collections.abc import Awaitable, Callable, Iterable, Sequence

from hub.actions.announce import EVENTS, ROUTE, announce
from hub.actions.context import Context
from hub.actions.customers.hold import hold_people
from hub.actions.customers.together import apart, together
from hub.actions.failures import NotFound, NotPossible
from hub.actions.people.audit import record
from hub.actions.targets import Touch, touch
from hub.model.audit import AuditKind
from hub.model.codes import CUSTOMER, show_code
from hub.model.people import Actor
from hub.model.tickets import EventKind
from storage import events, merge_customers
from storage.database import Connection
from storage.merge_customers import LockedCustomer


async def merge_customers_into(
    ctx: Context, *, kept_code: int, gone_code: int, actor: Actor, take: Iterable[str] = ()
) -> int:
    """All of `gone_code` is `kept_code`'s from now on; returns the merge's id. `take`: values in which the one that
    goes is right (hub.actions.customers.together). Raises NotFound; NotPossible: same_customer, merged_already, anonymised."""
    if kept_code == gone_code:
        raise NotPossible("This is the customer itself.", code="same_customer")
    wanted = tuple(take)

    async def run(connection: Connection) -> int | None:
        kept_id, gone_id = await _ids(connection, [kept_code, gone_code])
        held = await hold_people(connection, [kept_id, gone_id])
        tickets = await merge_customers.lock_tickets(connection, gone_id)
        locked = await merge_customers.lock(connection, [kept_id, gone_id])
        if await _changed(connection, [kept_id, gone_id], held, gone_id, tickets):
            return None
        kept, gone = locked[kept_id], locked[gone_id]
        _check(kept, gone)
        said = together(kept.said, gone.said, wanted)
        merge_id = await merge_customers.add(
            connection,
            kept_id=kept_id,
            gone_id=gone_id,
            kept_was=kept.said,
            kept_became=said,
            agent_id=actor.agent_id,
            by_name=actor.name,
        )
        await merge_customers.take(
            connection, merge_id, gone_id=gone_id, kept_id=kept_id, tickets=list(tickets)
        )
        await merge_customers.say(connection, kept_id, said)
        await merge_customers.settle_pair(
            connection, kept_id, gone_id, "same", agent_id=actor.agent_id, author=actor.name
        )
        await _tell(ctx, connection, actor, merge_id, kept, gone, tickets, undone=False)
        return merge_id

    return await _until_done(ctx, run)


async def undo_customer_merge(ctx: Context, *, merge_id: int, actor: Actor) -> int:
    """They are two again; returns the code of the one that went. Tickets that were opened since go with the address that they
    came from; what somebody changed in the one that stayed, stays. Raises NotFound; NotPossible: undone_already, merged_on (who
    stayed was merged into somebody else since: that first), anonymised."""
    known = await ctx.database.read(lambda c: merge_customers.merge_of(c, merge_id))
    if known is None:
        raise NotFound(f"There is no merge {merge_id}.")
    merge = known

    async def run(connection: Connection) -> int | None:
        both = [merge.kept_id, merge.gone_id]
        held = await hold_people(connection, both)
        tickets = await merge_customers.tickets_back(connection, merge)
        locked = await merge_customers.lock(connection, both)
        if await _changed(connection, both, held, None, tickets):
            return None
        kept, gone = locked[merge.kept_id], locked[merge.gone_id]
        if kept.anonymised or gone.anonymised:
            raise NotPossible("What was known of them is erased.", code="anonymised")
        if gone.merged_into == kept.id and kept.merged_into is not None:
            raise NotPossible("They were merged on since: undo that first.", code="merged_on")
        if not await merge_customers.end(connection, merge.id, actor.name):
            raise NotPossible("This was undone already.", code="undone_already")
        await merge_customers.give_back(connection, merge, list(tickets))
        await merge_customers.say(connection, kept.id, apart(merge.kept_was, merge.kept_became, kept.said))
        await merge_customers.settle_pair(connection, kept.id, gone.id, "", agent_id=None, author="")
        await _tell(ctx, connection, actor, merge.id, kept, gone, tickets, undone=True)
        return merge.gone_code

    return await _until_done(ctx, run)


async def _until_done(ctx: Context, run: Callable[[Connection], Awaitable[int | None]]) -> int:
    while True:
        done = await ctx.database.run(run)
        if done is not None:
            return done


async def _ids(connection: Connection, codes: Sequence[int]) -> list[int]:
    found = await merge_customers.ids_of(connection, codes)
    for code in codes:
        if code not in found:
            raise NotFound(f"There is no customer {show_code(CUSTOMER, code)}.")
    return [found[code] for code in codes]


async def _changed(
    connection: Connection, both: Sequence[int], held: set[int], gone_id: int | None, tickets: dict[int, bool]
) -> bool:
    """Whether something came to them before they were locked: then from the beginning."""
    now = await merge_customers.identities(connection, both)
    if {one.id for one in now} != held:
        return True
    return (
        gone_id is not None
        and (await merge_customers.lock_tickets(connection, gone_id)).keys() != tickets.keys()
    )


def _check(kept: LockedCustomer, gone: LockedCustomer) -> None:
    for one in (kept, gone):
        if one.merged_into is not None:
            raise NotPossible("One of them was merged already.", code="customer_merged_already")
        if one.anonymised:
            raise NotPossible("What was known of one of them is erased.", code="anonymised")


async def _tell(
    ctx: Context,
    connection: Connection,
    actor: Actor,
    merge_id: int,
    kept: LockedCustomer,
    gone: LockedCustomer,
    tickets: dict[int, bool],
    *,
    undone: bool,
) -> None:
    """Promises go by what the customer is; routing by whose tickets wait."""
    await touch(connection, ctx.rules, [Touch(ticket_id=one) for one, in_work in tickets.items() if in_work])
    await events.add_event(
        connection,
        EventKind.CUSTOMERS_MERGED,
        agent_id=actor.agent_id,
        data={"merge": merge_id, "customer": kept.id, "other": gone.id, "undone": undone, "by": actor.name},
    )
    await announce(connection, EVENTS, ROUTE)
    kind = AuditKind.CUSTOMERS_PARTED if undone else AuditKind.CUSTOMERS_MERGED
    codes = [show_code(CUSTOMER, one) for one in (kept.code, gone.code)]
    await record(
        connection, kind, actor=actor, subject=codes[0], details={"other": codes[1], "tickets": len(tickets)}
    )
