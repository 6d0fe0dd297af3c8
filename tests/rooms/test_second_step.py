"""The second step: codes that open once, recovery codes, what is asked of whom, and showing once more who one is."""

import asyncio
from typing import Any

import pytest

from hub.actions.context import Context
from hub.actions.failures import LoginRefused, NotFound, NotPossible
from hub.actions.housekeeping import tidy
from hub.actions.people.change_agent import reset_password
from hub.actions.people.sessions import agent_of_session
from hub.actions.signin import enter as entering
from hub.actions.signin import recovery, second, totp
from hub.actions.signin.by_password import change_own_password, log_in
from hub.actions.signin.enter import Entered, enter
from hub.actions.signin.of_others import end_sessions_of, reset_second_step
from hub.actions.signin.own_sessions import end_other_sessions, end_own_session, list_sessions
from hub.actions.signin.policy import change_policy, read_policy
from hub.model.people import Actor, Role
from storage.database import Connection
from tests.fakes.scene import PASSWORD, a_hub, a_real_agent, one, rows
from tests.fakes.signin import BROWSER, code_of, holder, set_up_app, sign_in

ADMIN = Actor(name="Ada", role=Role.ADMIN)
LEAD = Actor(name="Leo", role=Role.SUPERVISOR)


async def _finish(ctx: Context, token: str, code: str) -> Entered:
    return await second.finish_by_code(ctx, token=token, code=code, browser=BROWSER)


async def _refused(ctx: Context, token: str, code: str) -> str:
    with pytest.raises(LoginRefused) as refused:
        await _finish(ctx, token, code)
    return refused.value.code


async def _kinds(ctx: Context) -> list[str]:
    return [row["kind"] for row in await rows(ctx, "SELECT kind FROM event ORDER BY id")]


async def test_the_password_alone_opens_nothing_where_there_is_an_app(ctx: Context, ann: int) -> None:
    secret, codes = await set_up_app(ctx, ann)
    assert len(set(codes)) == recovery.CODES
    begun = await log_in(ctx, login="ann", password=PASSWORD, browser=BROWSER)
    assert begun.second and await agent_of_session(ctx, begun.token) is None
    assert await one(ctx, "SELECT presence FROM agent") == "offline"
    assert await _refused(ctx, begun.token, "000000") == "wrong_code"
    entered = await _finish(ctx, begun.token, code_of(secret, steps=1))
    signed_in = await agent_of_session(ctx, entered.token)
    assert signed_in is not None and signed_in.agent.presence == "online"
    assert await one(ctx, "SELECT how FROM session") == "totp"
    assert {"second_step_set_up", "recovery_codes_made", "sign_in_failed", "signed_in"} <= set(
        await _kinds(ctx)
    )


async def test_a_code_opens_once_also_in_two_browsers_at_the_same_moment(ctx: Context, ann: int) -> None:
    secret, _ = await set_up_app(ctx, ann)
    steps = [await sign_in(ctx) for _ in range(4)]
    code = code_of(secret, steps=1)
    done = await asyncio.gather(*(_finish(ctx, step, code) for step in steps), return_exceptions=True)
    assert sorted(type(one_).__name__ for one_ in done) == ["Entered", *["LoginRefused"] * 3]
    assert await _refused(ctx, await sign_in(ctx), code) == "wrong_code"
    # Also where all have looked before the first of them is done.
    await one(ctx, "UPDATE totp SET last_step = 0 RETURNING 1")
    assert sum(await asyncio.gather(*(totp.use_totp(ctx, ann, code) for _ in range(6)))) == 1
    # Neither does one that is older than what was used.
    assert await _refused(ctx, await sign_in(ctx), code_of(secret)) == "wrong_code"


async def test_a_step_is_finished_once_and_not_after_its_time(ctx: Context, ann: int) -> None:
    _, codes = await set_up_app(ctx, ann)
    token = await sign_in(ctx)
    await _finish(ctx, token, codes[0])
    assert await _refused(ctx, token, codes[1]) == "step_over"
    late = await sign_in(ctx)
    await one(ctx, "UPDATE sign_in_step SET expires_at = now() - interval '1 second' RETURNING 1")
    assert await _refused(ctx, late, codes[1]) == "step_over"
    await tidy(ctx)
    assert await rows(ctx, "SELECT 1 FROM sign_in_step") == []
    assert await _refused(ctx, "", codes[1]) == "step_over"
    assert await _refused(ctx, "\udcff" * 50, codes[1]) == "step_over"


async def test_recovery_codes_open_once_each_however_they_are_typed(ctx: Context, ann: int) -> None:
    _, codes = await set_up_app(ctx, ann)
    await _finish(ctx, await sign_in(ctx), codes[0].upper().replace("-", " - "))
    assert await _refused(ctx, await sign_in(ctx), codes[0]) == "wrong_code"
    await _finish(ctx, await sign_in(ctx), codes[1].replace("-", ""))
    assert (await second.steps_of(ctx, ann)).codes_left == 8
    assert (await _kinds(ctx)).count("recovery_code_used") == 2
    fresh = await recovery.make_codes(ctx, ann)
    assert await _refused(ctx, await sign_in(ctx), codes[2]) == "wrong_code"
    await _finish(ctx, await sign_in(ctx), fresh[2])


async def test_neither_secret_nor_codes_stand_in_the_database(ctx: Context, ann: int) -> None:
    secret, codes = await set_up_app(ctx, ann)
    kept = await rows(ctx, "SELECT t::text AS said FROM totp t UNION ALL SELECT r::text FROM recovery_code r")
    said = " ".join(row["said"] for row in kept)
    for hidden in (secret, *codes, *(code.replace("-", "") for code in codes)):
        assert hidden not in said and hidden.encode().hex() not in said


async def test_a_secret_of_one_agent_does_not_open_under_another(ctx: Context, ann: int) -> None:
    await set_up_app(ctx, ann)
    bob = await a_real_agent(ctx, "bob")
    await one(ctx, "UPDATE totp SET agent_id = $1 RETURNING 1", bob)
    with pytest.raises(LoginRefused) as refused:
        await totp.use_totp(ctx, bob, "123456")
    assert refused.value.code == "app_unreadable"


async def test_too_many_wrong_codes_must_wait_also_with_the_right_one_and_in_new_sign_ins(
    ctx: Context, ann: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(totp, "MOST_TRIES", 3)
    secret, _ = await set_up_app(ctx, ann)
    for _ in range(3):
        assert await _refused(ctx, await sign_in(ctx), "000000") == "wrong_code"
    token = await sign_in(ctx)
    with pytest.raises(LoginRefused) as late:
        await _finish(ctx, token, code_of(secret, steps=1))
    assert late.value.code == "too_many_tries" and late.value.retry_after > 0


async def test_a_new_app_counts_only_once_its_code_was_right(ctx: Context, ann: int) -> None:
    secret, codes = await set_up_app(ctx, ann)
    await totp.begin_totp(ctx, ann)
    with pytest.raises(LoginRefused):
        await totp.confirm_totp(ctx, ann, "000000")
    await _finish(ctx, await sign_in(ctx), code_of(secret, steps=1))  # the old one goes on
    pending = await totp.pending_secret(ctx, ann)
    assert await totp.confirm_totp(ctx, ann, code_of(pending)) == []  # the recovery codes too
    assert await _refused(ctx, await sign_in(ctx), code_of(secret, steps=1)) == "wrong_code"
    await _finish(ctx, await sign_in(ctx), codes[0])
    with pytest.raises(NotPossible):
        await totp.pending_secret(ctx, ann)


async def test_with_the_last_second_step_the_recovery_codes_go(ctx: Context, ann: int) -> None:
    await set_up_app(ctx, ann)
    await second.remove_totp(ctx, ann, "::1")
    assert await rows(ctx, "SELECT 1 FROM recovery_code") == []
    assert not (await log_in(ctx, login="ann", password=PASSWORD, browser=BROWSER)).second


async def _policy(ctx: Context, required_of: str, days: int) -> None:
    await change_policy(ctx, required_of=required_of, grace_days=days, actor=ADMIN)


async def test_who_needs_a_second_step_and_has_none_gets_nothing_but_its_set_up(
    ctx: Context, ann: int
) -> None:
    bob = await a_real_agent(ctx, "bob")
    await _policy(ctx, "leads", 0)
    assert (await read_policy(ctx))[1] == 2
    assert not (await log_in(ctx, login="bob", password=PASSWORD, browser=BROWSER)).limited
    entered = await log_in(ctx, login="ann", password=PASSWORD, browser=BROWSER)
    assert entered.limited and await agent_of_session(ctx, entered.token) is None
    assert await one(ctx, "SELECT presence FROM agent WHERE login = 'ann'") == "offline"
    await set_up_app(ctx, ann)
    whole = await second.lift_limit(ctx, entered.token, "totp", "::1")
    assert await agent_of_session(ctx, whole) and await agent_of_session(ctx, entered.token) is None
    with pytest.raises(LoginRefused):
        await second.lift_limit(ctx, whole, "totp", "::1")
    await _policy(ctx, "everybody", 0)
    assert (await log_in(ctx, login="bob", password=PASSWORD, browser=BROWSER)).limited
    await set_up_app(ctx, bob)
    assert (await log_in(ctx, login="bob", password=PASSWORD, browser=BROWSER)).second


async def test_days_of_grace_run_from_the_change_and_for_newcomers_from_their_first_day(
    ctx: Context, ann: int
) -> None:
    await one(ctx, "UPDATE agent SET created_at = now() - interval '1 year' RETURNING 1")
    await _policy(ctx, "everybody", 7)
    entered = await log_in(ctx, login="ann", password=PASSWORD, browser=BROWSER)
    assert not entered.limited and entered.due is not None
    await one(ctx, "UPDATE sign_in_policy SET since = now() - interval '8 days' RETURNING 1")
    assert (await log_in(ctx, login="ann", password=PASSWORD, browser=BROWSER)).limited
    await _policy(ctx, "everybody", 6)  # fewer days for the same people do not begin anew
    assert (await log_in(ctx, login="ann", password=PASSWORD, browser=BROWSER)).limited
    await a_real_agent(ctx, "new")
    newcomer = await log_in(ctx, login="new", password=PASSWORD, browser=BROWSER)
    assert not newcomer.limited and newcomer.due is not None


@pytest.mark.parametrize(
    ("who", "given"), [(LEAD, ("everybody", 3)), (ADMIN, ("all", 3)), (ADMIN, ("leads", 91))]
)
async def test_only_who_may_changes_the_policy_and_only_to_what_there_is(
    ctx: Context, who: Actor, given: Any
) -> None:
    with pytest.raises(NotPossible):
        await change_policy(ctx, required_of=given[0], grace_days=given[1], actor=who)
    assert (await read_policy(ctx))[0].required_of == "nobody"


async def test_who_showed_who_they_are_is_fresh_for_ten_minutes(ctx: Context, ann: int) -> None:
    token = await sign_in(ctx)
    assert (await holder(ctx, token)).fresh
    await one(ctx, "UPDATE session SET proved_at = now() - interval '11 minutes' RETURNING 1")
    me = await holder(ctx, token)
    assert not me.fresh
    for given in ({"password": "wrong password"}, {"code": "000000"}, {}):
        with pytest.raises(LoginRefused):
            await second.prove(ctx, me, peer="::1", **given)
    assert not (await holder(ctx, token)).fresh
    await second.prove(ctx, me, password=PASSWORD, peer="::1")
    assert (await holder(ctx, token)).fresh


async def test_a_new_password_of_ones_own_asks_for_the_old_one_and_ends_other_sessions(
    ctx: Context, ann: int
) -> None:
    mine, other = await sign_in(ctx), await sign_in(ctx)
    me = await holder(ctx, mine)
    for old, new, code in (
        ("wrong password", "another good password", "wrong_password"),
        (PASSWORD, PASSWORD, "same_password"),
        (PASSWORD, "short", "weak_password"),
        (PASSWORD, "password123", "common_password"),
    ):
        with pytest.raises((LoginRefused, NotPossible)) as refused:
            await change_own_password(ctx, holder=me, old=old, new=new, peer="::1")
        assert refused.value.code == code
    assert await agent_of_session(ctx, other)
    assert (
        await change_own_password(ctx, holder=me, old=PASSWORD, new="another good password", peer="::1") == 1
    )
    assert await agent_of_session(ctx, mine) and await agent_of_session(ctx, other) is None
    assert "password_changed" in await _kinds(ctx)
    assert await sign_in(ctx, password="another good password")


async def test_a_password_that_is_changed_takes_back_the_second_steps_that_it_began(
    ctx: Context, ann: int
) -> None:
    _, codes = await set_up_app(ctx, ann)
    me = await holder(ctx, (await _finish(ctx, await sign_in(ctx), codes[0])).token)
    begun = await sign_in(ctx)
    await change_own_password(ctx, holder=me, old=PASSWORD, new="another good password", peer="::1")
    assert await _refused(ctx, begun, codes[1]) == "step_over"
    begun = await sign_in(ctx, password="another good password")
    await reset_password(ctx, agent_id=ann, actor=ADMIN)
    assert await _refused(ctx, begun, codes[1]) == "step_over"


async def test_sessions_are_listed_and_ended_by_their_owner_alone(
    ctx: Context, ann: int, database_dsn: str
) -> None:
    mine, other = await sign_in(ctx), await sign_in(ctx)
    await a_real_agent(ctx, "bob")
    his = await sign_in(ctx, "bob")
    me, him = await holder(ctx, mine), await holder(ctx, his)
    listed = await list_sessions(ctx, ann)
    assert [(row.peer, row.how) for row in listed] == [(BROWSER.peer, "password")] * 2
    (rest,) = [row.id for row in listed if row.id != me.session_id]
    with pytest.raises(NotFound):
        await end_own_session(ctx, him, rest)
    async with a_hub(database_dsn, {}) as elsewhere:
        await end_own_session(elsewhere, me, rest)
    assert await agent_of_session(ctx, other) is None and await agent_of_session(ctx, mine)
    await sign_in(ctx)
    assert await end_other_sessions(ctx, me) == 1
    assert await agent_of_session(ctx, mine) and await agent_of_session(ctx, his)


async def test_there_are_so_many_at_once_and_the_one_that_was_not_used_for_longest_makes_room(
    ctx: Context, ann: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(entering, "MOST_SESSIONS", 3)
    tokens = [await sign_in(ctx) for _ in range(3)]
    used = "UPDATE session SET last_seen_at = now() - make_interval(mins => $2) WHERE id = $1 RETURNING 1"
    for minutes, token in zip((1, 3, 2), tokens, strict=True):
        await one(ctx, used, (await holder(ctx, token)).session_id, minutes)
    await a_real_agent(ctx, "bob")
    his = await sign_in(ctx, "bob")
    tokens.append(await sign_in(ctx))
    assert [await agent_of_session(ctx, token) is not None for token in (*tokens, his)] == [
        True, False, True, True, True,
    ]  # fmt: skip
    assert (await _kinds(ctx)).count("session_ended") == 1


async def test_whoever_manages_the_staff_helps_who_is_locked_out_but_nobody_above_themselves(
    ctx: Context, ann: int
) -> None:
    await set_up_app(ctx, ann)
    token = (await _finish(ctx, await sign_in(ctx), (await recovery.make_codes(ctx, ann))[0])).token
    await end_sessions_of(ctx, agent_id=ann, actor=LEAD)
    assert await agent_of_session(ctx, token) is None
    await reset_second_step(ctx, agent_id=ann, actor=LEAD)
    assert not (await log_in(ctx, login="ann", password=PASSWORD, browser=BROWSER)).second
    assert {row["kind"] for row in await rows(ctx, "SELECT kind FROM audit")} >= {
        "sessions_ended",
        "sign_in_changed",
    }
    boss = await a_real_agent(ctx, "boss", role=Role.ADMIN)
    for act in (end_sessions_of, reset_second_step):
        for actor in (LEAD, Actor(name="Una")):
            with pytest.raises(NotPossible):
                await act(ctx, agent_id=boss, actor=actor)
        with pytest.raises(NotFound):
            await act(ctx, agent_id=999, actor=ADMIN)


async def test_whoever_is_signed_in_already_is_led_there_once_a_second_step_is_asked_of_them(
    ctx: Context, ann: int
) -> None:
    bob = await a_real_agent(ctx, "bob")
    await set_up_app(ctx, bob)
    secret = (await log_in(ctx, login="ann", password=PASSWORD, browser=BROWSER)).token
    begun = await log_in(ctx, login="bob", password=PASSWORD, browser=BROWSER)
    assert begun.second
    by_company = await _company_session(ctx, ann)
    await _policy(ctx, "everybody", 7)
    assert await agent_of_session(ctx, secret), "in the days of grace nothing is taken away"
    await one(ctx, "UPDATE agent SET created_at = now() - interval '1 year' WHERE id = $1 RETURNING 1", ann)
    await one(ctx, "UPDATE sign_in_policy SET since = now() - interval '8 days' RETURNING 1")
    await tidy(ctx)
    assert await agent_of_session(ctx, secret) is None
    assert (await holder(ctx, secret)).limited
    assert await agent_of_session(ctx, by_company), "the company's own sign-in sees to that itself"
    await set_up_app(ctx, ann)
    whole = await second.lift_limit(ctx, secret, "totp", "::1")
    await tidy(ctx)
    assert await agent_of_session(ctx, whole)


async def test_without_days_of_grace_it_holds_at_once_and_open_pages_close(ctx: Context, ann: int) -> None:
    token = (await log_in(ctx, login="ann", password=PASSWORD, browser=BROWSER)).token
    await _policy(ctx, "leads", 0)
    assert await agent_of_session(ctx, token) is None
    assert (await _kinds(ctx))[-1] in ("session_ended", "presence_changed")
    assert await one(ctx, "SELECT presence FROM agent WHERE id = $1", ann) == "offline"


async def _company_session(ctx: Context, agent_id: int) -> str:
    async def work(connection: Connection) -> str:
        return (await enter(ctx, connection, agent_id, "company", BROWSER, ask_second=False)).token

    return await ctx.database.run(work)
