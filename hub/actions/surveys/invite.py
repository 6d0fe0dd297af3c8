"""A customer is asked how they liked it: a while after the resolution, once for each, where they were served.

The wait is a timer of the ticket, so that reopening it ends the wait, and a hub that dies loses nothing. Where it is asked
depends on the channel's kind: by buttons below a message, by a letter, or on the page that the customer looks at anyhow.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from hub.actions.announce import EVENTS, OUTBOX, announce
from hub.actions.context import Context
from hub.actions.counter.words import locale_of, say
from hub.actions.failures import NotPossible
from hub.actions.lock_name import lock_number
from hub.actions.match import MAIL
from hub.actions.surveys.buttons import buttons_of
from hub.actions.surveys.definition import OF_CHANNEL, Definition
from hub.actions.surveys.letter import Letter, compose_letter, may_write, take_room
from hub.actions.surveys.token import hash_token, make_token
from hub.actions.ticket_work import Step, on_ticket
from hub.model.codes import TICKET, show_code
from hub.model.interactions import Direction
from hub.model.people import Actor
from hub.model.tickets import EventKind, TicketStatus
from storage import events, house, inbound, surveys, talks, work
from storage.database import Connection, as_json
from storage.work import WorkedTicket

ASK_RATING = "ask_rating"
_DAY = 86_400.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Chosen:
    """What is asked on a ticket. `survey`: (id, version), None for the channel's own rating."""

    definition: Definition
    seconds: float
    survey: tuple[int, int] | None = None


async def plan_rating(ctx: Context, connection: Connection, ticket: WorkedTicket, version: int) -> None:
    """The ticket has just been resolved, which made it `version`."""
    chosen = await _choose(ctx, connection, ticket)
    if chosen is not None:
        await house.set_timer(connection, ASK_RATING, ticket.id, chosen.seconds, version)


async def ask_rating(ctx: Context, connection: Connection, ticket_id: int) -> None:
    """The timer's effect. Whoever took the ticket out of the resolved ones has cancelled it; that its time closed it has not.
    What is asked is decided again, for surveys change meanwhile."""
    ticket = await work.lock_ticket(connection, ticket_id)
    resolution = await surveys.resolution(connection, ticket_id)
    chosen = await _choose(ctx, connection, ticket)
    if ticket.status not in (TicketStatus.RESOLVED, TicketStatus.CLOSED) or not resolution or chosen is None:
        return
    if await _is_spared(connection, ticket, resolution, chosen.definition):
        return
    await _ask(ctx, connection, ticket, resolution, chosen)


async def invite_now(ctx: Context, *, ticket_code: int, actor: Actor) -> None:
    """Ask the customer of a resolved ticket without the survey's wait; in a conversation also before it is resolved, while they
    are there, and then no more when it is. Raises NotFound, NotPossible: not_resolved, no_survey (none fits), asked_already
    (about this, or not long ago, or they do not want to be), not_askable (nobody took part who may be)."""

    async def run(step: Step) -> None:
        ticket = step.ticket
        chosen = await _choose(ctx, step.connection, ticket)
        talks_here = chosen is not None and ctx.channel(ticket.channel).kind.asks != "letter"
        in_work = ticket.status in (TicketStatus.OPEN, TicketStatus.PENDING)
        resolution = await surveys.resolution(step.connection, ticket.id)
        if ticket.status != TicketStatus.RESOLVED and not (in_work and talks_here):
            raise NotPossible("Only a resolved ticket is asked about.", code="not_resolved")
        if in_work:
            resolution = ticket.seq + 1
        if chosen is None or not resolution:
            raise NotPossible("No survey fits this ticket.", code="no_survey")
        if await _is_spared(step.connection, ticket, resolution, chosen.definition):
            raise NotPossible(
                "This customer was asked already, or does not want to be.", code="asked_already"
            )
        by = actor if in_work else None
        if not await _ask(ctx, step.connection, ticket, resolution, chosen, by=by):
            raise NotPossible("Nobody can be asked on this ticket now.", code="not_askable")

    await on_ticket(ctx, ticket_code, actor, run)


async def _choose(ctx: Context, connection: Connection, ticket: WorkedTicket) -> Chosen | None:
    """The first survey that fits; else the channel's own rating, where its settings want one. A channel whose settings say that
    nobody is asked there is asked by surveys that name it alone."""
    if ticket.channel not in ctx.channels:
        return None
    channel = ctx.channel(ticket.channel)
    if channel.kind.asks is None or (channel.kind.asks != "page" and not ticket.reply_address):
        return None
    own = channel.kind.rating(channel.settings) if channel.kind.rating is not None else None
    says_no = channel.kind.rating is not None and own is None
    for row in await surveys.active(connection):
        definition = Definition.model_validate(row.definition)
        if definition.fits(ticket.channel, ticket.queue) and (definition.channels or not says_no):
            return Chosen(
                definition=definition, seconds=definition.minutes * 60, survey=(row.id, row.version)
            )
    return Chosen(definition=OF_CHANNEL, seconds=own) if own is not None else None


async def _is_spared(
    connection: Connection, ticket: WorkedTicket, resolution: int, definition: Definition
) -> bool:
    """Whoever was asked already, or not long ago, or does not want to be."""
    # Of two of their tickets at the same moment one is first, and the other sees it.
    await house.take_turn(connection, lock_number(f"survey:{ticket.customer_id}"))
    return (
        await surveys.was_asked(connection, ticket.id, resolution)
        or await surveys.refuses(connection, ticket.channel_id, ticket.reply_address)
        or (
            definition.cool_down_days > 0
            and await surveys.asked_within(connection, ticket.customer_id, definition.cool_down_days * _DAY)
        )
    )


async def _ask(
    ctx: Context,
    connection: Connection,
    ticket: WorkedTicket,
    resolution: int,
    chosen: Chosen,
    *,
    by: Actor | None = None,
) -> bool:
    """Whether somebody is asked. `by`: whoever asks before it is resolved."""
    channel = ctx.channel(ticket.channel)
    definition = chosen.definition
    talk = await talks.read(connection, ticket.channel_id, ticket.thread_key)
    if talk is not None and talk.shut:
        return False
    said = await work.ticket_language(connection, ticket.id)
    language = (talk.language if talk is not None else "") or locale_of(said)
    by_letter = channel.kind.asks == "letter"
    if by_letter:
        if channel.kind.inbox is None or not await may_write(
            connection, channel.kind.inbox(channel.settings), ticket
        ):
            return False
        if seconds := await take_room(connection, ticket.reply_address):
            await surveys.ask_later(connection, ASK_RATING, ticket.id, seconds)
            return False
    number = await surveys.next_id(connection)
    token = make_token(ctx.secret, number)
    await surveys.invite(
        connection,
        number,
        ticket_id=ticket.id,
        resolution=resolution,
        kind=definition.kind.value,
        channel_id=ticket.channel_id,
        address=ticket.reply_address,
        token_hash=hash_token(token),
        seconds=definition.good_days * _DAY if by is None else _DAY,
        survey=chosen.survey,
        language=language,
        shown=channel.kind.asks == "page",
        by_hand=by is not None,
    )
    if by_letter:
        letter = await compose_letter(ctx, connection, channel, ticket, definition, language, token)
        entry = await _write(connection, ticket, definition, letter.shown, letter)
        await _send(ctx, connection, ticket, entry, letter.text, language, letter=letter)
        await inbound.add_refs(connection, [(MAIL, letter.message_id, ticket.id)])
        return True
    text = _words(ticket, chosen, language, resolved=by is None)
    entry = await _write(connection, ticket, definition, text, by=by)
    if channel.kind.asks == "buttons":
        choices = [[one.label, one.data] for one in buttons_of(definition.kind, token)]
        await _send(ctx, connection, ticket, entry, text, language, choices=choices)
    return True


def _words(ticket: WorkedTicket, chosen: Chosen, language: str, *, resolved: bool) -> str:
    """What stands above the buttons, and on the timeline."""
    number, definition = show_code(TICKET, ticket.code), chosen.definition
    if chosen.survey is None:
        return say("rate" if resolved else "rate_now", language, number=number)
    scale = say(
        "rate_scale",
        language,
        low=f"{definition.kind.scores[0]} {definition.lowest.say(language)}".strip(),
        high=f"{definition.kind.scores[-1]} {definition.highest.say(language)}".strip(),
    )
    head = (say("rate_resolved", language, number=number),) if resolved else ()
    return "\n".join((*head, definition.question.say(language), scale))


async def _write(
    connection: Connection,
    ticket: WorkedTicket,
    definition: Definition,
    text: str,
    letter: Letter | None = None,
    *,
    by: Actor | None = None,
) -> int:
    entry = await surveys.add_entry(
        connection,
        ticket_id=ticket.id,
        seq=ticket.seq + 1,
        customer_id=ticket.customer_id,
        channel_id=ticket.channel_id,
        direction=Direction.OUT,
        author_name="",
        text=text,
        fields={"survey": definition.kind.value},
        thread_key=ticket.thread_key,
        subject=letter.subject if letter is not None else "",
        external_id=letter.message_id if letter is not None else "",
    )
    event = {"interaction": entry, "direction": Direction.OUT.value, "survey": definition.kind.value}
    await events.add_ticket_events(
        connection,
        [
            events.NewEvent(
                ticket_id=ticket.id,
                seq=ticket.seq + 1,
                kind=EventKind.SURVEY_SENT,
                agent_id=by.agent_id if by is not None else None,
                data=as_json(event),
            )
        ],
    )
    await work.set_ticket(connection, ticket.id, seq=ticket.seq + 1)
    await announce(connection, EVENTS)
    return entry


async def _send(
    ctx: Context,
    connection: Connection,
    ticket: WorkedTicket,
    entry: int,
    text: str,
    language: str,
    *,
    choices: Sequence[Sequence[str]] = (),
    letter: Letter | None = None,
) -> None:
    message: dict[str, Any] = {
        "ticket_code": show_code(TICKET, ticket.code),
        "address": ticket.reply_address,
        "recipient_name": ticket.customer_name if letter is None else "",
        "author_name": "",
        "text": text,
        "subject": letter.subject if letter else "",
        "message_id": letter.message_id if letter else "",
        "in_reply_to": letter.in_reply_to if letter else "",
        "references": list(letter.references) if letter else [],
        "reply_token": letter.reply_token if letter else "",
        "automatic": True,
        "language": language,
        "choices": list(choices),
    }
    await work.add_outbox(
        connection,
        ticket_id=ticket.id,
        interaction_id=entry,
        channel_id=ticket.channel_id,
        message=message,
        message_id=message["message_id"],
        give_up_seconds=ctx.settings.delivery.give_up_after_hours * 3600,
    )
    await announce(connection, OUTBOX)
