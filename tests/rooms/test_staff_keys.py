"""Agents, API keys, and requests that are made twice."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest

from hub.actions.answers.reply import queue_reply
from hub.actions.context import Context
from hub.actions.failures import ActionFailure, NotFound, NotPossible
from hub.actions.idempotency import once
from hub.actions.note import add_note
from hub.actions.people.keys import actor_of_key, create_api_key, revoke_api_key
from hub.actions.people.staff import add_agent, set_password, set_preferences
from hub.model.people import Scope
from tests.fakes.invariants import assert_invariants
from tests.fakes.scene import PASSWORD, SYSTEM, a_hub, a_real_agent, one, rows, say, ticket


@pytest.fixture
async def ctx(database_dsn: str) -> AsyncIterator[Context]:
    async with a_hub(database_dsn) as hub:
        yield hub


# ── agents ───────────────────────────────────────────────────────────────────────────────────────────────────────────
async def test_an_agent_is_as_they_were_described(ctx: Context) -> None:
    agent = await a_real_agent(
        ctx, "Ann.Li", languages=["zh", "en"], skills={"billing": 3}, queues=["complaints", "service"], capacity=3,
        locale="zh_CN",
    )  # fmt: skip
    (row,) = await rows(ctx, "SELECT * FROM agent")
    assert (row["id"], row["login"], row["languages"], row["skills"]) == (
        agent,
        "ann.li",
        ["zh", "en"],
        {"billing": 3},
    )
    assert (row["capacity"], row["load"], row["presence"], row["locale"]) == (3, 0, "offline", "zh_CN")
    assert row["password_hash"].startswith("$argon2id$") and PASSWORD not in row["password_hash"]
    assert len(await rows(ctx, "SELECT 1 FROM queue_member")) == 2


@pytest.mark.parametrize(
    ("wrong", "code"),
    [
        ({"login": "a b"}, "bad_login"), ({"login": ""}, "bad_login"), ({"login": "x" * 65}, "bad_login"),
        ({"login": "a\x00"}, "bad_login"), ({"name": " "}, "bad_name"), ({"name": "x" * 101}, "bad_name"),
        ({"name": "a\x00b"}, "bad_name"),
        ({"password": "short"}, "weak_password"), ({"password": " " * 20}, "weak_password"),
        ({"password": "x" * 257}, "weak_password"), ({"password": "\udcff" * 12}, "weak_password"),
        ({"password": "1qaz2wsx3edc"}, "common_password"), ({"password": "Password2024!"}, "common_password"),
        ({"login": "ann.li", "password": "tea for Ann.Li at night"}, "telling_password"),
        ({"name": "Ann Berger", "password": "the berger drinks tea"}, "telling_password"),
        ({"password": "my contact_hub drinks tea"}, "telling_password"),
        ({"skills": {"juggling": 1}}, "unknown_skill"), ({"queues": ["complaints", "nowhere"]}, "unknown_queue"),
        ({"capacity": -1}, "bad_capacity"),
    ],
)  # fmt: skip
async def test_what_makes_no_agent_leaves_none(ctx: Context, wrong: dict[str, Any], code: str) -> None:
    good: dict[str, Any] = {"login": "ann", "name": "Ann", "password": PASSWORD}
    with pytest.raises(NotPossible) as refused:
        await add_agent(ctx, **{**good, **wrong})
    assert refused.value.code == code
    assert await rows(ctx, "SELECT 1 FROM agent") == []


async def test_a_login_is_taken_once_whatever_its_case(ctx: Context, database_dsn: str) -> None:
    async with a_hub(database_dsn) as other:
        found = await asyncio.gather(
            *(a_real_agent(hub, login) for hub, login in ((ctx, "ann"), (other, "ANN"), (ctx, " Ann"))),
            return_exceptions=True,
        )
    codes = sorted(one_.code for one_ in found if isinstance(one_, ActionFailure))
    assert codes == ["login_taken"] * 2 and len(await rows(ctx, "SELECT 1 FROM agent")) == 1


async def test_preferences_and_passwords_of_nobody(ctx: Context) -> None:
    with pytest.raises(NotFound):
        await set_preferences(ctx, agent_id=4711, locale="en")
    with pytest.raises(NotFound):
        await set_password(ctx, login="nobody", password=PASSWORD)
    agent = await a_real_agent(ctx, "ann.li")
    with pytest.raises(NotPossible) as refused:
        await set_password(ctx, login=" Ann.Li", password="tea for ann.li at night")
    assert refused.value.code == "telling_password"
    await set_preferences(ctx, agent_id=agent, theme="dark")
    await set_preferences(ctx, agent_id=agent, locale="zh_CN")
    assert await rows(ctx, "SELECT locale, theme FROM agent") == [{"locale": "zh_CN", "theme": "dark"}]
    for wrong in ({"locale": "fr"}, {"theme": "pink"}):
        with pytest.raises(NotPossible):
            await set_preferences(ctx, agent_id=agent, **wrong)


# ── keys ─────────────────────────────────────────────────────────────────────────────────────────────────────────────
async def test_a_key_opens_what_its_scopes_say_until_it_is_revoked(ctx: Context, database_dsn: str) -> None:
    key = await create_api_key(ctx, name="erp", scopes=[Scope.READ, Scope.INGEST])
    actor = await actor_of_key(ctx, key)
    assert actor is not None
    assert (actor.name, actor.agent_id, actor.scopes) == ("erp", None, {Scope.READ, Scope.INGEST})
    stored = (await rows(ctx, "SELECT * FROM api_key"))[0]
    assert key.encode() not in stored["key_hash"] and key not in repr(stored) and stored["last_used_at"]
    async with a_hub(database_dsn) as other:
        await revoke_api_key(other, "erp")
    assert await actor_of_key(ctx, key) is None
    for name in ("erp", "nobody"):
        with pytest.raises(NotFound):
            await revoke_api_key(ctx, name)


@pytest.mark.parametrize("key", ["", "chk_", "\udcff", "\x00", "x" * 10_000])
async def test_what_is_no_key_opens_nothing(ctx: Context, key: str) -> None:
    await create_api_key(ctx, name="erp", scopes=[Scope.READ])
    assert await actor_of_key(ctx, key) is None


async def test_a_key_needs_a_name_of_its_own_and_a_scope(ctx: Context) -> None:
    await create_api_key(ctx, name="erp", scopes=[Scope.READ])
    for name, scopes, code in (
        ("erp", [Scope.READ], "key_name_taken"),
        ("a b", [Scope.READ], "bad_key_name"),
        ("x", [], "no_scope"),
    ):
        with pytest.raises(NotPossible) as refused:
            await create_api_key(ctx, name=name, scopes=scopes)
        assert refused.value.code == code


# ── the same request twice ───────────────────────────────────────────────────────────────────────────────────────────
async def test_the_same_request_at_once_on_two_hubs_has_one_effect_and_one_answer(
    ctx: Context, database_dsn: str
) -> None:
    found = await ticket(ctx, await say(ctx, who=[("visitor", "v", True)], reply_address="a"))

    async def ask(hub: Context) -> tuple[int, dict[str, Any]]:
        async def do() -> tuple[int, dict[str, Any]]:
            reply = await queue_reply(hub, ticket_code=found["code"], actor=SYSTEM, text="Yes.")
            return 201, {"id": str(reply)}

        return await once(hub, principal="api:erp", key="k", body=b"body", do=do)

    async with a_hub(database_dsn) as other:
        answers = await asyncio.gather(*(ask(hub) for hub in (ctx, other) * 5))
    assert len({answer[1]["id"] for answer in answers}) == 1
    assert await one(ctx, "SELECT count(*) FROM outbox") == 1
    await assert_invariants(ctx.database)


async def test_another_body_under_the_same_key_is_refused_and_another_caller_is_not(ctx: Context) -> None:
    calls: list[str] = []

    async def ask(principal: str, body: bytes) -> tuple[int, dict[str, Any]]:
        async def do() -> tuple[int, dict[str, Any]]:
            calls.append(principal)
            return 200, {"n": len(calls)}

        return await once(ctx, principal=principal, key="k", body=body, do=do)

    assert await ask("a", b"1") == await ask("a", b"1") == (200, {"n": 1})
    with pytest.raises(NotPossible) as refused:
        await ask("a", b"2")
    assert refused.value.code == "idempotency_key_reused"
    assert await ask("b", b"2") == (200, {"n": 2})
    assert calls == ["a", "b"]


async def test_what_failed_may_be_tried_again_under_the_same_key_and_left_nothing(ctx: Context) -> None:
    found = await ticket(ctx, await say(ctx, who=[("visitor", "v", True)]))

    async def note_and(fail: bool) -> tuple[int, dict[str, Any]]:
        note = await add_note(ctx, ticket_code=found["code"], actor=SYSTEM, text="a note")
        if fail:
            raise NotPossible("No.")
        return 201, {"note": str(note)}

    with pytest.raises(NotPossible):
        await once(ctx, principal="p", key="k", body=b"", do=lambda: note_and(True))
    assert await one(ctx, "SELECT count(*) FROM interaction WHERE kind = 'note'") == 0
    assert (await once(ctx, principal="p", key="k", body=b"", do=lambda: note_and(False)))[0] == 201
    assert await one(ctx, "SELECT count(*) FROM interaction WHERE kind = 'note'") == 1
    await assert_invariants(ctx.database)


async def test_notes_are_for_colleagues_and_need_words(ctx: Context) -> None:
    found = await ticket(ctx, await say(ctx, who=[("visitor", "v", True)]))
    for text in ("", " \n", "\x00"):
        with pytest.raises(NotPossible):
            await add_note(ctx, ticket_code=found["code"], actor=SYSTEM, text=text)
    with pytest.raises(NotPossible):
        await add_note(ctx, ticket_code=found["code"], actor=SYSTEM, text="x" * 100_001)
    with pytest.raises(NotFound):
        await add_note(ctx, ticket_code=1, actor=SYSTEM, text="x")
    await add_note(ctx, ticket_code=found["code"], actor=SYSTEM, text="a\r\nb\x00")
    (row,) = await rows(ctx, "SELECT * FROM interaction WHERE kind = 'note'")
    assert (row["text"], row["direction"], row["channel_id"], row["seq"]) == ("a\nb", "internal", None, 2)
    assert await one(ctx, "SELECT count(*) FROM outbox") == 0
    assert await one(ctx, "SELECT last_preview FROM ticket") == "Hello"
