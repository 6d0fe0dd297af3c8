"""The outbox at work: each reply once, in order, with what every outcome means; two hubs, lost leases, an absent database."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

import pytest

from channels.adapter import (
    ChannelAdapter,
    ChannelFailure,
    Leaving,
    Misconfigured,
    Receipt,
    Refused,
    TryLater,
    Unavailable,
    Unsure,
)
from hub.actions.answers import deliver
from hub.actions.answers.pauses import LONGEST_PAUSE
from hub.actions.answers.recall import cancel_reply, send_again
from hub.actions.answers.reply import queue_reply
from hub.actions.context import Context
from hub.actions.ports import make_ports
from hub.model.interactions import OutboundInteraction
from tests.fakes.invariants import assert_invariants
from tests.fakes.mail_servers import serving
from tests.fakes.outside import Outside
from tests.fakes.scene import MAIL, SYSTEM, a_hub, one, rows, say, ticket, write
from tests.fakes.sending import deliver_due
from tests.fakes.smtp_server import DROP, ScriptedRelay


@pytest.fixture
async def ctx(database_dsn: str) -> AsyncIterator[Context]:
    async with a_hub(database_dsn) as hub:
        yield hub
        await assert_invariants(hub.database)


async def _ticket(ctx: Context, n: int = 0, channel: str = "plain") -> int:
    kept = await say(ctx, channel, who=[("visitor", f"v{n}", True)], key=f"k{n}", reply_address=f"a{n}")
    return int((await ticket(ctx, kept))["code"])


async def _reply(ctx: Context, code: int, text: str = "one") -> int:
    return await queue_reply(ctx, ticket_code=code, actor=SYSTEM, text=text)


async def _work(ctx: Context, *adapters: ChannelAdapter) -> int:
    """Everything that is due now."""
    total = 0
    while done := await deliver_due(ctx, {adapter.name: adapter for adapter in adapters}):
        total += done
    return total


async def _states(ctx: Context) -> list[str]:
    return [row["state"] for row in await rows(ctx, "SELECT state FROM outbox ORDER BY id")]


async def _time_passes(ctx: Context) -> None:
    """Every pause is over."""
    await ctx.database.run(lambda c: c.execute("UPDATE outbox SET not_before = clock_timestamp()"))
    await ctx.database.run(lambda c: c.execute("UPDATE channel SET hold_until = NULL"))


async def _its_time_is_over(ctx: Context) -> None:
    await one(
        ctx, "UPDATE outbox SET give_up_at = clock_timestamp(), not_before = clock_timestamp() RETURNING 1"
    )


async def _ledger(ctx: Context) -> list[str]:
    found = await rows(
        ctx, "SELECT data->>'state' AS state FROM event WHERE kind = 'delivery_changed' ORDER BY id"
    )
    return [row["state"] for row in found]


# ── outcomes ─────────────────────────────────────────────────────────────────────────────────────────────────────────
async def test_what_leaves_is_recorded_with_its_proof(ctx: Context) -> None:
    interaction_id = await _reply(ctx, await _ticket(ctx))
    outside = Outside()
    assert await _work(ctx, outside) == 1
    (row,) = await rows(ctx, "SELECT * FROM outbox")
    assert (row["state"], row["external_id"], row["attempts"], row["lease_token"]) == (
        "sent",
        "out-1",
        1,
        None,
    )
    assert row["settled_at"] is not None
    assert await _ledger(ctx) == ["sending", "sent"]
    assert outside.sent[0].interaction_id == interaction_id


async def test_that_an_answer_sets_out_and_arrives_is_nothing_new_of_its_ticket(ctx: Context) -> None:
    """It would come to the top of every list again; an answer of which nobody knows does."""
    code = await _ticket(ctx)
    touched = "SELECT updated_at, version FROM ticket"
    for outside, is_news in ((Outside(), False), (Outside(Unsure("no word after the dot")), True)):
        await _reply(ctx, code)
        (before,) = await rows(ctx, touched)
        await _work(ctx, outside)
        (after,) = await rows(ctx, touched)
        assert (after["updated_at"] > before["updated_at"]) is is_news
        assert after["version"] >= before["version"] + 2


async def test_replies_of_one_ticket_leave_in_order_one_at_a_time(ctx: Context) -> None:
    code, other = await _ticket(ctx), await _ticket(ctx, 1)
    for text in ("1", "2", "3"):
        await _reply(ctx, code, text)
    await _reply(ctx, other, "x")
    outside = Outside(TryLater("not now"))
    assert await deliver_due(ctx, {"plain": outside}) == 2
    assert await _work(ctx, outside) == 0
    assert outside.texts == ["x"] and outside.tried == ["1", "x"]
    await _time_passes(ctx)
    await _work(ctx, outside)
    assert outside.texts == ["x", "1", "2", "3"]


async def test_what_was_refused_is_failed_at_once_and_the_next_leaves(ctx: Context) -> None:
    code = await _ticket(ctx)
    await _reply(ctx, code, "1")
    await _reply(ctx, code, "2")
    outside = Outside(Refused("550 no such person"))
    await _work(ctx, outside)
    assert await _states(ctx) == ["failed", "sent"]
    assert await one(ctx, "SELECT error FROM outbox ORDER BY id LIMIT 1") == "550 no such person"


@pytest.mark.parametrize("failure", [TryLater("later"), Unavailable("away"), Misconfigured("wrong password")])
async def test_what_certainly_did_not_leave_is_tried_again_later(
    ctx: Context, failure: ChannelFailure
) -> None:
    await _reply(ctx, await _ticket(ctx))
    outside = Outside(failure)
    assert await _work(ctx, outside) == 1
    (row,) = await rows(ctx, "SELECT *, not_before > clock_timestamp() AS later FROM outbox")
    assert (row["state"], row["error"], row["lease_token"], row["settled_at"]) == (
        "queued",
        str(failure),
        None,
        None,
    )
    assert row["later"]
    await _time_passes(ctx)
    assert await _work(ctx, outside) == 1
    assert (await rows(ctx, "SELECT state, attempts, error FROM outbox")) == [
        {"state": "sent", "attempts": 2, "error": ""}
    ]
    assert await _ledger(ctx) == ["sending", "queued", "sending", "sent"]


async def test_pauses_grow_and_a_wish_is_honoured(ctx: Context) -> None:
    await _reply(ctx, await _ticket(ctx))
    pauses = []
    for failure in (*(TryLater("later") for _ in range(7)), TryLater("later", retry_after=77.0)):
        await _time_passes(ctx)
        await _work(ctx, Outside(failure))
        pauses.append(
            await one(ctx, "SELECT extract(epoch FROM not_before - clock_timestamp())::float8 FROM outbox")
        )
    assert pauses[-1] == pytest.approx(77, abs=3)
    assert all(0 <= pause <= LONGEST_PAUSE for pause in pauses)
    assert max(pauses[4:7]) > 10


async def test_a_fault_of_ours_before_anything_left_is_told_at_once(ctx: Context) -> None:
    await _reply(ctx, await _ticket(ctx))

    class Faulty(Outside):
        async def send(self, message: OutboundInteraction, leaving: Leaving) -> Receipt:
            raise RuntimeError("a fault of the adapter")

    await _work(ctx, Faulty())
    assert await _states(ctx) == ["failed"]


@pytest.mark.parametrize("outcome", [Unsure("the line dropped"), RuntimeError("a fault of the adapter")])
async def test_what_may_have_left_waits_for_a_person(ctx: Context, outcome: Exception) -> None:
    interaction_id = await _reply(ctx, await _ticket(ctx))
    outside = Outside(outcome)
    await _work(ctx, outside)
    await _time_passes(ctx)
    assert await _work(ctx, outside) == 0
    assert await _states(ctx) == ["uncertain"]
    await send_again(ctx, interaction_id=interaction_id, actor=SYSTEM)
    assert await _work(ctx, outside) == 1
    assert (await _states(ctx), outside.tried) == (["sent"], ["one", "one"])


async def test_what_may_have_left_goes_again_where_a_repetition_shows_once(ctx: Context) -> None:
    await _reply(ctx, await _ticket(ctx))
    outside = Outside(Unsure("the line dropped"), repeatable=True)
    await _work(ctx, outside)
    assert await _states(ctx) == ["queued"]
    await _time_passes(ctx)
    await _work(ctx, outside)
    assert await _states(ctx) == ["sent"]


async def test_what_could_not_be_delivered_in_time_is_given_up(ctx: Context) -> None:
    """It is not tried any more then, and its last failure is told."""
    await _reply(ctx, await _ticket(ctx))
    await _work(ctx, Outside(TryLater("not now")))
    await _its_time_is_over(ctx)
    outside = Outside()
    await _work(ctx, outside)
    assert (await _states(ctx), outside.tried) == (["failed"], [])
    assert (
        await one(ctx, "SELECT error FROM outbox")
        == "It could not be delivered in time. The last attempt: not now"
    )


@pytest.mark.parametrize(
    "failure",
    [
        TryLater("too many", retry_after=1800, whole_channel=True),
        TryLater("450 greylisted"),
        Unavailable("away"),
    ],
)
async def test_answers_are_given_up_by_their_age_and_not_by_how_often_they_were_put_off(
    ctx: Context, failure: ChannelFailure
) -> None:
    """A bot that Telegram throttles for a day, a relay that greylists: whoever asks us to wait may do so until the end."""
    await _reply(ctx, await _ticket(ctx))
    for _ in range(60):
        await _time_passes(ctx)
        await _work(ctx, Outside(failure))
    await _time_passes(ctx)
    assert await _states(ctx) == ["queued"]
    outside = Outside()
    await _work(ctx, outside)
    assert (await _states(ctx), outside.texts) == (["sent"], ["one"])


async def test_a_pause_longer_than_an_answer_may_wait_fails_it_when_its_time_is_over(ctx: Context) -> None:
    """Not before, for the other side asked for nothing else; and then at once, although its channel has to be silent still."""
    await _reply(ctx, await _ticket(ctx))
    week = 7 * 86_400
    await _work(ctx, Outside(TryLater("too many", retry_after=week, whole_channel=True)))
    waits = "SELECT state, not_before = give_up_at AS to_the_end FROM outbox"
    assert await rows(ctx, waits) == [{"state": "queued", "to_the_end": True}]
    await _reply(ctx, await _ticket(ctx, 1), "another")
    await _its_time_is_over(ctx)
    outside = Outside()
    await _work(ctx, outside)
    assert (await _states(ctx), outside.tried) == (["failed", "failed"], [])


async def test_a_cancelled_reply_stays_and_the_next_leaves(ctx: Context) -> None:
    code = await _ticket(ctx)
    first = await _reply(ctx, code, "1")
    await _reply(ctx, code, "2")
    await cancel_reply(ctx, interaction_id=first, actor=SYSTEM)
    outside = Outside()
    await _work(ctx, outside)
    assert (outside.texts, await _states(ctx)) == (["2"], ["cancelled", "sent"])


# ── a whole channel ──────────────────────────────────────────────────────────────────────────────────────────────────
@pytest.mark.parametrize(
    "failure", [TryLater("flood", retry_after=600, whole_channel=True), Misconfigured("wrong")]
)
async def test_a_channel_that_must_be_silent_is_silent_also_for_what_is_queued_later(
    ctx: Context, failure: ChannelFailure
) -> None:
    await _reply(ctx, await _ticket(ctx, 0), "1")
    outside, other = Outside(failure), Outside(name="other")
    await _work(ctx, outside, other)
    await _reply(ctx, await _ticket(ctx, 1), "2")
    await _reply(ctx, await _ticket(ctx, 2, "other"), "elsewhere")
    assert await _work(ctx, outside, other) == 1
    assert (outside.tried, other.texts) == (["1"], ["elsewhere"])
    await _time_passes(ctx)
    await _work(ctx, outside, other)
    assert sorted(outside.texts) == ["1", "2"]


async def test_who_has_mended_the_settings_does_not_wait_for_long(ctx: Context) -> None:
    await _reply(ctx, await _ticket(ctx))
    await ctx.database.run(lambda c: c.execute("UPDATE outbox SET attempts = 30"))
    await _work(ctx, Outside(Misconfigured("wrong password")))
    assert await one(
        ctx,
        "SELECT hold_until <= clock_timestamp() + interval '60 seconds' FROM channel WHERE name = 'plain'",
    )


async def test_an_other_side_that_is_back_does_not_wait_for_long(ctx: Context) -> None:
    """However often it was away, unless it says itself when to come again."""
    for failure, least, most in (
        (TryLater("away", whole_channel=True), 0, deliver.AFTER_AWAY),
        (TryLater("flood", whole_channel=True, retry_after=900), 890, 901),
    ):
        await _reply(ctx, await _ticket(ctx, int(most)))
        await _time_passes(ctx)
        await ctx.database.run(lambda c: c.execute("UPDATE outbox SET attempts = 30 WHERE state = 'queued'"))
        await _work(ctx, Outside(failure))
        held = await one(
            ctx,
            "SELECT extract(epoch FROM hold_until - clock_timestamp())::float8 FROM channel WHERE name = 'plain'",
        )
        assert least <= held <= most


async def test_only_channels_that_are_open_here_are_served(ctx: Context) -> None:
    await _reply(ctx, await _ticket(ctx, 0), "1")
    assert await deliver_due(ctx, {}) == 0
    assert await _work(ctx, Outside(name="other")) == 0
    assert await _states(ctx) == ["queued"]


# ── two hubs ─────────────────────────────────────────────────────────────────────────────────────────────────────────
async def test_two_hubs_deliver_fifty_replies_once_each_and_in_order(ctx: Context, database_dsn: str) -> None:
    codes = [await _ticket(ctx, n) for n in range(10)]
    for n in range(50):
        await _reply(ctx, codes[n % 10], f"{n}")
    here, there = Outside(), Outside()
    async with a_hub(database_dsn) as other:
        async with asyncio.timeout(60):
            while await one(ctx, "SELECT count(*) FROM outbox WHERE state <> 'sent'"):
                await asyncio.gather(deliver_due(ctx, {"plain": here}), deliver_due(other, {"plain": there}))
    assert Counter(here.texts + there.texts) == Counter(f"{n}" for n in range(50))
    for n in range(10):
        settled = await rows(
            ctx,
            "SELECT o.id FROM outbox o JOIN ticket t ON t.id = ticket_id WHERE t.code = $1 ORDER BY settled_at",
            codes[n],
        )
        assert [row["id"] for row in settled] == sorted(row["id"] for row in settled)


async def test_people_customers_and_senders_do_not_wait_for_each_other_for_ever(
    ctx: Context, database_dsn: str
) -> None:
    """All at once on the same tickets: nothing had to be undone because two waited for each other."""
    codes = [await _ticket(ctx, n) for n in range(6)]
    ids = [await _reply(ctx, code, "x") for code in codes for _ in range(4)]
    async with a_hub(database_dsn) as other:

        async def people(turn: int) -> None:
            for n in range(8):
                deed: Callable[..., Any] = (cancel_reply, send_again)[n % 2]
                try:
                    await deed(other, interaction_id=ids[(n * 5 + turn) % len(ids)], actor=SYSTEM)
                except Exception as error:  # noqa: BLE001 - most come too late
                    assert getattr(error, "code", "") == "left_already"

        async def customers(turn: int) -> None:
            for n in range(8):
                await say(
                    ctx,
                    who=[("visitor", f"v{(n + turn) % 6}", True)],
                    key=f"k{(n + turn) % 6}",
                    reply_address="a",
                )

        failing = [Outside(*(Refused("no") for _ in range(10))) for _ in range(2)]
        await asyncio.gather(
            *(people(n) for n in range(4)), *(customers(n) for n in range(4)),
            *(_work(hub, outside) for hub, outside in zip((ctx, other), failing, strict=True)),
        )  # fmt: skip
    await one(ctx, "SELECT pg_stat_clear_snapshot()")
    assert await one(ctx, "SELECT deadlocks FROM pg_stat_database WHERE datname = current_database()") == 0


# ── real letters ─────────────────────────────────────────────────────────────────────────────────────────────────────
@asynccontextmanager
async def _mail(dsn: str, relay: ScriptedRelay) -> AsyncIterator[tuple[Context, ChannelAdapter]]:
    async with serving(relay.talk) as port, a_hub(dsn, {"support": {**MAIL, "smtp_port": port}}) as ctx:
        configured = ctx.channel("support")
        adapter = configured.kind.open("support", configured.settings, make_ports(ctx, "support"))
        yield ctx, adapter
        await adapter.close()
        await assert_invariants(ctx.database)


@pytest.mark.parametrize(
    ("answers", "state", "left"),
    [
        ({}, "sent", 1),
        ({"CONNECT": "421 come back"}, "queued", 0), ({"MAIL": "451 greylisted"}, "queued", 0),
        ({"RCPT": "450 busy"}, "queued", 0), ({"RCPT": "550 no such person"}, "failed", 0),
        ({"MAIL": "550 not you"}, "failed", 0), ({"RCPT": DROP}, "queued", 0), ({"DATA": DROP}, "queued", 0),
        ({"DATA": "451 later"}, "queued", 0), ({".": "451 later"}, "queued", 1), ({".": "554 spam"}, "failed", 1),
        ({".": DROP}, "uncertain", 1),
    ],
)  # fmt: skip
async def test_what_a_relay_says_is_what_becomes_of_the_letter(
    database_dsn: str, answers: dict[str, str], state: str, left: int
) -> None:
    relay = ScriptedRelay(answers)
    async with _mail(database_dsn, relay) as (ctx, adapter):
        code = (await ticket(ctx, await write(ctx, "li@example.cn")))["code"]
        interaction_id = await _reply(ctx, code)
        await _work(ctx, adapter)
        assert (await _states(ctx), len(relay.letters)) == ([state], left)
        if state in ("uncertain", "queued"):
            relay.answers = {}
            if state == "uncertain":
                await send_again(ctx, interaction_id=interaction_id, actor=SYSTEM)
            await _time_passes(ctx)
            await _work(ctx, adapter)
            assert await _states(ctx) == ["sent"]
            # Byte for byte the same letter, whenever it leaves.
            assert len(set(relay.letters)) == 1


async def test_a_relay_that_is_away_holds_the_channel_and_nothing_is_lost(database_dsn: str) -> None:
    relay = ScriptedRelay({"CONNECT": DROP})
    async with _mail(database_dsn, relay) as (ctx, adapter):
        code = (await ticket(ctx, await write(ctx, "li@example.cn")))["code"]
        for text in ("1", "2"):
            await _reply(ctx, code, text)
        for _ in range(3):
            await _time_passes(ctx)
            await _work(ctx, adapter)
        assert await _states(ctx) == ["queued", "queued"]
        relay.answers = {}
        await _time_passes(ctx)
        await _work(ctx, adapter)
        assert await _states(ctx) == ["sent", "sent"]
        assert len(set(relay.letters)) == 2
