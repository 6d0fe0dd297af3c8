"""Writes the made-up past down: everything that hubs would have written, in one transaction, in bulk."""

import itertools
import random
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from hub.actions.context import Context
from hub.actions.failures import NotPossible
from hub.actions.people.passwords import hash_password
from hub.actions.search.documents import customer_text, entry_text, organisation_text, ticket_text
from hub.model.codes import with_check_digit
from hub.model.search_words import lexemes_of
from hub.sandbox.seeding.stories import DAYS, Person, Story, companies, people, stories, tickets_of
from storage import house, seed
from storage.database import Connection

MARK = "made_up_past"
_AT_ONCE = 3000
"""Tickets in one go of COPY."""
_EPOCH = datetime(2020, 1, 1, tzinfo=UTC)
_LETTERS_PER_CUSTOMER = 9
_STAFF = (
    ("seed-lin", "林晓", "zh"), ("seed-zhao", "赵敏", "zh"), ("seed-sun", "孙洁", "zh"), ("seed-guo", "郭强", "zh"),
    ("seed-he", "何静", "zh"), ("seed-xu", "徐磊", "zh"), ("seed-anna", "Anna Berg", "en"), ("seed-tom", "Tom Ellis", "en"),
    ("seed-ruth", "Ruth Adler", "en"), ("seed-iris", "Iris Quinn", "en"), ("seed-paul", "Paul Mercer", "en"),
    ("seed-gita", "Gita Rao", "en"),
)  # fmt: skip

Progress = Callable[[int, int], None]
"""(entries written, of so many)"""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Ground:
    """What was there, or was made first, and all tickets refer to."""

    persons: Sequence[Person]
    customers: int
    tickets: int
    ticket_serial: int
    agents: Sequence[tuple[int, str]]
    queues: Sequence[tuple[int, str]]
    channels: dict[str, int]


@dataclass(slots=True)
class _Rows:
    """One lot of rows for each table."""

    ticket: list[tuple[Any, ...]] = field(default_factory=list)
    interaction: list[tuple[Any, ...]] = field(default_factory=list)
    event: list[tuple[Any, ...]] = field(default_factory=list)
    assignment: list[tuple[Any, ...]] = field(default_factory=list)
    outbox: list[tuple[Any, ...]] = field(default_factory=list)
    sla_clock: list[tuple[Any, ...]] = field(default_factory=list)
    search_entry: list[tuple[int, list[str]]] = field(default_factory=list)
    search_ticket: list[tuple[int, list[str]]] = field(default_factory=list)


_COLUMNS = {
    "ticket": (
        "id", "code", "customer_id", "channel_id", "subject", "kind", "status", "priority", "language", "queue_id",
        "assignee_id", "last_agent_id", "last_agent_at", "tags", "seq", "version", "created_at", "updated_at", "waiting_since",
        "last_in_at", "last_out_at", "last_preview", "resolved_at", "heard_at",
    ),
    "interaction": (
        "id", "ticket_id", "seq", "customer_id", "channel_id", "kind", "direction", "agent_id", "author_name", "subject",
        "text", "occurred_at", "created_at",
    ),
    "event": ("ticket_id", "seq", "kind", "agent_id", "data", "at"),
    "assignment": ("ticket_id", "agent_id", "started_at", "ended_at", "end_reason"),
    "outbox": (
        "ticket_id", "interaction_id", "channel_id", "message", "message_id", "state", "attempts", "not_before", "queued_at",
        "settled_at",
    ),
    "sla_clock": (
        "ticket_id", "target", "cycle", "state", "because", "started_at", "since", "ended_at", "minutes", "calendar",
        "warn_share", "escalates", "named_by", "rules_version", "due_at", "warn_at", "next_at", "version", "breached_at",
    ),
}  # fmt: skip


async def fill(
    ctx: Context,
    *,
    interactions: int,
    number: int,
    force: bool,
    password: str,
    progress: Progress,
    until: datetime | None = None,
) -> int:
    """Write the past of the seed `number`, up to `until` (now), with so many interactions; returns how many tickets that made.
    Its agents log in with `password`.

    Raises NotPossible: not_empty, where somebody else's data are there already and `force` is not set.
    """
    draw = random.Random(number)  # noqa: S311 - made-up data
    until = until or datetime.now(UTC).replace(microsecond=0)
    hashed = await hash_password(password)
    async with seed.in_bulk(ctx.database) as connection:
        if not force and not await seed.is_empty(connection):
            raise NotPossible(
                "There are customers or tickets here already. Made-up ones would stand among them for good.",
                code="not_empty",
            )
        await house.agree_on(connection, MARK, str(number))
        await seed.make_months(connection, until - timedelta(days=DAYS + 1), until)
        ground = await _lay_ground(connection, draw, interactions, hashed, until)
        # Two pasts in one database have different numbers in the same millisecond.
        told = itertools.count(ground.tickets * 64)
        written = tickets = 0
        past = stories(draw, interactions, ground.persons, len(ground.agents), until)
        while lot := list(itertools.islice(past, _AT_ONCE)):
            rows = _Rows()
            for story in lot:
                _write(rows, ground, story, tickets, told, until)
                tickets += 1
            for table, columns in _COLUMNS.items():
                await seed.copy(connection, table, columns, getattr(rows, table))
            await seed.copy_words(connection, "search_entry", rows.search_entry)
            await seed.copy_words(connection, "search_ticket", rows.search_ticket)
            written += len(rows.interaction)
            progress(written, interactions)
        await seed.settle(connection)
    return tickets


async def _lay_ground(
    connection: Connection, draw: random.Random, interactions: int, hashed: str, until: datetime
) -> _Ground:
    many = max(5, interactions // _LETTERS_PER_CUSTOMER)
    names = companies(draw, max(2, many // 40))
    first = await seed.first_numbers(connection, len(names), many, tickets_of(interactions))
    persons = people(draw, many, len(names), first["customer_id"])
    staff = [login for login, _, _ in _STAFF]
    known = await seed.known_logins(connection, staff)
    await seed.copy(
        connection, "agent", ("login", "name", "password_hash", "locale", "languages"),
        [(login, name, hashed, "zh_CN" if tongue == "zh" else "en", [tongue, "en"] if tongue == "zh" else [tongue])
         for login, name, tongue in _STAFF if login not in known],
    )  # fmt: skip
    channels = {kind: channel for channel, kind in await seed.channels(connection)}
    for kind in ("email", "webform", "webchat", "telegram", "api"):
        if kind not in channels:
            channels[kind] = await house.channel_by_name(connection, f"{kind}-seed", kind)
    organisations = [
        (
            first["organisation_id"] + place,
            with_check_digit(first["organisation_serial"] + place),
            name,
            draw.random() < 0.1,
        )
        for place, name in enumerate(names)
    ]
    await seed.copy(connection, "organisation", ("id", "code", "name", "key_account"), organisations)
    await seed.copy_words(
        connection,
        "search_organisation",
        ((row[0], lexemes_of(organisation_text(row[2], row[1]))) for row in organisations),
    )
    customers = [
        (
            first["customer_id"] + place, with_check_digit(first["customer_serial"] + place), one.name, one.language,
            None if one.company is None else organisations[one.company][0], one.key_account,
            until - timedelta(days=DAYS), until - timedelta(seconds=60 * (place + 1)),
        )
        for place, one in enumerate(persons)
    ]  # fmt: skip
    await seed.copy(
        connection, "customer",
        ("id", "code", "name", "language", "organisation_id", "key_account", "created_at", "last_seen_at"), customers,
    )  # fmt: skip
    await seed.copy(
        connection, "identity", ("customer_id", "kind", "value", "verified"),
        ((first["customer_id"] + place, kind, value, kind == "email")
         for place, one in enumerate(persons) for kind, value in (("email", one.email), ("phone", one.phone))),
    )  # fmt: skip
    await seed.copy_words(
        connection, "search_customer",
        ((row[0], lexemes_of(customer_text(one.name, row[1], (one.email, one.phone))))
         for row, one in zip(customers, persons, strict=True)),
    )  # fmt: skip
    return _Ground(
        persons=persons,
        customers=first["customer_id"],
        tickets=first["ticket_id"],
        ticket_serial=first["ticket_serial"],
        agents=await seed.agents(connection),
        queues=await seed.queues(connection),
        channels=channels,
    )


def _write(
    rows: _Rows, ground: _Ground, story: Story, place: int, told: Iterator[int], until: datetime
) -> None:
    ticket, code = ground.tickets + place, with_check_digit(ground.ticket_serial + place)
    customer, person = ground.customers + story.person, ground.persons[story.person]
    channel = ground.channels[story.channel_kind]
    queue = next(
        (number for number, name in ground.queues if any(word in name for word in story.queue_words)),
        ground.queues[place % len(ground.queues)][0],
    )
    agent, agent_name = (None, "") if story.agent is None else ground.agents[story.agent]
    seq = 0
    first, last = story.entries[0], story.entries[-1]
    for entry in story.entries:
        seq += 1
        number = _timeline_id(entry.at, next(told))
        subject = story.subject if entry is first else ""
        author = person.name if entry.by_agent is None else agent_name
        rows.interaction.append(
            (number, ticket, seq, customer, channel, entry.kind, entry.direction, agent if entry.by_agent is not None else None,
             author, subject, entry.text, entry.at, entry.at)
        )  # fmt: skip
        rows.search_entry.append((number, lexemes_of(entry_text(subject, entry.text))))
        rows.event.append(
            (ticket, seq, "ticket_opened" if seq == 1 else "interaction_added",
             agent if entry.by_agent is not None else None, {"interaction": number, "direction": entry.direction}, entry.at)
        )  # fmt: skip
        if entry.direction == "out":
            settled = entry.at + timedelta(seconds=12)
            message = {"address": person.email, "cc": [], "bcc": []}
            rows.outbox.append(
                (
                    ticket,
                    number,
                    channel,
                    message,
                    f"<{number}@seed.example>",
                    "sent",
                    1,
                    entry.at,
                    entry.at,
                    settled,
                )
            )
        if entry is first and agent is not None:
            seq += 1
            at = entry.at + timedelta(seconds=30)
            rows.event.append((ticket, seq, "ticket_assigned", agent, {"agent": agent}, at))
    ended = story.status in ("resolved", "closed")
    end = min(last.at + timedelta(minutes=20), until)
    if agent is not None:
        over = (end, "resolved") if ended else (None, "")
        rows.assignment.append((ticket, agent, first.at + timedelta(seconds=30), *over))
    if story.status != "open":
        seq += 1
        rows.event.append((ticket, seq, "status_changed", agent, {"from": "open", "to": story.status}, end))
    rows.sla_clock.extend(_clocks(ticket, story, until))
    said = [one for one in story.entries if one.direction == "in"]
    answers = [one.at for one in story.entries if one.direction == "out"]
    rows.ticket.append(
        (ticket, code, customer, channel, story.subject, story.kind, story.status, story.priority, story.language, queue,
         agent, agent, last.at if agent else None, list(story.tags), seq, seq, first.at, end if ended else last.at,
         said[-1].at if story.status == "open" else None, said[-1].at, answers[-1] if answers else None,
         said[-1].text[:160], end if ended else None, said[-1].at)
    )  # fmt: skip
    rows.search_ticket.append((ticket, lexemes_of(ticket_text(story.subject, code, story.tags))))


def _clocks(ticket: int, story: Story, until: datetime) -> Iterator[tuple[Any, ...]]:
    """What was promised: a first answer within eight hours, an end within three days, both by the clock on the wall."""
    opened = story.entries[0].at
    answered = next((one.at for one in story.entries if one.direction == "out"), None)
    ended = story.entries[-1].at if story.status in ("resolved", "closed") else None
    for target, minutes, done in (("first_response", 480, answered or ended), ("resolution", 4320, ended)):
        due, warn = opened + timedelta(minutes=minutes), opened + timedelta(minutes=minutes * 0.8)
        if done is not None:
            state, because = (
                ("met" if done <= due else "missed"),
                ("answered" if target == "first_response" else "resolved"),
            )
            missed = due if done > due else None
            yield (
                ticket,
                target,
                1,
                state,
                because,
                opened,
                done,
                done,
                minutes,
                "",
                80,
                False,
                "seed",
                1,
                due,
                warn,
                None,
                1,
                missed,
            )
        elif story.status == "open":
            late = due <= until
            following = None if late else max(warn, until + timedelta(minutes=1))
            yield (ticket, target, 1, "running", "opened", opened, opened, None, minutes, "", 80, False, "seed", 1, due, warn,
                   following, 1, due if late else None)  # fmt: skip


def _timeline_id(at: datetime, number: int) -> int:
    """As the database makes them: the time above, a running number below."""
    return (int((at - _EPOCH) / timedelta(milliseconds=1)) << 20) | (number & 0xFFFFF)
