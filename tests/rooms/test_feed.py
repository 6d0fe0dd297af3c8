"""The live feed misses nothing, also when a transaction commits late, and cuts off who does not read."""

import asyncio
import gc
from collections.abc import AsyncIterator

import asyncpg
import pytest

from hub.actions import feed as feeding
from hub.actions.announce import EVENTS, FIRST, Listener
from hub.actions.answers.reply import queue_reply
from hub.actions.context import Context
from hub.actions.feed import Feed, FeedEvent, TooFarBehind
from hub.actions.ports import make_ports
from hub.actions.receive import accept_items
from storage import events
from tests.fakes.announcing import announcing
from tests.fakes.scene import BOB, SYSTEM, a_hub, item, one, rows, say, ticket
from tests.fakes.statements import count_statements


@pytest.fixture
async def ctx(database_dsn: str) -> AsyncIterator[Context]:
    async with a_hub(database_dsn) as hub:
        yield hub


async def _next(events: AsyncIterator[FeedEvent], count: int) -> list[FeedEvent]:
    async with asyncio.timeout(10):
        return [await anext(events) for _ in range(count)]


async def test_what_happens_is_told_with_ids_only(ctx: Context) -> None:
    await say(ctx, who=BOB, text="before")
    async with announcing(ctx):
        with ctx.feed.subscribe() as events:
            kept = await say(ctx, who=BOB, key="k", text="a secret", subject="a secret")
            await say(ctx, who=BOB, key="k", text="a secret")
            opened, added = await _next(events, 2)
    found = await ticket(ctx, kept)
    assert (opened.kind, opened.ticket_id, opened.ticket_code) == (
        "ticket_opened",
        found["id"],
        found["code"],
    )
    assert opened.data == {"interaction": kept.interaction_id, "direction": "in"}
    assert added.kind == "interaction_added" and added.cursor > opened.cursor
    assert "secret" not in repr((opened, added))


async def test_a_transaction_that_commits_late_is_not_missed(ctx: Context, database_dsn: str) -> None:
    async with announcing(ctx):
        with ctx.feed.subscribe() as events:
            late = await asyncpg.connect(database_dsn)
            transaction = late.transaction()
            await transaction.start()
            await late.execute("INSERT INTO event (kind) VALUES ('late')")
            # Others overtake it, with higher numbers, and commit before it.
            await say(ctx, who=BOB)
            await transaction.commit()
            await late.close()
            await say(ctx, who=BOB)
            found = await _next(events, 3)
    assert sorted(one_.kind for one_ in found) == ["late", "ticket_opened", "ticket_opened"]
    assert found[0].kind == "late"


async def test_nothing_is_told_before_it_is_certain(ctx: Context, database_dsn: str) -> None:
    await ctx.feed.start()
    start = ctx.feed.cursor
    late = await asyncpg.connect(database_dsn)
    transaction = late.transaction()
    await transaction.start()
    await late.execute("INSERT INTO event (kind) VALUES ('late')")
    await say(ctx, who=BOB)
    assert await ctx.feed.replay(start) == []
    await transaction.rollback()
    await late.close()
    assert [one_.kind for one_ in await ctx.feed.replay(start)] == ["ticket_opened"]


async def test_many_writers_and_every_event_comes_once_in_one_order(ctx: Context, database_dsn: str) -> None:
    async with a_hub(database_dsn) as other, announcing(ctx), announcing(other):
        with ctx.feed.subscribe() as here, other.feed.subscribe() as there:
            await asyncio.gather(
                *(
                    say(hub, who=[("visitor", f"v{n % 7}", True)], key=f"k{n % 7}")
                    for n in range(100)
                    for hub in (ctx, other)
                )
            )
            first, second = await asyncio.gather(_next(here, 200), _next(there, 200))
    assert first == second
    assert len({one_.cursor for one_ in first}) == 200
    for code in {one_.ticket_code for one_ in first}:
        told = [one_.data["interaction"] for one_ in first if one_.ticket_code == code]
        in_order = await rows(
            ctx,
            "SELECT i.id FROM interaction i JOIN ticket t ON t.id = i.ticket_id WHERE t.code = $1 ORDER BY i.seq", code,
        )  # fmt: skip
        assert told == [row["id"] for row in in_order]


async def test_who_comes_back_is_told_what_was_missed(ctx: Context) -> None:
    await ctx.feed.start()
    start = ctx.feed.cursor
    for _ in range(5):
        await say(ctx, who=BOB, key="k")
    missed = await ctx.feed.replay(start)
    assert [one_.kind for one_ in missed] == ["ticket_opened"] + ["interaction_added"] * 4
    assert await ctx.feed.replay(missed[1].cursor) == missed[2:]
    assert await ctx.feed.replay(missed[-1].cursor) == []


async def test_who_is_too_far_behind_must_start_afresh(ctx: Context, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(feeding, "REPLAY_LIMIT", 3)
    await ctx.feed.start()
    start = ctx.feed.cursor
    for _ in range(4):
        await say(ctx, who=BOB, key="k")
    with pytest.raises(TooFarBehind):
        await ctx.feed.replay(start)


@pytest.mark.parametrize(
    "cursor",
    ["", "x", "1", "1.", ".1", "-1.2", "1.2.3", "１.2", "1e3.1", "9" * 50, f"{2**64}.1", f"1.{2**63}",
     "9" * 20 + "." + "9" * 18, "1.1; DROP TABLE event"],
)  # fmt: skip
async def test_a_cursor_that_is_none_is_refused(ctx: Context, cursor: str) -> None:
    with pytest.raises(TooFarBehind):
        await ctx.feed.replay(cursor)


async def test_who_does_not_read_is_cut_off_and_the_others_go_on(
    ctx: Context, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(feeding, "_SLOW_READER", 3)
    async with announcing(ctx):
        with ctx.feed.subscribe() as slow, ctx.feed.subscribe() as quick:
            for _ in range(6):
                await say(ctx, who=BOB, key="k")
                await _next(quick, 1)
            async with asyncio.timeout(30):
                got = [one_ async for one_ in slow]
            assert len(ctx.feed._queues) == 1  # nothing piles up for it any more
            # Where it stopped it can go on, and has lost nothing.
            assert len(got) == 3
            assert len(await ctx.feed.replay(got[-1].cursor)) == 3


async def test_a_feed_without_notifications_still_tells_within_its_poll(
    ctx: Context, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(feeding, "POLL_SECONDS", 0.05)
    await ctx.feed.start()
    running = asyncio.create_task(ctx.feed.run())
    with ctx.feed.subscribe() as events:
        await say(ctx, who=BOB)
        assert (await _next(events, 1))[0].kind == "ticket_opened"
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)


async def test_a_listener_whose_line_is_cut_listens_again_and_wakes_everybody(
    ctx: Context, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("hub.actions.announce._HEARTBEAT_SECONDS", 0.05)
    monkeypatch.setattr("hub.actions.announce._RECONNECT_SECONDS", 0.05)
    listening = asyncio.create_task(ctx.listener.run())

    async def heard(kick: str) -> None:
        expected = asyncio.create_task(ctx.listener.expect(EVENTS).wait(10))
        await asyncio.sleep(0)
        while not expected.done():
            await ctx.database.run(lambda c: c.execute(kick))
            await asyncio.wait({expected}, timeout=0.05)

    await heard("NOTIFY hub_events")
    await heard(
        """SELECT pg_terminate_backend(pid) FROM pg_stat_activity
           WHERE (query LIKE 'LISTEN%' OR query LIKE '%pg_try_advisory_lock%' OR query = 'SELECT 1')
           AND pid <> pg_backend_pid() AND datname = current_database()"""
    )
    await heard("NOTIFY hub_events")
    listening.cancel()
    await asyncio.gather(listening, return_exceptions=True)


async def test_one_hub_is_the_first_and_another_when_it_has_gone(
    ctx: Context, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("hub.actions.announce._ASK_SECONDS", 0.02)
    one, other = Listener(ctx.database), Listener(ctx.database)
    listening = [asyncio.create_task(hub.run()) for hub in (one, other)]
    async with asyncio.timeout(10):
        while one.first == other.first:
            await asyncio.sleep(0.01)
    (left, gone) = (one, other) if other.first else (other, one)
    promoted = left.expect(FIRST)
    listening[[one, other].index(gone)].cancel()
    await promoted.wait(10)
    assert left.first
    for task in listening:
        task.cancel()
    await asyncio.gather(*listening, return_exceptions=True)


async def test_waiting_in_vain_for_a_day_leaves_nothing_behind(ctx: Context) -> None:
    """An idle hub waits every other second for topics that nobody announces."""
    listener = Listener(ctx.database)
    for _ in range(50):
        await listener.expect(EVENTS).wait(0.001)
    gc.collect()
    assert sum(len(events) for events in listener._waiting.values()) == 0


async def test_a_visitor_sees_their_own_conversation_and_no_notes(ctx: Context) -> None:
    from hub.actions.note import add_note

    ports = make_ports(ctx, "plain")
    kept = await say(ctx, who=[("visitor", "v1", True)], key="s1", reply_address="s1", external_id="c-1")
    await say(ctx, who=[("visitor", "v2", True)], key="s2", text="somebody else's")
    found = await ticket(ctx, kept)
    await add_note(ctx, ticket_code=found["code"], actor=SYSTEM, text="CANARY")
    # Not even one that stood by mistake in the conversation itself.
    await one(
        ctx,
        "UPDATE interaction SET channel_id = $1, thread_key = 's1' WHERE kind = 'note' RETURNING 1",
        found["channel_id"],
    )
    await queue_reply(ctx, ticket_code=found["code"], actor=SYSTEM, text="An answer")
    lines = await ports.transcript.since("s1", 0)
    assert [(line.mine, line.text, line.client_id) for line in lines] == [
        (True, "Hello", "c-1"),
        (False, "An answer", ""),
    ]
    assert [line.text for line in await ports.transcript.since("s1", lines[0].id)] == ["An answer"]
    assert await ports.transcript.since("", 0) == []


async def test_who_looks_at_the_same_time_looks_together_and_gets_what_they_do_not_have(
    database_dsn: str,
) -> None:
    async with a_hub(database_dsn, pool=1) as ctx:
        since = make_ports(ctx, "plain").transcript.since
        said = [
            await say(ctx, who=[("visitor", who, True)], key=key, text=text)
            for who, key, text in (("v1", "s1", "one"), ("v1", "s1", "two"), ("v2", "s2", "other"))
        ]
        one_, two, other = (kept.interaction_id for kept in said)
        statements = await count_statements(ctx)
        found = await asyncio.gather(
            since("s1", 0), since("s1", 0, {one_}), since("s1", one_, {other}), since("s1", 0, {one_, two}),
            since("s2", 0, {one_, two}), since("s3", 0, {other}),
        )  # fmt: skip
        assert [[line.text for line in lines] for lines in found] == [
            ["one", "two"],
            ["two"],
            ["two"],
            [],
            ["other"],
            [],
        ]
        assert len(statements) == 1


async def test_a_page_that_has_much_is_given_as_much_again(ctx: Context) -> None:
    """What it has does not take the place of what it has not."""
    ports = make_ports(ctx, "plain")
    kept = await accept_items(
        ctx, "plain", [item(who=[("visitor", "v1", True)], key="s1", text=f"{n}") for n in range(250)]
    )
    first = await ports.transcript.since("s1", 0)
    rest = await ports.transcript.since("s1", 0, [line.id for line in first])
    assert [line.text for line in (*first, *rest)] == [f"{n}" for n in range(250)]
    assert len(first) == 200 and len(kept) == 250


async def test_a_visitor_who_waits_is_woken_by_their_own_conversation(ctx: Context) -> None:
    ports = make_ports(ctx, "plain")
    kept = await say(ctx, who=[("visitor", "v1", True)], key="s1", reply_address="s1")
    async with announcing(ctx):
        with ports.transcript.watch("s1") as heard:
            await queue_reply(
                ctx, ticket_code=(await ticket(ctx, kept))["code"], actor=SYSTEM, text="An answer"
            )
            async with asyncio.timeout(10):
                await heard.wait(60)
    assert len(await ports.transcript.since("s1", kept.interaction_id)) == 1
    assert not ctx.feed._watched


async def test_bookmarks_belong_to_their_channel(ctx: Context) -> None:
    mine, other = make_ports(ctx, "plain").bookmark, make_ports(ctx, "other").bookmark
    assert await mine.read("uid") is None
    await mine.write("uid", {"validity": 7, "last": 3})
    await mine.write("uid", {"validity": 7, "last": 4})
    assert (await mine.read("uid"), await other.read("uid")) == ({"validity": 7, "last": 4}, None)
    assert await one(ctx, "SELECT count(*) FROM bookmark") == 1


def test_a_feed_starts_nowhere(ctx: Context) -> None:
    assert Feed(ctx.database, ctx.listener).cursor == "0.0"


async def test_the_feed_ends_at_the_last_transaction_and_not_at_the_greatest_word(ctx: Context) -> None:
    """As text, 9 comes after 10: a hub that started there would tell everything since once more."""
    await ctx.database.run(
        lambda c: c.execute(
            "INSERT INTO event (xid, kind) VALUES ('10', 'ticket_opened'), ('9', 'ticket_opened')"
        )
    )
    xid, _ = await ctx.database.read(events.feed_end)
    newest = await ctx.database.read(lambda c: c.fetchval("SELECT max(xid::text::bigint) FROM event"))
    assert xid == newest >= 10
