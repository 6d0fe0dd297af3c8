"""Tickets put off, and back again."""

from datetime import datetime
from typing import Annotated

from pydantic import BaseModel, Field

from hub.actions.lists.snooze import snooze_ticket, wake_ticket
from hub.model.codes import TICKET, show_code
from hub.web.api.answers import TicketNumber
from hub.web.api.operations import Answer, Call
from hub.web.api.requests import Moment, RequestBody
from hub.web.api.tickets import ticket_code


class SnoozeRequest(RequestBody):
    """`until` null: until the customer writes."""

    until: Annotated[Moment | None, Field(description="a moment of the next year")]


class SnoozeAnswer(BaseModel):
    number: TicketNumber
    snoozed: bool
    until: Annotated[
        datetime | None,
        Field(description="null while only the customer's next word ends it, and for what is not"),
    ]


async def post_snooze(call: Call) -> Answer:
    """Out of the working lists until then."""
    body: SnoozeRequest = call.body
    code = ticket_code(call)
    await snooze_ticket(call.ctx, ticket_code=code, until=body.until, actor=call.actor)
    return Answer(document=SnoozeAnswer(number=show_code(TICKET, code), snoozed=True, until=body.until))


async def post_wake(call: Call) -> Answer:
    """Back at once."""
    code = ticket_code(call)
    await wake_ticket(call.ctx, ticket_code=code, actor=call.actor)
    return Answer(document=SnoozeAnswer(number=show_code(TICKET, code), snoozed=False, until=None))
