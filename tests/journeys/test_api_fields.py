"""Fields of the company's own over the JSON API; every answer is checked against the document."""

from collections.abc import AsyncIterator
from dataclasses import replace

import pytest

from hub.actions.context import Context
from hub.actions.installation import set_up
from hub.actions.own_fields import add_field
from hub.model.people import HUB, Scope
from hub.settings import Settings
from tests.journeys.test_api import Api, serving


@pytest.fixture
async def api(ctx: Context) -> AsyncIterator[Api]:
    here = replace(ctx, settings=Settings(channels={"shop": {"kind": "api"}}), memo={})
    await set_up(here)
    async with serving(here) as api:
        yield api


async def test_programs_read_and_write_them(api: Api) -> None:
    for about, kind, label, choices in (
        ("ticket", "number", "Price", ""),
        ("ticket", "choice", "Warranty", "In = 保修期内\nOver = 已过保"),
        ("customer", "yes_no", "Insured", ""),
    ):
        await add_field(
            api.ctx, about=about, kind=kind, label_en=label, label_zh="", choices=choices, actor=HUB
        )
    bob = {"name": "Bob", "identities": [{"kind": "email", "value": "bob@example.com"}]}
    made = await api.call("POST", "/interactions", {"sender": bob, "text": "Hello"}, scope=Scope.INGEST)
    number = made.json["ticket"]
    listed = await api.call("GET", "/fields")
    assert [(one["about"], one["name"]) for one in listed.json["items"]] == [
        ("customer", "insured"), ("ticket", "price"), ("ticket", "warranty"),
    ]  # fmt: skip
    assert listed.json["items"][2]["choices"][0] == {"value": "in", "label_en": "In", "label_zh": "保修期内"}

    path = f"/tickets/{number}/fields"
    body = {"values": {"price": 12.5, "warranty": "in"}}
    said = await api.call("POST", path, body, scope=Scope.WRITE)
    assert said.status == 200 and said.json == body
    assert (await api.call("GET", path)).json == body
    said = await api.call("POST", path, {"values": {"price": None}}, scope=Scope.WRITE)
    assert said.json == {"values": {"warranty": "in"}}
    for wrong in ({"price": "much"}, {"warranty": "gone"}, {"colour": "red"}):
        refused = await api.call("POST", path, {"values": wrong}, scope=Scope.WRITE)
        assert refused.status == 422, refused.json
    assert (await api.call("GET", "/tickets/T-10028/fields")).status == 404

    (known,) = (await api.call("GET", "/customers")).json["items"]
    customer = f"/customers/{known['code']}/fields"
    said = await api.call("POST", customer, {"values": {"insured": True}}, scope=Scope.WRITE)
    assert said.json == {"values": {"insured": True}} == (await api.call("GET", customer)).json
