"""What the steps of work on a ticket share: locking in the right order, counting the ledger, keeping an agent's load."""

from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass
from typing import Any, TypeVar

from hub.actions.announce import EVENTS, ROUTE, announce
from hub.actions.context import Context
from hub.actions.failures import NotFound
from hub.actions.targets import Touch, touch
from hub.model.codes import TICKET, show_code
from hub.model.people import Actor
from hub.model.tickets import EventKind, TicketStatus, takes_up_capacity
from storage import events, house, inbound, work
from storage.database import Connection, as_json
from storage.inbound import LockedAgent
from storage.work import WorkedTicket

T = TypeVar("T")


@dataclass(slots=True, kw_only=True)
class Step:
    """One transaction on one ticket: it and the agents concerned are locked."""

    connection: Connection
    ticket: WorkedTicket
    agents: dict[int, LockedAgent]
    actor: Actor
    seq: int
    status: TicketStatus
    made_room: bool = False
    """Whether routing has something to do now that it had not before."""
    answered: bool = False
    unanswered: bool = False
    """For the clocks: the customer was answered; the last answer was taken back."""
    promised_otherwise: bool = False
    """For the clocks: what is promised depends on something that changed."""

    def happened(self) -> Touch | None:
        """What the ticket's clocks have to know; None where nothing is."""
        said = self.answered or self.unanswered or self.promised_otherwise
        if not said and self.status == self.ticket.status:
            return None
        return Touch(ticket_id=self.ticket.id, answered=self.answered, unanswered=self.unanswered)

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
                    data=as_json(data),
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
        await house.cancel_timers(self.connection, self.ticket.id)
        holder = self.ticket.assignee_id
        change = takes_up_capacity(status) - takes_up_capacity(was)
        if holder is not None and change:
            await inbound.add_load(self.connection, [(holder, change)])
        await self.note(EventKind.STATUS_CHANGED, **{"from": was.value, "to": status.value})
        return True


async def on_ticket(
    ctx: Context,
    ticket_code: int,
    actor: Actor,
    step: Callable[[Step], Awaitable[T]],
    *,
    with_agents: Iterable[int] = (),
) -> T:
    """Run one step in one transaction and tell everybody. Raises NotFound. Agents (the assignee, and `with_agents`) are
    locked before the ticket; when the ticket changed hands in between, it begins again."""
    others = tuple(with_agents)

    async def run(connection: Connection) -> tuple[bool, T | None]:
        found = await work.peek(connection, ticket_code)
        if found is None:
            raise NotFound(f"There is no ticket {show_code(TICKET, ticket_code)}.")
        ticket_id, assignee = found
        wanted = sorted({*others, *(() if assignee is None else (assignee,))})
        agents = await inbound.lock_agents(connection, wanted) if wanted else {}
        ticket = await work.lock_ticket(connection, ticket_id)
        if ticket.assignee_id is not None and ticket.assignee_id not in agents:
            return False, None
        taken = Step(
            connection=connection,
            ticket=ticket,
            agents=agents,
            actor=actor,
            seq=ticket.seq,
            status=TicketStatus(ticket.status),
        )
        result = await step(taken)
        if happened := taken.happened():
            await touch(connection, ctx.rules, [happened])
        await announce(connection, EVENTS, *([ROUTE] if taken.made_room else []))
        return True, result

    while True:
        done, result = await ctx.database.run(run)
        if done:
            return result  # type: ignore[return-value]  # done: it is what `step` returned
