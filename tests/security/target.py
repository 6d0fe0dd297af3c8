"""A hub to attack over HTTP: every table that the API shows has a row, and there are keys that open all of it."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

import pytest

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
from storage.change_customers import OrganisationSaid
from tests.fakes.desk import CHANNELS, MAIL, PASSWORD, Desk, customer_writes, serving_desk
from tests.fakes.scene import one

ADMIN = Actor(name="Ada", role=Role.ADMIN)


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """`keys`: one of each scope. `names`: what the parameters of an address may be called, so that there is such a thing."""

    desk: Desk
    keys: dict[Scope, str]
    names: dict[str, str]

    @property
    def url(self) -> str:
        return self.desk.url

    def bearer(self, scope: Scope = Scope.ADMIN) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.keys[scope]}"}


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
    async with serving_desk(ctx, {**CHANNELS, "support": MAIL, "mine": {"kind": "portal"}}) as desk:
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
            "address": "li@mail.example",
        }
        yield Target(desk=desk, keys=keys, names=names)
