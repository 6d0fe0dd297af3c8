"""A channel of the desk is tried on the public internet alone, on the address that is really connected to, whichever library
connects; where the settings allow it, in the company's own network too."""

import socket
from collections.abc import AsyncIterator
from dataclasses import replace
from typing import Any

import pytest

from channels.adapter import ChannelFailure, Misconfigured
from channels.email.accounts.oauth import Tokens
from channels.email.mailbox.hearing import Hearing
from channels.email.sending.hand_over import check_login
from hub.actions.channels.change_channels import add_channel
from hub.actions.channels.check_channel import check_channel, check_settings
from hub.actions.channels.reach import Bounds, within
from hub.actions.channels.trial_ports import trial_ports
from hub.actions.context import Context
from hub.sandbox.mail_world import SUPPORT, SUPPORT_PASSWORD, MailWorld
from hub.sandbox.telegram_world import TelegramWorld
from hub.settings import DeskChannels
from tests.fakes.scene import SYSTEM, a_hub, one

Said = dict[str, Any]


@pytest.fixture
async def ctx(database_dsn: str) -> AsyncIterator[Context]:
    async with a_hub(database_dsn, {"form": {"kind": "webform"}}) as hub:
        yield hub


def _allowing(ctx: Context) -> Context:
    here = DeskChannels(allow_private=True)
    return replace(ctx, settings=ctx.settings.model_copy(update={"desk_channels": here}))


def _mail(world: MailWorld, host: str = "127.0.0.1") -> Said:
    return {
        "address": SUPPORT, "imap_host": host, "imap_port": world.imap_port, "imap_security": "none",
        "imap_password": SUPPORT_PASSWORD, "smtp_host": host, "smtp_port": world.smtp_port, "smtp_security": "none",
        "smtp_user": SUPPORT, "smtp_password": SUPPORT_PASSWORD, "authserv_id": "mx.shop.example", "timeout_seconds": 5,
    }  # fmt: skip


def _bot(world: TelegramWorld) -> Said:
    return {"token": world.token, "base_url": world.base_url, "base_file_url": world.base_file_url}


async def _try(ctx: Context, kind: str, said: Said) -> str:
    known = ctx.kinds[kind]
    return await check_settings(ctx, "tried", known, known.settings.model_validate(said))


async def test_an_inbox_and_a_bot_in_the_own_network_are_refused_unless_that_is_allowed(ctx: Context) -> None:
    async with MailWorld() as mail, TelegramWorld() as telegram:
        for kind, said in (
            ("email", _mail(mail)),
            ("email", _mail(mail, "localhost")),
            ("telegram", _bot(telegram)),
        ):
            with pytest.raises(Misconfigured, match="no address of the public internet"):
                await _try(ctx, kind, said)
            await _try(_allowing(ctx), kind, said)
        with pytest.raises(Misconfigured):
            await add_channel(
                ctx, name="inside", kind="email", settings=_mail(mail), secrets={}, actor=SYSTEM
            )
        assert await one(ctx, "SELECT count(*) FROM channel_config") == 0


async def test_a_name_that_leads_elsewhere_by_now_is_refused_at_the_connection(
    ctx: Context, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As with a name server that answers one thing when it is asked and another when it counts."""
    real = socket.getaddrinfo

    def lead_home(host: Any, *arguments: Any, **more: Any) -> Any:
        return real("127.0.0.1" if host == "mail.attacker.example" else host, *arguments, **more)

    monkeypatch.setattr(socket, "getaddrinfo", lead_home)
    async with MailWorld() as mail:
        said = _mail(mail, "mail.attacker.example")
        with pytest.raises(Misconfigured, match=r"127\.0\.0\.1"):
            await _try(ctx, "email", said)
        assert await _try(_allowing(ctx), "email", said) == SUPPORT


async def test_mailbox_and_relay_are_held_to_it_each_by_itself(ctx: Context) -> None:
    """The mailbox is spoken to by a thread."""
    async with MailWorld() as mail:
        settings: Any = ctx.kinds["email"].settings.model_validate(_mail(mail))
        ports = trial_ports(None, secret=ctx.secret, public_url="")
        tokens = Tokens("tried", settings, ports.vault)
        for check in (
            Hearing(settings, ports, tokens).check,
            lambda: check_login(settings, tokens),
        ):
            bounds = Bounds(private=False)
            with within(bounds), pytest.raises((ChannelFailure, OSError)):
                await check()
            assert bounds.refused == "127.0.0.1"
            await check()


async def test_a_channel_of_the_file_may_be_anywhere(database_dsn: str) -> None:
    async with (
        MailWorld() as mail,
        a_hub(database_dsn, {"support": {"kind": "email", **_mail(mail)}}) as hub,
    ):
        assert await check_channel(hub, "support") == SUPPORT


@pytest.mark.parametrize(
    ("address", "public", "private"),
    [
        ("1.1.1.1", True, True), ("10.0.0.5", False, True), ("127.0.0.1", False, True), ("::1", False, True),
        ("169.254.169.254", False, False), ("fe80::1", False, False), ("::ffff:169.254.169.254", False, False),
        ("0.0.0.0", False, False), ("224.0.0.1", False, False),
    ],
)  # fmt: skip
def test_which_addresses_there_are(address: str, public: bool, private: bool) -> None:
    assert (Bounds(private=False).allow(address), Bounds(private=True).allow(address)) == (public, private)
