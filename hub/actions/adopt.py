"""A letter that somebody passed on: the ticket becomes that of the one who wrote it, when an agent asks for it."""

from hub.actions.context import Context
from hub.actions.failures import NotPossible
from hub.actions.inboxes import is_own_address
from hub.actions.ticket_work import Step, on_ticket
from hub.model.details import read_details
from hub.model.identities import normalise_identity
from hub.model.interactions import IdentityKind
from hub.model.people import Actor
from hub.model.tickets import EventKind
from storage import participants, work


async def adopt_sender(ctx: Context, *, ticket_code: int, interaction_id: int, actor: Actor) -> None:
    """Answers go to whoever wrote the letter that `interaction_id` passes on; whoever passed it on stays a member.

    What a letter says of another letter proves nothing: the new customer's address is a claim, so it is nobody whom we know
    already, until they write themselves. Raises NotFound, NotPossible (nobody_forwarded, own_address).
    """

    async def step(taken: Step) -> None:
        connection, ticket = taken.connection, taken.ticket
        data = await participants.details_in(connection, interaction_id, ticket.id)
        details = read_details(data) if data else None
        forwarded = details.forwarded if details is not None else None
        address = normalise_identity(IdentityKind.EMAIL, forwarded.address) if forwarded is not None else None
        if details is None or forwarded is None or address is None:
            raise NotPossible("This letter does not say whose letter it passes on.", code="nobody_forwarded")
        if is_own_address(ctx)(address):
            raise NotPossible("This is one of our own addresses.", code="own_address")
        customer = await participants.claimed_customer(
            connection, forwarded.name[:200] or address, "", address
        )
        await participants.give_to_customer(connection, ticket.id, customer, address)
        if details.sender is not None:
            sender = details.sender
            await participants.let_in(connection, ticket.id, [(sender.address, sender.name)], actor.agent_id)
        await participants.remove_participant(connection, ticket.id, address)
        await taken.note(EventKind.CUSTOMER_CHANGED, customer=customer, was=ticket.customer_id)
        await work.set_ticket(connection, ticket.id, seq=taken.seq)

    await on_ticket(ctx, ticket_code, actor, step)
