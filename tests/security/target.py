"""A hub to attack over HTTP: every table that the API shows has a row, there are keys that open all of it, and channels of
every kind are open."""

import asyncio
import re
from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from typing import Any

import pytest
from aiohttp import web

from hub.actions.cases.incidents import add_incident
from hub.actions.context import Context
from hub.actions.customers.organisations import add_organisation
from hub.actions.errands.tasks import new_task
from hub.actions.note import add_note
from hub.actions.people.keys import create_api_key
from hub.actions.people.staff import add_agent
from hub.actions.search.index import index_some
from hub.model.codes import CUSTOMER, INCIDENT, TASK, TICKET, show_code
from hub.model.people import HUB, Actor, Role, Scope
from hub.web.api import keyring
from hub.web.app import make_app
from hub.web.doors import ChannelDoors
from hub.workers.channel import ChannelWorker
from storage.change_customers import OrganisationSaid
from tests.fakes.desk import CHANNELS, MAIL, PASSWORD, Desk, customer_writes, serving_desk
from tests.fakes.scene import one

ADMIN = Actor(name="Ada", role=Role.ADMIN)
FORM: dict[str, Any] = {
    "kind": "webform", "fill_in_seconds": 0, "proof": "never", "address_posts": 10_000, "busy_posts": 10_000,
}  # fmt: skip
CHAT: dict[str, Any] = {
    "kind": "webchat", "go_on_by": "support", "burst": 1000, "messages_per_minute": 6000, "address_opens": 1_000_000,
    "address_messages": 10_000_000,
}  # fmt: skip
"""What is too much of either is tried elsewhere; here each attack is to be heard."""
BOT: dict[str, Any] = {
    "kind": "telegram", "webhook": True, "token": "123456789:AAEtesttoken", "base_url": "http://127.0.0.1:9/bot",
    "base_file_url": "http://127.0.0.1:9/file/bot",
}  # fmt: skip
"""Nobody answers where it would ask."""
OF_EVERY_KIND: dict[str, dict[str, Any]] = {
    **CHANNELS, "support": MAIL, "mine": {"kind": "portal"}, "loop": {"kind": "loopback"}, "form": FORM, "other-form": FORM,
    "chat": CHAT, "other-chat": CHAT, "bot": BOT, "other-bot": {**BOT, "token": "987654321:AAEtesttoken"},
}  # fmt: skip
"""Two of each whose doors have a secret of their own, so that one's can be shown at the other's."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """`keys`: one of each scope. `names`: what the parameters of an address may be called, so that there is such a thing.
    `doors` and `workers`: of the channels."""

    desk: Desk
    keys: dict[Scope, str]
    names: dict[str, str]
    doors: ChannelDoors
    workers: Mapping[str, ChannelWorker]

    @property
    def url(self) -> str:
        return self.desk.url

    def bearer(self, scope: Scope = Scope.ADMIN) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.keys[scope]}"}

    def routes(self) -> list[web.AbstractRoute]:
        """Every address that the hub answers at, those of its channels among them; none of HEAD, which is as GET."""
        application = make_app(self.desk.ctx, self.doors, _ready)
        return [one for one in application.router.routes() if one.method not in ("HEAD", "*")]

    def filled(self, pattern: str, *, instead: str = "", at: str = "") -> str:
        """The pattern with things that there are in its places, and `instead` at one of them."""
        # A file of a chat is one of a line by its number; elsewhere a number is a ticket's.
        names = {**self.names, "number": "1", "line": "1"} if "{line}" in pattern else self.names
        code = names["customer" if "/customers/" in pattern else "number"]

        def fill(part: re.Match[str]) -> str:
            name = part[1]
            return instead if name == at else code if name == "code" else names.get(name, "1")

        return re.sub(r"{(\w+)[^}]*}", fill, pattern)


async def _ready() -> dict[str, str]:
    return {}


def path_of(route: web.AbstractRoute) -> str:
    """As the table has it, with names in braces for its parameters."""
    return route.resource.canonical if route.resource is not None else ""


@asynccontextmanager
async def a_target(ctx: Context) -> AsyncIterator[Target]:
    """A served hub over the context's database, with something of everything in it. Each wrong key is told that it is unknown
    (401); that there may be too many of them (429) is tried in tests/journeys/test_api.py."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(keyring, "MOST_UNKNOWN", 10**9)
        async with _a_target(ctx) as target:
            yield target


@asynccontextmanager
async def _a_target(ctx: Context) -> AsyncIterator[Target]:
    doors = ChannelDoors()
    async with (
        serving_desk(ctx, OF_EVERY_KIND, doors=doors, web={"visitor_requests": 100_000}) as desk,
        AsyncExitStack() as stack,
    ):
        assert {one["kind"] for one in OF_EVERY_KIND.values()} == set(desk.ctx.kinds), (
            "a kind without a channel here"
        )
        workers = {name: ChannelWorker(desk.ctx, name, asyncio.Event()) for name in OF_EVERY_KIND}
        for name, worker in workers.items():
            stack.push_async_callback(worker.close)
            doors.open(name, worker.routes())
        await add_agent(desk.ctx, login="ada", name="Ada", password=PASSWORD, role=Role.ADMIN)
        file = [{"filename": "a.txt", "content_type": "text/plain", "data_base64": "SGVsbG8="}]
        code = await customer_writes(desk.ctx, "Where is my parcel?", subject="Parcel", attachments=file)
        other = await customer_writes(desk.ctx, "Another matter", thread="zhao", name="Zhao")
        await add_note(desk.ctx, ticket_code=code, actor=HUB, text="For colleagues")
        task = await new_task(desk.ctx, title="Look", ticket_code=code, actor=HUB)
        incident = await add_incident(desk.ctx, title="Down", actor=HUB, ticket_codes=[code])
        await add_organisation(desk.ctx, said=OrganisationSaid(name="Shop Ltd"), actor=ADMIN)
        while await index_some(desk.ctx):
            pass
        keys = {scope: await create_api_key(desk.ctx, name=f"key-{scope}", scopes=[scope]) for scope in Scope}
        names = {
            "number": show_code(TICKET, code),
            "customer": show_code(
                CUSTOMER, await one(desk.ctx, "SELECT code FROM customer ORDER BY id LIMIT 1")
            ),
            "task": show_code(TASK, task),
            "other": show_code(TICKET, other),
            "incident": show_code(INCIDENT, incident),
            "token": await one(desk.ctx, "SELECT token FROM attachment"),
            "id": "1",
            "call": "1",
            "version": "1",
            "name": "enquiries",
            "channel": "shop",
            "language": "en",
            "place": "en",
            "address": "li@mail.example",
        }
        yield Target(desk=desk, keys=keys, names=names, doors=doors, workers=workers)
