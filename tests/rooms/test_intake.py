"""What is accepted is kept, once, whatever comes beside it: keys, duplicates, poison, two hubs at once."""

import asyncio
import random
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import replace

import asyncpg
import pytest

from channels.adapter import NotAccepted
from hub.actions import intake
from hub.actions.answers.reply import queue_reply
from hub.actions.context import Context
from hub.actions.receive import MOST_ATTEMPTS, accept_items, read_waiting
from storage import database as room
from storage.database import Connection, DatabaseUnavailable
from tests.fakes.invariants import assert_invariants, check_every_commit
from tests.fakes.scene import (
    SYSTEM,
    a_hub,
    an_agent,
    entry,
    item,
    ledger,
    letter,
    one,
    rows,
    say,
    ticket,
    waiting_for_a_lock,
    write,
)

BOB = [("email", "bob@example.com", True)]


@pytest.fixture
async def ctx(database_dsn: str) -> AsyncIterator[Context]:
    async with a_hub(database_dsn) as hub:
        await check_every_commit(hub.database)
        yield hub
        await assert_invariants(hub.database)


@pytest.fixture
async def other(ctx: Context, database_dsn: str) -> AsyncIterator[Context]:
    """A second hub over the same database."""
    async with a_hub(database_dsn) as hub:
        yield hub


_WAITS_FOR_SOMETHING_LONG = """
SELECT count(*) > 1 FROM pg_stat_activity
WHERE (wait_event_type = 'Lock' OR wait_event = 'PgSleep') AND datname = current_database()
"""


async def _states(ctx: Context) -> Counter[str]:
    return Counter(row["state"] for row in await rows(ctx, "SELECT state FROM inbound_raw"))


_GIVEN_BACK = "UPDATE inbound_raw SET lease_until = NULL RETURNING id"
_EVERYTHING = "LOCK TABLE interaction"
_THEIR_TICKET = "SELECT 1 FROM ticket WHERE id = $1 FOR UPDATE"


def _wait_for_locks(monkeypatch: pytest.MonkeyPatch, no_longer_than: str, **more: str) -> None:
    """Of hubs that begin from now on."""
    hurried = {**room._SERVER_SETTINGS, "lock_timeout": no_longer_than, **more}
    monkeypatch.setattr(room, "_SERVER_SETTINGS", hurried)


@asynccontextmanager
async def _somebody_locks(database_dsn: str, what: str, *args: object) -> AsyncIterator[None]:
    blocker = await asyncpg.connect(database_dsn)
    try:
        async with blocker.transaction():
            await blocker.execute(what, *args)
            yield
    finally:
        await blocker.close()


# ── the same again ───────────────────────────────────────────────────────────────────────────────────────────────────
async def test_the_same_key_is_answered_like_the_first_time(ctx: Context) -> None:
    first = await say(ctx, who=BOB, item_key="k")
    again = await say(ctx, who=BOB, item_key="k")
    assert not first.duplicate and again.duplicate
    assert (again.raw_id, again.ticket_code, again.interaction_id) == (
        first.raw_id, first.ticket_code, first.interaction_id,
    )  # fmt: skip
    # The key belongs to its channel.
    assert not (await say(ctx, "other", who=BOB, item_key="k")).duplicate


async def test_the_same_key_in_one_batch_is_one_item(ctx: Context) -> None:
    kept = await accept_items(ctx, "plain", [item(who=BOB, item_key="k", text=f"{n}") for n in range(3)])
    assert [one_.duplicate for one_ in kept] == [False, True, True]
    assert len({one_.interaction_id for one_ in kept}) == 1 and kept[0].interaction_id
    assert (await entry(ctx, kept[2]))["text"] == "0"


@pytest.mark.parametrize("heavy", [False, True])
async def test_the_same_letter_under_another_uid_is_kept_and_not_shown_twice(
    database_dsn: str, heavy: bool
) -> None:
    async with a_hub(database_dsn, heavy=heavy) as ctx:
        content = letter("li@example.cn", uid=5).content
        same = [letter("li@example.cn", uid=uid) for uid in (5, 6, 7)]
        same = [type(one_)(external_key=one_.external_key, content=content, content_key="c", received_at=one_.received_at)
                for one_ in same]  # fmt: skip
        kept = [
            *(await accept_items(ctx, "support", same[:1])),
            *(await accept_items(ctx, "support", same[1:])),
        ]
        while await read_waiting(ctx):
            pass
        assert [one_.duplicate for one_ in kept] == [False, True, True]
        found = await rows(ctx, "SELECT state, duplicate_of FROM inbound_raw ORDER BY id")
        assert found == [
            {"state": "read", "duplicate_of": None},
            {"state": "duplicate", "duplicate_of": kept[0].raw_id},
            {"state": "duplicate", "duplicate_of": kept[0].raw_id},
        ]
        await assert_invariants(ctx.database)


async def test_one_of_many_equal_items_of_a_batch_is_shown(ctx: Context) -> None:
    """Same key and same content, many times in one batch: one is new in both, none is a duplicate of nothing."""
    for turn in range(20):
        batch = [
            item(who=BOB, item_key=f"k-{turn}-{n % 7}", content_key=f"c-{turn}-{n % 5}", text=f"{n}")
            for n in random.Random(turn).sample(range(70), 70)
        ]
        await accept_items(ctx, "plain", batch)
        shown = await rows(
            ctx, "SELECT external_key, state FROM inbound_raw WHERE external_key LIKE $1", f"k-{turn}-%"
        )
        assert len(shown) == 7
        contents = [
            row["content_key"]
            for row in await rows(
                ctx, "SELECT key AS content_key FROM inbound_key WHERE key LIKE $1", f"content:c-{turn}-%"
            )
        ]
        assert Counter(row["state"] for row in shown)["read"] == len(contents) > 0


async def test_equal_contents_on_two_channels_are_two_messages(ctx: Context) -> None:
    kept = await asyncio.gather(
        *(accept_items(ctx, name, [item(who=BOB, content_key="c", item_key=f"{n}") for n in range(2)])
          for name in ("plain", "other"))
    )  # fmt: skip
    assert [[one_.duplicate for one_ in both] for both in kept] == [[False, True]] * 2
    found = await rows(
        ctx,
        """SELECT d.channel_id = o.channel_id AS own FROM inbound_raw d JOIN inbound_raw o ON o.id = d.duplicate_of""",
    )
    assert found == [{"own": True}] * 2


# ── poison ───────────────────────────────────────────────────────────────────────────────────────────────────────────
@pytest.mark.parametrize(
    "poison",
    [
        {"text": "NUL \x00"},
        {"fields": {"x": "\x00"}},
        {"subject": "\x00"},
        {"files": [("\x00", "x")]},
        {"faulty": True},
    ],
    ids=["text", "fields", "subject", "file name", "fault of the translator"],
)
async def test_one_bad_item_is_quarantined_and_the_others_go_on(
    ctx: Context, poison: dict[str, object]
) -> None:
    batch = [item(who=BOB, key="k", text=f"{n}") for n in range(4)]
    kept = await accept_items(ctx, "plain", [*batch[:2], item(who=BOB, item_key="bad", **poison), *batch[2:]])
    assert [bool(one_.quarantined) for one_ in kept] == [False, False, True, False, False]
    assert await _states(ctx) == {"read": 4, "quarantined": 1}
    assert [(await entry(ctx, kept[n]))["seq"] for n in (0, 1, 3, 4)] == [1, 2, 3, 4]
    (bad,) = await rows(ctx, "SELECT * FROM inbound_raw WHERE state = 'quarantined'")
    assert bad["content"] and bad["error"] and bad["interaction_id"] is None
    assert await rows(ctx, "SELECT data FROM event WHERE kind = 'quarantined'") == [
        {"data": {"raw": bad["id"]}}
    ]
    again = await accept_items(ctx, "plain", [item(who=BOB, item_key="bad", **poison)])
    assert again[0].duplicate and again[0].quarantined


async def test_what_cannot_be_read_is_kept_with_its_bytes(ctx: Context) -> None:
    kept = await say(ctx, unreadable=True)
    assert kept.quarantined == "It is not to be read." and not kept.ticket_code
    assert await _states(ctx) == {"quarantined": 1}


@pytest.mark.parametrize("agent", ["Mozilla \udcff", "NUL \x00 here"])
async def test_whatever_a_browser_calls_itself_the_words_are_kept(ctx: Context, agent: str) -> None:
    kept = await say(ctx, who=BOB, meta={"user_agent": agent, "deep": {"list": [agent, 1]}})
    assert kept.ticket_code and not kept.quarantined
    meta = await one(ctx, "SELECT meta FROM inbound_raw")
    assert "\x00" not in meta["user_agent"] and meta["deep"]["list"][1] == 1


# ── the database ─────────────────────────────────────────────────────────────────────────────────────────────────────
async def test_a_table_that_is_locked_is_not_the_items_fault(
    ctx: Context, database_dsn: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The sender is told to try again; nothing is quarantined, and afterwards it goes through."""
    _wait_for_locks(monkeypatch, "200ms")
    async with a_hub(database_dsn) as hub:
        async with _somebody_locks(database_dsn, _EVERYTHING):
            with pytest.raises(NotAccepted):
                await say(hub, who=BOB, item_key="k")
        assert await _states(hub) == {}
        assert (await say(hub, who=BOB, item_key="k")).ticket_code


_TAKES_A_MINUTE = """
CREATE FUNCTION dawdle() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN PERFORM pg_sleep(60); RETURN NEW; END $$;
CREATE TRIGGER dawdle BEFORE INSERT ON interaction FOR EACH ROW WHEN (NEW.text = 'held up') EXECUTE FUNCTION dawdle();
"""


@pytest.mark.parametrize("by", ["lock", "statement"])
async def test_whoever_a_lock_or_a_slow_statement_holds_up_is_told_and_others_are_answered_meanwhile(
    ctx: Context, database_dsn: str, monkeypatch: pytest.MonkeyPatch, by: str
) -> None:
    """A lock on their ticket, or what is done with their words takes a minute: neither is waited for longer than our sessions
    allow. Others write and are answered all the while."""
    _wait_for_locks(monkeypatch, "3s", statement_timeout="3s" if by == "statement" else "10s")
    async with a_hub(database_dsn) as hub, AsyncExitStack() as stack:
        theirs = await ticket(hub, await say(hub, who=BOB, key="k"))
        others = await ticket(hub, await write(hub, "Li <li@example.cn>"))
        blocker = await asyncpg.connect(database_dsn)
        stack.callback(blocker.terminate)
        transaction = blocker.transaction()
        if by == "lock":
            await transaction.start()
            await blocker.execute(_THEIR_TICKET, theirs["id"])
        else:
            await ctx.database.run(lambda c: c.execute(_TAKES_A_MINUTE))
        held_up = asyncio.create_task(say(hub, who=BOB, key="k", item_key="held", text="held up"))
        looking = asyncio.create_task(hub.database.read(lambda c: c.execute("SELECT pg_sleep(60)")))
        async with asyncio.timeout(3):
            while not await one(ctx, _WAITS_FOR_SOMETHING_LONG):
                await asyncio.sleep(0.01)
        for n in range(5):
            assert (await say(hub, who=[("visitor", f"v{n}", True)], key=f"other{n}")).ticket_code
        await queue_reply(hub, ticket_code=others["code"], actor=SYSTEM, text="Yes.")
        assert not held_up.done()
        with pytest.raises(NotAccepted):
            await held_up
        if by == "statement":
            with pytest.raises(DatabaseUnavailable):
                await looking
            await ctx.database.run(lambda c: c.execute("DROP TRIGGER dawdle ON interaction"))
        else:
            await transaction.rollback()
        looking.cancel()
        await asyncio.wait({looking})
        assert not await rows(hub, "SELECT id FROM inbound_raw WHERE external_key = 'held'")
        again = await say(hub, who=BOB, key="k", item_key="held", text="held up")
        assert not again.duplicate and (await ticket(hub, again))["id"] == theirs["id"]


async def test_whose_words_came_at_the_same_moment_are_written_without_those_of_a_locked_ticket(
    ctx: Context, database_dsn: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each in the order in which they were said."""
    _wait_for_locks(monkeypatch, "500ms")
    async with a_hub(database_dsn) as hub:
        theirs = await ticket(hub, await say(hub, who=BOB, key="k"))
        async with _somebody_locks(database_dsn, _THEIR_TICKET, theirs["id"]):
            held_up = [say(hub, who=BOB, key="k", item_key=f"held-{n}") for n in range(2)]
            others = [
                say(
                    hub,
                    who=[("visitor", f"v{n % 3}", True)],
                    key=f"other-{n % 3}",
                    item_key=f"{n}",
                    text=f"{n}",
                )
                for n in range(9)
            ]
            answers = await asyncio.gather(
                held_up[0], *others[:5], held_up[1], *others[5:], return_exceptions=True
            )
            assert [isinstance(answer, NotAccepted) for answer in answers] == [n in (0, 6) for n in range(11)]
            assert await _states(hub) == {"read": 10}
            for n in range(3):
                said = await rows(
                    hub,
                    """SELECT i.text FROM interaction i JOIN inbound_raw r ON r.interaction_id = i.id
                       WHERE r.external_key = ANY($1) ORDER BY i.seq""",
                    [f"{m}" for m in range(n, 9, 3)],
                )
                assert [row["text"] for row in said] == [f"{m}" for m in range(n, 9, 3)]
        assert (await ticket(hub, await say(hub, who=BOB, key="k", item_key="held-0")))["id"] == theirs["id"]


async def test_when_everything_is_locked_nobody_waits_for_all_the_others_in_turn(
    ctx: Context, database_dsn: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    _wait_for_locks(monkeypatch, "1s")
    monkeypatch.setattr(intake, "AGAIN_WITHIN", 0.5)
    async with a_hub(database_dsn) as hub:
        words = [say(hub, who=[("visitor", f"v{n}", True)], key=f"{n}", item_key=f"{n}") for n in range(40)]
        async with _somebody_locks(database_dsn, _EVERYTHING):
            async with asyncio.timeout(6):  # four abreast they would take ten seconds
                answers = await asyncio.gather(*words, return_exceptions=True)
            assert all(isinstance(answer, NotAccepted) for answer in answers)
        assert await _states(hub) == {}
        assert (await say(hub, who=BOB)).ticket_code


async def test_a_letter_to_a_locked_ticket_keeps_those_beside_it_no_longer(
    ctx: Context, database_dsn: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    _wait_for_locks(monkeypatch, "200ms")
    async with a_hub(database_dsn, heavy=True) as hub:
        await accept_items(hub, "support", [letter("li@example.cn", message_id="first@example.cn")])
        assert await read_waiting(hub) == 1
        locked = await one(hub, "SELECT id FROM ticket")
        answers = [letter("li@example.cn", answers="first@example.cn") for _ in range(2)]
        strangers = [letter(f"stranger{n}@example.com") for n in range(3)]
        await accept_items(hub, "support", [answers[0], *strangers, answers[1]])
        async with _somebody_locks(database_dsn, _THEIR_TICKET, locked):
            with pytest.raises(DatabaseUnavailable):
                await read_waiting(hub)
            assert await _states(hub) == {"read": 4, "received": 2}
        await rows(hub, _GIVEN_BACK)
        while await read_waiting(hub):
            pass
        assert await one(hub, "SELECT count(*) FROM interaction WHERE ticket_id = $1", locked) == 3


async def test_when_everything_is_locked_letters_wait_after_two(
    ctx: Context, database_dsn: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    _wait_for_locks(monkeypatch, "500ms")
    async with a_hub(database_dsn, heavy=True) as hub:
        await accept_items(hub, "support", [letter(f"stranger{n}@example.com") for n in range(40)])
        async with _somebody_locks(database_dsn, _EVERYTHING):
            async with asyncio.timeout(10):  # all of them in turn would take twenty seconds
                with pytest.raises(DatabaseUnavailable):
                    await read_waiting(hub)
        assert await _states(hub) == {"received": 40}
        await rows(hub, _GIVEN_BACK)
        while await read_waiting(hub):
            pass


async def test_a_database_that_is_away_again_and_again_is_no_attempt_of_the_letter(
    ctx: Context, database_dsn: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Otherwise the third outage would put letters aside that have nothing wrong with them; what kills its reader counts."""
    _wait_for_locks(monkeypatch, "100ms")
    async with a_hub(database_dsn, heavy=True) as hub:
        await accept_items(hub, "support", [letter("li@example.cn")])
        for _ in range(MOST_ATTEMPTS + 2):
            async with _somebody_locks(database_dsn, _EVERYTHING):
                with pytest.raises(DatabaseUnavailable):
                    await read_waiting(hub)
            await rows(hub, _GIVEN_BACK)
        assert await read_waiting(hub) == 1
        assert await _states(hub) == {"read": 1}


@pytest.mark.parametrize("code", ["53100", "53200", "25006", "57014", "55P03", "40001"])
async def test_a_database_that_cannot_keep_anything_now_says_so(ctx: Context, code: str) -> None:
    """Disk full, out of memory, read-only after a fail-over and the like: not accepted, and nobody's fault."""
    raising = f"""
    CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN RAISE EXCEPTION 'not now' USING ERRCODE = '{code}'; END $$;
    CREATE TRIGGER refuse BEFORE INSERT ON interaction FOR EACH ROW EXECUTE FUNCTION refuse();
    """
    await ctx.database.run(lambda c: c.execute(raising))
    with pytest.raises(NotAccepted):
        await say(ctx, who=BOB, item_key="k")
    assert await _states(ctx) == {}
    await ctx.database.run(lambda c: c.execute("DROP TRIGGER refuse ON interaction"))
    assert (await say(ctx, who=BOB, item_key="k")).ticket_code


async def test_lines_that_drop_all_the_time_lose_and_double_nothing(ctx: Context, database_dsn: str) -> None:
    killer = await asyncpg.connect(database_dsn)
    stop = asyncio.Event()

    async def kill() -> None:
        while not stop.is_set():
            await killer.execute(
                """SELECT pg_terminate_backend(pid) FROM pg_stat_activity
                   WHERE datname = current_database() AND pid <> pg_backend_pid()"""
            )
            await asyncio.sleep(0.3)

    async def until_kept(n: int) -> None:
        while True:
            try:
                await say(
                    ctx, who=[("visitor", f"v{n % 5}", True)], key=f"c{n % 5}", item_key=f"{n}", text=f"{n}"
                )
            except NotAccepted:
                continue
            return

    killing = asyncio.create_task(kill())
    await asyncio.gather(*(until_kept(n) for n in range(60)))
    stop.set()
    await killing
    await killer.close()
    assert await _states(ctx) == {"read": 60}
    assert await one(ctx, "SELECT count(*) FROM ticket") == 5


async def test_cancelled_callers_stop_nothing(ctx: Context) -> None:
    tasks = [asyncio.create_task(say(ctx, who=BOB, item_key=f"{n}", key="k")) for n in range(30)]
    await asyncio.sleep(0)
    for n, task in enumerate(tasks):
        if n % 2:
            task.cancel()
    done = await asyncio.gather(*tasks, return_exceptions=True)
    await ctx.intake.close()
    assert sum(isinstance(one_, asyncio.CancelledError) for one_ in done) == 15
    assert await _states(ctx) == {"read": 30}
    for n in range(30):
        assert (await say(ctx, who=BOB, item_key=f"{n}", key="k")).duplicate


async def test_batches_side_by_side_keep_every_conversation_in_order(ctx: Context) -> None:
    """Also of one person on two channels, and of one conversation with two persons."""
    who = [[("visitor", f"v{n}", True)] for n in range(4)]
    said: dict[str, list[str]] = {f"k{n}": [] for n in range(6)}
    asked = []
    for n in range(600):
        key = f"k{random.Random(n).randrange(6)}"
        said[key].append(f"{n}")
        asked.append(say(ctx, who=who[(n + int(key[1])) % 4], key=key, text=f"{n}"))
    await asyncio.gather(*asked)
    for key, texts in said.items():
        found = await rows(ctx, "SELECT text FROM interaction WHERE thread_key = $1 ORDER BY seq", key)
        assert [row["text"] for row in found] == texts
    assert await one(ctx, "SELECT count(*) FROM ticket") == 6


async def test_what_waits_for_a_batch_under_way_holds_nobody_else_up(ctx: Context, database_dsn: str) -> None:
    opened = await ticket(ctx, await say(ctx, who=BOB, key="k"))
    async with _somebody_locks(database_dsn, _THEIR_TICKET, opened["id"]):
        held = [asyncio.create_task(say(ctx, who=BOB, key="k", text=f"{n}")) for n in range(3)]
        async with asyncio.timeout(4):
            while not await waiting_for_a_lock(ctx):
                await asyncio.sleep(0.01)
            for n in range(5):
                assert (await say(ctx, who=[("visitor", f"v{n}", True)], key=f"other{n}")).ticket_code
        assert not any(task.done() for task in held)
    await asyncio.gather(*held)
    texts = [
        row["text"]
        for row in await rows(ctx, "SELECT text FROM interaction WHERE thread_key = 'k' ORDER BY seq")
    ]
    assert texts == ["Hello", "0", "1", "2"]


async def test_who_says_a_word_does_not_wait_behind_a_mailbox_that_is_read(
    database_dsn: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nor until its batch is taken for held up: with much mail every batch would be waited for so long."""
    monkeypatch.setattr("hub.actions.intake.HELD_UP_SECONDS", 60.0)
    async with a_hub(database_dsn, heavy=True) as hub:
        blocker = await asyncpg.connect(database_dsn)
        transaction = blocker.transaction()
        await transaction.start()
        await blocker.execute(
            "INSERT INTO inbound_key (channel_id, key, raw_id) SELECT id, 'uid 1', 1 FROM channel WHERE name = 'support'"
        )
        waits = replace(letter("li@example.cn"), external_key="uid 1")
        mail = asyncio.create_task(accept_items(hub, "support", [waits]))
        async with asyncio.timeout(4):
            while not await waiting_for_a_lock(hub):
                await asyncio.sleep(0.01)
            assert (await say(hub, who=[("visitor", "v", True)])).ticket_code
        assert not mail.done()
        await transaction.rollback()
        await blocker.close()
        assert not (await mail)[0].duplicate


async def test_a_batch_is_never_written_inside_somebody_elses_transaction(ctx: Context) -> None:
    """Two at once: one inside a transaction that is given up, one that is not."""

    async def inside(connection: Connection) -> None:
        with room.joining(connection):
            outside = asyncio.create_task(say(ctx, who=BOB, item_key="outside"))
            await say(ctx, who=BOB, item_key="inside")
            await outside
        raise LookupError("given up")

    with pytest.raises(LookupError):
        await ctx.database.run(inside)
    found = {row["external_key"] for row in await rows(ctx, "SELECT external_key FROM inbound_raw")}
    assert found == {"outside", "inside"}


# ── two hubs ─────────────────────────────────────────────────────────────────────────────────────────────────────────
async def test_two_hubs_and_the_same_items_give_exactly_one_each(ctx: Context, other: Context) -> None:
    def batches(seed: int) -> list[list[int]]:
        numbers = random.Random(seed).sample(range(200), 200)
        return [numbers[n : n + 10] for n in range(0, 200, 10)]

    async def offer(hub: Context, numbers: list[int]) -> list[bool]:
        kept = await accept_items(
            hub, "plain",
            [item(who=[("visitor", f"v{n % 9}", True)], key=f"c{n % 9}", item_key=f"{n}", content_key=f"c{n}")
             for n in numbers],
        )  # fmt: skip
        return [one_.duplicate for one_ in kept]

    found = await asyncio.gather(
        *(
            offer(hub, numbers)
            for hub, seed in ((ctx, 1), (other, 2), (ctx, 3), (other, 4))
            for numbers in batches(seed)
        )
    )
    assert Counter(one_ for batch in found for one_ in batch) == {False: 200, True: 600}
    assert await _states(ctx) == {"read": 200}
    assert await one(ctx, "SELECT count(*) FROM ticket") == 9
    assert await one(ctx, "SELECT count(*) FROM customer") == 9


async def test_two_hubs_write_one_conversation_without_gap_or_repeat(ctx: Context, other: Context) -> None:
    agent = await an_agent(ctx, "ann", capacity=1)
    opened = await ticket(ctx, await say(ctx, who=BOB, key="k"))
    await asyncio.gather(
        *(say(hub, who=BOB, key="k", text=f"{n}") for n in range(60) for hub in (ctx, other))
    )
    assert (await ledger(ctx, opened["id"])).count("interaction_added") == 120
    assert await one(ctx, "SELECT count(*) FROM ticket") == 1
    assert await one(ctx, "SELECT load FROM agent WHERE id = $1", agent) == 0


async def test_two_hubs_meet_a_new_person_at_once_and_make_one_customer(ctx: Context, other: Context) -> None:
    for n in range(15):
        who = [("email", f"new{n}@example.com", True)]
        kept = await asyncio.gather(say(ctx, who=who, key=f"k{n}"), say(other, who=who, key=f"k{n}"))
        assert kept[0].ticket_code == kept[1].ticket_code
    assert await one(ctx, "SELECT count(*) FROM customer") == 15


async def test_two_hubs_do_not_wait_for_each_other_for_ever(ctx: Context, other: Context) -> None:
    """Conversations in every order at once: locks are taken in one order, so nothing has to be undone."""
    before = await one(ctx, "SELECT deadlocks FROM pg_stat_database WHERE datname = current_database()")

    async def many(hub: Context, seed: int) -> None:
        for turn in range(6):
            order = random.Random(seed * 100 + turn).sample(range(12), 12)
            await accept_items(
                hub, "plain", [item(who=[("visitor", f"v{n}", True)], key=f"c{(n * 5) % 12}") for n in order]
            )

    await asyncio.gather(many(ctx, 1), many(other, 2), many(ctx, 3), many(other, 4))
    await one(ctx, "SELECT pg_stat_clear_snapshot()")
    assert (
        await one(ctx, "SELECT deadlocks FROM pg_stat_database WHERE datname = current_database()") == before
    )
