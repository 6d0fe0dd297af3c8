"""Reading tickets: the page with its three panes, and each pane for htmx."""

from collections.abc import Sequence
from dataclasses import dataclass

from aiohttp import web

from hub.actions.failures import NotFound
from hub.web.desk.tickets.listing import SCOPES, SHOWN, Listed, Look, read_list
from hub.web.desk.tickets.thread import (
    CUT,
    ENTRIES,
    MOST_ENTRIES,
    Thread,
    answering,
    queue_titles,
    read_customer,
    read_thread,
    tell_decisions,
    ticket_code,
)
from hub.web.desk.visit import Visit
from routing.retell import retell
from storage import views
from storage.database import Connection
from storage.views import CustomerRow, TicketRow


@dataclass(frozen=True, slots=True, kw_only=True)
class Work:
    """What stands beside the list: a thread and whose it is."""

    thread: Thread
    customer: CustomerRow | None
    earlier_tickets: Sequence[TicketRow]
    queues: Sequence[views.QueueRow]


async def show_desk(visit: Visit) -> web.StreamResponse:
    """The list, and no ticket yet."""
    look = Look.of(visit.request)
    cursor = visit.ctx.feed.cursor
    listed = await visit.ctx.database.read(lambda c: read_list(c, look, visit.agent.id))
    return visit.page(
        "desk.html", cursor=cursor, work=None, section="tickets", **list_context(visit, look, listed)
    )


async def show_ticket(visit: Visit) -> web.StreamResponse:
    """The list and one ticket; only the ticket when htmx asks."""
    look = Look.of(visit.request)
    code = ticket_code(visit.request.match_info["code"])
    rows = entries_asked(visit.request)
    # Taken before anything is read: what happens meanwhile comes again over the socket.
    cursor = visit.ctx.feed.cursor
    work = await read_work(visit, code, rows)
    if visit.partial:
        return visit.page("_work.html", look=look, **work_context(visit, work))
    listed = await visit.ctx.database.read(lambda c: read_list(c, look, visit.agent.id))
    return visit.page(
        "desk.html",
        cursor=cursor,
        section="tickets",
        **list_context(visit, look, listed),
        **work_context(visit, work),
    )


async def show_list(visit: Visit) -> web.StreamResponse:
    """The list alone."""
    look = Look.of(visit.request)
    listed = await visit.ctx.database.read(lambda c: read_list(c, look, visit.agent.id))
    return visit.page("_list.html", **list_context(visit, look, listed))


async def show_thread(visit: Visit) -> web.StreamResponse:
    """The thread alone."""
    code = ticket_code(visit.request.match_info["code"])
    work = await read_work(visit, code, entries_asked(visit.request))
    return visit.page("_thread.html", **work_context(visit, work))


async def show_composer(visit: Visit) -> web.StreamResponse:
    """The answer box alone, for when the ticket can be answered in another way than before."""
    code = ticket_code(visit.request.match_info["code"])
    work = await read_work(visit, code, ENTRIES)
    return visit.page("_composer.html", sent="", **work_context(visit, work))


async def show_customer_pane(visit: Visit) -> web.StreamResponse:
    """Who wrote, alone."""
    code = ticket_code(visit.request.match_info["code"])
    work = await read_work(visit, code, ENTRIES)
    return visit.page("_customer.html", look=Look.of(visit.request), **work_context(visit, work))


async def read_work(visit: Visit, code: int, rows: int) -> Work:
    """The ticket and whose it is. Raises NotFound."""

    async def read(c: Connection) -> Work | None:
        thread = await read_thread(c, code, rows)
        if thread is None:
            return None
        customer, tickets = await read_customer(c, thread.ticket.customer_id)
        return Work(
            thread=thread, customer=customer, earlier_tickets=tickets, queues=await views.list_queues(c)
        )

    work = await visit.ctx.database.read(read)
    if work is None:
        raise NotFound(f"There is no ticket {code}.")
    return work


def entries_asked(request: web.Request) -> int:
    """How many entries of a thread the page shows."""
    given = request.query.get("entries", "")
    return (
        max(ENTRIES, min(int(given), MOST_ENTRIES))
        if given.isascii() and given.isdigit() and len(given) < 6
        else ENTRIES
    )


def list_context(visit: Visit, look: Look, listed: Listed) -> dict[str, object]:
    """What the template of the list shows."""
    return {"look": look, "listed": listed, "SCOPES": SCOPES, "SHOWN": SHOWN}


def work_context(visit: Visit, work: Work) -> dict[str, object]:
    """What the templates of a ticket show."""
    ticket = work.thread.ticket
    titles = queue_titles(visit.voice, work.queues)
    waiting = retell(ticket.waiting_why, visit.voice.locale, titles) if ticket.assignee_id is None else []
    return {
        "work": work,
        "ticket": ticket,
        "thread": work.thread,
        "customer": work.customer,
        "answering": answering(visit.ctx, ticket),
        "whys": tell_decisions(visit.voice, work.thread.decisions, work.queues),
        "waiting": waiting if ticket.status == "open" else [],
        "CUT": CUT,
    }
