"""What the steps of work on a ticket share: locking in the right order, counting the ledger, keeping an agent's load."""

from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass, field, replace
from typing import Any, TypeVar

from hub.actions.announce import EVENTS, ROUTE, announce
from hub.actions.context import Context
from hub.actions.failures import NotFound
from hub.actions.floor.wrap_up import tell_wrap_up
from hub.actions.people.sight import may_see_id
from hub.actions.targets import Touch, touch
from hub.model.codes import TICKET, show_code
from hub.model.people import Actor
from hub.model.tickets import EventKind, TicketStatus
from routing.rules import RoutingRules
from storage import events, house, inbound, offers, work
from storage.database import Connection, as_json
from storage.inbound import LockedAgent
from storage.work import WorkedTicket

T = TypeVar("T")

CLOSE_RESOLVED = "close_resolved"
"""The timer of a ticket that is resolved."""
_ALIVE = (TicketStatus.OPEN, TicketStatus.PENDING)


@dataclass(slots=True, kw_only=True)
class Step:
    """One transaction on one ticket: it and the agents concerned are locked."""

    connection: Connection
    ticket: WorkedTicket
    agents: dict[int, LockedAgent]
    actor: Actor
    rules: RoutingRules
    seq: int
    status: TicketStatus
    made_room: bool = False
    """Whether routing has something to do now that it had not before."""
    live_ended: bool = False
    """Whoever had the ticket has just come out of a live conversation."""
    answered: bool = False
    unanswered: bool = False
    """For the clocks: the customer was answered; the last answer was taken back."""
    heard: bool = False
    """For the clocks: the customer wants to be answered, without having written."""
    promised_otherwise: bool = False
    """For the clocks: what is promised depends on something that changed."""
    topics: set[str] = field(default_factory=set)
    """Who else is to be woken when this is done (hub.actions.announce)."""

    def happened(self) -> Touch | None:
        """What the ticket's clocks have to know; None where nothing is."""
        said = self.answered or self.unanswered or self.heard or self.promised_otherwise
        if not said and self.status == self.ticket.status:
            return None
        return Touch(
            ticket_id=self.ticket.id,
            customer_wrote=self.heard,
            answered=self.answered,
            unanswered=self.unanswered,
        )

    async def note(self, kind: EventKind, **data: Any) -> int:
        """The next entry of the ledger; returns its number."""
        self.seq += 1
        await events.add_ticket_events(
            self.connection,
            [
                events.NewEvent(
                    ticket_id=self.ticket.id,
                    seq=self.seq,
                    kind=kind,
                    agent_id=self.actor.agent_id,
                    data=as_json({**data, **self.actor.cause}),
                )
            ],
        )
        return self.seq

    async def become(self, status: TicketStatus) -> bool:
        """Change the status, with everything that hangs on it; False where it was so already. The row itself is written by
        the caller's set_ticket."""
        if status is self.status:
            return False
        was, self.status = self.status, status
        self.made_room = True
        self.live_ended |= self.ticket.live and status not in _ALIVE
        await house.cancel_timers(self.connection, self.ticket.id, silence_too=status not in _ALIVE)
        if status is not TicketStatus.OPEN:
            await self.withdraw_offer()
        await self.note(EventKind.STATUS_CHANGED, **{"from": was.value, "to": status.value})
        return True

    async def withdraw_offer(self) -> None:
        """Whoever is offered the ticket is so no more."""
        if self.ticket.offered_to is not None:
            await offers.withdraw(self.connection, self.ticket.id, self.ticket.offered_to)
            await self.note(EventKind.OFFER_SETTLED, agent=self.ticket.offered_to, state="withdrawn")
            self.ticket = replace(self.ticket, offered_to=None, held=0)

    async def settle(self) -> None:
        """Comes after the ticket's row was written: agents' loads follow it. Whoever ended a live conversation has time to wrap
        it up."""
        if not (self.made_room or self.live_ended):
            return
        ticket = self.ticket
        talked = self.live_ended and ticket.held > 0 and ticket.assignee_id is not None
        rule = self.rules.queue_named(ticket.queue) if talked else None
        await work.settle_load(
            self.connection,
            ticket.id,
            holder=ticket.holder,
            held=ticket.held,
            live=ticket.live,
            wrap_up_seconds=rule.wrap_up_seconds if rule is not None else 0,
        )
        if rule is not None and rule.wrap_up_seconds and ticket.holder is not None:
            await tell_wrap_up(self.connection, ticket.holder, self.agents[ticket.holder].presence)


async def take_step(
    connection: Connection, ticket_id: int, agents: dict[int, LockedAgent], actor: Actor, rules: RoutingRules
) -> Step:
    """Lock the ticket; the agents are locked. Raises NotFound for one that is not there for the actor."""
    ticket = await work.lock_ticket(connection, ticket_id)
    if not await may_see_id(connection, actor, ticket_id):
        raise NotFound(f"There is no ticket {show_code(TICKET, ticket.code)}.")
    return Step(
        connection=connection,
        ticket=ticket,
        agents=agents,
        actor=actor,
        rules=rules,
        seq=ticket.seq,
        status=TicketStatus(ticket.status),
    )


async def on_ticket(
    ctx: Context,
    ticket_code: int,
    actor: Actor,
    step: Callable[[Step], Awaitable[T]],
    *,
    with_agents: Iterable[int] = (),
) -> T:
    """Run one step in one transaction and tell everybody. Raises NotFound. Agents (whoever has the ticket or is offered it, and
    `with_agents`) are locked before it; when it changed hands in between, it begins again."""
    others = tuple(with_agents)

    async def run(connection: Connection) -> tuple[bool, T | None]:
        found = await work.peek(connection, ticket_code)
        if found is None:
            raise NotFound(f"There is no ticket {show_code(TICKET, ticket_code)}.")
        ticket_id, holder = found
        wanted = sorted({*others, *(() if holder is None else (holder,))})
        agents = await inbound.lock_agents(connection, wanted) if wanted else {}
        taken = await take_step(connection, ticket_id, agents, actor, ctx.rules)
        if taken.ticket.holder is not None and taken.ticket.holder not in agents:
            return False, None
        result = await step(taken)
        await taken.settle()
        if happened := taken.happened():
            await touch(connection, ctx.rules, [happened])
        await announce(connection, EVENTS, *sorted(taken.topics), *([ROUTE] if taken.made_room else []))
        return True, result

    while True:
        done, result = await ctx.database.run(run)
        if done:
            return result  # type: ignore[return-value]  # done: it is what `step` returned
