"""Tickets: lists, one with its timeline, and what may be done to one."""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from hub.actions.answers.reply import queue_reply
from hub.actions.answers.schedule import schedule_reply
from hub.actions.failures import NotFound, NotPossible
from hub.actions.floor.assign import assign_ticket
from hub.actions.floor.route import why_waiting
from hub.actions.note import add_note
from hub.actions.read_clocks import ClockNow, clocks_of
from hub.actions.status import change_status
from hub.model.codes import TICKET, NotACode, read_code, show_code
from hub.model.interactions import Mailbox, OutboundAttachment
from hub.model.tags import clean_tag
from hub.model.tickets import TicketStatus
from hub.web.api.answers import EntryAdded, ReplyScheduled, TicketAnswer, TicketDetail, TicketPage
from hub.web.api.cursors import NotACursor, read_id_cursor, read_time_cursor, show_id_cursor, show_time_cursor
from hub.web.api.operations import Answer, Call
from hub.web.api.problems import wrong_field
from hub.web.api.requests import (
    AssignRequest,
    NoteRequest,
    ReplyRequest,
    StatusRequest,
    TicketQuery,
    TicketsQuery,
)
from storage import views
from storage.database import Connection

_FIELDS = {
    "not_our_inbox": "inbox", "bad_address": "cc, bcc", "too_many_copies": "cc, bcc",
    "no_such_way": "way", "way_claimed": "way_confirmed", "in_the_past": "scheduled_at", "too_far": "scheduled_at",
}  # fmt: skip
"""Which field of a reply is at fault, by the code of its refusal."""


async def list_tickets(call: Call) -> Answer:
    """A page of tickets, last touched first."""
    query: TicketsQuery = call.query
    if query.scope == "mine" and query.agent_id is None:
        raise wrong_field("agent_id", "needed with scope=mine: an API key is nobody's own")
    try:
        before = read_time_cursor(query.cursor) if query.cursor else None
    except NotACursor as error:
        raise wrong_field("cursor", "not a cursor of this list") from error

    try:
        tag = clean_tag(query.tag) if query.tag else ""
    except ValueError as error:
        raise wrong_field("tag", str(error)) from error

    async def work(c: Connection) -> tuple[list[views.TicketRow], dict[int, list[ClockNow]]]:
        rows = await views.list_tickets(
            c,
            scope=query.scope,
            agent_id=query.agent_id,
            status=tuple(status.value for status in query.status),
            queue=query.queue,
            tag=tag,
            before=before,
            limit=query.limit,
        )
        return rows, await _clocks(call, c, rows)

    rows, clocks = await call.ctx.database.read(work)
    last = rows[-1] if len(rows) == query.limit else None
    return Answer(
        document=TicketPage(
            items=[TicketAnswer.of(row, clocks[row.id]) for row in rows],
            next_cursor=show_time_cursor(last.updated_at, last.id) if last else None,
        )
    )


async def get_ticket(call: Call) -> Answer:
    """One ticket, a page of its timeline, and why it is where it is."""
    query: TicketQuery = call.query
    code = ticket_code(call)
    try:
        after = read_id_cursor(query.cursor) if query.cursor else 0
    except NotACursor as error:
        raise wrong_field("cursor", "not a cursor of this timeline") from error

    async def work(c: Connection) -> TicketDetail | None:
        row = await views.get_ticket(c, code)
        if row is None:
            return None
        timeline = await views.ticket_timeline(c, row.id, after=after, limit=query.limit)
        cursor = show_id_cursor(timeline[-1].id) if len(timeline) == query.limit else None
        decisions = await views.ticket_decisions(c, row.id)
        clocks = (await _clocks(call, c, [row]))[row.id]
        return TicketDetail.of_all(row, timeline, cursor, decisions, clocks)

    detail = await call.ctx.database.read(work)
    if detail is None:
        raise _no_such_ticket(code)
    if detail.assignee_id is None and detail.status == TicketStatus.OPEN:
        # What was stored is how it was when the ticket was first looked at.
        detail.waiting_why = await why_waiting(call.ctx, code) or detail.waiting_why
    return Answer(document=detail)


async def post_reply(call: Call) -> Answer:
    """Queue an answer to the customer, or let it wait; where it stands is seen in the timeline."""
    body: ReplyRequest = call.body
    code = ticket_code(call)
    said: dict[str, Any] = {
        "ticket_code": code,
        "actor": call.actor,
        "text": body.text,
        "attachments": tuple(
            OutboundAttachment(filename=file.filename, content_type=file.content_type, data=file.data_base64)
            for file in body.attachments
        ),
        "expected_seq": body.expected_seq,
        "cc": [Mailbox(address=one.address, name=one.name) for one in body.cc],
        "bcc": [Mailbox(address=one.address, name=one.name) for one in body.bcc],
        "inbox": body.inbox,
        "way": body.way,
        "confirmed": body.way_confirmed,
    }
    try:
        if body.scheduled_at is not None:
            waits = await schedule_reply(call.ctx, send_at=body.scheduled_at, **said)
            number = show_code(TICKET, code)
            return Answer(
                status=202,
                document=ReplyScheduled(id=str(waits), ticket=number, scheduled_at=body.scheduled_at),
            )
        interaction_id = await queue_reply(call.ctx, **said)
    except NotPossible as failure:
        if (field := _FIELDS.get(failure.code)) is None:
            raise
        raise wrong_field(field, str(failure)) from failure
    return Answer(status=201, document=_added(interaction_id, code))


async def post_note(call: Call) -> Answer:
    """Add words for colleagues."""
    body: NoteRequest = call.body
    code = ticket_code(call)
    interaction_id = await add_note(call.ctx, ticket_code=code, actor=call.actor, text=body.text)
    return Answer(status=201, document=_added(interaction_id, code))


async def post_assign(call: Call) -> Answer:
    """Give the ticket to an agent, or back to its queue."""
    body: AssignRequest = call.body
    code = ticket_code(call)
    await assign_ticket(call.ctx, ticket_code=code, agent_id=body.agent_id, actor=call.actor)
    return await answer_ticket(call, code)


async def post_status(call: Call) -> Answer:
    """Open, pend, resolve or close the ticket."""
    body: StatusRequest = call.body
    code = ticket_code(call)
    await change_status(call.ctx, ticket_code=code, status=body.status.value, actor=call.actor)
    return await answer_ticket(call, code)


async def answer_ticket(call: Call, code: int) -> Answer:
    """The ticket as it is now."""

    async def work(c: Connection) -> TicketAnswer | None:
        row = await views.get_ticket(c, code)
        return None if row is None else TicketAnswer.of(row, (await _clocks(call, c, [row]))[row.id])

    answer = await call.ctx.database.read(work)
    if answer is None:
        raise _no_such_ticket(code)
    return Answer(document=answer)


async def _clocks(
    call: Call, connection: Connection, rows: Sequence[views.TicketRow]
) -> dict[int, list[ClockNow]]:
    return await clocks_of(connection, call.ctx.rules.policies, [row.id for row in rows], datetime.now(UTC))


def _added(interaction_id: int, code: int) -> EntryAdded:
    return EntryAdded(interaction_id=str(interaction_id), ticket=show_code(TICKET, code))


def ticket_code(call: Call) -> int:
    """The number in the path. Raises NotFound."""
    try:
        return read_code(TICKET, call.params["number"])
    except NotACode as error:
        raise NotFound(str(error), code="not_a_ticket_number") from error


def _no_such_ticket(code: int) -> NotFound:
    return NotFound(f"There is no ticket {show_code(TICKET, code)}.")
