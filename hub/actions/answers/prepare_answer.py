"""What an agent is offered before an answer is written: the ways to the customer, inboxes, who else had the letter, the
signature. Changes nothing."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from hub.actions.answers.placeholders import fill_in
from hub.actions.answers.reach import Asked, Way, list_ways
from hub.actions.answers.templates import placeholder_values
from hub.actions.answers.ways import inbox_of, inboxes_of
from hub.actions.context import Context
from hub.actions.inboxes import is_own_address
from hub.model.details import read_details
from hub.model.interactions import Mailbox
from storage import outbound
from storage import templates as stored
from storage import ways as known
from storage.database import Connection
from storage.outbound import AnswerFacts
from storage.side_by_side import side_by_side
from storage.templates import TicketFacts


@dataclass(frozen=True, slots=True, kw_only=True)
class InboxChoice:
    """A mail channel that this answer can leave by. `title` is how it introduces itself, or ""."""

    name: str
    address: str
    title: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Preparation:
    """`ways`: every way to the customer, and `way` the one that was asked for, else the ticket's own; None: there is none.
    `inboxes` is empty where the answer is no letter; `inbox` is the one that it leaves by if nothing is said. `to` in the
    channel's own terms. `others` had the customer's last letter beside its author and ourselves ("reply to all"). `signature`
    as it will stand there. `undo_seconds` is how long it can be taken back."""

    ways: tuple[Way, ...] = ()
    way: Way | None = None
    inboxes: tuple[InboxChoice, ...] = ()
    inbox: str = ""
    to: str = ""
    copies: bool = False
    files: bool = False
    most_text: int = 0
    others: tuple[Mailbox, ...] = ()
    signature: str = ""
    undo_seconds: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Groundwork:
    """What is known of a ticket before an answer to it is written."""

    ticket: TicketFacts
    said: AnswerFacts
    ways: Sequence[Way]


async def lay_groundwork(
    ctx: Context, connection: Connection, ticket_code: int, agent_id: int | None
) -> Groundwork | None:
    """None where there is no such ticket."""
    async with side_by_side(connection) as also:
        asked_whose = also.ask(known.whose(also.connection, ticket_code))
        asked_facts = also.ask(stored.facts_of_ticket(also.connection, ticket_code))
    whose, facts = asked_whose.result(), asked_facts.result()
    if whose is None or facts is None:
        return None
    said = await outbound.answer_facts(connection, whose.ticket_id, agent_id)
    ways = await list_ways(ctx, connection, Asked.of(whose, said))
    return Groundwork(ticket=facts, said=said, ways=ways)


async def prepare_answer(
    ctx: Context, ticket_code: int, *, agent_id: int | None, agent_name: str, way: str = ""
) -> Preparation | None:
    """`way`: the key of the way that is asked for. One that there is not (any more) is the ticket's own. None where there is no
    such ticket."""
    found = await ctx.database.read(lambda c: lay_groundwork(ctx, c, ticket_code, agent_id))
    return None if found is None else prepare(ctx, found, agent_id=agent_id, agent_name=agent_name, way=way)


def prepare(
    ctx: Context, groundwork: Groundwork, *, agent_id: int | None, agent_name: str, way: str = ""
) -> Preparation:
    """The same of what was read."""
    said, ways = groundwork.said, groundwork.ways
    usable = [one for one in ways if one.shut is None and one.channel is not None]
    chosen = next((one for one in usable if one.key == way), None)
    chosen = chosen or next((one for one in usable if one.own or one.proven), None)
    if chosen is None or chosen.channel is None:
        return Preparation(ways=tuple(ways))
    able = chosen.channel.kind.capabilities
    prepared = Preparation(
        ways=tuple(ways),
        way=chosen,
        to=chosen.address,
        copies=able.copies,
        files=able.attachments,
        most_text=able.max_text,
        undo_seconds=0.0 if able.live or agent_id is None else ctx.settings.delivery.undo_seconds,
    )
    if chosen.channel.kind.inbox is None:
        return prepared
    signature = said.signature or inbox_of(chosen.channel).signature
    inboxes = inboxes_of(ctx)
    return replace(
        prepared,
        inboxes=tuple(
            InboxChoice(name=name, address=inbox.address, title=inbox.name) for name, inbox in inboxes.items()
        ),
        inbox=chosen.channel.name,
        others=_others(ctx, said, chosen.address),
        signature=fill_in(signature, placeholder_values(ctx, groundwork.ticket, agent_name)),
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
