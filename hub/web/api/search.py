"""Search for programs: the same query language as at the desk."""

from datetime import UTC, datetime
from typing import Literal, Self
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import BaseModel, Field

from hub.actions.search import find
from hub.actions.search.query import Asked, read_query
from hub.actions.search.snippet import marked
from hub.model.codes import CUSTOMER, ORGANISATION, TICKET, show_code
from hub.web.api.cursors import NotACursor, read_id_cursor, read_time_cursor, show_id_cursor, show_time_cursor
from hub.web.api.operations import Answer, Call
from hub.web.api.problems import wrong_field
from hub.web.api.requests import SearchQuery
from storage.search import CustomerHit, EntryHit, OrganisationHit
from storage.views import TicketRow

Sort = Literal["messages", "tickets", "customers", "organisations"]


class SearchHit(BaseModel):
    """One thing that was found. `snippet` is the part of its text that was meant, cut into pieces; those with `hit` are what
    was looked for. `ticket` and `customer` are codes."""

    type: Sort
    ticket: str | None = None
    customer: str | None = None
    organisation: str | None = None
    title: str
    snippet: list["SnippetPiece"]
    entry: int | None = Field(default=None, description="Id of the entry in its ticket's timeline.")
    direction: str | None = None
    author: str | None = None
    status: str | None = None
    at: datetime | None = None

    @classmethod
    def of(cls, hit: TicketRow | EntryHit | CustomerHit | OrganisationHit, asked: Asked) -> Self:
        if isinstance(hit, EntryHit):
            return cls(
                type="messages",
                ticket=show_code(TICKET, hit.ticket_code),
                customer=show_code(CUSTOMER, hit.customer_code),
                title=hit.ticket_subject,
                snippet=_pieces(hit.text, asked),
                entry=hit.id,
                direction=hit.direction,
                author=hit.author_name,
                status=hit.ticket_status,
                at=hit.occurred_at,
            )
        if isinstance(hit, TicketRow):
            return cls(
                type="tickets",
                ticket=show_code(TICKET, hit.code),
                customer=show_code(CUSTOMER, hit.customer_code),
                title=hit.subject,
                snippet=_pieces(hit.subject, asked),
                status=hit.status,
                at=hit.created_at,
            )
        if isinstance(hit, CustomerHit):
            known_as = " · ".join((hit.name, *hit.identities))
            return cls(
                type="customers",
                customer=show_code(CUSTOMER, hit.code),
                title=hit.name,
                snippet=_pieces(known_as, asked),
                at=hit.last_seen_at,
            )
        return cls(
            type="organisations",
            organisation=show_code(ORGANISATION, hit.code),
            title=hit.name,
            snippet=_pieces(hit.name, asked),
        )


class SnippetPiece(BaseModel):
    text: str
    hit: bool


class SearchPage(BaseModel):
    items: list[SearchHit]
    next_cursor: str | None


async def get_search(call: Call) -> Answer:
    """A page of what is found, newest first."""
    query: SearchQuery = call.query
    try:
        zone = ZoneInfo(query.zone)
    except (ZoneInfoNotFoundError, ValueError) as error:
        raise wrong_field("zone", "not a time zone, for example Asia/Shanghai") from error
    asked = read_query(query.q.replace("\x00", ""), datetime.now(UTC).astimezone(zone).date())
    ctx, actor, many = call.ctx, call.actor, query.limit
    hits: tuple[TicketRow | EntryHit | CustomerHit | OrganisationHit, ...]
    try:
        if query.type == "customers":
            before = read_time_cursor(query.cursor) if query.cursor else None
            people = await find.find_customers(ctx, asked, actor, after=before, limit=many)
            hits, following = people.hits, show_time_cursor(*people.after) if people.after else None
        else:
            below = read_id_cursor(query.cursor) if query.cursor else None
            found = (
                await find.find_tickets(ctx, asked, actor, zone, after=below, limit=many)
                if query.type == "tickets"
                else await find.find_organisations(ctx, asked, call.actor, after=below, limit=many)
                if query.type == "organisations"
                else await find.find_entries(ctx, asked, actor, zone, after=below, limit=many)
            )
            hits, following = found.hits, None if found.after is None else show_id_cursor(found.after)
    except NotACursor as error:
        raise wrong_field("cursor", "not a cursor of this search") from error
    except find.NoSuchThing as error:
        raise wrong_field("q", f"there is no {error.qualifier} {error.value!r}") from error
    items = await find.beside(ctx, lambda: [SearchHit.of(hit, asked) for hit in hits])
    return Answer(document=SearchPage(items=items, next_cursor=following))


def _pieces(text: str, asked: Asked) -> list[SnippetPiece]:
    return [SnippetPiece(text=one.text, hit=one.hit) for one in marked(text, asked.terms)]
