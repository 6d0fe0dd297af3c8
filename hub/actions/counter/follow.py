"""A customer's tickets at the counter: coming by a link to one, beginning anew, asking how they stand."""

from typing import Any

from channels.adapter import Asking, CounterReply
from hub.actions.announce import EVENTS, announce
from hub.actions.context import Context
from hub.actions.counter.visit import Visit
from hub.actions.floor.route import why_waiting
from hub.actions.lock_name import lock_number
from hub.model.codes import TICKET, show_code
from hub.model.tickets import EventKind, TicketStatus
from hub.model.tokens import read_start
from storage import customer_pairs, events, inbound, talks, work
from storage.database import Connection
from storage.talks import InWorkRow

MOST_TOLD = 5
_HOUR, _DAY = 60, 1440


async def welcome(visit: Visit) -> CounterReply:
    """The first word to everybody. What stands behind a link to one ticket lets its holder go on with it here: it was given to
    the ticket's customer alone, as the address of an answer is."""
    token = visit.asking.argument
    if not token:
        return CounterReply(text=visit.say("start"))
    number = read_start(visit.ctx.secret, token)
    if number is None or not await talks.is_ticket(visit.connection, number):
        return CounterReply(text=visit.say("follow_wrong"))
    one = visit.asking.identity
    await inbound.lock_conversations(visit.connection, [lock_number(f"{one.kind}:{one.value}")])
    locked = await work.lock_ticket(visit.connection, number)
    code = show_code(TICKET, locked.code)
    owner = await talks.prove(visit.connection, locked.customer_id, one.kind, one.value)
    if owner != locked.customer_id:
        await customer_pairs.add(visit.connection, [(locked.customer_id, owner)])
        await events.add_event(
            visit.connection,
            EventKind.IDENTITY_CONFLICT,
            ticket_id=locked.id,
            data={"customers": sorted((owner, locked.customer_id))},
        )
        await announce(visit.connection, EVENTS)
        return CounterReply(text=visit.say("linked_elsewhere", value=code))
    await events.add_event(
        visit.connection, EventKind.CUSTOMER_CHANGED, data={"customer": locked.customer_id}
    )
    await announce(visit.connection, EVENTS)
    if locked.status == TicketStatus.CLOSED:
        return CounterReply(text=visit.say("follow_closed", number=code))
    number, key = visit.place
    await inbound.add_refs(visit.connection, [(f"channel:{number}", key, locked.id)])
    await visit.wait_for("")
    return CounterReply(text=visit.say("follow", number=code))


async def begin_anew(visit: Visit) -> CounterReply:
    """What is said next opens a ticket, whatever is open already, and whatever was asked for before."""
    await talks.begin_anew(visit.connection, *visit.place)
    await visit.wait_for("")
    return CounterReply(text=visit.say("new"))


async def tell_status(ctx: Context, channel_id: int, asking: Asking) -> str:
    """The customer's tickets in work, and for those that wait their place and what is expected, as the routing sees it now."""

    async def look(connection: Connection) -> tuple[Visit, list[InWorkRow]]:
        visit = await Visit.begin(ctx, connection, channel_id, asking)
        one = asking.identity
        found = await talks.customer_of(connection, one.kind, one.value)
        return visit, await talks.tickets_in_work(connection, found[0], MOST_TOLD) if found else []

    visit, tickets = await ctx.database.read(look)
    told = [
        visit.say(
            "case",
            number=show_code(TICKET, one.code),
            subject=one.subject,
            state=await _state(ctx, visit, one),
        )
        for one in tickets
    ]
    return "\n\n".join(told) or visit.say("none_open")


async def _state(ctx: Context, visit: Visit, ticket: InWorkRow) -> str:
    if ticket.status == TicketStatus.PENDING:
        return visit.say("your_turn")
    if not ticket.waits:
        return visit.say("in_hand")
    why = await why_waiting(ctx, ticket.code)
    expected: dict[str, Any] = (why or {}).get("expected", {})
    if not expected.get("of"):
        return visit.say("in_line")
    wait = say_wait(visit, expected.get("least"), expected.get("most"))
    return visit.say("place", place=expected["place"], of=expected["of"], wait=wait)


def say_wait(visit: Visit, least: int | None, most: int | None) -> str:
    """How long it may take, `least` to `most` minutes."""
    if least is None or most is None:
        return visit.say("wait_unknown")
    if most == 0:
        return visit.say("wait_now")
    if least >= _DAY:
        return visit.say("wait_long")
    if least == 0 and most <= _HOUR:
        return visit.say("wait_up_to", most=most)
    if most <= 2 * _HOUR:
        return visit.say("wait_between", least=least, most=most)
    return visit.say("wait_hours", least=max(1, least // _HOUR), most=-(-most // _HOUR))
