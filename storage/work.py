"""Tickets while they are worked on. Thin typed functions over sql/work.sql; nothing is decided here."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from storage.columns import transposed
from storage.database import Connection
from storage.queries import load_queries

SQL = load_queries("work")


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkedTicket:
    """A ticket under lock. `held`: what it counts for whoever has it or is offered it."""

    id: int
    code: int
    customer_id: int
    channel_id: int
    subject: str
    status: str
    seq: int
    version: int
    assignee_id: int | None
    offered_to: int | None
    queue_id: int
    priority: int
    live: bool
    weight: int
    held: int
    reply_address: str
    thread_key: str
    customer_name: str
    channel: str
    queue: str

    @property
    def holder(self) -> int | None:
        """Whoever has it, or is offered it."""
        return self.assignee_id if self.assignee_id is not None else self.offered_to


@dataclass(frozen=True, slots=True, kw_only=True)
class AgentNow:
    """An agent at the moment `now` of the database. `queues` empty: works on every queue. `calendar`: their shifts; "":
    always."""

    now: datetime
    id: int
    name: str
    presence: str
    capacity: int
    load: int
    live_capacity: int
    live_load: int
    idle_since: datetime
    languages: list[str]
    skills: dict[str, int]
    calendar: str
    wrap_until: datetime | None
    queues: list[str]


@dataclass(frozen=True, slots=True, kw_only=True)
class WaitingRow:
    """`last_agent_at`: when that agent had to do with the customer. `owner_id`: who looks after them, or after their
    organisation. `declined_by`, `not_to`: who gave it back, or did not take it, a moment ago."""

    id: int
    queue: str
    priority: int
    waiting_since: datetime
    language: str
    skills: list[str]
    preferred: list[str]
    kind: str
    live: bool
    weight: int
    last_agent_id: int | None
    last_agent_at: datetime | None
    owner_id: int | None
    declined_by: int | None
    not_to: list[int]
    waiting_why: Any
    due_at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class InHandRow:
    """The most urgent ticket that an agent works on and that can be put aside; of very many, among those that wait longest."""

    agent_id: int
    ticket_id: int
    queue: str
    language: str
    skills: list[str]
    kind: str
    priority: int
    waiting_since: datetime
    due_at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class NextByTime:
    """`turned_down`: when the first ticket that was may go back to whoever did it. `wrapped_up`: when the first agent has.
    `calendars`: agents' shifts. `waiting_since`: for each queue and moment asked for, when the first that came after it began
    to wait."""

    now: datetime
    turned_down: datetime | None
    wrapped_up: datetime | None
    calendars: list[str]
    waiting_since: list[datetime | None]


@dataclass(frozen=True, slots=True, kw_only=True)
class ExpectedRow:
    """How many tickets of one sort are expected."""

    queue: str
    language: str
    skills: list[str]
    kind: str
    live: bool
    tickets: float


@dataclass(frozen=True, slots=True, kw_only=True)
class AnswerRow:
    """An answer that an agent gave. `skills`, `queue` and `language`: what the ticket asks for; `levels`: the agent's skills.
    `known`: they had had the customer before. `minutes`: what it took."""

    queue: str
    language: str
    skills: list[str]
    kind: str
    levels: dict[str, int]
    known: bool
    minutes: float


@dataclass(frozen=True, slots=True, kw_only=True)
class GivenRow:
    """How many tickets of one sort an agent was given."""

    agent_id: int
    kind: str
    live: bool
    tickets: int


async def peek(connection: Connection, code: int) -> tuple[int, int | None] | None:
    """(ticket id, who has it or is offered it) as they stand, unlocked; None for an unknown code."""
    row = await connection.fetchrow(SQL["peek"], code)
    return (row["id"], row["holder"]) if row else None


async def lock_ticket(connection: Connection, ticket_id: int) -> WorkedTicket:
    """The ticket, locked until the transaction ends."""
    row: Any = await connection.fetchrow(SQL["lock_ticket"], ticket_id)
    return WorkedTicket(**row)


async def said_since(connection: Connection, ticket_id: int, seq: int, agent_id: int | None) -> bool:
    """Whether anybody but this agent spoke to or for the customer after `seq`."""
    said: bool = await connection.fetchval(SQL["said_since"], ticket_id, seq, agent_id)
    return said


async def add_entry(
    connection: Connection,
    *,
    ticket: WorkedTicket,
    seq: int,
    channel_id: int | None,
    kind: str,
    direction: str,
    agent_id: int | None,
    author_name: str,
    text: str,
    subject: str = "",
    external_id: str = "",
    thread_key: str = "",
) -> tuple[int, datetime]:
    """One entry of ours; returns its id and time."""
    row: Any = await connection.fetchrow(
        SQL["add_entry"], ticket.id, seq, ticket.customer_id, channel_id, kind, direction, agent_id, author_name, subject,
        text, external_id, thread_key,
    )  # fmt: skip
    return row["id"], row["created_at"]


async def last_letters(connection: Connection, ticket_id: int) -> list[tuple[str, str]]:
    """(Message-ID, direction) of the last thirty, newest first."""
    return [
        (row["external_id"], row["direction"])
        for row in await connection.fetch(SQL["last_letters"], ticket_id)
    ]


async def ticket_language(connection: Connection, ticket_id: int) -> str:
    """In which language its customer writes; "" where nobody knows."""
    language: str = await connection.fetchval(SQL["ticket_language"], ticket_id)
    return language


async def set_ticket(
    connection: Connection,
    ticket_id: int,
    *,
    seq: int,
    status: str | None = None,
    answered: bool = False,
    preview: str | None = None,
) -> int:
    """Write what a step of work changed; returns the new version."""
    version: int = await connection.fetchval(SQL["set_ticket"], ticket_id, seq, status, answered, preview)
    return version


async def set_assignee(connection: Connection, ticket_id: int, agent_id: int | None) -> None:
    await connection.execute(SQL["set_assignee"], ticket_id, agent_id)


async def settle_load(
    connection: Connection, ticket_id: int, *, holder: int | None, held: int, live: bool, wrap_up_seconds: int
) -> None:
    """Bring agents' loads up to what the ticket counts now; it counted `held` for `holder` before. Comes after the ticket's row
    was written; the agents are locked. `wrap_up_seconds`: what `holder` has from now on to wrap up."""
    await connection.execute(SQL["settle_load"], ticket_id, holder, held, live, wrap_up_seconds)


async def end_assignment(connection: Connection, ticket_id: int, reason: str) -> None:
    await connection.execute(SQL["end_assignment"], ticket_id, reason)


async def begin_assignment(connection: Connection, ticket_id: int, agent_id: int, decision_id: int) -> None:
    await connection.execute(SQL["begin_assignment"], ticket_id, agent_id, decision_id)


async def add_decision(
    connection: Connection,
    *,
    ticket_id: int,
    step: str,
    queue_id: int | None,
    agent_id: int | None,
    priority: int | None,
    why: Any,
) -> int:
    """Keep why; returns the decision's id."""
    made: int = await connection.fetchval(
        SQL["add_decision"], ticket_id, step, queue_id, agent_id, priority, why
    )
    return made


async def any_waiting(connection: Connection) -> tuple[datetime, bool]:
    """The moment, by the database, and whether any ticket waited for an agent then."""
    row: Any = await connection.fetchrow(SQL["any_waiting"])
    return row["now"], row["waits"]


async def lock_active_agents(connection: Connection) -> list[AgentNow]:
    """All active agents, locked."""
    return [AgentNow(**row) for row in await connection.fetch(SQL["agents"])]


async def look_at_agents(connection: Connection) -> list[AgentNow]:
    """All active agents, unlocked."""
    return [AgentNow(**row) for row in await connection.fetch(SQL["look_at_agents"])]


async def waiting(
    connection: Connection,
    *,
    places: int,
    live_places: int,
    free: Sequence[int],
    shut: Sequence[str],
    most: int,
) -> list[WaitingRow]:
    """Waiting tickets: the first `places` of each lot (`live_places` of one of live conversations), those of customers whom one
    of the agents `free` had last, those that were turned down, and those that were not looked at yet; at most `most`. Of the
    queues `shut` only these last two."""
    rows = await connection.fetch(SQL["waiting"], places, live_places, free, shut, most)
    return [WaitingRow(**row) for row in rows]


async def expected(connection: Connection, minutes: float, live_kinds: Sequence[str]) -> list[ExpectedRow]:
    """What came in so many minutes from this time of the week on, on the average of the last four weeks."""
    return [ExpectedRow(**row) for row in await connection.fetch(SQL["expected"], minutes, live_kinds)]


async def given_lately(connection: Connection, agent_ids: Sequence[int], seconds: float) -> list[GivenRow]:
    """What they were given, by routing and by hand."""
    return [GivenRow(**row) for row in await connection.fetch(SQL["given_lately"], agent_ids, seconds)]


async def answers_given(connection: Connection, days: int, most: int) -> list[AnswerRow]:
    """The last answers to tickets that could be put aside, of so many days."""
    return [AnswerRow(**row) for row in await connection.fetch(SQL["answers_given"], days, most)]


async def here_lately(connection: Connection, agent_ids: Sequence[int], seconds: float) -> dict[int, float]:
    """Minutes at their desks, on line or busy; nothing of whom nothing is known."""
    rows = await connection.fetch(SQL["here_lately"], agent_ids, seconds)
    return {row["agent_id"]: row["minutes"] for row in rows}


async def in_hand(connection: Connection, agent_ids: Sequence[int]) -> list[InHandRow]:
    """What each of these agents works on that could be put aside, the most urgent one."""
    return [InHandRow(**row) for row in await connection.fetch(SQL["in_hand"], agent_ids)]


async def next_by_time(
    connection: Connection, seen: datetime, waiting_after: Sequence[tuple[str, datetime]]
) -> NextByTime:
    """What changes by itself after `seen`. `waiting_after`: (queue, moment)."""
    row: Any = await connection.fetchrow(SQL["next_by_time"], seen, *transposed(waiting_after, 2))
    return NextByTime(**row)


async def unexplained(connection: Connection) -> list[WaitingRow]:
    """Waiting tickets that were not looked at yet."""
    return [WaitingRow(**row) for row in await connection.fetch(SQL["unexplained"])]


async def waiting_ticket(connection: Connection, code: int) -> WaitingRow | None:
    """One ticket, if it waits."""
    row = await connection.fetchrow(SQL["waiting_ticket"], code)
    return WaitingRow(**row) if row else None


async def give(
    connection: Connection, given: Sequence[tuple[int, int, str, bool]], tell: Sequence[str]
) -> int:
    """(ticket id, agent id, why as JSON text, whether it is live), and the topics to notify; returns how many were still to be
    had."""
    taken: int = await connection.fetchval(SQL["give"], *transposed(given, 4), tell)
    return taken


async def say_why_waiting(connection: Connection, said: Sequence[tuple[int, str]]) -> None:
    """(ticket id, why as JSON text)."""
    await connection.execute(SQL["say_why_waiting"], *transposed(said, 2))


async def add_outbox(
    connection: Connection,
    *,
    ticket_id: int,
    interaction_id: int,
    channel_id: int,
    message: Any,
    message_id: str,
    give_up_seconds: float,
    not_before_seconds: float = 0.0,
    made_pending: bool = False,
) -> None:
    """One answer that has to leave, in `not_before_seconds` at the earliest. `made_pending`: its ticket was open until then."""
    await connection.execute(
        SQL["add_outbox"], ticket_id, interaction_id, channel_id, message, message_id, give_up_seconds,
        not_before_seconds, made_pending,
    )  # fmt: skip


async def close_if_resolved(connection: Connection, ticket_id: int) -> int | None:
    """The ledger's number of the closing; None where the ticket has moved on."""
    seq: int | None = await connection.fetchval(SQL["close_if_resolved"], ticket_id)
    return seq
