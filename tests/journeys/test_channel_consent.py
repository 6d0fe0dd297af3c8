"""A mailbox is let in from the desk: to the provider's page and back, with a token server over a real socket."""

from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

import orjson
import pytest

from hub.actions.channel_vault import ChannelVault
from hub.actions.channels import consent
from hub.actions.context import Context
from hub.actions.people.staff import add_agent
from hub.model.people import Role
from storage import audit, channels
from tests.fakes.desk import PASSWORD, Answer, Desk, serving_desk, words_of
from tests.fakes.token_server import TokenServer, token_server

PUBLIC = "http://desk.example"
HTMX = {"HX-Request": "true"}


async def _add_mailbox(desk: Desk, provider: TokenServer, **more: Any) -> None:
    """Switched off, as it has to be until somebody has let it in."""
    form = {
        "name": "support", "preset": "", "address": "support@shop.example", "imap_host": "127.0.0.1",
        "imap_port": "9", "imap_security": "none", "smtp_host": "127.0.0.1", "smtp_port": "9", "smtp_security": "none",
        "oauth_provider": "custom", "oauth_authorise_url": "https://provider.example/authorise?tenant=1",
        "after_reading": "seen", "later": "1", **provider.settings(), **more,
    }  # fmt: skip
    answer = await desk.post("/desk/channels/new/email", form)
    assert answer.status == 303, words_of(answer.text)


async def _set_out(desk: Desk, provider: TokenServer) -> dict[str, str]:
    answer = await desk.post("/desk/channels/support/consent", **HTMX)
    assert answer.status == 204, words_of(answer.text)
    address = answer.headers["HX-Redirect"]
    assert address.startswith("https://provider.example/authorise?tenant=1&")
    asked = {key: values[0] for key, values in parse_qs(urlsplit(address).query).items()}
    provider.challenge = asked["code_challenge"]
    return asked


async def _come_back(desk: Desk, **said: str) -> Answer:
    return await desk.get(f"/desk/consent?{urlencode(said)}")


@pytest.mark.parametrize("locale", ["en", "zh_CN"])
async def test_a_mailbox_is_let_in_by_whoever_asked_and_by_nobody_else(ctx: Context, locale: str) -> None:
    own = {"web": {"public_url": PUBLIC}, "desk_channels": {"allow_private": True}}
    async with token_server() as provider, serving_desk(ctx, **own) as desk:
        await add_agent(desk.ctx, login="root", name="Rui", password=PASSWORD, role=Role.ADMIN, locale=locale)
        await desk.log_in("root")
        await _add_mailbox(desk, provider)
        page = words_of((await desk.get("/desk/channels")).text)
        assert f"{PUBLIC}/desk/consent" in page
        assert ("Grant access at the provider" if locale == "en" else "前往服务商授权") in page

        # What was not asked for here, or by no one, is not taken; and nothing was asked of the provider.
        foreign = "not asked for in this browser" if locale == "en" else "不是由您在当前浏览器中发起"
        asked = await _set_out(desk, provider)
        for said in ({}, {"code": "good"}, {"code": "good", "state": asked["state"][::-1]}):
            answer = await _come_back(desk, **said)
            assert answer.status == 409 and foreign in answer.text, said
            await _set_out(desk, provider)
        answer = await _come_back(desk, code="good", state=asked["state"])  # of an earlier attempt
        assert answer.status == 409 and provider.asked == []

        asked = await _set_out(desk, provider)
        assert asked["redirect_uri"] == f"{PUBLIC}/desk/consent" and asked["code_challenge_method"] == "S256"
        answer = await _come_back(desk, error="access_denied", state=asked["state"])
        assert answer.status == 409 and "access_denied" in answer.text

        asked = await _set_out(desk, provider)
        answer = await _come_back(desk, code="good", state=asked["state"])
        assert answer.url.path == "/desk/channels" and answer.url.query["granted"] == "support"
        assert ("Switch the channel on now" if locale == "en" else "现在可以启用") in words_of(answer.text)
        kept = orjson.loads(await ChannelVault(desk.ctx, "support").read("oauth2") or b"")
        assert kept["refresh_token"] == "refresh-1"
        assert provider.asked[-1]["redirect_uri"] == f"{PUBLIC}/desk/consent"
        (row,) = await desk.ctx.database.read(channels.desk_channels)
        assert (row.version, row.enabled, "refresh-1" in str(row.settings)) == (2, False, False)
        trail = await desk.ctx.database.read(audit.list_rows)
        assert trail[0].details == {"secrets_renewed": True} and trail[0].subject == "support"
        # The same way back once more is over.
        assert (await _come_back(desk, code="good", state=asked["state"])).status == 409


async def test_what_cannot_be_let_in_says_why(ctx: Context, monkeypatch: pytest.MonkeyPatch) -> None:
    """No public address; a way that took too long; a place that is not on the public internet; somebody who may not."""
    async with token_server() as provider, serving_desk(ctx, web={"public_url": ""}) as desk:
        await add_agent(desk.ctx, login="root", name="Rui", password=PASSWORD, role=Role.ADMIN)
        await desk.log_in("root")
        await _add_mailbox(desk, provider)
        answer = await desk.post("/desk/channels/support/consent", **HTMX)
        assert answer.status == 200 and "web.public_url is not set" in words_of(answer.text)

        desk.ctx.settings.web.public_url = PUBLIC
        asked = await _set_out(desk, provider)
        answer = await _come_back(desk, code="good", state=asked["state"])
        assert answer.status == 409 and "no address of the public internet" in answer.text
        assert provider.asked == []

        asked = await _set_out(desk, provider)
        monkeypatch.setattr(consent, "WITHIN_SECONDS", -1)
        answer = await _come_back(desk, code="good", state=asked["state"])
        assert answer.status == 409 and "quarter of an hour" in answer.text

        asked = await _set_out(desk, provider)
        await desk.log_in("ann")
        assert (await desk.post("/desk/channels/support/consent", **HTMX)).status == 403
        assert (await _come_back(desk, code="good", state=asked["state"])).status == 403
