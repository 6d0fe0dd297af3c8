"""A rule answers a customer with a template: once in a ticket, never a machine, and within limits. It ends no wait: somebody
still has to answer."""

import secrets

from hub.actions.acknowledge import is_machine
from hub.actions.announce import OUTBOX, announce
from hub.actions.answers.liquid_text import fill_in_liquid
from hub.actions.answers.placeholders import fill_in, words_language
from hub.actions.answers.reply import letter_subject
from hub.actions.answers.templates import placeholder_values
from hub.actions.answers.ways import WayBack, choose_way, inbox_of
from hub.actions.automation.case import Did, Outcome, RuleCase
from hub.actions.context import ConfiguredChannel
from hub.actions.inboxes import is_own_address
from hub.actions.installation import channel_id
from hub.actions.match import MAIL
from hub.actions.ticket_work import Step, on_ticket
from hub.model.codes import TICKET, show_code
from hub.model.details import read_details
from hub.model.interactions import Direction, SenderCheck
from hub.model.tickets import EventKind, TicketStatus
from hub.model.tokens import sign_thread
from routing.automation.tables import Action
from storage import automation as stored
from storage import house, inbound, outbound, templates, work
from storage.outbound import AnswerFacts

PER_ADDRESS = 3
"""In a day, by all rules together, whatever the ticket."""
PER_HOUSE = 500
"""In an hour."""
_DAY, _HOUR = 86_400.0, 3600.0


async def answer_customer(case: RuleCase, action: Action) -> Did:
    """Into the outbox with it, and onto the timeline."""

    async def step(taken: Step) -> Did:
        facts = await outbound.answer_facts(taken.connection, taken.ticket.id, None)
        way = choose_way(
            case.ctx, taken.ticket.channel, taken.ticket.reply_address, last_inbox=facts.channel or ""
        )
        refused = await _why_not(case, taken, facts, way)
        if refused or way is None:
            return Did(action=action, outcome=Outcome.REFUSED, code=refused)
        found = await stored.template_by_name(
            taken.connection, str(action.reply), words_language(case.facts.language)
        )
        if found is None:
            return Did(action=action, outcome=Outcome.REFUSED, code="no_template")
        await _write(case, taken, way, *found)
        return Did(action=action, outcome=Outcome.DONE)

    return await on_ticket(case.ctx, case.facts.code, case.actor, step)


async def _why_not(case: RuleCase, taken: Step, facts: AnswerFacts, way: WayBack | None) -> str:
    """The code of what stands against it; "" where nothing does."""
    if taken.status is TicketStatus.CLOSED:
        return "closed"
    if await stored.has_replied(taken.connection, taken.ticket.id, case.rule.name):
        return "answered_before"
    if way is None:
        return "no_way_back"
    if facts.channel is None or case.facts.automatic:
        return "machine"
    if way.channel.kind.inbox is not None and _is_machine(case, facts, way):
        return "machine"
    # Nobody wants to hear at once of a letter of last year.
    if await stored.is_old(taken.connection, taken.ticket.id, by_now=case.facts.direction == Direction.IN):
        return "too_old"
    limits = ((f"rule:address:{way.address.lower()}", _DAY, PER_ADDRESS), ("rule:house", _HOUR, PER_HOUSE))
    for key, seconds, most in limits:
        if (await house.hit(taken.connection, key, seconds))[0] > most:
            return "too_many"
    return ""


def _is_machine(case: RuleCase, facts: AnswerFacts, way: WayBack) -> bool:
    """Whether nobody reads there, or wants no answer that no person wrote."""
    details = read_details(facts.details) if facts.details else None
    marked = details is not None and (
        details.declines_answers
        or details.list_id
        or details.junk
        or details.sender_check is SenderCheck.FAIL
    )
    inbox = inbox_of(way.channel)
    return (
        bool(marked)
        or is_machine(way.address)
        or is_own_address(case.ctx)(way.address)
        or inbox.is_staff(way.address)
    )


async def _write(case: RuleCase, taken: Step, way: WayBack, body: str, language: str) -> None:
    ticket, connection, kind = taken.ticket, taken.connection, way.channel.kind
    said = await templates.facts_of_ticket(connection, ticket.code)
    assert said is not None, "the ticket is locked"
    values = placeholder_values(case.ctx, said, "", language)
    token = sign_thread(case.ctx.secret, ticket.id, way.address)
    message_id = kind.answer_id(way.channel.settings, secrets.token_hex(16), token) if kind.answer_id else ""
    letters = await work.last_letters(connection, ticket.id) if kind.answer_id else []
    text, subject = fill_in_liquid(body, values), letter_subject(ticket) if kind.capabilities.subject else ""
    number = await channel_id(case.ctx, way.channel.name)
    interaction_id = await stored.add_automatic_entry(
        connection,
        ticket=ticket,
        seq=taken.seq + 1,
        channel_id=number,
        subject=subject,
        text=text,
        external_id=message_id,
        thread_key=ticket.thread_key if way.channel.name == ticket.channel else "",
    )
    await taken.note(EventKind.INTERACTION_ADDED, interaction=interaction_id, direction=Direction.OUT.value)
    message = {
        "ticket_code": show_code(TICKET, ticket.code),
        "address": way.address,
        "recipient_name": ticket.customer_name,
        "author_name": "",
        "text": text,
        "subject": subject,
        "message_id": message_id,
        "in_reply_to": next((one for one, direction in letters if direction == Direction.IN), ""),
        "references": [one for one, _ in reversed(letters)],
        "reply_token": token if message_id else "",
        "automatic": True,
        "language": language or words_language(case.facts.language),
        **_signature(way.channel, values),
    }
    await work.add_outbox(
        connection,
        ticket_id=ticket.id,
        interaction_id=interaction_id,
        channel_id=number,
        message=message,
        message_id=message_id,
        give_up_seconds=case.ctx.settings.delivery.give_up_after_hours * 3600,
    )
    if message_id:
        await inbound.add_refs(connection, [(MAIL, message_id, ticket.id)])
    await work.set_ticket(connection, ticket.id, seq=taken.seq)
    await announce(connection, OUTBOX)


def _signature(channel: ConfiguredChannel, values: dict[str, str]) -> dict[str, str]:
    if channel.kind.inbox is None:
        return {}
    signature = fill_in(inbox_of(channel).signature, values)
    return {"signature": signature} if signature else {}
