"""A ticket and everything that the desk shows beside its list: read together, made ready for the templates."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from hub.actions.failures import NotFound
from hub.actions.floor.route import explain_waiting
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
    read_thread,
    tell_decisions,
)
from hub.web.desk.visit import Visit
from routing.expect import Expected
from routing.retell import retell
from storage import (
    automation,
    followers,
    incidents,
    listening,
    participants,
    snooze,
    surveys,
    tasks,
    threads,
    views,
)
from storage.automation import RunRow
from storage.database import Connection
from storage.followers import FollowerRow
from storage.incidents import IncidentShort
from storage.listening import ListenerRow
from storage.participants import ParticipantRow
from storage.side_by_side import side_by_side
from storage.surveys import ScoreRow
from storage.tasks import TaskRow
from storage.threads import LinkRow
from storage.views import CustomerRow, TicketRow

SCORES = 5
"""So many of the last ratings of a customer are shown."""
RUNS = 20
"""So many of the last things that rules did to a ticket are shown."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Work:
    """What stands beside the list: a thread and whose it is. `waiting_why`: data of routing.explain, as things stand now, while
    nobody has the ticket."""

    thread: Thread
    customer: CustomerRow | None
    earlier_tickets: Sequence[TicketRow]
    queues: Sequence[views.QueueName]
    participants: Sequence[ParticipantRow]
    links: Sequence[LinkRow]
    clocks: Sequence[ClockLedger]
    tasks: Sequence[TaskRow]
    scheduled: Scheduled
    runs: Sequence[RunRow]
    followers: Sequence[FollowerRow]
    listeners: Sequence[ListenerRow]
    incidents: Sequence[IncidentShort]
    scores: Sequence[ScoreRow]
    snoozed_until: datetime | None
    waiting_why: dict[str, Any] | None = None


async def read_work(visit: Visit, code: int, rows: int) -> Work:
    """The ticket and whose it is. Raises NotFound."""

    async def read(connection: Connection) -> Work:
        return await work_of(connection, visit, await find_ticket(connection, code), rows)

    return await visit.ctx.database.read(read)


async def find_ticket(connection: Connection, code: int) -> TicketRow:
    """Raises NotFound."""
    ticket = await views.get_ticket(connection, code)
    if ticket is None:
        raise NotFound(f"There is no ticket {code}.")
    return ticket


async def work_of(connection: Connection, visit: Visit, ticket: TicketRow, rows: int) -> Work:
    """Everything beside the ticket, read side by side."""
    # What was stored when it was last looked at may be long past: who has come and gone since decides.
    waits = ticket.assignee_id is None and ticket.status == "open"
    async with side_by_side(connection) as also:
        c = also.connection
        thread = also.ask(read_thread(c, ticket, rows))
        customer = also.ask(views.get_customer(c, ticket.customer_id))
        earlier = also.ask(_seen_tickets(c, visit, ticket.customer_id))
        links = also.ask(_seen_links(c, visit, ticket.id))
        queues = also.ask(views.name_queues(c))
        people = also.ask(participants.participants_of(c, ticket.id))
        to_do = also.ask(tasks.of_ticket(c, ticket.code))
        later = also.ask(read_scheduled(c, ticket.id))
        runs = also.ask(automation.runs_of_ticket(c, ticket.id, RUNS))
        following = also.ask(followers.named(c, ticket.id))
        listeners = also.ask(listening.listeners(c, ticket.id))
        affected = also.ask(incidents.of_ticket(c, ticket.id))
        scores = also.ask(_seen_scores(c, visit, ticket.customer_id))
        until = also.ask(snooze.snoozed_until(c, ticket.id))
        clocks = also.ask(ledger_of(c, visit.ctx.rules.policies, ticket.id, visit.now))
        waiting_why = await explain_waiting(visit.ctx, c, ticket.code) if waits else None
    return Work(
        thread=thread.result(),
        customer=customer.result(),
        earlier_tickets=earlier.result(),
        queues=queues.result(),
        participants=people.result(),
        links=links.result(),
        tasks=to_do.result(),
        scheduled=later.result(),
        runs=runs.result(),
        followers=following.result(),
        listeners=listeners.result(),
        incidents=affected.result(),
        scores=scores.result(),
        snoozed_until=until.result(),
        clocks=clocks.result(),
        waiting_why=waiting_why,
    )


async def _seen_tickets(connection: Connection, visit: Visit, customer_id: int) -> Sequence[TicketRow]:
    tickets = await views.customer_tickets(connection, customer_id, 20)
    seen = await seen_of(connection, visit.actor, [ticket.id for ticket in tickets])
    return [ticket for ticket in tickets if ticket.id in seen]


async def _seen_links(connection: Connection, visit: Visit, ticket_id: int) -> Sequence[LinkRow]:
    links = await threads.ticket_links(connection, ticket_id)
    seen = await seen_codes(connection, visit.actor, [link.code for link in links])
    return [link for link in links if link.code in seen]


async def _seen_scores(connection: Connection, visit: Visit, customer_id: int) -> Sequence[ScoreRow]:
    scores = await surveys.scores_of(connection, customer_id, 20)
    seen = await seen_codes(connection, visit.actor, [score.code for score in scores])
    return [score for score in scores if score.code in seen][:SCORES]


def entries_asked(query: Mapping[str, str]) -> int:
    """How many entries of a thread the page shows."""
    given = query.get("entries", "")
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
