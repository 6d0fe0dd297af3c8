"""Signing in by the pages, as a browser without scripts does it: second step, set-up, and the page of one's own."""

import re
from collections.abc import AsyncIterator
from html import unescape
from typing import Any

import pytest
from aiohttp import ClientSession, CookieJar

from hub.actions.context import Context
from hub.actions.people.staff import add_agent
from hub.model.people import Role
from tests.fakes.desk import PASSWORD, Desk, serving_desk
from tests.fakes.scene import one, rows
from tests.fakes.signin import code_of

LOGIN = {"login": "ann", "password": PASSWORD, "next": "/desk/customers?q=1"}


@pytest.fixture
async def desk(ctx: Context) -> AsyncIterator[Desk]:
    async with serving_desk(ctx) as desk:
        yield desk


async def _set_up(desk: Desk) -> tuple[str, list[str]]:
    """By the pages: the app's secret and the recovery codes."""
    assert (await desk.post("/desk/security/app/new")).headers["Location"] == "/desk/security/app"
    page = await desk.get("/desk/security/app")
    secret = re.sub(r"\s", "", re.findall(r'class="secret">([^<]+)<', page.text)[0])
    picture = await desk.get("/desk/security/app.svg")
    assert picture.headers["Content-Type"].startswith("image/svg+xml") and "<svg" in picture.text
    assert picture.headers["Cache-Control"] == "no-store"
    wrong = await desk.post("/desk/security/app", {"code": "000000"})
    assert wrong.status == 403 and "This code is not right" in wrong.text
    done = await desk.post("/desk/security/app", {"code": code_of(secret)})
    return secret, re.findall(r"<li><code>([a-z0-9-]+)</code>", done.text)


async def _old(ctx: Context) -> None:
    await ctx.database.run(
        lambda c: c.execute("UPDATE session SET proved_at = now() - interval '11 minutes'")
    )


def _cookie(desk: Desk, name: str) -> str:
    return next((one_.value for one_ in desk.session.cookie_jar if one_.key == name), "")


async def test_password_and_code_without_scripts_lead_where_one_wanted_to_go(desk: Desk) -> None:
    await desk.log_in()
    secret, codes = await _set_up(desk)
    assert len(codes) == 10
    await desk.post("/desk/logout")
    begun = await desk.post("/desk/login", LOGIN)
    where = begun.headers["Location"]
    assert where == "/desk/login/second?next=%2Fdesk%2Fcustomers%3Fq%3D1"
    assert _cookie(desk, "hub_session") == "" and _cookie(desk, "hub_step")
    assert (await desk.get("/desk")).url.path == "/desk/login"  # half signed in is not signed in
    page = await desk.get(where)
    assert 'autocomplete="one-time-code"' in page.text and "Recovery code" in page.text
    form = {"next": "/desk/customers?q=1"}
    assert (await desk.post("/desk/login/second", {**form, "code": "000000"})).status == 403
    done = await desk.post("/desk/login/second", {**form, "code": code_of(secret, steps=1)})
    assert done.headers["Location"] == "/desk/customers?q=1"
    assert _cookie(desk, "hub_step") == "" and (await desk.get("/desk")).url.path == "/desk"
    await desk.post("/desk/logout")
    await desk.post("/desk/login", LOGIN)
    spent = await desk.post("/desk/login/second", {**form, "code": code_of(secret, steps=1)})
    assert spent.status == 403 and "used already" in spent.text
    assert (await desk.post("/desk/login/second", {**form, "code": codes[0]})).status == 303


async def test_where_one_goes_on_is_a_page_of_ours(desk: Desk) -> None:
    await desk.log_in()
    secret, _ = await _set_up(desk)
    await desk.post("/desk/logout")
    await desk.post("/desk/login", {**LOGIN, "next": "https://evil.example"})
    done = await desk.post("/desk/login/second", {"next": "//evil.example", "code": code_of(secret, steps=1)})
    assert done.headers["Location"] == "/desk"
    await _old(desk.ctx)
    for bad in (
        "https://evil.example",
        "//evil.example",
        "/desk/../evil",
        "/desk\\@evil.example",
        "javascript:alert(1)",
    ):
        answer = await desk.post("/desk/security/again", {"next": bad, "password": PASSWORD})
        assert answer.headers["Location"] in ("/desk", "/desk/../evil"), bad


async def test_a_step_that_is_over_begins_again_with_a_reason(desk: Desk) -> None:
    page = await desk.get("/desk/login/second")
    assert page.status == 403 and "begin again" in page.text and 'id="password"' in page.text
    for path in ("/desk/login/second", "/desk/login/second/passkey"):
        assert (await desk.post(path, {"code": "123456"})).status == 403
    assert (await desk.post("/desk/login/second/passkey/options")).status == 403


async def test_too_many_codes_say_how_long_to_wait_and_what_else_to_do(desk: Desk) -> None:
    await desk.log_in()
    await _set_up(desk)
    await desk.post("/desk/logout")
    await desk.post("/desk/login", LOGIN)
    for _ in range(10):
        last = await desk.post("/desk/login/second", {"code": "000000"})
    last = await desk.post("/desk/login/second", {"code": "000000"})
    assert last.status == 429 and 0 < int(last.headers["Retry-After"]) <= 900
    assert "Wait 15 minutes" in last.text and "reset your second step" in last.text
    chinese = await desk.post("/desk/login/second", {"code": "000000"}, **{"Accept-Language": "zh-CN"})
    assert "分钟后重试" in chinese.text and "重置两步验证" in chinese.text


async def test_a_passkey_page_that_is_no_answer_is_told_so(desk: Desk) -> None:
    for answer in ("", "[]", "{", '"x"', "{}", "x" * 60_000):
        refused = await desk.post("/desk/login/passkey", {"ticket": "x", "answer": answer})
        assert refused.status == 403 and ("passkey" in refused.text or "begin again" in refused.text)
    asked = await desk.post("/desk/login/passkey/options")
    assert asked.status == 200 and asked.headers["Cache-Control"] == "no-store"


async def test_who_needs_a_second_step_gets_to_its_set_up_and_nowhere_else(desk: Desk) -> None:
    await one(desk.ctx, "UPDATE sign_in_policy SET required_of = 'everybody', grace_days = 0 RETURNING 1")
    begun = await desk.post("/desk/login", LOGIN)
    assert begun.headers["Location"].startswith("/desk/security/start?next=")
    for path in ("/desk", "/desk/security", "/desk/security/again", "/desk/customers", "/api/v1/me"):
        answer = await desk.get(path)
        assert answer.status in (401, 404) or answer.url.path in ("/desk/login", "/desk/security/start"), path
    assert (await desk.post("/desk/security/codes")).headers["Location"] == "/desk/login"
    page = await desk.get("/desk/security/start")
    assert "Not now" not in page.text and "Log out" in page.text
    before = _cookie(desk, "hub_session")
    _, codes = await _set_up(desk)
    assert len(codes) == 10 and _cookie(desk, "hub_session") != before
    assert (await desk.get("/desk")).url.path == "/desk"


async def test_in_the_days_of_grace_it_can_be_put_off(desk: Desk) -> None:
    await one(desk.ctx, "UPDATE sign_in_policy SET required_of = 'leads', grace_days = 3 RETURNING 1")
    begun = await desk.post("/desk/login", LOGIN)
    page = await desk.get(begun.headers["Location"])
    assert "in 3 days" in page.text and '<a href="/desk/customers?q=1">Not now</a>' in unescape(page.text)
    assert (await desk.get("/desk")).url.path == "/desk"
    assert (await desk.post("/desk/login", {**LOGIN, "login": "lin"})).headers[
        "Location"
    ] == "/desk/customers?q=1"


async def test_what_is_dangerous_asks_again_after_ten_minutes(desk: Desk) -> None:
    await desk.log_in()
    _, codes = await _set_up(desk)
    await _old(desk.ctx)
    for path in (
        "app/new",
        "app",
        "app/remove",
        "codes",
        "passkeys",
        "passkeys/options",
        "passkeys/1/remove",
        "policy",
    ):
        answer = await desk.post(
            f"/desk/security/{path}", {"code": "1", "required_of": "everybody", "grace_days": "1"}
        )
        assert answer.headers.get("Location", "").startswith("/desk/security/again"), path
    assert (await desk.get("/desk/security/app.svg")).url.path == "/desk/security/again"
    assert await one(desk.ctx, "SELECT count(*) FROM totp WHERE sealed IS NOT NULL") == 1
    page = await desk.get("/desk/security/again?next=/desk/security")
    assert 'name="code"' in page.text and 'name="password"' not in page.text
    assert (await desk.post("/desk/security/again", {"code": "000000"})).status == 403
    done = await desk.post("/desk/security/again", {"code": codes[0], "next": "/desk/security"})
    assert done.headers["Location"] == "/desk/security"
    assert (await desk.post("/desk/security/app/remove")).headers[
        "Location"
    ] == "/desk/security?done=app_removed"
    assert "is removed" in (await desk.get("/desk/security?done=app_removed")).text


async def test_sessions_in_words_and_their_end(desk: Desk) -> None:
    firefox = "Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:140.0) Gecko/20100101 Firefox/140.0"
    async with ClientSession(cookie_jar=CookieJar(unsafe=True), headers={"User-Agent": firefox}) as browser:
        other = Desk(ctx=desk.ctx, url=desk.url, session=browser)
        await other.log_in()
        await desk.log_in()
        page = await desk.get("/desk/security")
        assert "Firefox · Windows" in page.text and page.text.count("this device") == 1
        (theirs,) = re.findall(r'name="session" value="([0-9a-f-]{36})"', page.text)
        assert (await desk.post("/desk/security/sessions/end", {"session": theirs})).status == 303
        assert (await other.get("/desk")).url.path == "/desk/login"
        for wrong in (theirs, "x", ""):
            assert (await desk.post("/desk/security/sessions/end", {"session": wrong})).status == 404
        await other.log_in()
        assert (await desk.post("/desk/security/sessions/end-others")).status == 303
        assert (await other.get("/desk")).url.path == "/desk/login"
        assert (await desk.get("/desk")).url.path == "/desk"


async def test_ones_own_password(desk: Desk) -> None:
    await desk.log_in()
    for form, said in (
        ({"old": "wrong", "new": "a new password", "again": "a new password"}, "This is not your password"),
        ({"old": PASSWORD, "new": "a new password", "again": "another one"}, "The two new passwords differ"),
        ({"old": PASSWORD, "new": "short", "again": "short"}, "10 to 256 characters"),
        ({"old": PASSWORD, "new": "password123", "again": "password123"}, "This password is easy to guess"),
        ({}, "This is not your password"),
    ):
        answer = await desk.post("/desk/security/password", form)
        assert answer.status == 409 and said in answer.text
    assert (await desk.get("/desk/security/password")).url.path == "/desk/security"
    form = {"old": PASSWORD, "new": "a new password", "again": "a new password"}
    assert (await desk.post("/desk/security/password", form)).headers["Location"].endswith("done=password")
    await desk.post("/desk/logout")
    assert (await desk.post("/desk/login", LOGIN)).status == 403
    assert (await desk.post("/desk/login", {**LOGIN, "password": "a new password"})).status == 303


async def test_the_policy_is_for_administrators(desk: Desk) -> None:
    form = {"required_of": "everybody", "grace_days": "5"}
    await desk.log_in()
    assert "Days of grace" not in (await desk.get("/desk/security")).text
    assert (await desk.post("/desk/security/policy", form)).status == 409
    assert await one(desk.ctx, "SELECT required_of FROM sign_in_policy") == "nobody"
    await desk.post("/desk/logout")
    await add_agent(desk.ctx, login="ada", name="Ada", password=PASSWORD, role=Role.ADMIN)
    await desk.log_in("ada")
    for bad in ({**form, "grace_days": "91"}, {**form, "grace_days": "-1"}, {**form, "required_of": "x"}, {}):
        assert (await desk.post("/desk/security/policy", bad)).status == 409
    assert (await desk.post("/desk/security/policy", form)).status == 303
    assert await rows(desk.ctx, "SELECT required_of, grace_days FROM sign_in_policy") == [
        {"required_of": "everybody", "grace_days": 5}
    ]


async def test_whoever_manages_the_staff_ends_sessions_and_resets_the_second_step(desk: Desk) -> None:
    lin = await one(desk.ctx, "SELECT id FROM agent WHERE login = 'lin'")
    async with ClientSession(cookie_jar=CookieJar(unsafe=True)) as browser:
        other = Desk(ctx=desk.ctx, url=desk.url, session=browser)
        await other.log_in("lin")
        await desk.log_in()
        assert (await other.post(f"/desk/staff/{lin}/sessions/end")).status == 403
        ended = await desk.post(f"/desk/staff/{lin}/sessions/end")
        assert ended.headers["Location"].endswith("done=sessions_ended")
        assert (await other.get("/desk")).url.path == "/desk/login"
        page = await desk.post(f"/desk/staff/{lin}/second-step/reset")
        assert "The second step is reset" in (await desk.get(page.headers["Location"])).text


_FORMS = [
    "/desk/login", "/desk/login/passkey", "/desk/login/passkey/options", "/desk/login/second", "/desk/login/second/passkey",
    "/desk/login/second/passkey/options", "/desk/logout", "/desk/security/password", "/desk/security/sessions/end",
    "/desk/security/sessions/end-others", "/desk/security/app/new", "/desk/security/app", "/desk/security/app/remove",
    "/desk/security/passkeys", "/desk/security/passkeys/options", "/desk/security/passkeys/1/name",
    "/desk/security/passkeys/1/remove", "/desk/security/codes", "/desk/security/again", "/desk/security/again/passkey",
    "/desk/security/again/passkey/options", "/desk/security/company/unlink", "/desk/security/policy",
]  # fmt: skip


@pytest.mark.parametrize("origin", [None, "null", "https://evil.example"])
async def test_no_other_site_posts_any_of_the_forms(desk: Desk, origin: Any) -> None:
    await desk.log_in()
    for path in _FORMS:
        assert (await desk.post(path, {"password": PASSWORD}, origin=origin)).status == 403, path
    assert (await desk.get("/desk")).url.path == "/desk"
