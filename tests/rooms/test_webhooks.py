"""Calls to other programs: once queued they are made, signed, in order, at least once, and to nowhere that is not allowed."""

import asyncio
import base64
import itertools
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

import pytest

from channels.api.compose import sign
from hub.actions.context import Context
from hub.actions.errands.make_calls import PAUSE_AT, claim_calls, make_call, try_webhook
from hub.actions.errands.post_call import Trouble, post_call
from hub.actions.errands.webhook_body import CallBody
from hub.actions.errands.webhooks import (
    add_webhook,
    call_again,
    change_webhook,
    check_url,
    list_calls,
    list_webhooks,
    queue_call,
    renew_secret,
    retire_webhook,
)
from hub.actions.failures import NotPossible
from hub.workers.webhooks import call_out
from tests.fakes.processes import free_port, until
from tests.fakes.receiver import HANG, allowing_private, receiving
from tests.fakes.scene import SYSTEM, a_hub, one, rows, say, ticket

_causes = itertools.count()


@pytest.fixture
async def ctx(database_dsn: str) -> AsyncIterator[Context]:
    async with a_hub(database_dsn) as hub:
        yield allowing_private(hub)


async def queued(ctx: Context, name: str = "erp", cause: str = "", **more: Any) -> int | None:
    key = cause or f"cause:{next(_causes)}"
    return await ctx.database.run(
        lambda c: queue_call(c, webhook=name, event="rule.ran", cause=key, rule="VIP", **more)
    )


@asynccontextmanager
async def calling(ctx: Context) -> AsyncIterator[None]:
    """The worker of one hub."""
    halt = asyncio.Event()
    listening = asyncio.create_task(ctx.listener.run())
    working = asyncio.create_task(call_out(ctx, halt, lambda: None))
    try:
        yield
    finally:
        halt.set()
        ctx.listener.wake_all()
        async with asyncio.timeout(30):
            await working
        listening.cancel()
        await asyncio.gather(listening, return_exceptions=True)


async def states(ctx: Context) -> list[str]:
    return [row["state"] for row in await rows(ctx, "SELECT state FROM webhook_call ORDER BY id")]


async def all_sent(ctx: Context) -> bool:
    return set(await states(ctx)) == {"sent"}


async def once(ctx: Context) -> int:
    """One look of one hub, to its end; returns how many calls were made."""
    token = uuid4()
    calls = await claim_calls(ctx, 32, token)
    await asyncio.gather(*(make_call(ctx, call, token) for call in calls))
    return len(calls)


async def no_hold(ctx: Context) -> None:
    """As if the pause of every endpoint were over."""
    await ctx.database.run(lambda c: c.execute("UPDATE webhook SET hold_until = NULL"))


async def the_only(ctx: Context) -> dict[str, Any]:
    (row,) = await rows(ctx, "SELECT * FROM webhook")
    return row


async def test_a_call_arrives_signed_with_codes_and_no_word_of_the_customer(ctx: Context) -> None:
    async with receiving() as erp:
        _, secret = await add_webhook(ctx, name="erp", url=erp.url, actor=SYSTEM)
        opened = await ticket(
            ctx, await say(ctx, who=[("email", "b@example.com", True)], subject="Where?", text="My parcel!")
        )
        await queued(ctx, ticket_id=opened["id"])
        assert await once(ctx) == 1
    (heard,) = erp.heard
    assert heard.is_signed_by(secret) and not heard.is_signed_by("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")
    assert CallBody.model_validate_json(heard.content).model_dump_json().encode() == heard.content
    assert (heard.said["type"], heard.said["data"]["rule"]) == ("rule.ran", "VIP")
    told = heard.said["data"]["ticket"]
    assert (told["number"], told["queue"], told["priority"], told["assignee"]) == (
        f"T-{opened['code']}", opened["queue"], "normal", None,
    )  # fmt: skip
    for word in ("Where?", "parcel", "b@example.com"):
        assert word not in heard.content.decode()
    assert await states(ctx) == ["sent"]


async def test_the_same_cause_is_told_once(ctx: Context) -> None:
    async with receiving() as erp:
        await add_webhook(ctx, name="erp", url=erp.url, actor=SYSTEM)
        first = await queued(ctx, cause="rule:1:event:2")
        assert first is not None and await queued(ctx, cause="rule:1:event:2") == first
        assert await once(ctx) == 1 and await once(ctx) == 0
    assert len(erp.heard) == 1


async def test_nothing_is_queued_for_one_that_is_switched_off_or_not_there(ctx: Context) -> None:
    made, _ = await add_webhook(ctx, name="erp", url="https://erp.example/hook", actor=SYSTEM)
    assert await queued(ctx, "crm") is None
    await change_webhook(ctx, actor=SYSTEM, webhook_id=made, version=2, enabled=False)
    assert await queued(ctx) is None
    assert await states(ctx) == []


async def test_what_is_queued_in_a_transaction_that_fails_is_told_to_nobody(ctx: Context) -> None:
    await add_webhook(ctx, name="erp", url="https://erp.example/hook", actor=SYSTEM)

    async def fails(c: Any) -> None:
        await queue_call(c, webhook="erp", event="rule.ran", cause="x")
        raise RuntimeError("the rule failed")

    with pytest.raises(RuntimeError, match="the rule failed"):
        await ctx.database.run(fails)
    assert await states(ctx) == []


async def test_a_failure_is_tried_again_by_the_same_name_and_holds_up_only_what_comes_after(
    ctx: Context,
) -> None:
    async with receiving(500, 503) as erp:
        await add_webhook(ctx, name="erp", url=erp.url, actor=SYSTEM)
        for _ in range(3):
            await queued(ctx)
        await once(ctx)
        assert await once(ctx) == 0  # held
        assert (await the_only(ctx))["failures"] == 1
        for _ in range(4):
            await no_hold(ctx)
            await once(ctx)
    assert await states(ctx) == ["sent"] * 3
    names = erp.names()
    # The first three attempts are of the first call; then each of the others, in order.
    assert names[0] == names[1] == names[2] and len(set(names)) == 3 and len(names) == 5
    assert (await the_only(ctx))["failures"] == 0
    told = await rows(ctx, "SELECT attempts, status FROM webhook_call ORDER BY id")
    assert [(row["attempts"], row["status"]) for row in told] == [(3, 200), (1, 200), (1, 200)]


@pytest.mark.parametrize(
    ("status", "state"), [(400, "failed"), (422, "failed"), (404, "queued"), (401, "queued")]
)
async def test_what_is_refused_for_good_is_not_repeated(ctx: Context, status: int, state: str) -> None:
    async with receiving(status) as erp:
        await add_webhook(ctx, name="erp", url=erp.url, actor=SYSTEM)
        await queued(ctx)
        await queued(ctx)
        await once(ctx)
        assert await states(ctx) == [state, "queued"]
        await once(ctx)
    # One that it does not want does not stand in the way of the next.
    assert await states(ctx) == ([state, "sent"] if state == "failed" else ["queued", "queued"])


async def test_one_that_is_gone_is_switched_off_and_administrators_are_told(ctx: Context) -> None:
    boss = await one(
        ctx,
        "INSERT INTO agent (login, name, password_hash, role) VALUES ('b', 'B', 'x', 'admin') RETURNING id",
    )
    async with receiving(410) as erp:
        await add_webhook(ctx, name="erp", url=erp.url, actor=SYSTEM)
        await queued(ctx)
        await queued(ctx)
        await once(ctx)
        await no_hold(ctx)
        assert await once(ctx) == 0 and len(erp.heard) == 1, "it is not called again"
    assert await states(ctx) == ["failed", "queued"]
    assert not (await the_only(ctx))["enabled"]
    (notice,) = await rows(ctx, "SELECT agent_id, kind, params FROM notice")
    assert (notice["agent_id"], notice["kind"], notice["params"]["gone"]) == (boss, "webhook_failing", True)


async def test_a_redirect_is_not_followed(ctx: Context) -> None:
    async with receiving() as inner, receiving((307, {"Location": inner.url})) as erp:
        await add_webhook(ctx, name="erp", url=erp.url, actor=SYSTEM)
        await queued(ctx)
        await once(ctx)
        assert inner.heard == [] and len(erp.heard) == 1
    (call,) = await rows(ctx, "SELECT state, status, error FROM webhook_call")
    assert (call["state"], call["status"], call["error"]) == ("queued", 307, "redirect")


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "[::ffff:127.0.0.1]", "2130706433"])
async def test_no_name_and_no_way_of_writing_leads_into_our_own_network(ctx: Context, host: str) -> None:
    async with receiving() as inner:
        url = inner.url.replace("127.0.0.1", host)
        result = await post_call(url, b"{}", _HEADERS, private=False)
        # What is no address at all for the client does not even get so far.
        assert result.trouble in (Trouble.PRIVATE_ADDRESS, Trouble.CONNECTION) and result.status is None
        assert (result.trouble is Trouble.CONNECTION) == (host == "2130706433")
        assert inner.heard == []
        # The door itself was open.
        assert (await post_call(inner.url, b"{}", _HEADERS, private=True)).trouble is None


@pytest.mark.parametrize("host", ["erp..example.com", "a" * 64 + ".example.com"])
async def test_a_name_that_cannot_even_be_asked_for_is_a_failure_like_others(host: str) -> None:
    """It would end the loop of all calls, each time that its own comes round."""
    result = await post_call(f"https://{host}/hook", b"{}", _HEADERS, private=False)
    assert result.trouble is Trouble.NO_SUCH_HOST


async def test_where_machines_of_clouds_keep_their_secrets_is_closed_to_everybody() -> None:
    result = await post_call("http://169.254.169.254/latest/meta-data", b"{}", _HEADERS, private=True)
    assert result.trouble is Trouble.PRIVATE_ADDRESS


_HEADERS = {"Webhook-Id": "call_1", "Webhook-Timestamp": "1", "Webhook-Signature": "v1,x"}


async def test_what_does_not_answer_is_given_up_in_time_and_an_answer_without_end_is_not_read() -> None:
    async with receiving(HANG) as erp:
        result = await post_call(erp.url, b"{}", _HEADERS, private=True, within=0.3)
        assert (result.status, result.trouble) == (None, Trouble.TIMEOUT)
        erp.endless = True
        async with asyncio.timeout(60):
            assert (await post_call(erp.url, b"{}", _HEADERS, private=True, within=600)).trouble is None
    result = await post_call("http://127.0.0.1:9/hook", b"{}", _HEADERS, private=True)
    assert result.trouble is Trouble.CONNECTION
    result = await post_call("http://no-such-host.invalid/hook", b"{}", _HEADERS, private=True)
    assert result.trouble is Trouble.NO_SUCH_HOST


async def test_silence_that_is_asked_for_is_kept(ctx: Context) -> None:
    async with receiving((429, {"Retry-After": "120"})) as erp:
        await add_webhook(ctx, name="erp", url=erp.url, actor=SYSTEM)
        await queued(ctx)
        await once(ctx)
    held = await one(ctx, "SELECT extract(epoch FROM hold_until - clock_timestamp()) FROM webhook")
    assert 110 < held <= 120


async def test_one_that_fails_again_and_again_is_paused_told_of_once_and_goes_on_by_itself(
    ctx: Context,
) -> None:
    await one(
        ctx,
        "INSERT INTO agent (login, name, password_hash, role) VALUES ('b', 'B', 'x', 'admin') RETURNING id",
    )
    async with receiving(*[500] * (PAUSE_AT + 2)) as erp:
        await add_webhook(ctx, name="erp", url=erp.url, actor=SYSTEM)
        await queued(ctx)
        await queued(ctx)
        for attempt in range(PAUSE_AT + 2):
            await no_hold(ctx)
            await once(ctx)
            assert ((await the_only(ctx))["paused_at"] is not None) == (attempt + 1 >= PAUSE_AT)
        held = await one(ctx, "SELECT extract(epoch FROM hold_until - clock_timestamp()) FROM webhook")
        assert held > 200
        assert [row["kind"] for row in await rows(ctx, "SELECT kind FROM notice")] == ["webhook_failing"]
        for _ in range(2):
            await no_hold(ctx)
            await once(ctx)
    assert (await the_only(ctx))["paused_at"] is None
    assert await states(ctx) == ["sent", "sent"]


async def test_one_that_is_down_for_an_hour_is_told_everything_in_order_and_holds_up_no_other(
    ctx: Context,
) -> None:
    port = free_port()
    async with receiving() as crm:
        await add_webhook(ctx, name="erp", url=f"http://127.0.0.1:{port}/hook", actor=SYSTEM)
        await add_webhook(ctx, name="crm", url=crm.url, actor=SYSTEM)
        for attempt in range(PAUSE_AT + 2):
            await queued(ctx, "erp")
            await queued(ctx, "crm")
            await no_hold(ctx)
            await once(ctx)
            assert len(crm.heard) == attempt + 1, "each of the other's as soon as there is one"
        (row,) = await rows(ctx, "SELECT paused_at, failures FROM webhook WHERE name = 'erp'")
        assert row["paused_at"] is not None and row["failures"] == PAUSE_AT + 2
        assert await rows(ctx, "SELECT DISTINCT error FROM webhook_call WHERE attempts > 0 AND state = 'queued'") == [
            {"error": Trouble.CONNECTION}
        ]  # fmt: skip
        # As if an hour had passed.
        await ctx.database.run(
            lambda c: c.execute(
                """UPDATE webhook_call SET queued_at = queued_at - interval '1 hour',
                                           give_up_at = give_up_at - interval '1 hour'"""
            )
        )
        await no_hold(ctx)
        async with receiving(port=port) as erp:
            while await once(ctx):
                continue
    made = await rows(
        ctx, "SELECT c.handle, w.name FROM webhook_call c JOIN webhook w ON w.id = c.webhook_id ORDER BY c.id"
    )
    for name, there in (("erp", erp), ("crm", crm)):
        assert there.names() == [f"call_{row['handle'].hex}" for row in made if row["name"] == name]
    assert await one(ctx, "SELECT count(*) FROM webhook WHERE paused_at IS NULL AND failures = 0") == 2


async def test_a_trial_that_succeeds_ends_the_pause(ctx: Context) -> None:
    async with receiving(500, 500) as erp:
        made, secret = await add_webhook(ctx, name="erp", url=erp.url, actor=SYSTEM)
        await queued(ctx)
        await once(ctx)
        await ctx.database.run(lambda c: c.execute("UPDATE webhook SET paused_at = clock_timestamp()"))
        assert (await try_webhook(ctx, made)).trouble is Trouble.STATUS
        assert (await the_only(ctx))["paused_at"] is not None
        assert (await try_webhook(ctx, made)).trouble is None
        assert (await the_only(ctx))["paused_at"] is None and (await the_only(ctx))["hold_until"] is None
        assert erp.heard[-1].said["type"] == "test" and erp.heard[-1].is_signed_by(secret)
        await once(ctx)
    assert [(call.event, call.state) for call in await list_calls(ctx, webhook_id=made)] == [
        ("test", "sent"), ("test", "failed"), ("rule.ran", "sent"),
    ]  # fmt: skip


async def test_what_could_not_be_told_in_a_day_is_given_up_and_may_be_told_again(ctx: Context) -> None:
    async with receiving() as erp:
        made, _ = await add_webhook(ctx, name="erp", url=erp.url, actor=SYSTEM)
        call = await queued(ctx)
        assert call is not None
        await ctx.database.run(lambda c: c.execute("UPDATE webhook_call SET give_up_at = clock_timestamp()"))
        assert await once(ctx) == 0 and erp.heard == []
        (failed,) = await list_calls(ctx, webhook_id=made)
        assert (failed.state, failed.error) == ("failed", "given_up")
        await call_again(ctx, webhook_id=made, call_id=call)
        assert await once(ctx) == 1
        with pytest.raises(NotPossible):
            await call_again(ctx, webhook_id=made, call_id=call)
    assert await states(ctx) == ["sent"]


async def test_whose_hub_died_between_the_call_and_its_settling_is_told_again_by_the_same_name(
    ctx: Context,
) -> None:
    async with receiving(HANG) as erp:
        await add_webhook(ctx, name="erp", url=erp.url, actor=SYSTEM)
        await queued(ctx)
        token = uuid4()
        (call,) = await claim_calls(ctx, 32, token)
        dying = asyncio.create_task(make_call(ctx, call, token))
        async with asyncio.timeout(20):
            await erp.arrived.wait()
        dying.cancel()
        await asyncio.gather(dying, return_exceptions=True)
        assert await states(ctx) == ["sending"]
        assert await once(ctx) == 0  # while the lease lasts
        await ctx.database.run(lambda c: c.execute("UPDATE webhook_call SET lease_until = clock_timestamp()"))
        assert await once(ctx) == 1
    assert erp.heard[0].name == erp.heard[1].name and erp.heard[0].content == erp.heard[1].content
    assert await states(ctx) == ["sent"]


async def test_who_lost_the_lease_settles_nothing(ctx: Context) -> None:
    async with receiving(500, 200) as erp:
        await add_webhook(ctx, name="erp", url=erp.url, actor=SYSTEM)
        await queued(ctx)
        token, other = uuid4(), uuid4()
        (call,) = await claim_calls(ctx, 32, token)
        await ctx.database.run(lambda c: c.execute("UPDATE webhook_call SET lease_until = clock_timestamp()"))
        (again,) = await claim_calls(ctx, 32, other)
        await make_call(ctx, call, token)  # 500, but it is not ours any more
        assert await states(ctx) == ["sending"] and (await the_only(ctx))["failures"] == 0
        await make_call(ctx, again, other)
    assert await states(ctx) == ["sent"]


async def test_an_endpoint_that_hangs_holds_up_no_other(ctx: Context) -> None:
    async with receiving(HANG) as slow, receiving() as quick:
        await add_webhook(ctx, name="slow", url=slow.url, actor=SYSTEM)
        await add_webhook(ctx, name="quick", url=quick.url, actor=SYSTEM)
        await queued(ctx, "slow")
        async with calling(ctx):
            async with asyncio.timeout(20):
                await slow.arrived.wait()
            for _ in range(20):
                await queued(ctx, "quick")

            async def quick_heard() -> bool:
                return len(quick.heard) == 20

            # The slow one answers only after ten seconds; nobody waits for that.
            await until(quick_heard, seconds=8, what="calls of the quick endpoint")
            assert await one(ctx, "SELECT state FROM webhook_call ORDER BY id LIMIT 1") == "sending"
            slow.answers.clear()
            await ctx.database.run(
                lambda c: c.execute("UPDATE webhook SET enabled = false WHERE name = 'slow'")
            )


async def test_two_hubs_tell_each_thing_once_and_in_order(database_dsn: str, ctx: Context) -> None:
    async with receiving() as erp, receiving() as crm, a_hub(database_dsn) as second:
        for name, there in (("erp", erp), ("crm", crm)):
            await add_webhook(ctx, name=name, url=there.url, actor=SYSTEM)
        async with calling(ctx), calling(allowing_private(second)):
            for number in range(40):
                await queued(ctx, ("erp", "crm")[number % 2])
            await until(lambda: all_sent(ctx), seconds=60, what="all calls")
        for there in (erp, crm):
            assert len(there.heard) == len(set(there.names())) == 20
    made = await rows(ctx, "SELECT handle, webhook_id FROM webhook_call ORDER BY id")
    for there, name in ((erp, "erp"), (crm, "crm")):
        number = await one(ctx, "SELECT id FROM webhook WHERE name = $1", name)
        assert there.names() == [f"call_{row['handle'].hex}" for row in made if row["webhook_id"] == number]


async def test_secrets_are_sealed_shown_once_and_renewed(ctx: Context) -> None:
    async with receiving() as erp:
        made, first = await add_webhook(ctx, name="erp", url=erp.url, actor=SYSTEM)
        assert first.startswith("whsec_")
        kept = await one(ctx, "SELECT encode(sealed, 'escape') FROM webhook")
        assert first not in kept and first.removeprefix("whsec_") not in kept
        assert first not in repr(await list_webhooks(ctx))
        second = await renew_secret(ctx, actor=SYSTEM, webhook_id=made)
        await try_webhook(ctx, made)
    assert erp.heard[0].is_signed_by(second) and not erp.heard[0].is_signed_by(first)


async def test_one_that_was_sealed_with_another_key_is_said_to_be(database_dsn: str, ctx: Context) -> None:
    await add_webhook(ctx, name="erp", url="http://127.0.0.1:9/", actor=SYSTEM)
    await queued(ctx)
    async with a_hub(database_dsn, secret=b"another key of thirty-two bytes!!", ready=False) as other:
        await once(other)
    (call,) = await rows(ctx, "SELECT state, error FROM webhook_call")
    assert (call["state"], call["error"]) == ("queued", "sealed_otherwise")


async def test_names_and_versions(ctx: Context) -> None:
    made, _ = await add_webhook(ctx, name="ERP ", url="https://erp.example/a", actor=SYSTEM)
    for name, code in (
        ("erp", "webhook_taken"),
        ("with space", "bad_webhook_name"),
        ("", "bad_webhook_name"),
    ):
        with pytest.raises(NotPossible) as caught:
            await add_webhook(ctx, name=name, url="https://erp.example/", actor=SYSTEM)
        assert caught.value.code == code
    version = await change_webhook(ctx, actor=SYSTEM, webhook_id=made, version=2, url="https://erp.example/b")
    with pytest.raises(NotPossible) as caught:
        await change_webhook(ctx, actor=SYSTEM, webhook_id=made, version=2, enabled=False)
    assert caught.value.code == "webhook_changed"
    await queued(ctx)
    await retire_webhook(ctx, actor=SYSTEM, webhook_id=made, version=version)
    assert await states(ctx) == ["failed"] and await list_webhooks(ctx) == []
    assert await one(ctx, "SELECT sealed FROM webhook") == b""
    await add_webhook(ctx, name="erp", url="https://erp.example/", actor=SYSTEM)


@pytest.mark.parametrize(
    ("url", "code"),
    [
        ("http://erp.example/", "webhook_needs_tls"), ("ftp://erp.example/", "bad_webhook_url"), ("erp", "bad_webhook_url"),
        ("https://u:p@erp.example/", "bad_webhook_url"), ("https://", "bad_webhook_url"),
        ("https://erp.example:99999/", "bad_webhook_url"), ("https://erp.example/" + "x" * 1000, "bad_webhook_url"),
        ("javascript:alert(1)", "bad_webhook_url"), ("file:///etc/passwd", "bad_webhook_url"),
    ],
)  # fmt: skip
def test_addresses_that_are_none(url: str, code: str) -> None:
    with pytest.raises(NotPossible) as caught:
        check_url(url, private=False)
    assert caught.value.code == code


def test_an_address_stays_as_it_was_written() -> None:
    assert check_url("http://10.0.0.1:8069/a%2Fb?q=1", private=True) == "http://10.0.0.1:8069/a%2Fb?q=1"


def test_the_signature_is_that_of_the_specification() -> None:
    """The example of https://github.com/standard-webhooks, in its libraries' tests."""
    key = base64.b64decode("MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")
    at = datetime.fromtimestamp(1614265330, UTC)
    made = sign(b'{"test": 2432232314}', "msg_p5jXN8AQM9LWM0D4loKWxJek", at, key)
    assert made["webhook-signature"] == "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="
