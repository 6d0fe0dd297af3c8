"""What rules have to look at, what they wait for, what they did; tags. Thin typed functions over sql/automation.sql."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from storage.columns import transposed
from storage.database import Connection
from storage.queries import load_queries
from storage.settled import settled_behind_mark
from storage.work import WorkedTicket

SQL = load_queries("automation")


@dataclass(frozen=True, slots=True, kw_only=True)
class DueRow:
    """What is to be looked at: an entry of a ledger (`seq`), the end of a wait (`rule`, `anchor`), or with seq 0 the waits of a
    ticket."""

    id: int
    ticket_id: int
    seq: int
    rule: str | None
    anchor: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class FactsRow:
    """A ticket, and the entry of its ledger that it is looked at for; `event` and `direction` are None where there is none.
    `given_by_hand`: whoever has it got it from a person."""

    ticket_id: int
    seq: int
    code: int
    kind: str
    kind_uncertain: bool
    priority: int
    queue: str
    queue_id: int
    status: str
    tags: list[str]
    language: str
    channel: str
    channel_kind: str
    subject: str
    assignee_id: int | None
    by_hand: list[str]
    given_by_hand: bool
    key_account: bool
    segment: str
    organisation: str
    customer_language: str
    owner_id: int | None
    open_tickets: int
    ticket_fields: Any
    customer_fields: Any
    event: str | None
    data: Any
    agent_id: int | None
    direction: str | None
    text: str | None
    automatic: str | None
    attachment: bool
    now: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class AnchorsRow:
    """Since when something is so; None where it is not."""

    ticket_id: int
    unassigned: datetime | None
    unanswered: datetime | None
    pending: datetime | None
    resolved: datetime | None
    opened: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class RunRow:
    """One time that a rule's conditions held. `did`: for each action its verb, value and outcome."""

    id: int
    ticket_code: int
    subject: str
    rule: str
    rules_version: int
    because: str
    caused_by: str
    depth: int
    outcome: str
    did: list[dict[str, Any]]
    error: str
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class StoppedRow:
    rule: str
    reason: str
    ticket_code: int
    stopped_at: datetime


async def take_in(connection: Connection, listened: Sequence[str], limit: int) -> int:
    """Put what rules listen to on the list; returns how many entries of the ledger were looked through. One of
    the statements writes."""
    seen: int = await connection.fetchval(SQL["take_in"], listened, limit, None)
    if not seen and (below := await settled_behind_mark(connection, "automation")) is not None:
        seen = await connection.fetchval(SQL["take_in"], listened, limit, below)
    return seen


async def take_in_waits(connection: Connection, limit: int) -> int:
    """Put what has waited long enough on the list; returns how many. One statement."""
    over: int = await connection.fetchval(SQL["take_in_waits"], limit)
    return over


async def agree_on_plan(connection: Connection, fingerprint: str, version: int, *, waits: bool) -> None:
    """These are the time rules; `waits`: whether there are any."""
    await connection.execute(SQL["agree_on_plan"], fingerprint, version, waits)


async def plan_anew(connection: Connection) -> None:
    """The waits of all tickets are reckoned again soon."""
    await connection.execute(SQL["plan_anew"])


async def take_in_plan(connection: Connection, limit: int) -> int:
    """Put the next tickets whose waits are to be reckoned on the list; returns how many. One statement."""
    put: int = await connection.fetchval(SQL["take_in_plan"], limit)
    return put


async def claim(connection: Connection, limit: int) -> list[DueRow]:
    """What comes first of each ticket, locked; without what somebody else looks at."""
    return [DueRow(**row) for row in await connection.fetch(SQL["claim"], limit)]


async def claim_one(connection: Connection, due_id: int) -> bool:
    """Lock one; False where it is done already, or somebody else looks at it."""
    return await connection.fetchval(SQL["claim_one"], due_id) is not None


async def settle(connection: Connection, due_ids: Sequence[int]) -> None:
    """These were looked at."""
    await connection.execute(SQL["settle"], due_ids)


async def facts(
    connection: Connection, wanted: Sequence[tuple[int, int]], *, count_open: bool, read_fields: bool
) -> dict[tuple[int, int], FactsRow]:
    """By (ticket id, seq)."""
    rows = await connection.fetch(SQL["facts"], *transposed(wanted, 2), count_open, read_fields)
    return {(row["ticket_id"], row["seq"]): FactsRow(**row) for row in rows}


async def anchors(connection: Connection, ticket_ids: Sequence[int]) -> dict[int, AnchorsRow]:
    """By ticket id."""
    return {row["ticket_id"]: AnchorsRow(**row) for row in await connection.fetch(SQL["anchors"], ticket_ids)}


async def ran_for_events(
    connection: Connection, asked: Sequence[tuple[int, str, int]]
) -> set[tuple[int, str, int]]:
    """Which of these (ticket id, rule, seq) were dealt with."""
    rows = await connection.fetch(SQL["ran_for_events"], *transposed(asked, 3))
    return {(row["ticket_id"], row["rule"], row["seq"]) for row in rows}


async def ran_for_waits(
    connection: Connection, asked: Sequence[tuple[int, str, datetime]]
) -> set[tuple[int, str, datetime]]:
    """Which of these (ticket id, rule, anchor) were dealt with."""
    rows = await connection.fetch(SQL["ran_for_waits"], *transposed(asked, 3))
    return {(row["ticket_id"], row["rule"], row["anchor"]) for row in rows}


async def plan(
    connection: Connection, ticket_ids: Sequence[int], waits: Sequence[tuple[int, str, datetime, datetime]]
) -> None:
    """(ticket id, rule, anchor, due at): all waits of these tickets."""
    await connection.execute(SQL["plan"], ticket_ids, *transposed(waits, 4))


async def visits(connection: Connection, ticket_id: int, rule: str) -> int:
    """How often the rule did something to the ticket in the last hour without a person's cause."""
    count: int = await connection.fetchval(SQL["visits"], ticket_id, rule)
    return count


async def has_replied(connection: Connection, ticket_id: int, rule: str) -> bool:
    """Whether the rule has answered in this ticket before."""
    said: bool = await connection.fetchval(SQL["has_replied"], ticket_id, rule)
    return said


async def add_run(
    connection: Connection,
    *,
    ticket_id: int,
    rule: str,
    rules_version: int,
    seq: int | None,
    anchor: datetime | None,
    because: str,
    caused_by: str,
    depth: int,
    outcome: str,
    did: Sequence[dict[str, Any]] = (),
    error: str = "",
) -> bool:
    """Put on record that a rule's conditions held; False where that is on record already."""
    made = await connection.fetchval(
        SQL["add_run"], ticket_id, rule, rules_version, seq, anchor, because, caused_by, depth, outcome, list(did), error
    )  # fmt: skip
    return made is not None


async def runs_of_ticket(connection: Connection, ticket_id: int, limit: int) -> list[RunRow]:
    """Newest first."""
    return [RunRow(**row) for row in await connection.fetch(SQL["runs_of_ticket"], ticket_id, limit)]


async def runs_of_rule(connection: Connection, rule: str, limit: int) -> list[RunRow]:
    """Newest first, of all tickets."""
    return [RunRow(**row) for row in await connection.fetch(SQL["runs_of_rule"], rule, limit)]


async def stop(connection: Connection, rule: str, reason: str, ticket_id: int) -> bool:
    """The rule runs no more; False where it was stopped already."""
    return await connection.fetchval(SQL["stop"], rule, reason, ticket_id) is not None


async def resume(connection: Connection, rule: str) -> bool:
    """The rule runs again; False where it was not stopped."""
    return await connection.fetchval(SQL["resume"], rule) is not None


async def stopped(connection: Connection) -> list[StoppedRow]:
    """Rules that were stopped, the last one first."""
    return [StoppedRow(**row) for row in await connection.fetch(SQL["stopped"])]


async def agent_by_login(connection: Connection, login: str) -> int | None:
    """An active agent."""
    found: int | None = await connection.fetchval(SQL["agent_by_login"], login)
    return found


async def tags_of(connection: Connection, ticket_id: int) -> list[str]:
    """Of a ticket under lock."""
    tags: list[str] = await connection.fetchval(SQL["tags_of"], ticket_id)
    return tags


async def change_tags(connection: Connection, ticket_id: int, tags: Sequence[str]) -> None:
    """These are a ticket's tags."""
    await connection.execute(SQL["change_tags"], ticket_id, tags)
    await connection.execute(SQL["know_tags"], tags)


async def known_tags(connection: Connection, beginning: str, limit: int) -> list[str]:
    """Tags that were ever used and begin so, by name."""
    return [row["name"] for row in await connection.fetch(SQL["known_tags"], beginning, limit)]


async def is_old(connection: Connection, ticket_id: int, *, by_now: bool) -> bool:
    """Whether the last that a person said was more than a day old when it came, or with `by_now` is so now."""
    return bool(await connection.fetchval(SQL["is_old"], ticket_id, by_now))


async def template_by_name(connection: Connection, name: str, language: str) -> tuple[str, str] | None:
    """(text, language) of the template of this name that fits the language best; None where there is none."""
    row = await connection.fetchrow(SQL["template_by_name"], name, language)
    return (row["body"], row["language"]) if row else None


async def add_automatic_entry(
    connection: Connection,
    *,
    ticket: WorkedTicket,
    seq: int,
    channel_id: int,
    subject: str,
    text: str,
    external_id: str,
    thread_key: str,
) -> int:
    """What the house says by itself on a ticket's timeline; returns its id."""
    made: int = await connection.fetchval(
        SQL["add_automatic_entry"], ticket.id, seq, ticket.customer_id, channel_id, subject, text, external_id, thread_key
    )  # fmt: skip
    return made


async def backlog(connection: Connection) -> int:
    """How many looks rules still have to take, a hundred thousand at the most."""
    waiting: int = await connection.fetchval(SQL["backlog"])
    return waiting
