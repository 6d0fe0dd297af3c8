"""The rules over the JSON API: read, replaced, compared, gone back to."""

from dataclasses import replace
from typing import Any

from hub.actions.context import Context
from hub.actions.installation import set_up
from hub.model.people import Scope
from hub.settings import Settings
from routing.rules import load_rules
from tests.fakes.desk import CHANNELS, customer_writes
from tests.journeys.test_api import Api, Reply, serving


async def put(api: Api, document: dict[str, Any], base_version: int, note: str = "") -> Reply:
    body = {"document": document, "base_version": base_version, "note": note}
    return await api.call("PUT", "/rules", body, scope=Scope.ADMIN)


async def test_rules_are_read_replaced_and_restored(ctx: Context) -> None:
    async with serving(ctx) as api:
        first = (await api.call("GET", "/rules", scope=Scope.READ)).json
        assert first["version"] == 1
        assert load_rules(first["document"]) == ctx.rules
        changed = {**first["document"], "default_queue": "service"}
        made = await put(api, changed, 1, "for a program")
        assert (made.status, made.json) == (200, {"version": 2})
        assert ctx.rules.default_queue == "service"
        assert (await put(api, changed, 2)).json == {"version": 2}

        late = await put(api, first["document"], 1)
        assert (late.status, late.json["code"], late.json["current_seq"]) == (409, "changed_meanwhile", 2)

        two = (await api.call("GET", "/rules/versions/2", scope=Scope.READ)).json
        assert two["about"]["note"] == "for a program"
        assert two["changes"] == [
            {
                "what": "changed", "section": "default_queue", "name": "", "key": "", "before": "enquiries",
                "after": "service",
            }
        ]  # fmt: skip
        assert (await api.call("GET", "/rules/versions/1", scope=Scope.READ)).json["changes"] == []
        path = "/rules/versions/1/restore"
        back = await api.call("POST", path, {"base_version": 2}, scope=Scope.ADMIN)
        assert (back.status, back.json) == (201, {"version": 3})
        listed = (await api.call("GET", "/rules/versions?limit=2", scope=Scope.READ)).json["items"]
        assert [(one["version"], one["origin"], one["restores"]) for one in listed] == [
            (3, "restored", 1),
            (2, "desk", None),
        ]


async def test_each_wrong_key_is_named(ctx: Context) -> None:
    async with serving(ctx) as api:
        document = (await api.call("GET", "/rules", scope=Scope.READ)).json["document"]
        document["queue"][0]["priority"] = "huge"
        document["color"] = "red"
        refused = await put(api, document, 1)
        assert (refused.status, refused.json["code"]) == (422, "invalid")
        assert {one["field"] for one in refused.json["errors"]} == {
            "document.queue.0.priority",
            "document.color",
        }
        assert ctx.rulebook.version == 1


async def test_a_queue_with_work_cannot_go(ctx: Context) -> None:
    here = replace(ctx, settings=Settings(channels=CHANNELS))
    await set_up(here)
    async with serving(here) as api:
        await customer_writes(here, "I want to complain, this is outrageous!")
        document = (await api.call("GET", "/rules", scope=Scope.READ)).json["document"]
        document["queue"] = [one for one in document["queue"] if one["name"] != "complaints"]
        document["rule"] = [one for one in document["rule"] if one["then"].get("queue") != "complaints"]
        refused = await put(api, document, 1)
        assert (refused.status, refused.json["code"]) == (409, "queue_in_use")


async def test_versions_that_are_none(ctx: Context) -> None:
    async with serving(ctx) as api:
        for version in ("9", "x", "9999999999"):
            assert (await api.call("GET", f"/rules/versions/{version}", scope=Scope.READ)).status == 404
        path = "/rules/versions/9/restore"
        assert (await api.call("POST", path, {"base_version": 1}, scope=Scope.ADMIN)).status == 404
