"""Reading tickets: the page with its three panes, and each pane for htmx."""

from aiohttp import web

from hub.actions.errands.notices import mark_ticket_read
from hub.actions.lists.seen import mark_seen
from hub.actions.read_clocks import soonest
from hub.web.desk.lists.built_in import BUILT_IN, EMPTY_VIEWS, TABS
from hub.web.desk.lists.bulk_words import BULK, BULK_MOST
from hub.web.desk.lists.rows import tell_rows
from hub.web.desk.say.targets import say_due
from hub.web.desk.tickets.composing import Desktop, composer_context, read_desktop
from hub.web.desk.tickets.listing import COUNTED, SHOWN, Listed, Look, read_list
from hub.web.desk.tickets.thread import ENTRIES, ticket_code
from hub.web.desk.tickets.work import Work, entries_asked, find_ticket, read_work, work_context, work_of
from hub.web.desk.visit import Visit
from storage.database import Connection
from storage.filters import Reader
from storage.side_by_side import side_by_side

DENSITY = "hub_density"
"""The cookie in which a browser keeps how close together rows stand."""


async def show_desk(visit: Visit) -> web.StreamResponse:
    """The list, and no ticket yet."""
    look = Look.read(visit.query)
    listed = await _read(visit, look)
    return visit.page("desk.html", work=None, section="tickets", **list_context(visit, look, listed))


async def show_ticket(visit: Visit) -> web.StreamResponse:
    """The list and one ticket; only the ticket when htmx asks."""
    look = Look.read(visit.query)
    code = ticket_code(visit.request.match_info["code"])
    rows = entries_asked(visit.query)

    async def read(connection: Connection) -> tuple[Work, Desktop]:
        ticket = await find_ticket(connection, code)
        async with side_by_side(connection) as also:
            work = also.ask(work_of(also.connection, visit, ticket, rows))
            desktop = also.ask(read_desktop(also.connection, visit, ticket))
        return work.result(), desktop.result()

    work, desktop = await visit.ctx.database.read(read)
    await mark_ticket_read(visit.ctx, agent_id=visit.agent.id, ticket_code=code)
    ticket = work.thread.ticket
    await mark_seen(visit.ctx, agent_id=visit.agent.id, ticket_id=ticket.id, seq=ticket.seq)
    context = await composer_context(visit, work, desktop=desktop)
    if visit.partial:
        return visit.page("_work.html", look=look, **context)
    listed = await _read(visit, look)
    return visit.page("desk.html", section="tickets", **list_context(visit, look, listed), **context)


async def show_list(visit: Visit) -> web.StreamResponse:
    """The list alone."""
    look = Look.read(visit.query)
    listed = await _read(visit, look)
    return visit.page("_list.html", **list_context(visit, look, listed))


async def show_thread(visit: Visit) -> web.StreamResponse:
    """The thread alone."""
    code = ticket_code(visit.request.match_info["code"])
    work = await read_work(visit, code, entries_asked(visit.query))
    return visit.page("_thread.html", **work_context(visit, work))


async def show_composer(visit: Visit) -> web.StreamResponse:
    """The answer box alone, for when the ticket can be answered in another way than before."""
    code = ticket_code(visit.request.match_info["code"])
    work = await read_work(visit, code, ENTRIES)
    way = visit.query.get("way")
    return visit.page("_composer.html", **await composer_context(visit, work, way=way))


async def show_customer_pane(visit: Visit) -> web.StreamResponse:
    """Who wrote, alone."""
    code = ticket_code(visit.request.match_info["code"])
    work = await read_work(visit, code, ENTRIES)
    return visit.page("_customer.html", look=Look.read(visit.query), **work_context(visit, work))


async def _read(visit: Visit, look: Look) -> Listed:
    return await visit.ctx.database.read(lambda c: read_list(visit.ctx, c, look, reader_of(visit)))


def reader_of(visit: Visit) -> Reader:
    """For whom lists are read."""
    return Reader(agent_id=visit.agent.id, now=visit.now, sight=visit.actor.sight)


def list_context(visit: Visit, look: Look, listed: Listed) -> dict[str, object]:
    """What the template of the list shows. `dues`: what is due next on each ticket, where something is."""
    next_due = {ticket_id: soonest(clocks) for ticket_id, clocks in listed.clocks.items()}
    dues = {
        ticket_id: say_due(visit.voice, clock, visit.now)
        for ticket_id, clock in next_due.items()
        if clock is not None and clock.due_at is not None
    }
    return {
        "look": look,
        "listed": listed,
        "view": listed.view,
        "dues": dues,
        "told": tell_rows(visit.voice, listed, dues, visit.now),
        "dense": visit.request.cookies.get(DENSITY) == "dense",
        "TABS": [BUILT_IN[code] for code in TABS],
        "SHOWN": SHOWN,
        "COUNTED": COUNTED,
        "BULK": BULK,
        "BULK_MOST": BULK_MOST,
        "EMPTY_VIEWS": EMPTY_VIEWS,
    }
