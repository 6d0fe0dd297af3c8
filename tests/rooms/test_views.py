"""Read models on a real Postgres: pages without gap or repeat, plans with an index, one query for files."""

import dataclasses
from typing import Any

import pytest

from hub.actions.context import Context
from storage import views
from storage.database import Connection, Database

_SEED = """
INSERT INTO channel (name, kind) VALUES ('shop', 'api');
INSERT INTO queue (name, title_en, title_zh) VALUES ('seeded', 'Seeded', '样例'), ('other', 'Other', '其他');
INSERT INTO agent (login, name, password_hash, languages, skills)
    VALUES ('seed-ann', 'Ann', 'x', '{en,zh}', '{"billing": 3}');
INSERT INTO customer (name) VALUES ('陈芳'), ('100% Bob_');
INSERT INTO identity (customer_id, kind, value, verified)
    SELECT id, 'email', 'chen@example.com', true FROM customer WHERE name = '陈芳';
-- Ten tickets of one transaction and one moment: only the id tells them apart.
INSERT INTO ticket (customer_id, channel_id, subject, kind, queue_id, status, assignee_id, updated_at)
    SELECT (SELECT id FROM customer WHERE name = '陈芳'), (SELECT id FROM channel WHERE name = 'shop'),
           's' || n, 'enquiry',
           (SELECT id FROM queue WHERE name = CASE WHEN n = 10 THEN 'other' ELSE 'seeded' END),
           CASE WHEN n = 1 THEN 'closed' WHEN n = 2 THEN 'pending' ELSE 'open' END,
           CASE WHEN n IN (3, 4) THEN (SELECT id FROM agent WHERE login = 'seed-ann') END, now()
    FROM generate_series(1, 10) n;
INSERT INTO interaction (ticket_id, seq, customer_id, channel_id, kind, direction, text)
    SELECT t.id, n, t.customer_id, t.channel_id, 'message', CASE WHEN n % 2 = 0 THEN 'out' ELSE 'in' END,
           't' || n
    FROM ticket t, generate_series(1, 7) n WHERE t.subject IN ('s3', 's4') ORDER BY n;
INSERT INTO outbox (ticket_id, interaction_id, channel_id, message, state, error)
    SELECT ticket_id, id, channel_id, '{}', 'failed', 'no such mailbox' FROM interaction WHERE text = 't2';
INSERT INTO blob VALUES ('\\x01', '\\x0102'), ('\\x02', '\\x03');
INSERT INTO attachment (interaction_id, ticket_id, filename, content_type, size, sha256)
    SELECT i.id, i.ticket_id, f.name, 'image/png', 2, f.hash
    FROM interaction i, (VALUES ('收据.png', '\\x01'::bytea), ('b.png', '\\x02'::bytea)) f (name, hash)
    WHERE i.text IN ('t1', 't3');
INSERT INTO inbound_raw (channel_id, external_key, content, received_at, state, error)
    SELECT (SELECT id FROM channel WHERE name = 'shop'), 'k' || n, 'abc', now(), 'quarantined', 'unreadable'
    FROM generate_series(1, 5) n;
INSERT INTO event (ticket_id, seq, kind) SELECT id, 1, 'ticket_opened' FROM ticket;
INSERT INTO routing_decision (ticket_id, step, why) SELECT id, 'classified', '{"score": 3}' FROM ticket;
"""


@pytest.fixture
async def database(ctx: Context) -> Database:
    async def seed(c: Connection) -> None:
        await c.execute(_SEED)

    await ctx.database.run(seed)
    return ctx.database


async def _every_page(database: Database, limit: int, **wanted: Any) -> list[str]:
    subjects: list[str] = []
    before: views.TimePage | None = None
    while True:
        page = await database.read(
            lambda c, before=before: views.list_tickets(c, before=before, limit=limit, **wanted)  # type: ignore[misc]
        )
        subjects += [row.subject for row in page]
        if len(page) < limit:
            return subjects
        before = (page[-1].updated_at, page[-1].id)


@pytest.mark.parametrize("limit", [1, 3, 4, 200])
async def test_pages_of_tickets_have_no_gap_and_no_repeat(database: Database, limit: int) -> None:
    found = await _every_page(database, limit, scope="all", agent_id=None)
    assert found == [f"s{n}" for n in range(10, 1, -1)]


async def test_lists_are_told_apart_by_owner_status_and_queue(database: Database) -> None:
    ann = next(row.id for row in await database.read(views.list_agents) if row.login == "seed-ann")
    everything = ("open", "pending", "resolved", "closed")
    assert await _every_page(database, 50, scope="mine", agent_id=ann) == ["s4", "s3"]
    assert await _every_page(database, 50, scope="mine", agent_id=None) == []
    assert "s3" not in await _every_page(database, 50, scope="unassigned", agent_id=ann)
    assert len(await _every_page(database, 50, scope="all", agent_id=ann, status=everything)) == 10
    assert await _every_page(database, 50, scope="all", agent_id=None, queue="other") == ["s10"]
    assert await _every_page(database, 50, scope="all", agent_id=None, queue="no such") == []


async def test_a_ticket_is_the_same_by_code_and_by_id(database: Database) -> None:
    row = (await database.read(lambda c: views.list_tickets(c, scope="all", agent_id=None)))[0]
    assert await database.read(lambda c: views.get_ticket(c, row.code)) == row
    assert await database.read(lambda c: views.get_ticket_by_id(c, row.id)) == row
    assert await database.read(lambda c: views.get_ticket(c, 1)) is None
    assert (row.customer_name, row.channel_kind, row.assignee_name) == ("陈芳", "api", "")


async def test_a_ticket_tells_that_a_reply_of_it_is_in_trouble(database: Database) -> None:
    rows = await database.read(lambda c: views.list_tickets(c, scope="all", agent_id=None))
    assert {row.subject for row in rows if row.trouble} == {"s3", "s4"}


async def _ticket(database: Database, subject: str) -> views.TicketRow:
    rows = await database.read(lambda c: views.list_tickets(c, scope="all", agent_id=None))
    return next(row for row in rows if row.subject == subject)


async def test_a_timeline_goes_on_after_its_last_entry_and_carries_files_and_delivery(
    database: Database,
) -> None:
    ticket = await _ticket(database, "s3")
    first = await database.read(lambda c: views.ticket_timeline(c, ticket.id, limit=4))
    rest = await database.read(lambda c: views.ticket_timeline(c, ticket.id, after=first[-1].id))
    assert [row.text for row in first + rest] == [f"t{n}" for n in range(1, 8)]
    assert [file.filename for file in first[0].attachments] == ["收据.png", "b.png"]
    assert first[1].attachments == ()
    assert (first[1].delivery, first[1].delivery_detail) == ("failed", "no such mailbox")
    assert first[0].delivery == ""
    found = await database.read(lambda c: views.attachment(c, first[0].attachments[0].token))
    assert found == (first[0].attachments[0], ticket.id, b"\x01\x02")
    assert await database.read(lambda c: views.attachment(c, "guessed")) is None


async def test_a_customer_has_one_timeline_over_all_tickets_newest_first(database: Database) -> None:
    ticket = await _ticket(database, "s3")
    seen: list[views.TimelineRow] = []
    before: int | None = None
    while page := await database.read(
        lambda c, before=before: views.customer_timeline(c, ticket.customer_id, before=before, limit=5)  # type: ignore[misc]
    ):
        seen += page
        before = page[-1].id
    assert len(seen) == 14
    assert [row.id for row in seen] == sorted((row.id for row in seen), reverse=True)
    assert len({row.ticket_code for row in seen}) == 2


async def test_files_take_one_query_however_many_entries(database: Database) -> None:
    ticket = await _ticket(database, "s3")

    async def work(c: Connection) -> list[str]:
        asked: list[str] = []
        await views.ticket_timeline(c, ticket.id)  # the driver asks about types once a connection
        with c.query_logger(lambda record: asked.append(record.query)):
            await views.ticket_timeline(c, ticket.id)
        return asked

    assert len(await database.read(work)) == 2


async def test_customers_are_listed_the_last_seen_first(database: Database) -> None:
    chen = next(row for row in await database.read(views.list_customers) if row.name == "陈芳")
    assert [one.value for one in chen.identities] == ["chen@example.com"]
    assert await database.read(lambda c: views.get_customer(c, chen.id)) == chen
    assert await database.read(lambda c: views.get_customer(c, 10**12)) is None
    first = (await database.read(lambda c: views.list_customers(c, limit=1)))[0]
    rest = await database.read(lambda c: views.list_customers(c, before=(first.last_seen_at, first.id)))
    assert {first.name, *(row.name for row in rest)} == {"陈芳", "100% Bob_"}
    assert first.id not in [row.id for row in rest]


async def test_agents_queues_channels_and_quarantine_are_listed(database: Database) -> None:
    ann = next(row for row in await database.read(views.list_agents) if row.login == "seed-ann")
    assert (ann.languages, ann.skills, ann.presence) == (("en", "zh"), {"billing": 3}, "offline")
    queues = {row.name: row for row in await database.read(views.list_queues)}
    assert (queues["seeded"].waiting, queues["seeded"].open) == (5, 7)
    assert queues["seeded"].oldest_waiting_since is not None
    shop = next(row for row in await database.read(views.list_channels) if row.name == "shop")
    assert (shop.kind, shop.state) == ("api", "starting")
    first = await database.read(lambda c: views.list_quarantine(c, limit=3))
    rest = await database.read(lambda c: views.list_quarantine(c, before=first[-1].id))
    assert sorted(row.external_key for row in first + rest) == ["k1", "k2", "k3", "k4", "k5"]
    assert await database.read(lambda c: views.raw_content(c, first[0].id)) == b"abc"
    assert await database.read(lambda c: views.raw_content(c, 1)) is None


async def test_a_ticket_tells_its_ledger_and_its_decisions(database: Database) -> None:
    ticket = await _ticket(database, "s3")
    assert [row.kind for row in await database.read(lambda c: views.ticket_events(c, ticket.id))] == [
        "ticket_opened"
    ]
    (decision,) = await database.read(lambda c: views.ticket_decisions(c, ticket.id))
    assert (decision.step, decision.why) == ("classified", {"score": 3})


async def test_what_waits_is_counted_for_metrics(database: Database) -> None:
    backlog = await database.read(views.backlog)
    assert (backlog.quarantined, backlog.raw_waiting, backlog.raw_oldest_seconds) == (5, 0, 0.0)
    assert (backlog.tickets_waiting, backlog.ticket_oldest_seconds > 0) == (6, True)
    assert await database.read(views.outbox_states) == {"failed": 2}


async def test_no_page_is_longer_than_the_bound(database: Database) -> None:
    ticket = await _ticket(database, "s3")

    async def flood(c: Connection) -> None:
        await c.execute(
            "INSERT INTO interaction (ticket_id, seq, customer_id, kind, direction, text) "
            "SELECT $1, n, $2, 'note', 'internal', 'n' FROM generate_series(8, 300) n",
            ticket.id,
            ticket.customer_id,
        )

    await database.run(flood)
    assert (
        len(await database.read(lambda c: views.ticket_timeline(c, ticket.id, limit=10**9)))
        == views.MOST_ROWS
    )
    assert len(await database.read(lambda c: views.ticket_timeline(c, ticket.id, limit=-5))) == 1


@pytest.mark.parametrize(
    ("sql", "row_type"),
    [
        *((sql, views.TicketRow) for sql in views.TICKET_QUERIES),
        *((sql, views.TimelineRow) for sql in views.TIMELINE_QUERIES),
        (views.SQL["troubled_deliveries"], views.TroubledRow),
        (views.SQL["attachments_of"], views.AttachmentRow),
        (views.SQL["ticket_decisions"], views.DecisionRow),
        (views.SQL["ticket_events"], views.EventRow),
        (views.SQL["list_customers"], views.CustomerRow),
        (views.SQL["get_customer"], views.CustomerRow),
        (views.SQL["list_agents"], views.AgentRow),
        (views.SQL["list_queues"], views.QueueRow),
        (views.SQL["list_channels"], views.ChannelRow),
        (views.SQL["list_quarantine"], views.QuarantineRow),
        (views.SQL["backlog"], views.BacklogRow),
    ],
)
async def test_columns_are_the_fields(ctx: Context, sql: str, row_type: type[Any]) -> None:
    async def work(c: Connection) -> set[str]:
        return {column.name for column in (await c.prepare(sql)).get_attributes()}

    filled_later = {"attachments", "earlier", "identities"}
    assert (
        await ctx.database.read(work) == {field.name for field in dataclasses.fields(row_type)} - filled_later
    )


async def test_hot_lists_walk_an_index_and_sort_nothing(database: Database) -> None:
    """With as many tickets as a year brings, a page must not read them all."""

    async def grow(c: Connection) -> None:
        await c.execute(
            """
            INSERT INTO ticket
                (customer_id, channel_id, subject, kind, queue_id, status, assignee_id, updated_at)
            SELECT customer_id, channel_id, 'old', 'enquiry', queue_id, status, assignee_id,
                   now() - make_interval(mins => n)
            FROM ticket t, generate_series(1, 3000) n WHERE t.subject LIKE 's%'
            """
        )
        await c.execute("ANALYZE ticket")

    await database.run(grow)

    async def plan(c: Connection, sql: str, *arguments: Any) -> str:
        rows = await c.fetch(f"EXPLAIN {sql}", *arguments)
        return "\n".join(row[0] for row in rows)

    ticket = await _ticket(database, "s3")
    start = views.START
    listed = await database.read(lambda c: plan(c, views.listing("all"), *start, None, 50, None))
    mine = await database.read(
        lambda c: plan(c, views.listing("mine", ("open",)), *start, None, 50, ticket.assignee_id)
    )
    timeline = await database.read(lambda c: plan(c, views.TICKET_TIMELINE, ticket.id, 0, 200))
    assert "using ticket_in_work" in listed and "Seq Scan on ticket" not in listed
    assert "ticket_mine" in mine
    assert "Seq Scan on interaction_2" not in timeline
