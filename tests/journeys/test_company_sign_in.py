"""The company's own sign-in over real sockets: there and back, and everything that a dishonest provider or page could try."""

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

import pytest
from aiohttp import ClientSession, CookieJar
from joserfc.jwk import ECKey, RSAKey

from hub.actions.context import Context
from hub.actions.signin.company import provider as ours
from hub.cli.check_company import check_company
from hub.settings import Oidc, Settings, Web
from tests.fakes.desk import PASSWORD, Desk, serving_desk
from tests.fakes.oidc_provider import OidcProvider, oidc_provider
from tests.fakes.scene import one, rows

Open = Callable[..., Awaitable[Desk]]


@pytest.fixture
async def provider() -> AsyncIterator[OidcProvider]:
    async with oidc_provider() as made:
        yield made


@asynccontextmanager
async def _desk(ctx: Context, provider: OidcProvider, **more: Any) -> AsyncIterator[Desk]:
    async with serving_desk(ctx, web={"oidc": provider.settings(**more)}) as desk:
        yield desk


async def _back(desk: Desk) -> str:
    """Through the provider's page to the address that it sends the browser to, which is not yet opened."""
    async with desk.session.get(f"{desk.url}/desk/login/company", allow_redirects=False) as leaving:
        assert leaving.status == 303, await leaving.text()
        place = leaving.headers["Location"]
    async with desk.session.get(place, allow_redirects=False) as page:
        return page.headers["Location"]


async def _enter(desk: Desk) -> tuple[int, str, str]:
    """All the way: status, where it ends, what stands there."""
    async with desk.session.get(await _back(desk)) as response:
        return response.status, response.url.path, await response.text()


async def _link(ctx: Context, provider: OidcProvider, login: str = "ann") -> None:
    await one(
        ctx,
        "INSERT INTO company_login (issuer, subject, agent_id) SELECT $1, $2, id FROM agent WHERE login = $3 RETURNING 1",
        provider.base,
        provider.person["sub"],
        login,
    )


async def test_there_and_back_by_issuer_and_subject_whatever_the_address_says(
    ctx: Context, provider: OidcProvider
) -> None:
    async with _desk(ctx, provider, label_zh="用企业账号登录") as desk:
        await _link(ctx, provider)
        provider.person |= {"email": "changed@elsewhere.example", "email_verified": False}
        page = await desk.get("/desk/login", **{"Accept-Language": "zh-CN"})
        assert "用企业账号登录" in page.text
        status, path, text = await _enter(desk)
        assert (status, path) == (200, "/desk") and "Ann Berg" in text
        asked = provider.asked[-1]
        assert asked["code_challenge_method"] == "S256" and asked["response_type"] == "code"
        assert len(asked["state"]) >= 43 and len(asked["nonce"]) >= 43
        (session,) = await rows(ctx, "SELECT how, limited FROM session")
        assert session == {"how": "company", "limited": False}
        assert await rows(ctx, "SELECT 1 FROM sign_in_step") == []


@pytest.mark.parametrize(
    ("wrong", "settings", "sentence"),
    [
        ({}, {}, "There is an account of your name here already"),
        ({"email": "new@shop.example"}, {}, "There is no account for you here yet"),
        ({"email_verified": False}, {"link_existing": True}, "has not verified your e-mail address"),
        ({"email_verified": None}, {"auto_create": True}, "has not verified your e-mail address"),
        ({"email": "ann@evil.example"}, {"allowed_domains": ["shop.example"], "auto_create": True}, "Addresses of this domain"),
        ({"email": "ann@shop.example.evil"}, {"allowed_domains": ["shop.example"], "auto_create": True}, "of this domain"),
        ({"email": None}, {"link_existing": True}, "cannot be trusted"),
        ({"email": ["ann@shop.example"]}, {"link_existing": True}, "cannot be trusted"),
        ({"email": "no login\u0007 / of <ours>"}, {"auto_create": True}, "There is an account of your name"),
    ],
)  # fmt: skip
async def test_whom_it_does_not_let_in_the_first_time(
    ctx: Context, provider: OidcProvider, wrong: dict[str, Any], settings: dict[str, Any], sentence: str
) -> None:
    provider.person |= wrong
    async with _desk(ctx, provider, **settings) as desk:
        await one(
            ctx, "UPDATE agent SET login = 'ann@shop.example', role = 'admin' WHERE login = 'ann' RETURNING 1"
        )
        status, _, text = await _enter(desk)
        assert status == 403 and sentence in text
        assert (
            await rows(ctx, "SELECT 1 FROM session") == []
            and await rows(ctx, "SELECT 1 FROM company_login") == []
        )
        assert await one(ctx, "SELECT count(*) FROM agent") == 2


async def test_where_the_settings_say_so_it_connects_by_login_or_makes_an_agent(
    ctx: Context, provider: OidcProvider
) -> None:
    more = {
        "link_existing": True,
        "auto_create": True,
        "auto_create_role": "supervisor",
        "allowed_domains": ["shop.example"],
    }
    async with _desk(ctx, provider, **more) as desk:
        await one(ctx, "UPDATE agent SET login = 'ann@shop.example' WHERE login = 'ann' RETURNING 1")
        assert (await _enter(desk))[1] == "/desk"
        provider.person = {
            "sub": "2", "email": "New@shop.example", "email_verified": "true", "name": "小新", "locale": "zh-CN",
        }  # fmt: skip
        desk.session.cookie_jar.clear()
        assert (await _enter(desk))[1] == "/desk"
        made = await rows(ctx, "SELECT name, role, locale FROM agent WHERE login = 'new@shop.example'")
        assert made == [{"name": "小新", "role": "supervisor", "locale": "zh_CN"}]
        desk.session.cookie_jar.clear()
        assert (await _enter(desk))[1] == "/desk"
        assert await one(ctx, "SELECT count(*) FROM agent") == 3


_FORGERIES: dict[str, Callable[[OidcProvider], object]] = {
    "not signed": lambda it: setattr(it, "unsigned", True),
    "signed with what both know": lambda it: setattr(it, "signed_with_secret", True),
    "signed with another key of the same name": lambda it: setattr(it, "foreign_key", True),
    "another issuer": lambda it: it.change.update(iss="https://evil.example"),
    "for another program": lambda it: it.change.update(aud="another"),
    "for several, by another": lambda it: it.change.update(aud=["hub-1", "another"], azp="another"),
    "another nonce": lambda it: it.change.update(nonce="another"),
    "no nonce": lambda it: it.change.update(nonce=None),
    "long over": lambda it: it.change.update(exp=1_000_000_000),
    "from tomorrow": lambda it: it.change.update(iat=9_999_999_999),
    "no end": lambda it: it.change.update(exp=None),
    "no subject": lambda it: it.change.update(sub=None),
    "a subject that is none": lambda it: it.change.update(sub=["248289761001"]),
}


@pytest.mark.parametrize("how", _FORGERIES)
async def test_a_token_that_is_not_what_it_claims_opens_nothing(
    ctx: Context, provider: OidcProvider, how: str
) -> None:
    async with _desk(ctx, provider) as desk:
        await _link(ctx, provider)
        _FORGERIES[how](provider)
        status, _, text = await _enter(desk)
        assert status == 403 and "cannot be trusted" in text
        assert await rows(ctx, "SELECT 1 FROM session") == []


async def test_a_journey_ends_once_and_only_in_the_browser_that_began_it(
    ctx: Context, provider: OidcProvider
) -> None:
    async with _desk(ctx, provider) as desk:
        await _link(ctx, provider)
        back = await _back(desk)
        async with ClientSession(cookie_jar=CookieJar(unsafe=True)) as stranger, stranger.get(back) as answer:
            assert (
                answer.status == 403
            )  # somebody else's browser, led to an address of the attacker's (login CSRF)
        parts = urlsplit(back)
        said = {key: values[0] for key, values in parse_qs(parts.query).items()}
        for wrong in ({"state": "another"}, {"iss": "https://evil.example"}, {"state": ""}):
            back = await _back(desk)
            changed = {**{k: v[0] for k, v in parse_qs(urlsplit(back).query).items()}, **wrong}
            answer = await desk.get(f"{parts.path}?{urlencode(changed)}")
            assert answer.status == 403 and "cannot be trusted" in answer.text
            assert (await desk.get(f"{parts.path}?{urlencode(said)}")).status == 403  # it is over
        back = await _back(desk)
        where = f"{parts.path}?{urlsplit(back).query}"
        assert (await desk.get(where)).url.path == "/desk"
        await desk.post("/desk/logout")
        assert (await desk.get(where)).status == 403
        assert await rows(ctx, "SELECT 1 FROM session") == []


async def test_a_code_of_somebody_elses_journey_is_of_no_use(ctx: Context, provider: OidcProvider) -> None:
    """PKCE: the code was made for another challenge."""
    async with _desk(ctx, provider) as desk:
        await _link(ctx, provider)
        stolen = parse_qs(urlsplit(await _back(desk)).query)["code"][0]
        mine = urlsplit(await _back(desk))
        said = {**{k: v[0] for k, v in parse_qs(mine.query).items()}, "code": stolen}
        answer = await desk.get(f"{mine.path}?{urlencode(said)}")
        assert answer.status == 403 and "cannot be trusted" in answer.text


async def test_what_goes_wrong_is_told_in_plain_words(ctx: Context, provider: OidcProvider) -> None:
    async with _desk(ctx, provider) as desk:
        provider.refuses = "access_denied"
        assert "left before its end" in (await _enter(desk))[2]
        provider.refuses = ""
        await _link(ctx, provider)
        await one(ctx, "UPDATE agent SET active = false WHERE login = 'ann' RETURNING 1")
        assert "Your account is shut out" in (await _enter(desk))[2]


async def test_a_provider_that_does_not_answer_leaves_the_password(
    ctx: Context, provider: OidcProvider
) -> None:
    provider.answers = 500
    async with _desk(ctx, provider) as desk:
        answer = await desk.get("/desk/login/company", **{"Accept-Language": "zh"})
        assert (
            answer.status == 403
            and "公司登录服务没有正常响应" in answer.text
            and 'id="password"' in answer.text
        )
        provider.answers, provider.calls_itself = 200, "https://evil.example"
        assert "does not answer as it should" in (await desk.get("/desk/login/company")).text
        provider.calls_itself = ""
        assert (await desk.get("/desk/login/company")).status == 403  # nobody of that name; but it answers
        await desk.log_in()


async def test_keys_that_change_are_learned_and_other_kinds_of_client_and_key_work(
    ctx: Context, provider: OidcProvider, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ours, "KEYS_AGAIN_SECONDS", 0.0)
    provider.basic = False
    async with _desk(ctx, provider, login_claim="staff_id", link_existing=True) as desk:
        provider.in_userinfo = {"staff_id": "Ann"}
        assert (await _enter(desk))[1] == "/desk"
        provider.keys = [ECKey.generate_key("P-256", {"kid": "second"})]
        assert (await _enter(desk))[1] == "/desk"
        provider.keys = [RSAKey.generate_key(2048, {"kid": "third"})]
        assert (await _enter(desk))[1] == "/desk"


async def test_our_own_second_step_is_asked_for_where_the_settings_say_so(
    ctx: Context, provider: OidcProvider
) -> None:
    async with _desk(ctx, provider, own_second_step=True) as desk:
        await _link(ctx, provider)
        await one(ctx, "UPDATE sign_in_policy SET required_of = 'everybody', grace_days = 0 RETURNING 1")
        assert (await _enter(desk))[1] == "/desk/security/start"


async def test_an_agent_connects_it_shows_by_it_who_they_are_and_disconnects_it(
    ctx: Context, provider: OidcProvider
) -> None:
    async with _desk(ctx, provider) as desk:
        await desk.log_in()
        page = await desk.get("/desk/security")
        link = page.text.partition('href="/desk/security/company/link?')[2].partition('"')[0]
        assert (await desk.get("/desk/security/company/link?ticket=another")).status == 404
        # Whoever finds a desk left open makes no entrance of their own.
        await one(ctx, "UPDATE session SET proved_at = now() - interval '1 hour' RETURNING 1")
        stale = await desk.get(f"/desk/security/company/link?{link}")
        assert stale.url.path == "/desk/security/again"
        await one(ctx, "UPDATE session SET proved_at = now() RETURNING 1")
        async with desk.session.get(
            f"{desk.url}/desk/security/company/link?{link}", allow_redirects=False
        ) as leaving:
            place = leaving.headers["Location"]
        async with desk.session.get(place) as done:
            assert done.url.path == "/desk/security" and "connected" in await done.text()
        assert await one(ctx, "SELECT a.login FROM company_login JOIN agent a ON a.id = agent_id") == "ann"
        # Another agent cannot have it too.
        async with ClientSession(cookie_jar=CookieJar(unsafe=True)) as browser:
            lin = Desk(ctx=ctx, url=desk.url, session=browser)
            await lin.log_in("lin")
            link = (await lin.get("/desk/security")).text.partition("company/link?")[2].partition('"')[0]
            async with browser.get(f"{desk.url}/desk/security/company/link?{link}") as done:
                assert done.status == 403 and "已关联其他客服" in await done.text()
        await one(ctx, "UPDATE session SET proved_at = now() - interval '1 hour' RETURNING 1")
        again = await desk.get("/desk/security/again?next=/desk/security")
        prove = (
            again.text.partition('href="/desk/security/company/prove?')[2]
            .partition('"')[0]
            .replace("&amp;", "&")
        )
        provider.change = {"auth_time": 1_700_000_000}  # it did not ask again
        assert "did not ask you again" in (await desk.get(f"/desk/security/company/prove?{prove}")).text
        provider.change = {}
        assert (await desk.get(f"/desk/security/company/prove?{prove}")).url.path == "/desk/security"
        assert provider.asked[-1]["prompt"] == "login"
        assert await one(ctx, "SELECT bool_or(proved_at > now() - interval '1 minute') FROM session")
        assert (await desk.post("/desk/security/company/unlink", {"password": "wrong"})).status == 403
        assert (await desk.post("/desk/security/company/unlink", {"password": PASSWORD})).status == 303
        assert await rows(ctx, "SELECT 1 FROM company_login") == []


async def test_without_settings_there_is_nothing_of_it(ctx: Context) -> None:
    async with serving_desk(ctx) as desk:
        assert "company" not in (await desk.get("/desk/login")).text
        for path in ("/desk/login/company", "/desk/login/company/back?state=x&code=y"):
            assert (await desk.get(path)).status == 404


async def test_another_site_does_not_send_people_on_the_journey(ctx: Context, provider: OidcProvider) -> None:
    async with _desk(ctx, provider) as desk:
        answer = await desk.get("/desk/login/company", **{"Sec-Fetch-Site": "cross-site"})
        assert (
            answer.url.path == "/desk/login/company" and 'id="password"' in answer.text and not provider.asked
        )


async def test_the_doctor_says_whether_the_provider_is_who_it_should_be(
    ctx: Context, provider: OidcProvider
) -> None:
    async def said(**web: Any) -> tuple[str, str]:
        ctx.memo.clear()
        oidc = Oidc(**provider.settings())
        (found,) = await check_company(
            replace(ctx, settings=Settings(channels={}, web=Web(oidc=oidc, **web)))
        )
        return found.state, found.text

    state, text = await said(public_url="https://help.shop.example")
    assert state == "good" and "https://help.shop.example/desk/login/company/back" in text
    assert (await said())[0] == "warning"
    provider.calls_itself = provider.base + "/"
    state, text = await said()
    assert state == "wrong" and "calls itself" in text
    assert await check_company(ctx) == []
