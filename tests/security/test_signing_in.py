"""Who gets in (S59, S60, S62, S64, S65, S67, S70): tries across hubs and addresses, cookies, stolen halves of a sign-in.

What forged tokens, codes, passkeys and providers try (S68): tests/journeys/test_company_sign_in.py and
tests/rooms/test_passkeys.py; forms of other sites (S71): tests/journeys/test_sign_in.py.
"""

import asyncio
import re

import pytest
from aiohttp import ClientSession, CookieJar

from hub.actions.context import Context
from hub.actions.failures import LoginRefused
from hub.actions.people.sessions import agent_of_session
from hub.actions.signin import by_password, second, totp
from hub.actions.signin.by_password import log_in
from hub.actions.signin.enter import Browser
from tests.fakes.desk import PASSWORD, Desk, serving_desk
from tests.fakes.scene import a_hub, a_real_agent, one, rows
from tests.fakes.signin import BROWSER, code_of, set_up_app, sign_in


async def _try(ctx: Context, password: str, peer: str) -> str:
    """ "" where it opens; else the refusal's code."""
    try:
        await log_in(ctx, login="ann", password=password, browser=Browser(peer=peer, user_agent="x"))
    except LoginRefused as refused:
        return refused.code
    return ""


async def test_s59_guesses_over_two_hubs_and_many_addresses_are_few(
    database_dsn: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of a thousand guesses from a hundred addresses only the first few are looked at; when the window is over its owner gets
    in."""
    monkeypatch.setattr(by_password, "MOST_TRIES_AN_ACCOUNT", 12)  # each that is looked at takes its time
    async with a_hub(database_dsn, {}) as here, a_hub(database_dsn, {}) as there:
        await a_real_agent(here, "ann")
        told: list[str] = []
        for n in range(100):
            both = [here, there] * 5
            told += await asyncio.gather(
                *(_try(hub, f"guess {k}", f"198.51.{n}.1") for k, hub in enumerate(both))
            )
        assert sorted(told) == ["login_refused"] * 12 + ["too_many_tries"] * 988
        assert await _try(here, PASSWORD, "203.0.113.1") == "too_many_tries"
        await one(here, "UPDATE rate_limit SET window_start = now() - interval '16 minutes' RETURNING 1")
        assert await _try(there, PASSWORD, "203.0.113.1") == ""


async def test_s65_codes_that_are_guessed_are_few_and_a_code_opens_once_on_two_hubs(
    database_dsn: str,
) -> None:
    async with a_hub(database_dsn, {}) as here, a_hub(database_dsn, {}) as there:
        ann = await a_real_agent(here, "ann")
        secret, _ = await set_up_app(here, ann)
        steps = [await sign_in(here) for _ in range(2)]
        code = code_of(secret, steps=1)
        done = await asyncio.gather(
            *(
                second.finish_by_code(hub, token=step, code=code, browser=BROWSER)
                for hub, step in zip((here, there), steps, strict=True)
            ),
            return_exceptions=True,
        )
        assert sorted(type(result).__name__ for result in done) == ["Entered", "LoginRefused"]
        token, waits = await sign_in(here), 0
        for n in range(300):
            try:
                await second.finish_by_code(here, token=token, code=f"{n:06}", browser=BROWSER)
            except LoginRefused as refused:
                waits += refused.code == "too_many_tries"
        assert 300 - waits <= totp.MOST_TRIES


async def test_s64_the_token_of_a_half_signed_in_browser_opens_nothing_and_stands_nowhere(
    database_dsn: str,
) -> None:
    async with a_hub(database_dsn, {}) as ctx:
        await set_up_app(ctx, await a_real_agent(ctx, "ann"))
        begun = [await sign_in(ctx) for _ in range(4)]
        assert len(set(begun)) == 4 and all(len(token) >= 43 for token in begun)
        assert [await agent_of_session(ctx, token) for token in begun] == [None] * 4
        kept = str(await rows(ctx, "SELECT s::text FROM sign_in_step s"))
        assert not any(token in kept for token in begun)


async def test_s60_who_has_a_second_step_is_not_told_before_the_right_password(ctx: Context) -> None:
    async with serving_desk(ctx) as desk:
        await set_up_app(ctx, await one(ctx, "SELECT id FROM agent WHERE login = 'ann'"))
        answers = []
        for login in ("ann", "lin", "nobody"):
            answer = await desk.post("/desk/login", {"login": login, "password": "wrong password"})
            answers.append(
                (
                    answer.status,
                    answer.text.replace(f'value="{login}"', ""),
                    "hub_step" in str(answer.headers),
                )
            )
        assert answers[0] == answers[1] == answers[2] and answers[0][2] is False


async def test_s70_every_cookie_is_for_this_host_alone_and_hidden_from_scripts(ctx: Context) -> None:
    async with serving_desk(ctx, web={"public_url": "https://help.shop.example"}) as desk:
        await set_up_app(ctx, await one(ctx, "SELECT id FROM agent WHERE login = 'ann'"))
        for login in ("ann", "lin"):
            async with desk.session.post(
                desk.url + "/desk/login",
                data={"login": login, "password": PASSWORD},
                headers={"Origin": "https://help.shop.example"},
                allow_redirects=False,
            ) as answer:
                cookies = [one_ for one_ in answer.headers.getall("Set-Cookie") if "Max-Age=0" not in one_]
            assert cookies
            for cookie in cookies:
                assert re.match(r"__Host-hub(-step|-known)?=", cookie), cookie
                assert {"HttpOnly", "Secure", "Path=/", "SameSite=Lax"} <= set(re.split(r"; ", cookie)), (
                    cookie
                )


async def test_s62_a_second_step_that_was_begun_ends_with_log_out_everywhere(ctx: Context) -> None:
    async with serving_desk(ctx) as desk:
        _, codes = await set_up_app(ctx, await one(ctx, "SELECT id FROM agent WHERE login = 'ann'"))
        async with ClientSession(cookie_jar=CookieJar(unsafe=True)) as browser:
            thief = Desk(ctx=ctx, url=desk.url, session=browser)
            await desk.post("/desk/login", {"login": "ann", "password": PASSWORD})
            await desk.post("/desk/login/second", {"code": codes[0]})
            await thief.post("/desk/login", {"login": "ann", "password": PASSWORD})
            await desk.post("/desk/security/sessions/end-others")
            assert (await thief.post("/desk/login/second", {"code": codes[1]})).status == 403
            assert (await thief.get("/desk")).url.path == "/desk/login"


async def test_s67_nobody_is_somebody_by_a_header(ctx: Context) -> None:
    async with serving_desk(ctx) as desk:
        for name in (
            "X-Remote-User",
            "Remote-User",
            "X-Forwarded-User",
            "X-Auth-Request-User",
            "X-Forwarded-Email",
        ):
            assert (await desk.get("/desk", **{name: "ann"})).url.path == "/desk/login"
