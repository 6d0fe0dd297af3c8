"""What tickets are: changed by a person, and what people said of them, to be learned from elsewhere."""

from datetime import datetime
from typing import Annotated

from pydantic import BaseModel, Field

from hub.actions.failures import NotPossible
from hub.actions.learning.correct import change_ticket
from hub.model.codes import TICKET, show_code
from hub.web.api.answers import TicketNumber
from hub.web.api.operations import Answer, Call
from hub.web.api.problems import wrong_field
from hub.web.api.requests import CorrectionsQuery, TicketChange
from hub.web.api.tickets import answer_ticket, ticket_code
from storage import corrections
from storage.corrections import AnsweredRow


class CorrectionAnswer(BaseModel):
    """What a customer wrote first, and what a person says it is. `classified_as`: what it had been taken for; the same where
    they said that it was right. `model`: the version that had a say, 0 for the rules alone."""

    id: int
    ticket: TicketNumber
    classified_as: str
    kind: str
    subject: str
    text: str
    hint: Annotated[str, Field(description='what a form claimed, or ""')]
    model: int
    corrected_at: datetime

    @classmethod
    def of(cls, row: AnsweredRow) -> "CorrectionAnswer":
        return cls(
            id=row.id,
            ticket=show_code(TICKET, row.ticket_code),
            classified_as=row.from_kind,
            kind=row.kind,
            subject=row.subject,
            text=row.text,
            hint=row.hint or "",
            model=row.model,
            corrected_at=row.corrected_at,
        )


class CorrectionList(BaseModel):
    items: Annotated[list[CorrectionAnswer], Field(description="newest first; of one ticket the last word")]


async def patch_ticket(call: Call) -> Answer:
    """Change kind, priority or queue."""
    body: TicketChange = call.body
    code = ticket_code(call)
    try:
        await change_ticket(
            call.ctx,
            ticket_code=code,
            actor=call.actor,
            kind=body.kind,
            priority=body.priority,
            queue=body.queue,
            keep_assignee=body.keep_assignee,
            seen_kind=body.seen_kind,
        )
    except NotPossible as failure:
        if failure.code != "unknown_queue":
            raise
        raise wrong_field("queue", str(failure)) from failure
    return await answer_ticket(call, code)


async def list_corrections(call: Call) -> Answer:
    """The newest, with their texts."""
    query: CorrectionsQuery = call.query
    rows = await call.ctx.database.read(
        lambda c: corrections.list_answers(c, after=query.after, limit=query.limit)
    )
    return Answer(document=CorrectionList(items=[CorrectionAnswer.of(row) for row in rows]))
