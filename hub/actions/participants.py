"""Who is on a ticket beside its customer: whom letters named, and whom agents let in. Only members may speak in it."""

from collections.abc import Sequence

from hub.actions.context import Context
from hub.actions.failures import NotFound, NotPossible
from hub.actions.inboxes import is_own_address
from hub.actions.ticket_work import Step, on_ticket
from hub.model.codes import TICKET, show_code
from hub.model.identities import normalise_identity
from hub.model.interactions import IdentityKind, Mailbox
from hub.model.people import Actor
from hub.model.tickets import EventKind
from storage import participants as stored
from storage import views, work
from storage.database import Connection
from storage.participants import ParticipantRow


async def add_members(
    connection: Connection, ticket_id: int, mailboxes: Sequence[Mailbox], agent_id: int | None
) -> None:
    """These may speak in the ticket from now on; for whoever writes to them, in the same transaction, under the ticket's lock.
    Idempotent; no event: the answer that names them is one."""
    people = {
        address: one.name
        for one in mailboxes
        if (address := normalise_identity(IdentityKind.EMAIL, one.address)) is not None
    }
    if people:
        await stored.let_in(connection, ticket_id, sorted(people.items()), agent_id)


async def list_participants(ctx: Context, ticket_code: int) -> list[ParticipantRow]:
    """Members first. Raises NotFound."""

    async def look(connection: Connection) -> list[ParticipantRow] | None:
        ticket = await views.get_ticket(connection, ticket_code)
        return None if ticket is None else await stored.participants_of(connection, ticket.id)

    found = await ctx.database.read(look)
    if found is None:
        raise NotFound(f"There is no ticket {show_code(TICKET, ticket_code)}.")
    return found


async def add_participant(ctx: Context, *, ticket_code: int, mailbox: Mailbox, actor: Actor) -> None:
    """They may speak in the ticket. Raises NotFound, NotPossible (not_an_address, own_address)."""
    address = normalise_identity(IdentityKind.EMAIL, mailbox.address)
    if address is None:
        raise NotPossible("This is not an e-mail address.", code="not_an_address")
    if is_own_address(ctx)(address):
        raise NotPossible("This is one of our own addresses.", code="own_address")

    async def step(taken: Step) -> None:
        await stored.let_in(
            taken.connection, taken.ticket.id, [(address, mailbox.name[:200])], actor.agent_id
        )
        await _tell(taken)

    await on_ticket(ctx, ticket_code, actor, step)


async def remove_participant(ctx: Context, *, ticket_code: int, address: str, actor: Actor) -> None:
    """They may not speak in it any more. Raises NotFound, NotPossible (not_a_participant)."""

    async def step(taken: Step) -> None:
        if not await stored.remove_participant(taken.connection, taken.ticket.id, address.strip().lower()):
            raise NotPossible("Nobody with this address is on the ticket.", code="not_a_participant")
        await _tell(taken)

    await on_ticket(ctx, ticket_code, actor, step)


async def _tell(taken: Step) -> None:
    await taken.note(EventKind.PARTICIPANTS_CHANGED)
    await work.set_ticket(taken.connection, taken.ticket.id, seq=taken.seq)
