"""Logging in with access tokens: refreshed in time and on refusal, rotated, ended; and how a person grants access."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import orjson
import pytest

from channels.adapter import ChannelFailure, Misconfigured, Unavailable
from channels.email.accounts.authorise import browser_visit, by_device
from channels.email.accounts.oauth import Tokens, endpoints, keep_tokens, xoauth2
from channels.email.sending.hand_over import check_login
from channels.email.settings import EmailSettings
from tests.fakes.imap_server import ImapServer
from tests.fakes.inbox import SUPPORT, Inbox, hearing, letter
from tests.fakes.mail_servers import serving
from tests.fakes.ports import Safe
from tests.fakes.token_server import TokenRelay, TokenServer, token_server


@pytest.fixture
async def provider() -> AsyncIterator[TokenServer]:
    async with token_server() as made:
        yield made


def settings(provider: TokenServer, **more: Any) -> EmailSettings:
    table = {"address": SUPPORT, "imap_host": "127.0.0.1", "smtp_host": "127.0.0.1"}
    return EmailSettings.model_validate(
        {**table, **provider.settings(oauth_refresh_token="refresh-1"), **more}
    )


def kept(vault: Safe) -> dict[str, Any]:
    found: dict[str, Any] = orjson.loads(vault.values["oauth2"])
    return found


async def test_a_mailbox_is_heard_with_an_access_token(provider: TokenServer) -> None:
    async with ImapServer(tokens=provider.tokens) as server:
        server.inbox.put(letter(1))
        inbox = Inbox(server, **provider.settings(oauth_refresh_token="refresh-1"))
        async with hearing(inbox):
            await inbox.journal.kept(1)
        assert server.sasl == [f"user={SUPPORT}\x01auth=Bearer access-1\x01\x01"]
        assert server.said("LOGIN") == []


async def test_a_shared_mailbox_is_named_beside_the_person_who_granted_access(provider: TokenServer) -> None:
    async with ImapServer(tokens={"shared@shop.example": "access-1"}) as server:
        inbox = Inbox(
            server, imap_user="shared@shop.example", **provider.settings(oauth_refresh_token="refresh-1")
        )
        async with hearing(inbox):
            await server.until(lambda: bool(server.said("SEARCH")))
        assert server.sasl[0].startswith("user=shared@shop.example\x01")


async def test_a_token_that_the_server_refuses_is_replaced_once(provider: TokenServer) -> None:
    """It looked good for an hour; the mail server thinks otherwise and says so in a second challenge."""
    vault = Safe()
    await keep_tokens(vault, {"access_token": "stale", "refresh_token": "refresh-1", "expires_in": 3600})
    async with ImapServer(tokens=provider.tokens) as server:
        inbox = Inbox(server, vault=vault, **provider.settings())
        server.inbox.put(letter(1))
        async with hearing(inbox):
            await inbox.journal.kept(1)
        assert [said.split("Bearer ")[1].rstrip("\x01") for said in server.sasl] == ["stale", "access-1"]
        assert len(provider.asked) == 1


async def test_a_server_that_refuses_every_token_is_a_persons_business(provider: TokenServer) -> None:
    async with ImapServer(tokens={}) as server:
        inbox = Inbox(server, **provider.settings(oauth_refresh_token="refresh-1"))
        with pytest.raises(Misconfigured, match="refused the access token"):
            await inbox.adapter.receive(inbox.journal.accept)
        assert len(provider.asked) == 2


async def test_a_token_is_used_until_shortly_before_its_end(provider: TokenServer) -> None:
    vault = Safe()
    tokens = Tokens("support", settings(provider), vault)
    assert [await tokens.access_token() for _ in range(3)] == ["access-1"] * 3
    provider.expires_in = 120
    assert await tokens.access_token(refused="access-1") == "access-2"
    assert await tokens.access_token() == "access-3"  # 120 s are too few
    provider.expires_in = None
    assert await tokens.access_token() == "access-4"
    assert await tokens.access_token() == "access-4"


async def test_many_who_need_one_at_once_ask_once(provider: TokenServer) -> None:
    tokens = Tokens("support", settings(provider), Safe())
    assert set(await asyncio.gather(*(tokens.access_token() for _ in range(20)))) == {"access-1"}
    assert len(provider.asked) == 1


async def test_a_refresh_token_that_is_replaced_is_kept_and_shared(provider: TokenServer) -> None:
    """Microsoft hands out a new one each time; the settings' own is spent after the first."""
    vault = Safe()
    assert await Tokens("support", settings(provider), vault).access_token() == "access-1"
    assert kept(vault)["refresh_token"] == "refresh-2"
    another_hub = Tokens("support", settings(provider), vault)
    assert await another_hub.access_token() == "access-1"
    assert await another_hub.access_token(refused="access-1") == "access-2"
    assert [form["refresh_token"] for form in provider.asked] == ["refresh-1", "refresh-2"]


async def test_a_refresh_token_that_stays_is_kept() -> None:
    async with token_server(rotate=False) as provider:
        vault = Safe()
        tokens = Tokens("support", settings(provider), vault)
        await tokens.access_token()
        await tokens.access_token(refused="access-1")
        assert kept(vault)["refresh_token"] == "refresh-1"


async def test_another_hubs_newer_grant_is_found_when_ours_is_spent(provider: TokenServer) -> None:
    """Both read the old one; one was quicker."""

    class Raced(Safe):
        reads = 0

        async def read(self, key: str) -> bytes | None:
            self.reads += 1
            if self.reads == 1:
                return orjson.dumps({"refresh_token": "refresh-0"})
            return orjson.dumps({"refresh_token": "refresh-1"})

    assert await Tokens("support", settings(provider), Raced()).access_token() == "access-1"


@pytest.mark.parametrize("code", ["invalid_grant", "invalid_client", "unauthorized_client"])
async def test_an_ended_grant_is_told_and_nobody_hammers(provider: TokenServer, code: str) -> None:
    """F38: asked once, by however many hubs and attempts, until a person grants access again."""
    vault = Safe()
    provider.errors = [(400, code)]
    for _ in range(3):
        for tokens in (
            Tokens("support", settings(provider), vault),
            Tokens("support", settings(provider), vault),
        ):
            with pytest.raises(Misconfigured, match="contact-hub mail authorise support"):
                await tokens.access_token()
    assert len(provider.asked) == 1
    await keep_tokens(vault, {"access_token": "granted", "refresh_token": "refresh-1", "expires_in": 3600})
    assert await Tokens("support", settings(provider), vault).access_token() == "granted"


async def test_an_ended_grant_is_tried_again_with_another_client_secret(provider: TokenServer) -> None:
    """An expired client secret looks the same as an ended grant; it is mended in the settings."""
    vault = Safe()
    provider.secret = "new"
    with pytest.raises(Misconfigured):
        await Tokens("support", settings(provider, oauth_client_secret="old"), vault).access_token()
    assert (
        await Tokens("support", settings(provider, oauth_client_secret="new"), vault).access_token()
        == "access-1"
    )


@pytest.mark.parametrize("answer", [(503, "temporarily_unavailable"), (429, "slow_down"), (500, "")])
async def test_a_token_server_in_trouble_is_asked_again_later(
    provider: TokenServer, answer: tuple[int, str]
) -> None:
    tokens = Tokens("support", settings(provider), Safe())
    provider.errors = [answer]
    with pytest.raises(Unavailable):
        await tokens.access_token()
    assert await tokens.access_token() == "access-1"


async def test_a_token_server_that_is_away_is_not_a_persons_business() -> None:
    given = EmailSettings.model_validate(
        {
            "address": SUPPORT, "imap_host": "h", "smtp_host": "h", "auth": "oauth2", "oauth_client_id": "hub-1",
            "oauth_token_url": "http://127.0.0.1:1/token", "oauth_refresh_token": "refresh-1",
        }
    )  # fmt: skip
    with pytest.raises(Unavailable, match="cannot be reached"):
        await Tokens("support", given, Safe()).access_token()


async def test_the_relay_is_shown_a_token_too_and_a_fresh_one_where_it_refuses(provider: TokenServer) -> None:
    vault = Safe()
    await keep_tokens(vault, {"access_token": "stale", "refresh_token": "refresh-1", "expires_in": 3600})
    relay = TokenRelay(provider.tokens)
    async with serving(relay.talk) as port:
        given = settings(provider, smtp_port=port, smtp_security="none")
        await check_login(given, Tokens("support", given, vault))
    assert [said.split("Bearer ")[1].rstrip("\x01") for said in relay.sasl] == ["stale", "access-1"]
    relay = TokenRelay({})
    async with serving(relay.talk) as port:
        given = settings(provider, smtp_port=port, smtp_security="none", smtp_user="shared@shop.example")
        with pytest.raises(Misconfigured, match="refused the access token"):
            await check_login(given, Tokens("support", given, vault))
    assert all(said.startswith("user=shared@shop.example\x01") for said in relay.sasl)
    assert len(relay.sasl) == 2


async def test_without_a_grant_the_way_to_get_one_is_told(provider: TokenServer) -> None:
    with pytest.raises(Misconfigured, match="contact-hub mail authorise support"):
        await Tokens("support", settings(provider, oauth_refresh_token=""), Safe()).access_token()
    assert provider.asked == []


async def test_the_error_of_a_token_server_says_no_secret(provider: TokenServer) -> None:
    provider.errors = [(400, "invalid_grant")]
    given = settings(provider, oauth_client_secret="hush-hush")
    with pytest.raises(ChannelFailure) as failure:
        await Tokens("support", given, Safe()).access_token()
    assert "hush-hush" not in str(failure.value)
    assert "refresh-1" not in str(failure.value)


def test_what_is_said_to_a_server_is_what_google_documents() -> None:
    assert xoauth2("someuser@example.com", "ya29.vF9dft4qmTc2Nvb3RlckBhdHRhdmlzdGEuY29tCg") == (
        b"user=someuser@example.com\x01auth=Bearer ya29.vF9dft4qmTc2Nvb3RlckBhdHRhdmlzdGEuY29tCg\x01\x01"
    )


def test_known_providers_have_their_addresses() -> None:
    table = {
        "address": "a@b.example",
        "imap_host": "h",
        "smtp_host": "h",
        "auth": "oauth2",
        "oauth_client_id": "x",
    }
    microsoft = endpoints(
        EmailSettings.model_validate({**table, "oauth_provider": "microsoft", "oauth_tenant": "shop.example"})
    )
    assert microsoft.token == "https://login.microsoftonline.com/shop.example/oauth2/v2.0/token"
    assert "offline_access" in microsoft.scope
    google = endpoints(EmailSettings.model_validate({**table, "oauth_provider": "google"}))
    assert (google.scope, google.device) == ("https://mail.google.com/", "")


async def test_a_person_types_a_code(provider: TokenServer) -> None:
    shown: list[tuple[str, str]] = []
    provider.errors = [(400, "authorization_pending"), (400, "authorization_pending")]
    given = settings(provider, oauth_device_url=f"{provider.base}/device")
    answer = await by_device(given, lambda address, code: shown.append((address, code)))
    assert shown == [("https://provider.example/device", "ABCD-1234")]
    assert (answer["access_token"], answer["refresh_token"]) == ("access-1", "refresh-1")
    assert provider.asked[0] == {"client_id": "hub-1", "scope": "mail"}


async def test_a_person_declines(provider: TokenServer) -> None:
    provider.errors = [(400, "access_denied")]
    given = settings(provider, oauth_device_url=f"{provider.base}/device")
    with pytest.raises(Misconfigured, match="did not grant access"):
        await by_device(given, lambda _address, _code: None)


async def test_a_browser_comes_back(provider: TokenServer) -> None:
    given = settings(provider, oauth_authorise_url="https://provider.example/authorise")
    async with browser_visit(given) as visit:
        assert await provider.person_agrees(visit.address) == 200
        answer = await visit.answer()
    assert answer["refresh_token"] == "refresh-1"


async def test_a_pasted_address_does_as_well_and_a_strangers_does_not(provider: TokenServer) -> None:
    given = settings(provider, oauth_authorise_url="https://provider.example/authorise")
    async with browser_visit(given) as visit, browser_visit(given) as another:
        assert await provider.person_agrees(visit.address.replace("state=", "state=x")) == 400
        state = another.address.partition("state=")[2].partition("&")[0]
        assert not visit.paste(f"http://127.0.0.1:1/?code=evil&state={state}")
        assert not visit.paste("rubbish")
        state = visit.address.partition("state=")[2].partition("&")[0]
        provider.challenge = visit.address.partition("code_challenge=")[2].partition("&")[0]
        assert visit.paste(f" http://127.0.0.1:1/?code=good&state={state}\n")
        assert (await visit.answer())["access_token"] == "access-1"


async def test_a_browser_comes_back_without_a_grant(provider: TokenServer) -> None:
    given = settings(provider, oauth_authorise_url="https://provider.example/authorise")
    async with browser_visit(given) as visit:
        assert await provider.person_agrees(visit.address, error="access_denied") == 200
        with pytest.raises(Misconfigured, match="access_denied"):
            await visit.answer()
