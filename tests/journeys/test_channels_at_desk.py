"""Channels that are set up at the desk: two hubs follow without a restart, secrets stay sealed, a test message is watched."""

import re
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from functools import partial
from typing import Any

import pytest
from aiohttp import ClientSession, CookieJar

from hub.actions.context import Context
from hub.actions.people.staff import add_agent
from hub.model.people import Role
from hub.sandbox.mail_world import SUPPORT, SUPPORT_PASSWORD, MailWorld
from hub.settings import Settings
from hub.wiring import Hub, run_hub
from storage import channels as stored
from storage.database import Connection
from tests.conftest import SECRET
from tests.fakes.processes import until

PASSWORD = "correct horse battery"
FILE = {"contact": {"kind": "webform"}}


@dataclass(frozen=True, slots=True)
class Admin:
    """A browser of an administrator before one hub."""

    hub: Hub
    session: ClientSession

    async def post(self, path: str, data: dict[str, Any] | None = None, **headers: str) -> tuple[int, str]:
        async with self.session.post(
            self.hub.url + path,
            data=data or {},
            headers={"Origin": self.hub.url, **headers},
            allow_redirects=False,
        ) as answer:
            return answer.status, await answer.text()

    async def get(self, path: str) -> tuple[int, str]:
        async with self.session.get(self.hub.url + path) as answer:
            return answer.status, await answer.text()


@pytest.fixture
async def mail() -> AsyncIterator[MailWorld]:
    async with MailWorld() as world:
        yield world


@asynccontextmanager
async def hubs_at_work(ctx: Context, dsn: str, number: int) -> AsyncIterator[list[Admin]]:
    """Hubs over one database, each with an administrator who has logged in there."""
    await add_agent(
        ctx, login="root", name="Rui Root", password=PASSWORD, role=Role.ADMIN, languages=("en", "zh")
    )
    settings: dict[str, Any] = {
        "channels": FILE,
        "desk_channels": {"allow_private": True},
        "web": {"port": 0},
        "database": {"dsn": dsn},
        "secret_key": SECRET.decode(),
    }
    async with AsyncExitStack() as stack:
        admins = []
        for _ in range(number):
            hub = await stack.enter_async_context(run_hub(Settings(**settings), dsn, grace=8))
            session = await stack.enter_async_context(ClientSession(cookie_jar=CookieJar(unsafe=True)))
            admin = Admin(hub, session)
            status, text = await admin.post("/desk/login", {"login": "root", "password": PASSWORD})
            assert status == 303, text
            admins.append(admin)
        yield admins


def mail_form(mail: MailWorld, **more: str) -> dict[str, str]:
    return {
        "name": "support", "preset": "", "address": SUPPORT, "imap_password": SUPPORT_PASSWORD,
        "imap_host": "127.0.0.1", "imap_port": str(mail.imap_port), "imap_security": "none",
        "smtp_host": "127.0.0.1", "smtp_port": str(mail.smtp_port), "smtp_security": "none", "same_login": "1",
        "plus_addresses": "1", "quote_history": "1", "after_reading": "seen", "auth": "password", **more,
    }  # fmt: skip


async def version_of(ctx: Context, name: str) -> str:
    rows = await ctx.database.read(stored.desk_channels)
    return str(next(row.version for row in rows if row.name == name))


async def test_an_inbox_is_added_tried_watched_and_switched_off_while_two_hubs_run(
    ctx: Context, database_dsn: str, mail: MailWorld
) -> None:
    async with hubs_at_work(ctx, database_dsn, 2) as (one, other):
        # Wrong words first: nothing is kept, and the page says why.
        status, text = await one.post("/desk/channels/new/email", mail_form(mail, imap_password="wrong"))
        assert status == 409 and "the connection does not work" in text and "refused the login" in text
        status, text = await one.post("/desk/channels/new/email", mail_form(mail, address="no address"))
        assert status == 409 and "must be a plain address" in text
        status, text = await one.post("/desk/channels/new/email", mail_form(mail, name="contact"))
        assert status == 409 and "hub.toml has a channel of this name already" in text
        assert await ctx.database.read(stored.desk_channels) == []

        status, text = await one.post("/desk/channels/new/email", mail_form(mail))
        assert status == 303, text
        (row,) = await ctx.database.read(stored.desk_channels)
        assert SUPPORT_PASSWORD not in str(row.settings)
        assert SUPPORT_PASSWORD.encode() not in (row.secrets or b"")
        assert row.settings["smtp_user"] == SUPPORT and "quote_history" not in row.settings

        async def is_up() -> bool:
            return "state up" in (await other.get("/desk/fragments/channels/support"))[1]

        await until(is_up, seconds=30, what="is up")
        status, text = await other.post("/desk/channels/support/check")
        assert "Both logins work" in text and SUPPORT in text

        # The hub writes to itself and watches the letter arrive; either hub shows how far it is, which may be far at once.
        status, text = await other.post("/desk/channels/support/probe")
        assert status == 200 and re.search("sending…|on its way…|closed as a test", text)

        async def is_over() -> bool:
            return "closed as a test" in (await one.get("/desk/fragments/channels/support"))[1]

        await until(is_over, seconds=30, what="is over")
        text = (await one.get("/desk/fragments/channels/support"))[1]
        for step in (r"sent \d\d:\d\d:\d\d", r"arrived \d\d:\d\d:\d\d", r"ticket T-\d+", r"queue \w+"):
            assert re.search(step, text), step

        async def ticket(c: Connection) -> Any:
            return await c.fetchrow("SELECT status, tags, assignee_id FROM ticket")

        assert tuple(await ctx.database.read(ticket)) == ("closed", ["test"], None)
        assert mail.letters_to("anybody@customer.example") == []  # nobody was told of it

        # The form shows what is kept, but no secret.
        status, text = await one.get("/desk/channels/support")
        assert status == 200 and SUPPORT in text and SUPPORT_PASSWORD not in text and "One is kept" in text
        # A secret that is left empty stays; a colleague's change meanwhile is not trodden on.
        form = mail_form(
            mail, imap_password="", display_name="Shop", version=await version_of(ctx, "support")
        )
        assert (await one.post("/desk/channels/support", form))[0] == 303
        status, text = await one.post("/desk/channels/support", form)
        assert status == 409
        # A kept secret goes to no other server: who may change a channel may not read its password by that.
        away = {**form, "version": await version_of(ctx, "support"), "imap_host": "localhost"}
        status, text = await one.post("/desk/channels/support", away)
        assert status == 409 and "type the secrets again" in text
        await until(is_up, seconds=30, what="is up")

        version = await version_of(ctx, "support")
        switch = {"version": version, "enabled": "0"}
        assert "Switched off" in (await one.post("/desk/channels/support/switch", switch))[1]

        async def nobody_holds_it() -> bool:
            async def read(c: Connection) -> int:
                return int(await c.fetchval("SELECT count(*) FROM lease WHERE name = 'channel:support'"))

            return await ctx.database.read(read) == 0 and "support" not in other.hub.ctx.channels

        await until(nobody_holds_it, seconds=30, what="nobody holds it")
        version = await version_of(ctx, "support")
        assert (await one.post("/desk/channels/support/remove", {"version": version}))[0] == 303
        assert await ctx.database.read(stored.desk_channels) == []


async def test_a_form_opens_and_shuts_on_every_hub_and_the_file_s_own_stay(
    ctx: Context, database_dsn: str
) -> None:
    async with hubs_at_work(ctx, database_dsn, 2) as admins:
        one, other = admins
        assert (await one.post("/desk/channels/new/webform", {"name": "repairs", "title_en": "Repairs"}))[
            0
        ] == 303

        async def shows(admin: Admin, path: str, status: int, text: str) -> bool:
            answer = await admin.get(path)
            return answer[0] == status and text in answer[1]

        for admin in admins:
            await until(
                partial(shows, admin, "/forms/repairs", 200, "Repairs"), seconds=30, what="the hub follows"
            )
            assert (await admin.get("/forms/contact"))[0] == 200
        change = {"title_en": "Mending", "version": await version_of(ctx, "repairs")}
        assert (await other.post("/desk/channels/repairs", change))[0] == 303
        for admin in admins:
            await until(
                partial(shows, admin, "/forms/repairs", 200, "Mending"), seconds=30, what="the hub follows"
            )

        # Settings that no longer do, as after an upgrade: the form in which they are mended says so.
        async def spoil(c: Connection) -> None:
            await c.execute(
                """UPDATE channel_config SET settings = settings || '{"title_en": 7}', version = version + 1"""
            )

        await ctx.database.run(spoil)
        form = "/desk/channels/repairs"
        await until(partial(shows, one, form, 200, 'class="warning"'), seconds=30, what="the form says why")
        change["version"] = await version_of(ctx, "repairs")
        assert (await other.post(form, change))[0] == 303
        for admin in admins:
            await until(
                partial(shows, admin, "/forms/repairs", 200, "Mending"), seconds=30, what="it is mended"
            )
        assert 'class="warning"' not in (await one.get(form))[1]

        # Whoever looks on fills it in; what came is theirs to close.
        assert (await one.post("/desk/channels/repairs/probe"))[0] == 200
        card = "/desk/fragments/channels/repairs"
        await until(partial(shows, one, card, 200, "Open the form"), seconds=30, what="it is tried")
        async with one.session.post(
            one.hub.url + "/forms/repairs",
            json={
                "name": "Rui",
                "email": "rui@shop.example",
                "message": "A test: is this heard?",
                "kind": "enquiry",
            },
        ) as answer:
            assert answer.status in (200, 201), await answer.text()

        async def arrived() -> bool:
            return "It was my test: close it" in (await other.get("/desk/fragments/channels/repairs"))[1]

        await until(arrived, seconds=30, what="arrived")
        number = re.search(r"T-\d+", (await other.get("/desk/fragments/channels/repairs"))[1])
        assert number is not None
        text = (await other.post("/desk/channels/repairs/close-test", {"ticket": number.group()}))[1]
        assert "closed as a test" in text

        version = await version_of(ctx, "repairs")
        await one.post("/desk/channels/repairs/switch", {"version": version, "enabled": "0"})
        for admin in admins:
            await until(partial(shows, admin, "/forms/repairs", 404, ""), seconds=30, what="the hub follows")
            assert (await admin.get("/forms/contact"))[0] == 200
        # What stands in the file is read only.
        text = (await one.get("/desk/channels/contact"))[1]
        assert "hub.toml" in text and '<form id="channel-form"' not in text
        assert (await one.post("/desk/channels/contact", {"version": "1"}))[0] == 404
        # An address that a channel knows, asked for in a way that it does not.
        async with one.session.put(one.hub.url + "/forms/contact") as answer:
            assert answer.status == 405
