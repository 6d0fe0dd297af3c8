"""S82, as far as the company's own sign-in goes: where its provider may send the hub for keys, tokens and what it knows of a
person. Over real sockets, to the provider of tests/fakes."""

import socket
from collections.abc import AsyncIterator
from dataclasses import replace
from typing import Any

import pytest

from hub.actions.context import Context
from hub.actions.signin.company import ask
from hub.cli.check_company import check_company
from hub.model.tickets import EventKind
from hub.settings import Oidc, Settings, Web
from tests.fakes.desk import Desk, serving_desk
from tests.fakes.oidc_provider import OidcProvider, oidc_provider
from tests.fakes.scene import one

PLACES = {"jwks_uri": "/keys", "token_endpoint": "/token", "userinfo_endpoint": "/userinfo"}
ODD = ("2130706433", "0x7f.1", "0")
SENTENCE, SENTENCE_ZH = "an address inside a private network", "内部网络中的地址"


@pytest.fixture
async def provider() -> AsyncIterator[OidcProvider]:
    async with oidc_provider() as made:
        made.in_userinfo = {"staff_id": "ann"}
        yield made


@pytest.fixture
def public(monkeypatch: pytest.MonkeyPatch) -> None:
    """No test has a provider on the public internet: the address at which this one was found is taken for one of it. Where the
    hub goes from there is looked at as ever."""
    monkeypatch.setattr(ask, "is_global", lambda _address: True)


@pytest.fixture
async def desk(ctx: Context, provider: OidcProvider) -> AsyncIterator[Desk]:
    told = provider.settings(login_claim="staff_id", link_existing=True)
    async with serving_desk(ctx, web={"oidc": told}) as desk:
        yield desk


async def _enter(desk: Desk, **headers: str) -> tuple[int, str]:
    """To the provider's page and back, as far as it goes, by a hub that has not asked it before: status, what stands there."""
    desk.ctx.memo.clear()
    answer = await desk.get("/desk/login/company", **headers)
    return answer.status, answer.text


def _elsewhere(provider: OidcProvider, host: str) -> str:
    """The same server, by a name that is not the issuer's."""
    return provider.base.replace("127.0.0.1", host)


@pytest.mark.parametrize("named", PLACES)
@pytest.mark.usefixtures("public")
async def test_s82_a_provider_of_the_internet_sends_the_hub_to_nobody_at_home(
    desk: Desk, provider: OidcProvider, named: str
) -> None:
    provider.names = {named: _elsewhere(provider, "localhost") + PLACES[named]}
    status, page = await _enter(desk)
    assert (status, SENTENCE in page) == (403, True), page
    assert PLACES[named] not in provider.heard, "nobody is asked"
    assert await one(desk.ctx, "SELECT count(*) FROM session") == 0
    assert 'id="password"' in page, "and who has a password is not shut out"
    failed = "SELECT count(*) FROM event WHERE kind = $1"
    assert await one(desk.ctx, failed, EventKind.SIGN_IN_FAILED) == 0, "whoever came has done nothing wrong"


@pytest.mark.parametrize(
    "host",
    [
        "127.0.0.2", "[::1]", "[::ffff:127.0.0.1]", "10.0.0.1", "192.168.1.1", "169.254.169.254", *ODD, "keys.provider.example",
    ],
)  # fmt: skip
@pytest.mark.usefixtures("public")
async def test_s82_nor_however_the_address_is_written_and_whatever_a_name_means_by_now(
    desk: Desk, provider: OidcProvider, host: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = socket.getaddrinfo

    def resolve(asked: Any, *more: Any, **named: Any) -> Any:
        return real("127.0.0.1" if asked == "keys.provider.example" else asked, *more, **named)

    monkeypatch.setattr(socket, "getaddrinfo", resolve)
    provider.names = {"jwks_uri": f"https://{host}:{provider.base.rpartition(':')[2]}/keys"}
    status, page = await _enter(desk, **{"Accept-Language": "zh-CN"})
    assert status == 403 and provider.heard == [], page
    # Numbers that are no addresses as the standard has them may lead nowhere at all.
    assert SENTENCE_ZH in page or (host in ODD and "没有正常响应" in page), page


async def test_s82_a_provider_at_home_may_name_what_lies_at_home_but_no_clouds_secrets(
    desk: Desk, provider: OidcProvider
) -> None:
    """Keycloak in the company's own network, say; where clouds keep their machines' secrets it leads nobody either."""
    provider.names = {named: _elsewhere(provider, "localhost") + path for named, path in PLACES.items()}
    status, page = await _enter(desk)
    assert (status, "Ann Berg" in page) == (200, True), page
    assert provider.heard == ["/keys", "/token", "/userinfo"]
    provider.names = {"jwks_uri": "https://169.254.169.254/keys"}
    await desk.post("/desk/logout")
    status, page = await _enter(desk)
    assert (status, SENTENCE in page) == (403, True), page


@pytest.mark.parametrize("named", PLACES)
async def test_s82_an_endpoint_that_is_not_safe_on_the_way_is_none(
    ctx: Context, provider: OidcProvider, named: str
) -> None:
    for address in (
        "http://login.shop.example/x",
        "ftp://127.0.0.1/x",
        "file:///etc/passwd",
        "//127.0.0.1/",
        "https://",
        7,
    ):
        provider.names = {named: address}  # type: ignore[dict-item]
        (found,) = await _doctor(ctx, provider)
        assert (found.state, "names no safe addresses" in found.text) == ("wrong", True), address
    assert provider.heard == []


@pytest.mark.parametrize(
    ("language", "said", "advised"),
    [
        ("en_GB.UTF-8", "no address of the public internet", "on the issuer's own host"),
        ("zh_CN.UTF-8", "不是公网地址", "相同主机名"),
    ],
)
@pytest.mark.usefixtures("public")
async def test_s82_the_doctor_names_the_address_and_says_what_to_do(
    ctx: Context,
    provider: OidcProvider,
    monkeypatch: pytest.MonkeyPatch,
    language: str,
    said: str,
    advised: str,
) -> None:
    monkeypatch.setenv("LC_ALL", language)
    provider.names = {"jwks_uri": "https://10.1.2.3/keys"}
    (found,) = await _doctor(ctx, provider)
    assert found.state == "wrong" and "https://10.1.2.3/keys" in found.text and said in found.text
    assert advised in found.advice


async def _doctor(ctx: Context, provider: OidcProvider) -> list[Any]:
    ctx.memo.clear()
    settings = Settings(channels={}, web=Web(oidc=Oidc(**provider.settings())))
    return list(await check_company(replace(ctx, settings=settings)))
