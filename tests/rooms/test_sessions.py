"""Logging in and out: the same answer to every stranger, limits that hold across hubs, an end that is an end everywhere."""

import asyncio
from collections.abc import AsyncIterator

import pytest

from hub.actions.context import Context
from hub.actions.failures import LoginRefused
from hub.actions.floor.presence import take_absent_off_line
from hub.actions.housekeeping import tidy
from hub.actions.people.sessions import agent_of_session, log_out
from hub.actions.people.staff import set_password
from hub.actions.signin import by_password
from hub.actions.signin.by_password import log_in
from hub.actions.signin.enter import Browser
from hub.actions.signin.tries import WINDOW_SECONDS
from hub.model.people import Role
from tests.fakes.scene import PASSWORD, a_hub, a_real_agent, one, rows

PEER = "203.0.113.7"


@pytest.fixture
async def ctx(database_dsn: str) -> AsyncIterator[Context]:
    async with a_hub(database_dsn, {}) as hub:
        await a_real_agent(hub, "ann", role=Role.SUPERVISOR)
        yield hub


async def _log_in(ctx: Context, login: str = "ann", password: str = PASSWORD, peer: str = PEER) -> str:
    browser = Browser(peer=peer, user_agent="a browser")
    return (await log_in(ctx, login=login, password=password, browser=browser)).token


async def _refused(ctx: Context, **more: str) -> LoginRefused:
    with pytest.raises(LoginRefused) as refused:
        await _log_in(ctx, **more)
    return refused.value


async def _presence(ctx: Context) -> str:
    return str(await one(ctx, "SELECT presence FROM agent WHERE login = 'ann'"))


async def test_who_logs_in_is_known_and_on_line(ctx: Context) -> None:
    token = await _log_in(ctx, login=" ANN ")
    who = await agent_of_session(ctx, token)
    assert who is not None
    assert (who.agent.login, who.actor.name, who.actor.role) == ("ann", "Ann", Role.SUPERVISOR)
    assert await _presence(ctx) == "online"
    stored = await one(ctx, "SELECT token_hash FROM session")
    assert token.encode() not in stored and len(token) >= 43
    assert await _log_in(ctx) != token


async def test_a_stranger_and_a_wrong_password_are_told_the_same(ctx: Context) -> None:
    unknown, wrong = await _refused(ctx, login="nobody"), await _refused(ctx, password="wrong password")
    assert (str(unknown), unknown.code, unknown.retry_after) == (str(wrong), wrong.code, wrong.retry_after)
    await one(ctx, "UPDATE agent SET active = false RETURNING 1")
    gone = await _refused(ctx)
    assert (str(gone), gone.code) == (str(wrong), wrong.code)
    assert await rows(ctx, "SELECT 1 FROM session") == []


@pytest.mark.parametrize("login", ["", "a\x00b", "\udcff", "ann'; --", "x" * 5000, "ann\n"])
async def test_whatever_is_typed_is_refused_and_nothing_breaks(ctx: Context, login: str) -> None:
    if login.strip() == "ann":
        return
    assert (await _refused(ctx, login=login)).code == "login_refused"


@pytest.mark.parametrize(
    "password", ["", "\x00", "\udcff" * 20, "x" * 100_000, PASSWORD + " ", PASSWORD.upper()]
)
async def test_only_the_very_password_opens(ctx: Context, password: str) -> None:
    assert (await _refused(ctx, password=password)).code == "login_refused"


async def test_a_browser_with_a_strange_name_can_log_in(ctx: Context) -> None:
    browser = Browser(peer=PEER, user_agent="Mozilla \udcff\x00" * 100)
    entered = await log_in(ctx, login="ann", password=PASSWORD, browser=browser)
    assert await agent_of_session(ctx, entered.token)


@pytest.mark.parametrize("token", ["", "x", "\udcff", "\x00", "x" * 10_000])
async def test_what_is_no_token_opens_nothing(ctx: Context, token: str) -> None:
    await _log_in(ctx)
    assert await agent_of_session(ctx, token) is None
    await log_out(ctx, token)


async def test_too_many_tries_must_wait_on_every_hub_also_with_the_right_password(
    ctx: Context, database_dsn: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(by_password, "MOST_TRIES_A_LOGIN", 3)
    async with a_hub(database_dsn, {}) as other:
        for hub in (ctx, other, ctx):
            assert (await _refused(hub, password="wrong password")).code == "login_refused"
        late = await _refused(other)
        assert late.code == "too_many_tries" and 0 < late.retry_after <= WINDOW_SECONDS
        # From elsewhere its owner is not locked out.
        assert await _log_in(other, peer="198.51.100.1")
        # When the window is over, neither here.
        await ctx.database.run(
            lambda c: c.execute("UPDATE rate_limit SET window_start = now() - interval '1 hour'")
        )
        assert await _log_in(ctx)


async def test_tries_at_once_are_all_counted(ctx: Context, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(by_password, "MOST_TRIES_A_LOGIN", 3)
    found = await asyncio.gather(*(_refused(ctx, password="wrong password") for _ in range(8)))
    assert sorted(one_.code for one_ in found) == ["login_refused"] * 3 + ["too_many_tries"] * 5


async def test_one_address_that_tries_many_logins_must_wait_too(
    ctx: Context, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(by_password, "MOST_TRIES_A_PEER", 4)
    for n in range(2):
        await _refused(ctx, login=f"user{n}")
    await _log_in(ctx)  # its own account does not buy new tries at others'
    for n in range(2):
        await _refused(ctx, login=f"more{n}")
    assert (await _refused(ctx, login="last")).code == "too_many_tries"


async def test_many_addresses_that_try_one_login_must_wait_but_not_a_browser_that_was_used_before(
    ctx: Context, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(by_password, "MOST_TRIES_AN_ACCOUNT", 3)
    for n in range(3):
        assert (
            await _refused(ctx, password="wrong password", peer=f"198.51.100.{n}")
        ).code == "login_refused"
    late = await _refused(ctx, peer="198.51.100.9")
    assert late.code == "too_many_tries" and late.retry_after > 0
    known = Browser(peer="198.51.100.10", user_agent="hers")
    assert await log_in(ctx, login="ann", password=PASSWORD, browser=known, known_browser=True)
    with pytest.raises(LoginRefused):
        await log_in(ctx, login="ann", password="wrong password", browser=known, known_browser=True)


async def test_a_right_password_forgives_the_wrong_ones(
    ctx: Context, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(by_password, "MOST_TRIES_A_LOGIN", 3)
    for _ in range(3):
        await _refused(ctx, password="wrong password")
        await _log_in(ctx)


async def test_a_session_ends_when_idle_and_at_its_last_hour(ctx: Context) -> None:
    token = await _log_in(ctx)
    await ctx.database.run(
        lambda c: c.execute("UPDATE session SET last_seen_at = now() - interval '11 hours'")
    )
    assert await agent_of_session(ctx, token)
    assert await one(ctx, "SELECT now() - last_seen_at < interval '1 minute' FROM session")
    await ctx.database.run(
        lambda c: c.execute("UPDATE session SET last_seen_at = now() - interval '13 hours'")
    )
    assert await agent_of_session(ctx, token) is None
    second = await _log_in(ctx)
    assert await one(ctx, "SELECT max(expires_at) - now() BETWEEN '6 days' AND '7 days' FROM session")
    await ctx.database.run(lambda c: c.execute("UPDATE session SET expires_at = now() - interval '1 second'"))
    assert await agent_of_session(ctx, second) is None


async def test_logging_out_ends_that_session_everywhere_and_the_last_one_takes_off_line(
    ctx: Context, database_dsn: str
) -> None:
    first, second = await _log_in(ctx), await _log_in(ctx)
    async with a_hub(database_dsn, {}) as other:
        await log_out(ctx, first)
        assert await agent_of_session(other, first) is None
        assert await agent_of_session(other, second)
        assert await _presence(ctx) == "online"
        await log_out(other, second)
        assert await agent_of_session(ctx, second) is None
    assert await _presence(ctx) == "offline"
    agent = await one(ctx, "SELECT id FROM agent")
    ended = await rows(ctx, "SELECT agent_id, data FROM event WHERE kind = 'session_ended'")
    assert ended == [{"agent_id": agent, "data": {"agent": agent}}] * 2
    await log_out(ctx, second)
    assert len(await rows(ctx, "SELECT 1 FROM event WHERE kind = 'session_ended'")) == 2


async def test_a_session_that_has_slept_in_keeps_nobody_on_line(ctx: Context) -> None:
    await _log_in(ctx)
    await ctx.database.run(
        lambda c: c.execute("UPDATE session SET last_seen_at = now() - interval '13 hours'")
    )
    await log_out(ctx, await _log_in(ctx))
    assert await _presence(ctx) == "offline"


async def test_tidying_ends_dead_sessions_and_takes_their_agents_off_line(ctx: Context) -> None:
    await _log_in(ctx)
    await tidy(ctx)
    assert await _presence(ctx) == "online"
    await ctx.database.run(
        lambda c: c.execute("UPDATE session SET last_seen_at = now() - interval '13 hours'")
    )
    await tidy(ctx)
    assert (await _presence(ctx), await rows(ctx, "SELECT 1 FROM session")) == ("offline", [])
    assert len(await rows(ctx, "SELECT 1 FROM event WHERE kind = 'session_ended'")) == 1


async def test_a_new_password_ends_every_session(ctx: Context) -> None:
    tokens = [await _log_in(ctx) for _ in range(2)]
    await set_password(ctx, login="Ann", password="another good password")
    assert [await agent_of_session(ctx, token) for token in tokens] == [None, None]
    assert await _presence(ctx) == "offline"
    assert {row["kind"] for row in await rows(ctx, "SELECT kind FROM event")} >= {
        "session_ended",
        "presence_changed",
    }
    await _refused(ctx)
    assert await _log_in(ctx, password="another good password")


async def test_whoever_left_has_no_session(ctx: Context) -> None:
    token = await _log_in(ctx)
    await one(ctx, "UPDATE agent SET active = false RETURNING 1")
    assert await agent_of_session(ctx, token) is None


async def test_presence_that_somebody_chose_is_kept_by_a_second_login(ctx: Context) -> None:
    await _log_in(ctx)
    await one(ctx, "UPDATE agent SET presence = 'busy' RETURNING 1")
    await _log_in(ctx)
    assert await _presence(ctx) == "busy"


async def _silent(ctx: Context, seconds: int) -> None:
    await ctx.database.run(
        lambda c: c.execute(
            "UPDATE session SET last_seen_at = last_seen_at - make_interval(secs => $1)", float(seconds)
        )
    )
    await ctx.database.run(
        lambda c: c.execute("UPDATE agent SET presence_since = presence_since - make_interval(secs => 3600)")
    )


async def test_who_closed_every_browser_is_off_line_soon(ctx: Context) -> None:
    await _log_in(ctx)
    await _silent(ctx, 60)
    assert (await take_absent_off_line(ctx), await _presence(ctx)) == (0, "online")
    await _silent(ctx, 200)
    assert (await take_absent_off_line(ctx), await _presence(ctx)) == (1, "offline")
    told = await one(ctx, "SELECT data->>'presence' FROM event ORDER BY id DESC LIMIT 1")
    assert told == "offline"


async def test_one_open_browser_is_enough_to_be_here(ctx: Context) -> None:
    await _log_in(ctx)
    await _silent(ctx, 200)
    await _log_in(ctx)
    assert (await take_absent_off_line(ctx), await _presence(ctx)) == (0, "online")
