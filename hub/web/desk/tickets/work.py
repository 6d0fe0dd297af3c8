"""A ticket and everything that the desk shows beside its list: read together, made ready for the templates."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from aiohttp import web

from hub.actions.failures import NotFound
from hub.actions.floor.route import why_waiting
from hub.actions.people.sight import seen_codes, seen_of
from hub.actions.read_clocks import ClockLedger, ledger_of
from hub.web.desk.say.automation import tell_runs
from hub.web.desk.say.errands import task_words
from hub.web.desk.say.floor import say_expected
from hub.web.desk.say.scheduled import Scheduled, read_scheduled, say_scheduled
from hub.web.desk.say.snooze import say_until
from hub.web.desk.say.targets import tell_clocks
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
)
from hub.web.desk.visit import Visit
from routing.expect import Expected
from routing.retell import retell
from storage import automation, followers, incidents, listening, participants, snooze, tasks, threads, views
from storage.automation import RunRow
from storage.database import Connection
from storage.followers import FollowerRow
from storage.incidents import IncidentShort
from storage.listening import ListenerRow
from storage.participants import ParticipantRow
from storage.tasks import TaskRow
from storage.threads import EntryFacts, LinkRow
from storage.views import CustomerRow, TicketRow

RUNS = 20
"""So many of the last things that rules did to a ticket are shown."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Work:
    """What stands beside the list: a thread and whose it is. `waiting_why`: data of routing.explain, as things stand now, while
    nobody has the ticket. `facts` by entry, where there are any."""

    thread: Thread
    customer: CustomerRow | None
    earlier_tickets: Sequence[TicketRow]
    queues: Sequence[views.QueueRow]
    participants: Sequence[ParticipantRow]
    links: Sequence[LinkRow]
    facts: Mapping[int, EntryFacts]
    clocks: Sequence[ClockLedger]
    tasks: Sequence[TaskRow]
    scheduled: Scheduled
    runs: Sequence[RunRow]
    followers: Sequence[FollowerRow]
    listeners: Sequence[ListenerRow]
    incidents: Sequence[IncidentShort]
    snoozed_until: datetime | None
    waiting_why: dict[str, Any] | None = None


async def read_work(visit: Visit, code: int, rows: int) -> Work:
    """The ticket and whose it is. Raises NotFound."""

    async def read(c: Connection) -> Work | None:
        thread = await read_thread(c, code, rows)
        if thread is None:
            return None
        customer, tickets = await read_customer(c, thread.ticket.customer_id)
        seen = await seen_of(c, visit.actor, [ticket.id for ticket in tickets])
        links = await threads.ticket_links(c, thread.ticket.id)
        linked = await seen_codes(c, visit.actor, [link.code for link in links])
        return Work(
            thread=thread,
            customer=customer,
            earlier_tickets=[ticket for ticket in tickets if ticket.id in seen],
            queues=await views.list_queues(c),
            participants=await participants.participants_of(c, thread.ticket.id),
            links=[link for link in links if link.code in linked],
            facts=await threads.entry_facts(c, [entry.id for entry in thread.entries]),
            tasks=await tasks.of_ticket(c, code),
            scheduled=await read_scheduled(c, thread.ticket.id),
            runs=await automation.runs_of_ticket(c, thread.ticket.id, RUNS),
            followers=await followers.named(c, thread.ticket.id),
            listeners=await listening.listeners(c, thread.ticket.id),
            incidents=await incidents.of_ticket(c, thread.ticket.id),
            snoozed_until=await snooze.snoozed_until(c, thread.ticket.id),
            clocks=await ledger_of(c, visit.ctx.rules.policies, thread.ticket.id, visit.now),
        )

    work = await visit.ctx.database.read(read)
    if work is None:
        raise NotFound(f"There is no ticket {code}.")
    ticket = work.thread.ticket
    if ticket.assignee_id is None and ticket.status == "open":
        # What was stored when it was last looked at may be long past: who has come and gone since decides.
        return replace(work, waiting_why=await why_waiting(visit.ctx, code))
    return work


def entries_asked(request: web.Request) -> int:
    """How many entries of a thread the page shows."""
    given = request.query.get("entries", "")
    return (
        max(ENTRIES, min(int(given), MOST_ENTRIES))
        if given.isascii() and given.isdigit() and len(given) < 6
        else ENTRIES
    )


def work_context(visit: Visit, work: Work) -> dict[str, object]:
    """What the templates of a ticket show."""
    ticket = work.thread.ticket
    titles = queue_titles(visit.voice, work.queues)
    return {
        "work": work,
        "ticket": ticket,
        "thread": work.thread,
        "customer": work.customer,
        "answering": answering(visit.ctx, ticket),
        "whys": tell_decisions(visit.voice, work.thread.decisions, work.queues),
        "clocks": tell_clocks(
            visit.voice, work.clocks, visit.ctx.rules.calendar, visit.now, visit.ctx.rules.target
        ),
        "runs": tell_runs(visit.voice, visit.ctx.rules, work.runs),
        "tasks": work.tasks,
        "followers": work.followers,
        "until": say_until(visit.voice, work.snoozed_until, visit.now),
        "scheduled": say_scheduled(visit.voice, work.scheduled, visit.now),
        **task_words(visit.voice, work.tasks, visit.now),
        "waiting": retell(work.waiting_why, visit.voice.locale, titles) if work.waiting_why else [],
        "expected": say_expected(visit.voice, Expected(**work.waiting_why["expected"]))
        if work.waiting_why
        else "",
        "CUT": CUT,
    }
