"""The installation's key is changed while hubs run: nothing stops opening on the way, out of order is refused, and in the end
the old key is not needed any more."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from channels.adapter import Misconfigured
from hub.actions.channel_vault import ChannelVault
from hub.actions.channels.change_channels import add_channel, desk_channel
from hub.actions.context import Context
from hub.actions.errands.webhooks import add_webhook, secret_for
from hub.actions.failures import LoginRefused
from hub.actions.installation import set_up
from hub.actions.people.sessions import agent_of_session
from hub.actions.reseal import BATCH, KeyReport, look_at_keys, reseal
from hub.actions.signin import second
from hub.actions.signin.passkeys import Site, ask_for_known, ask_for_new, keep_new
from hub.actions.vault import seal
from hub.model.keyring import Keyring
from hub.settings import WrongSetting
from tests.fakes.authenticator import Passkey
from tests.fakes.scene import SECRET, SYSTEM, a_hub, a_real_agent, one, rows
from tests.fakes.signin import BROWSER, code_of, holder, set_up_app, sign_in

OLD, NEW = SECRET, b"a newer key of thirty-two bytes, or more"
BEFORE, FIRST, SECOND, AFTER = Keyring(OLD), Keyring(OLD, [NEW]), Keyring(NEW, [OLD]), Keyring(NEW)
"""What a hub knows before the change, after its first and second step, and at the end."""
CHANNELS = {"plain": {"kind": "plain"}}
SITE = Site(name="help.shop.example", origin="https://help.shop.example")


@asynccontextmanager
async def hub_with(dsn: str, keys: Keyring, *, ready: bool = True) -> AsyncIterator[Context]:
    async with a_hub(dsn, CHANNELS, secret=keys, ready=ready) as ctx:
        yield ctx


async def refused(dsn: str, keys: Keyring) -> str:
    """Why a hub with these keys does not start."""
    async with hub_with(dsn, keys, ready=False) as ctx:
        with pytest.raises(WrongSetting) as why:
            await set_up(ctx)
    return str(why.value)


async def write(ctx: Context, mark: str) -> None:
    await ChannelVault(ctx, "plain").write(mark, f"grant {mark}".encode())


async def read(ctx: Context, *marks: str) -> None:
    """Each is what was written."""
    for mark in marks:
        assert await ChannelVault(ctx, "plain").read(mark) == f"grant {mark}".encode()


def under_another(report: KeyReport) -> dict[str, int]:
    return {shelf.name: shelf.other for shelf in report.shelves if shelf.other}


async def test_hub_after_hub_in_two_steps_and_everything_opens_everywhere(database_dsn: str) -> None:
    async with hub_with(database_dsn, BEFORE) as one_hub:
        await write(one_hub, "before")
        async with hub_with(database_dsn, FIRST) as other:
            await write(other, "first")
            await read(one_hub, "before", "first")
            await read(other, "before", "first")
    async with hub_with(database_dsn, FIRST) as one_hub, hub_with(database_dsn, SECOND) as other:
        await write(one_hub, "by the old one")
        await write(other, "by the new one")
        for hub in (one_hub, other):
            await read(hub, "before", "first", "by the old one", "by the new one")
        async with hub_with(database_dsn, FIRST):
            pass  # a hub of the first step may still be started
    async with hub_with(database_dsn, SECOND) as hub:
        await reseal(hub, SYSTEM)
    async with hub_with(database_dsn, AFTER) as hub:
        await read(hub, "before", "first", "by the old one", "by the new one")


async def test_out_of_order_is_refused_with_words_and_changes_nothing(database_dsn: str) -> None:
    async with hub_with(database_dsn, BEFORE) as hub:
        await write(hub, "before")
        assert "with which this database was begun" in await refused(database_dsn, AFTER)
        async with hub_with(database_dsn, SECOND) as newer:
            await write(newer, "new")
        # The first step was left out: a hub that runs says so where it meets the new key, and is told so when it starts.
        with pytest.raises(Misconfigured, match="another key"):
            await read(hub, "new")
        assert "other_secret_keys" in await refused(database_dsn, BEFORE)
        assert "keys reseal" in await refused(database_dsn, AFTER)
        before = await rows(hub, "SELECT * FROM installation ORDER BY key")
        with pytest.raises(WrongSetting):
            await reseal(hub, SYSTEM)
        assert await rows(hub, "SELECT * FROM installation ORDER BY key") == before
    async with hub_with(database_dsn, FIRST) as hub:
        await read(hub, "before", "new")  # nothing was lost by it
    async with hub_with(database_dsn, SECOND) as hub:
        await reseal(hub, SYSTEM)
        found = await rows(hub, "SELECT value FROM installation")
        assert not any(key.decode() in str(found) or key.hex() in str(found) for key in (OLD, NEW))
    assert "with which this database was begun" in await refused(database_dsn, BEFORE)


async def test_everything_that_is_sealed_is_sealed_anew_once(database_dsn: str) -> None:
    async with hub_with(database_dsn, BEFORE) as hub:
        ann = await a_real_agent(hub, "ann")
        app, codes = await set_up_app(hub, ann)
        made, signs = await add_webhook(hub, name="erp", url="https://erp.example/", actor=SYSTEM)
        telegram = {"token": "1234:" + "a" * 35}
        await add_channel(
            hub, name="bot", kind="telegram", settings={}, secrets=telegram, actor=SYSTEM, enabled=False
        )
        many = 2 * BATCH + 1
        values = [seal(OLD, "plain", f"n{n}", b"x") for n in range(many)]
        await rows(
            hub,
            "INSERT INTO channel_secret (channel_id, key, sealed) SELECT c.id, 'n' || n - 1, v "
            "FROM channel c, unnest($1::bytea[]) WITH ORDINALITY AS g (v, n) WHERE c.name = 'plain'",
            values,
        )
    async with hub_with(database_dsn, SECOND) as hub:
        expected = {"channel_secrets": many, "channel_configs": 1, "webhooks": 1, "totps": 1}
        assert under_another(await look_at_keys(hub)) == expected
        marks = await rows(hub, "SELECT version, changed_at FROM channel_config")
        report = await reseal(hub, SYSTEM)
        assert under_another(report) == expected and report.code_agents == 1 and report.since is not None
        assert len(report.known) == 2 and report.in_use == (report.own,)
        assert await rows(hub, "SELECT version, changed_at FROM channel_config") == marks, (
            "no channel begins anew"
        )
        again = await reseal(hub, SYSTEM)
        assert under_another(again) == {} and again.since == report.since
        (told,) = await rows(hub, "SELECT details FROM audit WHERE kind = 'secrets_resealed'")
        assert str(many + 3) in str(told)
        # A recovery code lies only as a hash: it counts as long as the old key is known.
        token = await sign_in(hub)
        await second.finish_by_code(hub, token=token, code=codes[0], browser=BROWSER)
    async with hub_with(database_dsn, AFTER) as hub:
        sealed = await one(hub, "SELECT sealed FROM webhook")
        assert secret_for(hub, made, sealed) == signs
        assert (await desk_channel(hub, "bot")).secrets == telegram
        assert under_another(await look_at_keys(hub)) == {}
        step = await sign_in(hub)
        with pytest.raises(LoginRefused):
            await second.finish_by_code(hub, token=step, code=codes[1], browser=BROWSER)
        entered = await second.finish_by_code(hub, token=step, code=code_of(app, steps=1), browser=BROWSER)
        assert await agent_of_session(hub, entered.token) is not None


async def test_a_channel_that_renews_its_grant_meanwhile_keeps_the_newer_one(database_dsn: str) -> None:
    async with hub_with(database_dsn, BEFORE) as hub:
        vault = ChannelVault(hub, "plain")
        await vault.write("oauth2", b"0")
    async with hub_with(database_dsn, FIRST) as slow, hub_with(database_dsn, SECOND) as quick:

        async def renew() -> None:
            for number in range(1, 30):
                await ChannelVault(slow, "plain").write("oauth2", str(number).encode())

        async def seal_anew() -> None:
            for _ in range(8):
                await reseal(quick, SYSTEM)

        await asyncio.gather(renew(), seal_anew())
        assert await ChannelVault(quick, "plain").read("oauth2") == b"29"
        # The slow one went on with the old key: that is seen, and done once more.
        assert under_another(await reseal(quick, SYSTEM)) in ({}, {"channel_secrets": 1})
        assert under_another(await look_at_keys(quick)) == {}
        assert await ChannelVault(slow, "plain").read("oauth2") == b"29"


async def test_what_no_key_opens_is_told_and_left(database_dsn: str) -> None:
    async with hub_with(database_dsn, SECOND) as hub:
        await write(hub, "fine")
        strange = seal(b"a key that is nowhere any more ....", "plain", "lost", b"x")
        await rows(
            hub,
            "INSERT INTO channel_secret (channel_id, key, sealed) SELECT id, 'lost', $1 FROM channel WHERE name = 'plain'",
            strange,
        )
        report = await reseal(hub, SYSTEM)
        assert [shelf.lost for shelf in report.shelves if shelf.lost] == [("plain",)]
        assert await one(hub, "SELECT sealed FROM channel_secret WHERE key = 'lost'") == strange
        await read(hub, "fine")


async def test_a_passkey_outlives_the_key_by_which_its_owner_was_named(database_dsn: str) -> None:
    async def sign_in_by(ctx: Context, key: Passkey) -> None:
        asked = await ask_for_known(ctx, SITE, purpose="passkey alone")
        entered = await second.sign_in_by_passkey(
            ctx, site=SITE, ticket=asked.ticket, answer=key.get(asked.options), browser=BROWSER
        )
        assert await agent_of_session(ctx, entered.token) is not None

    async def make(ctx: Context, token: str) -> Passkey:
        key, me = Passkey(origin=SITE.origin, name=SITE.name), await holder(ctx, token)
        asked = await ask_for_new(ctx, me, SITE)
        await keep_new(ctx, me, SITE, ticket=asked.ticket, answer=key.create(asked.options), name="Phone")
        return key

    async with hub_with(database_dsn, BEFORE) as hub:
        await a_real_agent(hub, "ann")
        session = await sign_in(hub)
        earlier, first = await make(hub, session), await make(hub, session)
        # As releases kept it that knew one key only.
        await rows(hub, "UPDATE passkey SET user_handle = NULL WHERE id = (SELECT min(id) FROM passkey)")
    async with hub_with(database_dsn, SECOND) as hub:
        newer = await make(hub, session)
        for key in (earlier, first, newer):
            await sign_in_by(hub, key)
        await reseal(hub, SYSTEM)
    async with hub_with(database_dsn, AFTER) as hub:
        for key in (earlier, first, newer):
            await sign_in_by(hub, key)
