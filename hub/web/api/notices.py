"""What agents are told (the bell), for programs that carry it further."""

from datetime import datetime
from typing import Annotated, Any

from pydantic import BaseModel, Field

from hub.actions.errands.notices import list_notices, mark_read
from hub.model.codes import TICKET, show_code
from hub.model.notices import NoticeKind
from hub.web.api.answers import BigId, TicketNumber
from hub.web.api.cursors import NotACursor, read_time_cursor, show_time_cursor
from hub.web.api.operations import Answer, Call
from hub.web.api.people import path_id
from hub.web.api.problems import wrong_field
from hub.web.api.requests import PageQuery, RequestBody, RowId
from storage.notices import NoticeRow
from storage.tasks import NEVER


class ReadNotices(RequestBody):
    """One of the agent's notices, or null for all of them."""

    id: RowId | None


class NoticeAnswer(BaseModel):
    """`many`: for how many things it stands; then `tickets` names the first twenty. `params`: names that belong to the kind."""

    id: BigId
    kind: NoticeKind
    params: dict[str, Any]
    many: int
    ticket: TicketNumber | None
    tickets: list[TicketNumber]
    at: datetime
    read_at: datetime | None

    @classmethod
    def of(cls, row: NoticeRow) -> "NoticeAnswer":
        return cls(
            id=str(row.id),
            kind=NoticeKind(row.kind),
            params={name: value for name, value in row.params.items() if name != "tickets"},
            many=row.many,
            ticket=None if row.ticket_code is None else show_code(TICKET, row.ticket_code),
            tickets=[show_code(TICKET, code) for code in row.numbers],
            at=row.at,
            read_at=row.read_at,
        )


class NoticePage(BaseModel):
    """Newest first."""

    items: list[NoticeAnswer]
    next_cursor: Annotated[str | None, Field(description="null on the last page")]


async def list_of_agent(call: Call) -> Answer:
    """What one agent was told in the last year."""
    query: PageQuery = call.query
    try:
        before = read_time_cursor(query.cursor) if query.cursor else (NEVER, 0)
    except NotACursor as error:
        raise wrong_field("cursor", "not a cursor of this list") from error
    rows = await list_notices(call.ctx, agent_id=path_id(call, "agent"), before=before, limit=query.limit)
    last = rows[-1] if len(rows) == query.limit else None
    return Answer(
        document=NoticePage(
            items=[NoticeAnswer.of(row) for row in rows],
            next_cursor=show_time_cursor(last.at, last.id) if last else None,
        )
    )


async def post_read(call: Call) -> Answer:
    """They were seen elsewhere."""
    body: ReadNotices = call.body
    await mark_read(call.ctx, agent_id=path_id(call, "agent"), notice_id=body.id)
    return Answer(status=204)
