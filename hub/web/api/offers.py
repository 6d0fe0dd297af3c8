"""Offers, as programs see them. They are answered at the desk by whom they were made to: a key is nobody's yes. A program
that knows better gives the ticket to somebody, which takes the offer back."""

from datetime import datetime
from typing import Annotated, Literal

from pydantic import BaseModel, Field

from hub.model.codes import TICKET, show_code
from hub.web.api.cursors import NotACursor, read_id_cursor, show_id_cursor
from hub.web.api.operations import Answer, Call
from hub.web.api.problems import wrong_field
from hub.web.api.requests import BIGINT, PageQuery
from storage import offers
from storage.offers import OfferRow

OfferState = Literal["offered", "accepted", "declined", "expired", "withdrawn"]


class OffersQuery(PageQuery):
    state: Annotated[
        OfferState | None, Field(description="only those that are so; all where it is missing")
    ] = None
    agent: Annotated[int | None, Field(ge=1, le=BIGINT, description="only those of this agent, by id")] = None


class OfferAnswer(BaseModel):
    """A ticket that one agent may have. `withdrawn`: a person or a change took it back."""

    id: int
    ticket: str
    agent_id: int
    agent_name: str
    state: OfferState
    offered_at: datetime
    expires_at: datetime
    settled_at: datetime | None

    @classmethod
    def of(cls, row: OfferRow) -> "OfferAnswer":
        return cls.model_validate(
            {
                "id": row.id,
                "ticket": show_code(TICKET, row.ticket_code),
                "agent_id": row.agent_id,
                "agent_name": row.agent_name,
                "state": row.state,
                "offered_at": row.offered_at,
                "expires_at": row.expires_at,
                "settled_at": row.settled_at,
            }
        )


class OfferPage(BaseModel):
    """Newest first."""

    items: list[OfferAnswer]
    next_cursor: str | None


async def list_offers(call: Call) -> Answer:
    """A page of offers."""
    query: OffersQuery = call.query
    try:
        before = read_id_cursor(query.cursor) if query.cursor else None
    except NotACursor as error:
        raise wrong_field("cursor", "not a cursor of this list") from error
    rows = await call.ctx.database.read(
        lambda c: offers.list_offers(
            c, state=query.state, agent_id=query.agent, before=before, limit=query.limit
        )
    )
    return Answer(
        document=OfferPage(
            items=[OfferAnswer.of(row) for row in rows],
            next_cursor=show_id_cursor(rows[-1].id) if len(rows) == query.limit else None,
        )
    )
