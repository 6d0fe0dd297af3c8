"""A sender that dies, loses its reply, is called back, or has no database: what is certain, and what is in doubt."""

import asyncio
import time
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from types import SimpleNamespace
from typing import Any

import asyncpg
import pytest
import structlog

from channels.adapter import ChannelAdapter, Refused
from hub.actions.answers import deliver
from hub.actions.answers.abandoned import settle_abandoned
from hub.actions.answers.deliver import give_up_overdue
from hub.actions.answers.recall import cancel_reply, send_again
from hub.actions.answers.reply import queue_reply
from hub.actions.context import Context
from hub.actions.failures import NotPossible
from hub.actions.ports import make_ports
from storage.database import Connection
from tests.fakes.invariants import assert_invariants
from tests.fakes.mail_servers import serving
from tests.fakes.outside import Outside
from tests.fakes.scene import MAIL, SYSTEM, a_hub, one, rows, say, ticket, write
from tests.fakes.sending import deliver_due
from tests.fakes.smtp_server import ScriptedRelay
from tests.faults.cluster import by_way_of, socket_of
from tests.faults.proxy import Proxy


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
    """Everything that is due now, also what others have left behind."""
    await settle_abandoned(ctx)
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


async def _ledger(ctx: Context) -> list[str]:
    found = await rows(
        ctx, "SELECT data->>'state' AS state FROM event WHERE kind = 'delivery_changed' ORDER BY id"
    )
    return [row["state"] for row in found]


# ── a sender that dies, or is thought dead ───────────────────────────────────────────────────────────────────────────
async def _lease_runs_out(ctx: Context) -> None:
    await ctx.database.run(
        lambda c: c.execute(
            "UPDATE outbox SET lease_until = clock_timestamp() - interval '1 second' WHERE state = 'sending'"
        )
    )


@asynccontextmanager
async def _in_the_middle(ctx: Context, outside: Outside) -> AsyncIterator["asyncio.Task[int]"]:
    outside.gate.clear()
    sending = asyncio.create_task(deliver_due(ctx, {outside.name: outside}))
    await outside.begun.wait()
    try:
        yield sending
    finally:
        outside.gate.set()
        await asyncio.gather(sending, return_exceptions=True)


@asynccontextmanager
async def _at_the_door(ctx: Context, outside: Outside) -> AsyncIterator["asyncio.Task[int]"]:
    """Claimed, and nothing has left yet."""
    outside.door.clear()
    sending = asyncio.create_task(deliver_due(ctx, {outside.name: outside}))
    await outside.at_the_door.wait()
    try:
        yield sending
    finally:
        outside.door.set()
        await asyncio.gather(sending, return_exceptions=True)


@pytest.mark.parametrize(("channel", "state"), [("plain", "uncertain"), ("chat", "sent")])
async def test_a_reply_whose_sender_died_is_uncertain_or_goes_again(
    ctx: Context, channel: str, state: str
) -> None:
    """It goes again where a repetition shows once."""
    if channel == "chat":
        code = int((await ticket(ctx, await say(ctx, "chat", session="ab" * 32, text="Hello")))["code"])
    else:
        code = await _ticket(ctx)
    await _reply(ctx, code)
    repeatable = state == "sent"
    outside, other = (Outside(repeatable=repeatable, name=channel) for _ in range(2))
    async with _in_the_middle(ctx, outside) as sending:
        sending.cancel()
        await asyncio.gather(sending, return_exceptions=True)
        assert await _work(ctx, other) == 0  # its lease still holds
        await _lease_runs_out(ctx)
        await _work(ctx, other)
    assert await _states(ctx) == [state]


async def test_a_sender_that_lost_its_reply_records_nothing(ctx: Context) -> None:
    await _reply(ctx, await _ticket(ctx))
    outside = Outside()
    async with _in_the_middle(ctx, outside):
        await _lease_runs_out(ctx)
        await _work(ctx, Outside())
        assert await _states(ctx) == ["uncertain"]
    assert await _states(ctx) == ["uncertain"]
    assert await _ledger(ctx) == ["sending", "uncertain"]


async def test_while_the_other_side_takes_its_time_the_reply_stays_with_its_sender(
    ctx: Context, monkeypatch: pytest.MonkeyPatch
) -> None:
    """F46. The word that follows a final dot may take ten minutes, and the lease is for seconds: it is renewed."""
    monkeypatch.setattr(deliver, "RENEW_SECONDS", 0.01)
    await _reply(ctx, await _ticket(ctx))
    outside, other = Outside(), Outside()
    async with _in_the_middle(ctx, outside) as sending:
        for _ in range(2):
            await _lease_runs_out(ctx)
            async with asyncio.timeout(30):
                while not await one(ctx, "SELECT lease_until > clock_timestamp() FROM outbox"):
                    await asyncio.sleep(0.01)
        assert (await _work(ctx, other), await _states(ctx)) == (0, ["sending"])
        outside.gate.set()
        assert await sending == 1
    assert (outside.texts, other.tried, await _states(ctx)) == (["one"], [], ["sent"])


async def test_a_reply_whose_sender_died_before_anything_left_is_sent_once(ctx: Context) -> None:
    """F3: no doubt, and no second copy."""
    await _reply(ctx, await _ticket(ctx))
    first, second = Outside(), Outside()
    async with _at_the_door(ctx, first) as sending:
        sending.cancel()
        await asyncio.gather(sending, return_exceptions=True)
        await _lease_runs_out(ctx)
        await _work(ctx, second)
    assert (first.sent, second.texts) == ([], ["one"])
    assert await _states(ctx) == ["sent"]
    assert await _ledger(ctx) == ["sending", "queued", "sending", "sent"]


async def test_a_sender_that_wakes_up_after_another_took_over_sends_nothing(ctx: Context) -> None:
    await _reply(ctx, await _ticket(ctx))
    asleep, other = Outside(), Outside()
    async with _at_the_door(ctx, asleep):
        await _lease_runs_out(ctx)
        await _work(ctx, other)
    assert (asleep.sent, other.texts) == ([], ["one"])
    assert await _states(ctx) == ["sent"]
    assert await _ledger(ctx) == ["sending", "queued", "sending", "sent"]


async def test_a_sender_that_hears_too_late_that_it_may_send_asks_again(
    ctx: Context, database_dsn: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As one does that was paused between the commit and the first byte: later answers have left meanwhile."""
    code = await _ticket(ctx)
    await _reply(ctx, code, "one")
    await _reply(ctx, code, "two")
    asleep, other = Outside(), Outside()
    async with (
        Proxy(path=socket_of(database_dsn)) as line,
        a_hub(by_way_of(database_dsn, line.port), ready=False) as far,
        _at_the_door(far, asleep),
    ):

        async def its_answer_is_held_back(connection: Connection) -> None:
            await connection.execute("SELECT FROM outbox FOR NO KEY UPDATE")
            asleep.door.set()
            while not await connection.fetchval(
                "SELECT EXISTS (SELECT FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock')"
            ):
                await asyncio.sleep(0.01)
            line.fall_silent(up=False)

        async with asyncio.timeout(30):
            await ctx.database.run(its_answer_is_held_back)
            while await one(ctx, "SELECT stage FROM outbox WHERE state = 'sending'") != "leaving":
                await asyncio.sleep(0.01)
        await _lease_runs_out(ctx)
        assert await _work(ctx, other) == 1
        monkeypatch.setattr(deliver, "LEASE_SECONDS", 0.0)  # so long it takes at the least
        line.heal()
    assert (asleep.sent, other.texts) == ([], ["two"])
    assert await _states(ctx) == ["uncertain", "sent"]


class _SlowRelay(ScriptedRelay):
    """What happens before it lets a letter come."""

    def __init__(self, meanwhile: Callable[[], Awaitable[None]]) -> None:
        super().__init__()
        self._meanwhile = meanwhile

    async def _say(self, reader: Any, writer: Any, key: str, usual: str) -> bool:
        if key == "DATA":
            await self._meanwhile()
        return await super()._say(reader, writer, key, usual)


async def _send_letters(ctx: Context) -> None:
    configured = ctx.channel("support")
    adapter = configured.kind.open("support", configured.settings, make_ports(ctx, "support"))
    await deliver_due(ctx, {"support": adapter})
    await adapter.close()


async def test_a_sender_that_is_paused_while_the_relay_makes_ready_lets_no_letter_out(
    database_dsn: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """I6: later answers have left meanwhile, for of the first nobody can know whether it has."""
    monkeypatch.setattr(deliver, "LEASE_SECONDS", 0.2)
    other = Outside(name="support")

    async def paused() -> None:
        time.sleep(0.3)  # noqa: ASYNC251 - as one who is stopped: nothing of this process goes on
        while (await _states(ctx))[0] == "sending":
            await settle_abandoned(ctx)
        await _work(ctx, other)

    relay = _SlowRelay(paused)
    async with (
        serving(relay.talk) as port,
        a_hub(database_dsn, {"support": {**MAIL, "smtp_port": port}}) as ctx,
    ):
        code = (await ticket(ctx, await write(ctx, "Li <li@example.cn>")))["code"]
        await _reply(ctx, code, "one")
        await _reply(ctx, code, "two")
        await _send_letters(ctx)
        assert (relay.letters, other.texts) == ([], ["two"])
        assert await _states(ctx) == ["uncertain", "sent"]


async def test_a_sender_whose_relay_makes_ready_for_long_keeps_its_letter_and_sends_it(
    database_dsn: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(deliver, "LEASE_SECONDS", 3.0)
    monkeypatch.setattr(deliver, "RENEW_SECONDS", 0.1)
    relay = _SlowRelay(lambda: asyncio.sleep(4.0))
    async with (
        serving(relay.talk) as port,
        a_hub(database_dsn, {"support": {**MAIL, "smtp_port": port}}) as ctx,
    ):
        await _reply(ctx, (await ticket(ctx, await write(ctx, "Li <li@example.cn>")))["code"], "one")
        await _send_letters(ctx)
        assert (len(relay.letters), await _states(ctx)) == (1, ["sent"])


def test_a_lease_that_ran_out_is_not_renewed(monkeypatch: pytest.MonkeyPatch) -> None:
    """The answer may come from before it was another's."""
    now = [100.0]
    monkeypatch.setattr(deliver, "time", SimpleNamespace(monotonic=lambda: now[0]))
    held = deliver.Held(now[0])
    now[0] += deliver.LEASE_SECONDS - 1
    held.renewed(now[0])
    now[0] += deliver.LEASE_SECONDS - 1
    assert held
    asked = now[0]
    now[0] += 2
    assert not held
    held.renewed(asked)
    assert not held


async def test_a_reply_that_kills_its_sender_does_so_ever_more_rarely(ctx: Context) -> None:
    await _reply(ctx, await _ticket(ctx))
    for attempts in (1, 9):
        await ctx.database.run(lambda c, n=attempts: c.execute("UPDATE outbox SET attempts = $1", n - 1))
        outside = Outside()
        async with _at_the_door(ctx, outside) as sending:
            sending.cancel()
            await asyncio.gather(sending, return_exceptions=True)
        await _lease_runs_out(ctx)
        assert await settle_abandoned(ctx) == 1
        waits = await one(ctx, "SELECT not_before > clock_timestamp() FROM outbox")
        assert (waits, await _states(ctx)) == (attempts > 1, ["queued"])
        await _time_passes(ctx)


async def test_a_reply_on_its_way_by_a_channel_that_is_gone_waits_for_a_person(
    ctx: Context, database_dsn: str
) -> None:
    """Switched off at the desk, or taken out of the file, while it was leaving: nobody else's answer may wait behind it for
    ever, and it cannot be taken back."""
    code = await _ticket(ctx)
    await _reply(ctx, code, "1")
    await _reply(ctx, code, "2")
    async with _in_the_middle(ctx, Outside()) as sending:
        sending.cancel()
        await asyncio.gather(sending, return_exceptions=True)
    await _lease_runs_out(ctx)
    async with a_hub(database_dsn, {}) as after:
        assert await settle_abandoned(after) == 1
    assert await _states(ctx) == ["uncertain", "queued"]


async def test_a_reply_by_a_channel_that_is_gone_fails_when_its_time_is_over(
    ctx: Context, database_dsn: str
) -> None:
    await _reply(ctx, await _ticket(ctx))
    async with a_hub(database_dsn, {}) as after:
        assert await give_up_overdue(after) == 0
        await one(ctx, "UPDATE outbox SET give_up_at = clock_timestamp() RETURNING 1")
        assert await give_up_overdue(after) == 1
    assert await _states(ctx) == ["failed"]
    assert await one(ctx, "SELECT error FROM outbox") == "It could not be delivered in time."
    assert await _ledger(ctx) == ["failed"]


async def test_a_reply_can_be_called_back_until_its_first_byte(ctx: Context) -> None:
    code = await _ticket(ctx)
    interaction_id = await _reply(ctx, code, "1")
    await _reply(ctx, code, "2")
    outside = Outside()
    async with _at_the_door(ctx, outside):
        gone = await cancel_reply(ctx, interaction_id=interaction_id, actor=SYSTEM)
        assert gone.text == "1"
    assert (outside.sent, await _states(ctx)) == ([], ["cancelled", "queued"])
    await _work(ctx, outside)
    assert outside.texts == ["2"]


async def test_a_reply_whose_first_byte_has_left_cannot_be_called_back(ctx: Context) -> None:
    interaction_id = await _reply(ctx, await _ticket(ctx))
    outside = Outside()
    async with _in_the_middle(ctx, outside):
        with pytest.raises(NotPossible, match="on its way"):
            await cancel_reply(ctx, interaction_id=interaction_id, actor=SYSTEM)
    assert (outside.texts, await _states(ctx)) == (["one"], ["sent"])


async def _only_reads(server: "asyncpg.Connection[Any]", database: str, only: bool) -> None:
    """Every line to the database is cut; on the new ones nothing can be written, or everything again."""
    setting = "SET default_transaction_read_only = on" if only else "RESET default_transaction_read_only"
    await server.execute(f"ALTER DATABASE {database} {setting}")
    await server.execute(
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = $1", database
    )


async def test_without_the_database_nothing_leaves(
    ctx: Context, postgres: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What cannot be written down beforehand is not sent, and is not in doubt."""
    monkeypatch.setattr(deliver, "RECORD_AGAIN_SECONDS", 0.05)
    await _reply(ctx, await _ticket(ctx))
    name = await one(ctx, "SELECT current_database()")
    outside, server = Outside(), await asyncpg.connect(postgres)
    with structlog.testing.capture_logs() as logs:
        async with _at_the_door(ctx, outside) as sending:
            await _only_reads(server, name, True)
            outside.door.set()
            async with asyncio.timeout(30):
                while not any(line["event"] == "deliver.not_recorded" for line in logs):
                    await asyncio.sleep(0.01)
            await _only_reads(server, name, False)
            async with asyncio.timeout(30):
                await sending
    await server.close()
    assert (outside.sent, await _states(ctx)) == ([], ["queued"])
    await _time_passes(ctx)
    await _work(ctx, outside)
    assert (outside.texts, await _states(ctx)) == (["one"], ["sent"])


async def test_a_reply_sent_again_while_the_next_is_on_its_way_holds_nobody_up(ctx: Context) -> None:
    code = await _ticket(ctx)
    first = await _reply(ctx, code, "1")
    outside = Outside(Refused("no"))
    await _work(ctx, outside)
    await _reply(ctx, code, "2")
    outside.begun.clear()
    async with _in_the_middle(ctx, outside):
        await send_again(ctx, interaction_id=first, actor=SYSTEM)
        await _reply(ctx, await _ticket(ctx, 1), "somebody else's")
        second = Outside()
        assert await _work(ctx, second) == 1
        assert second.texts == ["somebody else's"]
    await _work(ctx, outside)
    assert outside.texts == ["2", "1"]


async def test_proof_is_not_lost_because_the_database_is_away_for_a_moment(
    ctx: Context, postgres: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What has left is known to have left: it is written down as soon as that is possible."""
    monkeypatch.setattr(deliver, "RECORD_AGAIN_SECONDS", 0.05)
    for n in range(4):
        await _reply(ctx, await _ticket(ctx, n), f"{n}")
    name = await one(ctx, "SELECT current_database()")
    outside, server = Outside(), await asyncpg.connect(postgres)
    with structlog.testing.capture_logs() as logs:
        async with _in_the_middle(ctx, outside) as sending:
            async with asyncio.timeout(30):
                while outside.under_way < 4:
                    await asyncio.sleep(0.01)
            await _only_reads(server, name, True)
            outside.gate.set()
            async with asyncio.timeout(30):
                while not any(line["event"] == "deliver.not_recorded" for line in logs):
                    await asyncio.sleep(0.01)
            assert not sending.done()
            await _only_reads(server, name, False)
            async with asyncio.timeout(30):
                assert await sending == 4
    await server.close()
    assert await _states(ctx) == ["sent"] * 4
    assert sorted(outside.texts) == ["0", "1", "2", "3"]


async def test_one_that_cannot_be_recorded_does_not_leave_the_others_alone(ctx: Context) -> None:
    """Whatever happens to one reply, deliver_due returns only when all of its claim are settled."""
    for n in range(3):
        await _reply(ctx, await _ticket(ctx, n), f"{n}")
    raising = """
    CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN IF NEW.state = 'sent' AND NEW.external_id = 'out-1' THEN RAISE EXCEPTION 'a fault'; END IF; RETURN NEW; END $$;
    CREATE TRIGGER refuse BEFORE UPDATE ON outbox FOR EACH ROW EXECUTE FUNCTION refuse();
    """
    await ctx.database.run(lambda c: c.execute(raising))
    outside = Outside()
    with pytest.raises(Exception, match="a fault"):
        await deliver_due(ctx, {"plain": outside})
    assert Counter(await _states(ctx)) == {"sending": 1, "sent": 2}
    await ctx.database.run(lambda c: c.execute("DROP TRIGGER refuse ON outbox"))
    await _lease_runs_out(ctx)
    await _work(ctx, outside)
    assert Counter(await _states(ctx)) == {"uncertain": 1, "sent": 2}
