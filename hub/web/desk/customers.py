"""Customers: finding one, and everything that was said with one, over all channels."""

from collections.abc import Sequence
from dataclasses import dataclass

from aiohttp import web

from hub.actions.failures import NotFound
from hub.actions.people.sight import may_see_task, seen_codes, seen_of
from hub.actions.search.find import look_up_customers
from hub.model.codes import CUSTOMER, NotACode, read_code, show_code
from hub.web.api.cursors import NotACursor, read_time_cursor, show_time_cursor
from hub.web.desk.people.looking import TimelineLook
from hub.web.desk.say.errands import task_words
from hub.web.desk.tickets.thread import CUT
from hub.web.desk.visit import Visit, go
from storage import change_customers, customer_timeline, merge_customers, surveys, tasks, views
from storage.change_customers import OwnIdentity
from storage.database import Connection
from storage.merge_customers import MergeShown
from storage.surveys import RefusalRow
from storage.tasks import TaskRow
from storage.views import CustomerRow, TicketRow, TimelineRow

PAGE = 50
MOST = 500
"""So many entries grow on one page; what is older has pages of its own."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """A customer's timeline, newest first. `older`: the id below which it goes on; None at its end."""

    customer: CustomerRow
    note: str
    identities: Sequence[OwnIdentity]
    refusals: Sequence[RefusalRow]
    merges: Sequence[MergeShown]
    entries: Sequence[TimelineRow]
    tickets: Sequence[TicketRow]
    tasks: Sequence[TaskRow]
    queues: Sequence[views.QueueName]
    channels: Sequence[tuple[str, str]]
    older: int | None
    rows: int

    @property
    def grows(self) -> bool:
        """Whether more of it comes onto the same page."""
        return self.older is not None and self.rows < MOST


async def show_customers(visit: Visit) -> web.StreamResponse:
    """A page of customers, last seen first."""
    asked = visit.query
    looked_for = asked.get("q", "")[:200]
    try:
        before = read_time_cursor(asked["after"]) if asked.get("after") else None
    except NotACursor as error:
        raise NotFound("not a page of this list") from error
    rows, following = await look_up_customers(visit.ctx, looked_for, visit.actor, after=before, limit=PAGE)
    return visit.page(
        "customers.html",
        section="customers",
        looked_for=looked_for,
        customers=rows,
        after=show_time_cursor(*following) if following else "",
        first=before is None,
    )


async def show_customer(visit: Visit) -> web.StreamResponse:
    """The page of one customer; of one that was merged, whoever they are now."""
    look = TimelineLook.read(visit.query)
    told = await _read(visit, look)
    number = show_code(CUSTOMER, told.customer.code)
    if read_code(CUSTOMER, visit.request.match_info["code"]) != told.customer.code:
        return go(visit, f"/desk/customers/{number}")
    words = task_words(visit.voice, told.tasks, visit.now)
    return visit.page("customer.html", section="customers", told=told, look=look, CUT=CUT, **words)


async def show_timeline(visit: Visit, tail: str = "") -> web.Response:
    """Their timeline alone. `tail`: a toast that goes with it."""
    look = TimelineLook.read(visit.query)
    told = await _read(visit, look)
    words = task_words(visit.voice, told.tasks, visit.now)
    return visit.page("_timeline.html", tail=tail, told=told, look=look, CUT=CUT, **words)


async def _read(visit: Visit, look: TimelineLook) -> Told:
    try:
        code = read_code(CUSTOMER, visit.request.match_info["code"])
    except NotACode as error:
        raise NotFound(str(error)) from error
    given = visit.query.get("entries", "")
    rows = (
        max(PAGE, min(int(given), MOST)) if given.isascii() and given.isdigit() and len(given) < 6 else PAGE
    )
    wanted = look.wanted(visit.voice.zone)

    async def read(c: Connection) -> Told | None:
        customer = await views.get_customer_by_code(c, code)
        if customer is None:
            return None
        entries: list[TimelineRow] = []
        older, goes_on = look.before, True
        while goes_on and len(entries) < rows:
            asked = min(views.MOST_ROWS, rows - len(entries))
            page = await customer_timeline.filtered(c, customer.id, wanted, before=older, limit=asked)
            entries += page
            goes_on = len(page) == asked
            older = entries[-1].id if entries else older
        change = await change_customers.customer_to_change(c, customer.id)
        tickets = await views.customer_tickets(c, customer.id, 50)
        seen = await seen_of(c, visit.actor, [*(e.ticket_id for e in entries), *(t.id for t in tickets)])
        asked_for = await tasks.of_customer(c, customer.id)
        about = await seen_codes(
            c, visit.actor, [t.ticket_code for t in asked_for if t.ticket_code is not None]
        )
        return Told(
            customer=customer,
            note=change.note if change is not None else "",
            identities=await change_customers.own_identities(c, customer.id),
            refusals=await surveys.refusals_of(c, customer.id),
            merges=await merge_customers.merges_of(c, customer.id),
            entries=[entry for entry in entries if entry.ticket_id in seen],
            tickets=[ticket for ticket in tickets if ticket.id in seen],
            tasks=[
                task
                for task in asked_for
                # One on a ticket out of sight tells its reader, if they have it, neither the ticket nor whose it is.
                if (
                    await may_see_task(c, visit.actor, task.code)
                    if task.ticket_code is None
                    else task.ticket_code in about
                )
            ],
            queues=await views.name_queues(c),
            channels=await customer_timeline.channels_of(c, customer.id),
            older=older if goes_on else None,
            rows=rows,
        )

    told = await visit.ctx.database.read(read)
    if told is None:
        raise NotFound(f"There is no customer {code}.")
    return told
