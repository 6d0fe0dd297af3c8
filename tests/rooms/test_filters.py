"""Filters of tickets: what the database finds is what the words say, for any tree and any ticket; bad trees are refused."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from hub.actions.context import Context
from hub.model.filters import (
    ME,
    MOST_DEPTH,
    NOBODY,
    TESTS,
    BadFilter,
    Condition,
    Filter,
    Group,
    How,
    TicketFacts,
    as_groups,
    either,
    every,
    filter_data,
    holds,
    is_so,
    one_of,
    read_filter,
)
from hub.model.permissions import Sight
from storage import ticket_lists
from storage.database import Connection, Database
from storage.filters import Reader
from tests.conftest import at_database

QUEUES, CHANNELS, TAGS, LANGUAGES, SEGMENTS = (
    ("q-a", "q-b"),
    ("c-a", "c-b"),
    ("rot", "蓝"),
    ("en", "zh"),
    ("", "gold"),
)
MINUTES = (10, 60, 1440)
_WORDS: dict[str, tuple[str, ...]] = {
    "status": ("open", "pending", "resolved", "closed"), "queue": (*QUEUES, "nowhere"), "kind": ("complaint", "enquiry"),
    "priority": ("1", "2", "4"), "tag": (*TAGS, "none"), "channel": (*CHANNELS, "gone"), "language": LANGUAGES,
    "segment": ("gold", "school"), "assignee": (ME, NOBODY, "{other}"),
}  # fmt: skip


@dataclass(frozen=True)
class Drawn:
    """A ticket as the strategy makes it; moments are minutes before now, or (due) after."""

    status: str
    queue: str
    owner: str
    kind: str
    priority: int
    tags: tuple[str, ...]
    channel: str
    language: str
    own_segment: str
    their_segment: str
    key_account: bool
    waiting: int | None
    due: int | None
    snoozed: bool
    said_by: str
    seen: bool
    followed: bool
    draft: bool
    mentioned: bool
    created: int
    updated: int


_some_minutes = st.sampled_from((5, 30, 600, 5000))
_tickets = st.builds(
    Drawn,
    status=st.sampled_from(_WORDS["status"]), queue=st.sampled_from(QUEUES), owner=st.sampled_from(("", "me", "other")),
    kind=st.sampled_from(_WORDS["kind"]), priority=st.sampled_from((1, 2, 4)),
    tags=st.lists(st.sampled_from(TAGS), unique=True).map(tuple), channel=st.sampled_from(CHANNELS),
    language=st.sampled_from(LANGUAGES), own_segment=st.sampled_from(SEGMENTS), their_segment=st.sampled_from(SEGMENTS),
    key_account=st.booleans(), waiting=st.none() | _some_minutes, due=st.none() | _some_minutes, snoozed=st.booleans(),
    said_by=st.sampled_from(("customer", "me", "other")), seen=st.booleans(), followed=st.booleans(), draft=st.booleans(),
    mentioned=st.booleans(), created=_some_minutes, updated=_some_minutes,
)  # fmt: skip


def _condition(field: str) -> st.SearchStrategy[Filter]:
    tests = TESTS[field]
    if tests == (How.IS,):
        return st.sampled_from((is_so(field), is_so(field, yes=False)))
    if How.IS in tests:
        words = st.lists(st.sampled_from(_WORDS[field]), min_size=1, max_size=3, unique=True)
        return st.builds(
            lambda how, values: Condition(field, how, tuple(values)), st.sampled_from(tests), words
        )
    return st.builds(
        lambda how, minutes: Condition(field, how, minutes=minutes),
        st.sampled_from(tests),
        st.sampled_from(MINUTES),
    )


_conditions = st.sampled_from(sorted(TESTS)).flatmap(_condition)
_trees: st.SearchStrategy[Filter] = st.recursive(
    _conditions,
    lambda inner: st.builds(
        lambda joined, members: Group(joined, tuple(members)),
        st.sampled_from(("all", "any")),
        st.lists(inner, max_size=3),
    ),
    max_leaves=8,
)


# ── the property ────────────────────────────────────────────────────────────────────────────────────────────────────────
@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(drawn=st.lists(_tickets, min_size=3, max_size=12), trees=st.lists(_trees, min_size=40, max_size=40))
def test_the_database_finds_what_the_words_say(
    filter_database: str, drawn: Sequence[Drawn], trees: Sequence[Filter]
) -> None:
    asyncio.run(_compare(filter_database, drawn, trees))


@pytest.fixture(scope="module")
def filter_database(postgres: str) -> str:
    """One for all examples: each leaves its tickets to the next."""
    asyncio.run(_make(postgres))
    return at_database(postgres, "filters")


async def _make(postgres: str) -> None:
    database = await Database.open(postgres, max_size=1)
    connection = await database.connect_alone()
    await connection.execute("CREATE DATABASE filters TEMPLATE template_hub STRATEGY file_copy")
    await connection.close()
    await database.close()
    database = await Database.open(at_database(postgres, "filters"), max_size=1)
    await database.run(_people)
    await database.close()


async def _people(c: Connection) -> None:
    await c.execute(
        """INSERT INTO agent (login, name, password_hash) VALUES ('me', 'Me', '-'), ('other', 'Other', '-');
           INSERT INTO queue (name, title_en, title_zh) VALUES ('q-a', 'A', 'A'), ('q-b', 'B', 'B');
           INSERT INTO channel (name, kind) VALUES ('c-a', 'api'), ('c-b', 'api')"""
    )


async def _compare(dsn: str, drawn: Sequence[Drawn], trees: Sequence[Filter]) -> None:
    database = await Database.open(dsn, max_size=1)
    try:
        await database.run(lambda c: _try(c, drawn, trees))
    finally:
        await database.close()


async def _try(c: Connection, drawn: Sequence[Drawn], trees: Sequence[Filter]) -> None:
    me = await c.fetchval("SELECT id FROM agent WHERE login = 'me'")
    other = await c.fetchval("SELECT id FROM agent WHERE login = 'other'")
    now = await c.fetchval("SELECT clock_timestamp()")
    facts = {await _insert(c, one, me, other, now): _facts(one, me, other, now) for one in drawn}
    for tree in trees:
        wanted = _naming(tree, other)
        assert read_filter(filter_data(wanted), depth=20) == wanted
        found = await ticket_lists.find_ids(
            c, wanted, Reader(agent_id=me, now=now), order="updated", limit=1000
        )
        expected = {key for key, one in facts.items() if holds(wanted, one, agent_id=me, now=now)}
        assert set(found) & facts.keys() == expected, wanted
        number = await ticket_lists.count(c, wanted, Reader(agent_id=me, now=now), most=2)
        assert number == min(2, len(found))


def _naming(tree: Filter, other: int) -> Filter:
    if isinstance(tree, Group):
        return Group(tree.joined, tuple(_naming(one, other) for one in tree.members))
    return Condition(
        tree.field, tree.test, tuple(one.format(other=other) for one in tree.values), tree.minutes
    )


async def _insert(c: Connection, one: Drawn, me: int, other: int, now: datetime) -> int:
    def ago(minutes: int | None) -> datetime | None:
        return None if minutes is None else now - timedelta(minutes=minutes)

    customer = await c.fetchval(
        """WITH o AS (INSERT INTO organisation (name, segment, key_account) VALUES ('O', $2, $3) RETURNING id)
           INSERT INTO customer (name, segment, organisation_id) SELECT 'C', $1, id FROM o RETURNING id""",
        one.own_segment, one.their_segment, one.key_account,
    )  # fmt: skip
    ticket_id: int = await c.fetchval(
        """INSERT INTO ticket (customer_id, channel_id, subject, kind, queue_id, status, priority, language, tags,
                               assignee_id, waiting_since, created_at, updated_at, snoozed_until)
           VALUES ($1, (SELECT id FROM channel WHERE name = $2), 's', $3, (SELECT id FROM queue WHERE name = $4), $5, $6, $7,
                   $8, $9, $10, $11, $12, $13) RETURNING id""",
        customer, one.channel, one.kind, one.queue, one.status, one.priority, one.language, list(one.tags),
        {"": None, "me": me, "other": other}[one.owner], ago(one.waiting), ago(one.created), ago(one.updated),
        now + timedelta(days=1) if one.snoozed else None,
    )  # fmt: skip
    if one.due is not None:
        await c.execute(
            """INSERT INTO sla_clock (ticket_id, target, cycle, state, because, started_at, since, minutes, calendar,
                                      warn_share, escalates, named_by, rules_version, due_at, version)
               VALUES ($1, 'resolution', 1, 'running', '', now(), now(), 5, 'c', 80, false, '', 1, $2, 1)""",
            ticket_id, now + timedelta(minutes=one.due),
        )  # fmt: skip
    speaker = {"customer": None, "me": me, "other": other}[one.said_by]
    await c.execute(
        "INSERT INTO event (ticket_id, seq, kind, agent_id, data) VALUES ($1, 2, 'interaction_added', $2, $3)",
        ticket_id, speaker, {"direction": "in" if speaker is None else "internal"},
    )  # fmt: skip
    if one.seen:
        await ticket_lists.see(c, agent_id=me, ticket_id=ticket_id, seq=2)
    if one.followed:
        await c.execute("INSERT INTO ticket_follower (ticket_id, agent_id) VALUES ($1, $2)", ticket_id, me)
    # An empty one, and a colleague's, are none of theirs.
    draft = "INSERT INTO draft (ticket_id, agent_id, mode, text) VALUES ($1, $2, 'reply', $3)"
    await c.execute(draft, ticket_id, me, "words" if one.draft else "")
    await c.execute(draft, ticket_id, other, "words")
    if one.mentioned:
        await c.execute(
            "INSERT INTO notice (agent_id, kind, cause, ticket_id) VALUES ($1, 'mentioned', $2, $3)",
            me, f"m{ticket_id}", ticket_id,
        )  # fmt: skip
    return ticket_id


def _facts(one: Drawn, me: int, other: int, now: datetime) -> TicketFacts:
    concerned = one.owner != "other" and one.status in ("open", "pending")
    return TicketFacts(
        status=one.status, queue=one.queue, assignee_id={"": None, "me": me, "other": other}[one.owner], kind=one.kind,
        priority=one.priority, tags=frozenset(one.tags), channel=one.channel, language=one.language,
        segment=one.own_segment or one.their_segment, key_account=one.key_account,
        waiting_since=None if one.waiting is None else now - timedelta(minutes=one.waiting),
        due_at=None if one.due is None else now + timedelta(minutes=one.due), snoozed=one.snoozed,
        unread=concerned and one.said_by != "me" and not one.seen, followed=one.followed, draft=one.draft,
        mentioned=one.mentioned, created_at=now - timedelta(minutes=one.created),
        updated_at=now - timedelta(minutes=one.updated),
    )  # fmt: skip


# ── reading ─────────────────────────────────────────────────────────────────────────────────────────────────────────────
@pytest.mark.parametrize(
    "data",
    [
        None, [], {}, {"joined": "none", "members": []}, {"joined": "all"},
        {"field": "password", "test": "is", "values": ["x"]},
        {"field": "status", "test": "over", "minutes": 5}, {"field": "status", "test": "is", "values": ["odd"]},
        {"field": "status", "test": "is", "values": []}, {"field": "status", "test": "is", "values": "open"},
        {"field": "unread", "test": "is", "values": ["maybe"]}, {"field": "waiting", "test": "over", "minutes": 0},
        {"field": "waiting", "test": "over", "minutes": True}, {"field": "assignee", "test": "is", "values": ["1; DROP"]},
        {"field": "tag", "test": "is", "values": ["a\x00b"]}, {"field": ["status"], "test": "is", "values": ["open"]},
        {"joined": "all", "members": [{"field": "unread", "test": "is", "values": ["yes"]}] * 41},
    ],
)  # fmt: skip
def test_what_is_no_filter_is_refused(data: Any) -> None:
    with pytest.raises(BadFilter):
        read_filter(data)


def test_groups_stand_only_so_deep() -> None:
    tree: Filter = is_so("unread")
    for _ in range(MOST_DEPTH - 1):
        tree = every(tree)
    assert read_filter(filter_data(tree)) == tree
    with pytest.raises(BadFilter):
        read_filter(filter_data(every(tree)))


def test_a_form_shows_what_has_to_hold_together() -> None:
    open_ones, unread, draft = one_of("status", "open"), is_so("unread"), is_so("draft")
    tree = every(open_ones, every(unread), either(draft, unread))
    assert as_groups(tree) == [every(open_ones, unread), either(draft, unread)]
    with pytest.raises(BadFilter):
        as_groups(either(every(open_ones, unread), draft))


async def test_nothing_out_of_sight_is_found(ctx: Context) -> None:
    async def look(c: Connection) -> tuple[int, int]:
        await _people(c)
        me = await c.fetchval("SELECT id FROM agent WHERE login = 'me'")
        other = await c.fetchval("SELECT id FROM agent WHERE login = 'other'")
        now = await c.fetchval("SELECT clock_timestamp()")
        customer = await c.fetchval("INSERT INTO customer (name) VALUES ('C') RETURNING id")
        for owner in (me, other, None):
            await c.execute(
                """INSERT INTO ticket (customer_id, channel_id, subject, kind, queue_id, assignee_id)
                   VALUES ($1, (SELECT id FROM channel WHERE name = 'c-a'), '', 'enquiry',
                           (SELECT id FROM queue WHERE name = 'q-a'), $2)""",
                customer, owner,
            )  # fmt: skip
        counts = [
            await ticket_lists.count(c, every(), Reader(agent_id=me, now=now, sight=sight), most=99)
            for sight in (Sight.ALL, Sight.OWN)
        ]
        return counts[0], counts[1]

    assert await ctx.database.run(look) == (3, 1)
