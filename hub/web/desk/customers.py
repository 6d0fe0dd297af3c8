"""Customers: finding one, and everything that was said with one, over all channels."""

from collections.abc import Sequence
from dataclasses import dataclass

from aiohttp import web

from hub.actions.failures import NotFound
from hub.model.codes import CUSTOMER, NotACode, read_code
from hub.web.api.cursors import NotACursor, read_time_cursor, show_time_cursor
from hub.web.desk.say.errands import task_words
from hub.web.desk.tickets.thread import CUT
from hub.web.desk.visit import Visit
from storage import tasks, views
from storage.database import Connection
from storage.tasks import TaskRow
from storage.views import CustomerRow, TicketRow, TimelineRow

PAGE = 50
MOST = 2000


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """A customer's timeline, newest first."""

    customer: CustomerRow
    entries: Sequence[TimelineRow]
    tickets: Sequence[TicketRow]
    tasks: Sequence[TaskRow]
    queues: Sequence[views.QueueRow]
    earlier: bool
    rows: int


async def show_customers(visit: Visit) -> web.StreamResponse:
    """A page of customers, last seen first."""
    asked = visit.request.query
    looked_for = asked.get("q", "").replace("\x00", "")[:200]
    try:
        before = read_time_cursor(asked["after"]) if asked.get("after") else None
    except NotACursor as error:
        raise NotFound("not a page of this list") from error
    cursor = visit.ctx.feed.cursor
    rows = await visit.ctx.database.read(
        lambda c: views.list_customers(c, before=before, limit=PAGE, query=looked_for)
    )
    last = rows[-1] if len(rows) == PAGE else None
    return visit.page(
        "customers.html",
        section="customers",
        cursor=cursor,
        looked_for=looked_for,
        customers=rows,
        after=show_time_cursor(last.last_seen_at, last.id) if last else "",
        first=before is None,
    )


async def show_customer(visit: Visit) -> web.StreamResponse:
    """The page of one customer."""
    cursor = visit.ctx.feed.cursor
    told = await _read(visit)
    words = task_words(visit.voice, told.tasks, visit.now)
    return visit.page("customer.html", section="customers", cursor=cursor, told=told, CUT=CUT, **words)


async def show_timeline(visit: Visit) -> web.StreamResponse:
    """Their timeline alone."""
    told = await _read(visit)
    return visit.page("_timeline.html", told=told, CUT=CUT, **task_words(visit.voice, told.tasks, visit.now))


async def _read(visit: Visit) -> Told:
    try:
        code = read_code(CUSTOMER, visit.request.match_info["code"])
    except NotACode as error:
        raise NotFound(str(error)) from error
    given = visit.request.query.get("entries", "")
    rows = (
        max(PAGE, min(int(given), MOST)) if given.isascii() and given.isdigit() and len(given) < 6 else PAGE
    )

    async def read(c: Connection) -> Told | None:
        customer = await views.get_customer_by_code(c, code)
        if customer is None:
            return None
        entries: list[TimelineRow] = []
        earlier = True
        while earlier and len(entries) < rows:
            wanted = min(views.MOST_ROWS, rows - len(entries))
            before = entries[-1].id if entries else None
            page = await views.customer_timeline(c, customer.id, before=before, limit=wanted)
            entries += page
            earlier = len(page) == wanted
        return Told(
            customer=customer,
            entries=entries,
            tickets=await views.customer_tickets(c, customer.id, 50),
            tasks=await tasks.of_customer(c, customer.id),
            queues=await views.list_queues(c),
            earlier=earlier and rows < MOST,
            rows=rows,
        )

    told = await visit.ctx.database.read(read)
    if told is None:
        raise NotFound(f"There is no customer {code}.")
    return told
