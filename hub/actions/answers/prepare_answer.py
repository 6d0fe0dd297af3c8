"""What an agent is offered before an answer is written: inboxes, who else had the letter, the signature. Changes nothing."""

from dataclasses import dataclass

from hub.actions.answers.placeholders import fill_in
from hub.actions.answers.templates import placeholder_values
from hub.actions.answers.ways import choose_way, inbox_of, inboxes_of
from hub.actions.context import Context
from hub.actions.inboxes import is_own_address
from hub.model.details import read_details
from hub.model.interactions import Mailbox
from storage import outbound, views
from storage import templates as stored
from storage.database import Connection
from storage.outbound import AnswerFacts
from storage.templates import TicketFacts


@dataclass(frozen=True, slots=True, kw_only=True)
class InboxChoice:
    """A mail channel that this answer can leave by. `title` is how it introduces itself, or ""."""

    name: str
    address: str
    title: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Preparation:
    """`inboxes` is empty where the answer is no letter; `inbox` is the one that it leaves by if nothing is said. `to` in the
    channel's own terms. `others` had the customer's last letter beside its author and ourselves ("reply to all"). `signature`
    as it will stand there. `undo_seconds` is how long it can be taken back."""

    inboxes: tuple[InboxChoice, ...] = ()
    inbox: str = ""
    to: str = ""
    copies: bool = False
    others: tuple[Mailbox, ...] = ()
    signature: str = ""
    undo_seconds: float = 0.0


async def prepare_answer(
    ctx: Context, ticket_code: int, *, agent_id: int | None, agent_name: str
) -> Preparation | None:
    """None where there is no such ticket, or no way back to its customer."""

    async def look(connection: Connection) -> tuple[TicketFacts, AnswerFacts] | None:
        ticket = await views.get_ticket(connection, ticket_code)
        facts = await stored.facts_of_ticket(connection, ticket_code)
        if ticket is None or facts is None:
            return None
        return facts, await outbound.answer_facts(connection, ticket.id, agent_id)

    found = await ctx.database.read(look)
    if found is None:
        return None
    facts, said = found
    way = choose_way(ctx, facts.channel, facts.reply_address, last_inbox=said.channel or "")
    if way is None:
        return None
    able = way.channel.kind.capabilities
    undo = 0.0 if able.live or agent_id is None else ctx.settings.delivery.undo_seconds
    if way.channel.kind.inbox is None:
        return Preparation(to=way.address, copies=able.copies, undo_seconds=undo)
    signature = said.signature or inbox_of(way.channel).signature
    inboxes = inboxes_of(ctx)
    return Preparation(
        inboxes=tuple(
            InboxChoice(name=name, address=inbox.address, title=inbox.name) for name, inbox in inboxes.items()
        ),
        inbox=way.channel.name,
        to=way.address,
        copies=able.copies,
        others=_others(ctx, said, way.address),
        signature=fill_in(signature, placeholder_values(ctx, facts, agent_name)),
        undo_seconds=undo,
    )


def _others(ctx: Context, said: AnswerFacts, to: str) -> tuple[Mailbox, ...]:
    letter = read_details(said.details) if said.details else None
    if letter is None:
        return ()
    is_own = is_own_address(ctx)
    author = {letter.sender.address.lower()} if letter.sender is not None else set()
    others = {
        one.address.lower(): one
        for one in (*letter.to, *letter.cc)
        if one.address.lower() not in {to.lower(), *author} and not is_own(one.address)
    }
    return tuple(others.values())
