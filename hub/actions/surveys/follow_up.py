"""A low score opens a ticket, once for each question, in the queue of those who see to it: of the same customer, who can be
answered there as on the ticket that was rated. It says why it is there, and the two are linked."""

from typing import Any

from hub.actions.announce import ROUTE, announce
from hub.actions.cases.link import LinkKind
from hub.actions.context import Context
from hub.actions.counter.words import locale_of
from hub.actions.surveys.definition import Definition
from hub.actions.targets import Touch, touch
from hub.model.codes import TICKET, show_code
from hub.model.interactions import Direction, InteractionKind
from hub.model.tickets import EventKind, TicketStatus
from storage import cases, events, inbound, surveys, work
from storage.database import Connection, as_json
from storage.inbound import NewTicket
from storage.surveys import AskedRow
from storage.work import WorkedTicket

# The customer sees it above an answer.
_SUBJECTS = {
    "en": "Rating of case {number}: {score} of {best}",
    "zh_CN": "工单 {number} 的评价：{score} 分（满分 {best} 分）",
}
_WHY = {
    "en": "The customer gave {score} of {best} for case {number}. This case was opened so that somebody sees to it.",
    "zh_CN": "客户对工单 {number} 打了 {score} 分（满分 {best} 分）。系统据此新建本工单，请跟进处理。",
}
_NOW = {
    "en": "The customer has changed the answer: {score} of {best} now.",
    "zh_CN": "客户修改了评价，现在是 {score} 分（满分 {best} 分）。",
}
_SAID = {"en": "In their words:", "zh_CN": "客户留言："}


async def follow_up(
    ctx: Context,
    connection: Connection,
    ticket: WorkedTicket,
    seq: int,
    asked: AskedRow,
    definition: Definition,
    score: int,
    comment: str,
    fields: dict[str, Any],
) -> int:
    """Open it, with what was said: `comment`, and the rest in `fields`. `ticket`, the one that was rated, is locked, its
    ledger at `seq`; returns where it is then. A queue that is there no more leaves it in that of the ticket."""
    facts = await surveys.follow_up_facts(connection, ticket.id)
    wished = ctx.rules.queue_named(definition.follow_up_queue)
    locale = locale_of(facts.language)
    told = {"score": score, "best": definition.kind.scores[-1], "number": show_code(TICKET, ticket.code)}
    why = _WHY[locale].format(**told)
    text = _with_words(why, comment, locale)
    (opened,) = await inbound.open_tickets(
        connection,
        [],
        [
            NewTicket(
                owner=0,
                customer_id=ticket.customer_id,
                channel_id=ticket.channel_id,
                subject=_SUBJECTS[locale].format(**told),
                kind="complaint",
                kind_uncertain=False,
                status=TicketStatus.OPEN,
                priority=definition.follow_up_priority,
                language=facts.language,
                queue=wished.name if wished is not None else ticket.queue,
                required_language="",
                required_skills="",
                last_agent_id=None,
                last_agent_at=None,
                reply_address=ticket.reply_address,
                thread_key="",
                seq=2,
                last_preview=why[:160],
                why=as_json({"survey": {"score": score, "ticket": ticket.id}}),
                heard_at=None,
                preferred_skills="",
                live=False,
                weight=ctx.rules.work.weight_of(facts.channel_kind),
                silence_seconds=0.0,
            )
        ],
    )
    entry = await surveys.add_entry(
        connection,
        ticket_id=opened.id,
        seq=1,
        customer_id=ticket.customer_id,
        channel_id=asked.channel_id,
        direction=Direction.INTERNAL,
        author_name="",
        text=text,
        fields={**fields, "follows": ticket.code},
        thread_key="",
    )
    link = {"why": LinkKind.CAUSED_BY.value}
    await cases.add_link(connection, opened.id, ticket.id, LinkKind.CAUSED_BY.value)
    await events.add_ticket_events(
        connection,
        [
            _event(
                opened.id, 1, EventKind.TICKET_OPENED, interaction=entry, direction=Direction.INTERNAL.value
            ),
            _event(opened.id, 2, EventKind.LINKED, other=ticket.id, **link),
            _event(ticket.id, seq + 1, EventKind.LINKED, other=opened.id, back=True, **link),
        ],
    )
    await surveys.followed_up(connection, asked.id, opened.id)
    await touch(connection, ctx.rules, [Touch(ticket_id=opened.id, opened=True)])
    await announce(connection, ROUTE)
    return seq + 1


async def tell_more(
    connection: Connection, ticket_id: int, definition: Definition, score: int, comment: str
) -> None:
    """What the customer said after the ticket was opened. Its number is above that of the one that was rated: locked after
    it."""
    ticket = await work.lock_ticket(connection, ticket_id)
    locale = locale_of(await work.ticket_language(connection, ticket_id))
    now = _NOW[locale].format(score=score, best=definition.kind.scores[-1])
    entry, _ = await work.add_entry(
        connection,
        ticket=ticket,
        seq=ticket.seq + 1,
        channel_id=ticket.channel_id,
        kind=InteractionKind.NOTE,
        direction=Direction.INTERNAL,
        agent_id=None,
        author_name="",
        text=_with_words(now, comment, locale),
    )
    data = {"interaction": entry, "direction": Direction.INTERNAL.value}
    await events.add_ticket_events(
        connection, [_event(ticket.id, ticket.seq + 1, EventKind.INTERACTION_ADDED, **data)]
    )
    await work.set_ticket(connection, ticket.id, seq=ticket.seq + 1)


def _with_words(what: str, comment: str, locale: str) -> str:
    return f"{what}\n\n{_SAID[locale]}\n{comment}" if comment else what


def _event(ticket_id: int, seq: int, kind: EventKind, **data: Any) -> events.NewEvent:
    return events.NewEvent(ticket_id=ticket_id, seq=seq, kind=kind, agent_id=None, data=as_json(data))
