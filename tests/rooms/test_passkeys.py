"""Passkeys: made, used alone and as a second step; forged, foreign, copied and old answers are refused."""

import json
from collections.abc import AsyncIterator
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from hub.actions.context import Context
from hub.actions.failures import LoginRefused, NotPossible
from hub.actions.people.sessions import agent_of_session
from hub.actions.signin import passkeys, second
from hub.actions.signin.enter import Entered
from hub.actions.signin.passkeys import Site, ask_for_known, ask_for_new, keep_new
from tests.fakes.authenticator import Passkey
from tests.fakes.scene import a_hub, a_real_agent, one, rows
from tests.fakes.signin import BROWSER, holder, sign_in

SITE = Site(name="help.shop.example", origin="https://help.shop.example")


@pytest.fixture
async def ctx(database_dsn: str) -> AsyncIterator[Context]:
    async with a_hub(database_dsn, {}) as hub:
        await a_real_agent(hub, "ann")
        yield hub


def _key(**more: Any) -> Passkey:
    return Passkey(**{"origin": SITE.origin, "name": SITE.name, **more})


async def _add(
    ctx: Context, key: Passkey, login: str = "ann", *, token: str = "", name: str = "My key"
) -> list[str]:
    me = await holder(ctx, token or await sign_in(ctx, login))
    asked = await ask_for_new(ctx, me, SITE)
    return await keep_new(ctx, me, SITE, ticket=asked.ticket, answer=key.create(asked.options), name=name)


async def _alone(ctx: Context, key: Passkey, **change: Any) -> Entered:
    asked = await ask_for_known(ctx, SITE, purpose="passkey alone")
    answer = key.get(asked.options)
    answer["response"] |= change
    return await second.sign_in_by_passkey(
        ctx, site=SITE, ticket=asked.ticket, answer=answer, browser=BROWSER
    )


async def _refused(ctx: Context, key: Passkey, **change: Any) -> str:
    with pytest.raises(LoginRefused) as refused:
        await _alone(ctx, key, **change)
    assert await rows(ctx, "SELECT 1 FROM session WHERE how = 'passkey'") == []
    return refused.value.code


async def test_a_passkey_signs_in_alone_and_the_first_one_brings_recovery_codes(ctx: Context) -> None:
    key, other = _key(), _key(counts=False)
    token = await sign_in(ctx)
    assert len(await _add(ctx, key, token=token)) == 10
    assert await _add(ctx, other, token=token) == []
    for one_ in (key, other, other):
        entered = await _alone(ctx, one_)
        signed_in = await agent_of_session(ctx, entered.token)
        assert signed_in is not None and signed_in.agent.login == "ann"
    kept = await rows(ctx, "SELECT name, transports, used_at IS NOT NULL AS used FROM passkey ORDER BY id")
    assert kept == [{"name": "My key", "transports": ["internal"], "used": True}] * 2


async def test_it_is_the_second_step_after_the_password(ctx: Context) -> None:
    key, foreign = _key(verifies=False), _key()
    await _add(ctx, key)
    await a_real_agent(ctx, "bob")
    await _add(ctx, foreign, "bob")
    step = await sign_in(ctx)
    assert await agent_of_session(ctx, step) is None
    asked = await second.ask_second_passkey(ctx, step, SITE)
    assert len(asked.options["allowCredentials"]) == 1
    with pytest.raises(LoginRefused) as refused:
        await second.finish_by_passkey(
            ctx,
            token=step,
            site=SITE,
            ticket=asked.ticket,
            answer=foreign.get(asked.options),
            browser=BROWSER,
        )
    assert refused.value.code == "passkey_unknown"
    entered = await second.finish_by_passkey(
        ctx, token=step, site=SITE, ticket=asked.ticket, answer=key.get(asked.options), browser=BROWSER
    )
    assert await agent_of_session(ctx, entered.token)
    # A question that was put to one sign-in does not answer another.
    with pytest.raises(LoginRefused):
        await second.finish_by_passkey(
            ctx,
            token=await sign_in(ctx),
            site=SITE,
            ticket=asked.ticket,
            answer=key.get(asked.options),
            browser=BROWSER,
        )


async def test_alone_it_must_have_made_sure_who_is_there(ctx: Context) -> None:
    key = _key(verifies=False)
    await _add(ctx, key)
    assert await _refused(ctx, key) == "passkey_refused"


async def test_an_answer_is_taken_once(ctx: Context) -> None:
    key = _key(counts=False)
    await _add(ctx, key)
    asked = await ask_for_known(ctx, SITE, purpose="passkey alone")
    answer = key.get(asked.options)
    say: Any = {"site": SITE, "ticket": asked.ticket, "answer": answer, "browser": BROWSER}
    await second.sign_in_by_passkey(ctx, **say)
    with pytest.raises(LoginRefused) as refused:
        await second.sign_in_by_passkey(ctx, **say)
    assert refused.value.code == "step_over"
    again = await ask_for_known(ctx, SITE, purpose="passkey alone")  # another question, the old answer
    with pytest.raises(LoginRefused) as refused:
        await second.sign_in_by_passkey(ctx, **{**say, "ticket": again.ticket})
    assert refused.value.code == "passkey_refused"


async def test_what_another_site_or_another_key_has_signed_is_refused(ctx: Context) -> None:
    key = _key()
    await _add(ctx, key)
    assert (
        await _refused(ctx, replace(key, origin="https://help.shop.example.evil.example"))
        == "passkey_refused"
    )
    assert await _refused(ctx, replace(key, name="shop.example")) == "passkey_refused"
    assert await _refused(ctx, _key()) == "passkey_unknown"
    stranger = _key(id=key.id, handle=key.handle)
    assert await _refused(ctx, stranger) == "passkey_refused"
    assert await _refused(ctx, key, userHandle="QUJD") == "passkey_refused"
    assert await _refused(ctx, key, signature="QUJD") == "passkey_refused"
    told = await rows(ctx, "SELECT data->>'why' AS why FROM event WHERE kind = 'sign_in_failed'")
    assert {row["why"] for row in told} == {"passkey"}


async def test_a_copy_of_a_key_is_noticed_by_its_count(ctx: Context) -> None:
    key = _key()
    await _add(ctx, key)
    copy = replace(key)
    await _alone(ctx, key)
    with pytest.raises(LoginRefused):
        await _alone(ctx, copy)


async def test_whoever_left_and_what_was_removed_opens_nothing(ctx: Context) -> None:
    key = _key()
    await _add(ctx, key)
    await one(ctx, "UPDATE agent SET active = false RETURNING 1")
    assert await _refused(ctx, key) == "passkey_unknown"
    await one(ctx, "UPDATE agent SET active = true RETURNING 1")
    agent, number = (await rows(ctx, "SELECT agent_id, id FROM passkey"))[0].values()
    await second.remove_passkey(ctx, agent, number, "::1")
    assert await _refused(ctx, key) == "passkey_unknown"
    assert await rows(ctx, "SELECT 1 FROM recovery_code") == []


async def test_a_key_is_not_kept_twice_nor_for_somebody_else_nor_under_a_bad_name(ctx: Context) -> None:
    key = _key()
    token = await sign_in(ctx)
    await _add(ctx, key, token=token)
    with pytest.raises(NotPossible) as known:
        await _add(ctx, key, token=token)
    assert known.value.code == "passkey_known"
    await a_real_agent(ctx, "bob")
    me, him = await holder(ctx, token), await holder(ctx, await sign_in(ctx, "bob"))
    asked = await ask_for_new(ctx, me, SITE)
    with pytest.raises(LoginRefused):
        await keep_new(ctx, him, SITE, ticket=asked.ticket, answer=_key().create(asked.options), name="x")
    for name in ("", " ", "x" * 61, "a\nb", "a\x00"):
        if name == "a\nb":
            continue  # becomes one blank
        with pytest.raises(NotPossible):
            await keep_new(ctx, me, SITE, ticket=asked.ticket, answer={}, name=name)


async def test_nobody_has_more_than_there_may_be(ctx: Context, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(passkeys, "MOST_PASSKEYS", 1)
    token = await sign_in(ctx)
    await _add(ctx, _key(), token=token)
    with pytest.raises(NotPossible) as refused:
        await _add(ctx, _key(), token=token)
    assert refused.value.code == "too_many_passkeys"


_SAID = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=30) | st.just("QUJDRA"),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=10), inner, max_size=3),
    max_leaves=8,
)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    place=st.sampled_from(
        ["id", "rawId", "type", "response", "clientDataJSON", "authenticatorData", "signature", "userHandle"]
    ),
    said=_SAID,
)
async def test_whatever_comes_in_place_of_an_answer_is_refused_and_nothing_breaks(
    ctx: Context, place: str, said: Any
) -> None:
    if not await rows(ctx, "SELECT 1 FROM passkey"):
        ctx.memo["a key"] = key = _key(counts=False)
        await _add(ctx, key)
    key = ctx.memo["a key"]
    asked = await ask_for_known(ctx, SITE, purpose="passkey alone")
    answer = json.loads(json.dumps(key.get(asked.options)))
    if answer["response"].get(place, answer.get(place)) == said or (place == "userHandle" and not said):
        return
    (answer["response"] if place in answer["response"] else answer)[place] = said
    with pytest.raises(LoginRefused):
        await second.sign_in_by_passkey(ctx, site=SITE, ticket=asked.ticket, answer=answer, browser=BROWSER)
    await one(ctx, "DELETE FROM rate_limit RETURNING 1")
