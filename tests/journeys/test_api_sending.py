"""The API over HTTP: answers with copies and inboxes, taken back and sent again; answers kept ready."""

import dataclasses
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from babel.dates import format_date

from hub.actions.context import Context
from hub.actions.macros.keep import MacroDraft, add_macro
from hub.actions.people.staff import add_agent
from hub.model.people import HUB, Scope
from hub.settings import Settings
from tests.fakes.scene import MAIL, one, write
from tests.journeys.test_api import ANSWERING, Api, serving

LI = "li@example.cn"


@pytest.fixture
async def api(ctx: Context) -> AsyncIterator[Api]:
    sales = {**MAIL, "address": "sales@shop.example"}
    kinds = {**ctx.kinds, "email": dataclasses.replace(ctx.kinds["email"], heavy=False)}
    channels = {"api": ANSWERING, "support": MAIL, "sales": sales}
    async with serving(
        dataclasses.replace(ctx, settings=Settings(channels=channels), kinds=kinds, memo={})
    ) as made:
        yield made


async def _number(api: Api) -> str:
    return (await write(api.ctx, f"Li <{LI}>")).ticket_code


async def test_an_answer_is_copied_leaves_by_another_inbox_and_is_taken_back(api: Api) -> None:
    number = await _number(api)
    body = {
        "text": "Yes.", "cc": [{"address": "Wang@example.cn", "name": "王"}], "bcc": [{"address": "zhao@example.cn"}],
        "inbox": "sales",
    }  # fmt: skip
    queued = await api.call("POST", f"/tickets/{number}/replies", body, scope=Scope.WRITE)
    assert queued.status == 201
    path = f"/replies/{queued.json['interaction_id']}"
    gone = await api.call("POST", f"{path}/cancel", scope=Scope.WRITE)
    assert (gone.status, gone.json) == (200, {
        "text": "Yes.", "cc": [{"address": "wang@example.cn", "name": "王"}],
        "bcc": [{"address": "zhao@example.cn", "name": ""}], "inbox": "sales",
    })  # fmt: skip
    assert (await api.call("GET", f"/tickets/{number}")).json["status"] == "open"
    once_more = await api.call("POST", f"{path}/cancel", scope=Scope.WRITE)
    assert (once_more.status, once_more.json) == (200, gone.json)
    late = await api.call("POST", f"{path}/again", scope=Scope.WRITE)
    assert (late.status, late.json["code"]) == (409, "left_already")
    for unknown in ("4711", "x", "9" * 30):
        assert (await api.call("POST", f"/replies/{unknown}/cancel", scope=Scope.WRITE)).status == 404


async def test_a_failed_answer_is_sent_once_more(api: Api) -> None:
    queued = await api.call("POST", f"/tickets/{await _number(api)}/replies", {"text": "Yes."})
    await api.ctx.database.run(lambda c: c.execute("UPDATE outbox SET state = 'failed'"))
    again = await api.call("POST", f"/replies/{queued.json['interaction_id']}/again", scope=Scope.WRITE)
    assert again.status == 204
    assert await one(api.ctx, "SELECT state FROM outbox") == "queued"


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        ({"cc": [{"address": "nobody"}]}, "cc, bcc"), ({"bcc": [{"address": "a@b.example, c@d.example"}]}, "cc, bcc"),
        ({"inbox": "elsewhere"}, "inbox"), ({"inbox": "api"}, "inbox"),
    ],
)  # fmt: skip
async def test_what_is_wrong_with_an_answer_is_told_by_its_field(
    api: Api, wrong: dict[str, Any], field: str
) -> None:
    reply = await api.call("POST", f"/tickets/{await _number(api)}/replies", {"text": "Yes.", **wrong})
    assert (reply.status, reply.json["errors"][0]["field"]) == (422, field)
    assert await one(api.ctx, "SELECT count(*) FROM outbox") == 0


async def test_templates_are_written_changed_filled_in_and_put_away(api: Api) -> None:
    body = {
        "name": "Hello",
        "language": "en",
        "body": "Dear {{customer.name}}, {{agent.name}}: {{today | size}}",
    }
    headers = {"Idempotency-Key": "t-1"}
    made = await api.call("POST", "/templates", body, scope=Scope.WRITE, headers=headers)
    repeated = await api.call("POST", "/templates", body, scope=Scope.WRITE, headers=headers)
    assert (made.status, made.json) == (repeated.status, repeated.json)
    assert (await api.call("POST", "/templates", body)).json["code"] == "template_taken"
    path = f"/templates/{made.json['id']}"
    (listed,) = (await api.call("GET", "/templates?language=en", scope=Scope.READ)).json["items"]
    assert (listed["name"], listed["body"], listed["version"]) == ("Hello", body["body"], 1)
    assert (await api.call("GET", "/templates?language=zh_CN", scope=Scope.READ)).json["items"] == []
    ann = await add_agent(api.ctx, login="ann", name="Ann", password="correct horse battery")
    number = await _number(api)
    length = len(format_date(datetime.now(UTC).date(), "long", locale="en"))
    filled = await api.call("GET", f"{path}/text?ticket={number}&agent_id={ann}", scope=Scope.READ)
    assert filled.json == {"text": f"Dear Li, Ann: {length}"}
    nameless = await api.call("GET", f"{path}/text?ticket={number}", scope=Scope.READ)
    assert nameless.json == {"text": f"Dear Li, : {length}"}
    changed = await api.call("PUT", path, {**body, "body": "Hi", "version": 1}, scope=Scope.WRITE)
    assert (changed.status, changed.json) == (200, {"id": made.json["id"], "version": 2})
    lost = await api.call("PUT", path, {**body, "body": "Ho", "version": 1}, scope=Scope.WRITE)
    assert (lost.status, lost.json["code"]) == (409, "template_changed")
    assert (await api.call("DELETE", f"{path}?version=1", scope=Scope.WRITE)).status == 409
    assert (await api.call("DELETE", path, scope=Scope.WRITE)).status == 422
    assert (await api.call("DELETE", f"{path}?version=2", scope=Scope.WRITE)).status == 204
    assert (await api.call("DELETE", f"{path}?version=3", scope=Scope.WRITE)).status == 404
    assert (await api.call("GET", f"{path}/text?ticket={number}", scope=Scope.READ)).status == 404


@pytest.mark.parametrize(
    "wrong",
    [
        {"name": ""}, {"name": " "}, {"body": ""}, {"language": "fr"}, {"name": "x" * 101}, {"body": "x" * 20_001},
        {"more": 1}, {"name": "\u200e\u202e"}, {"body": "\x07"}, {"body": "{{7*7}}"}, {"shortcut": "two words"},
        {"queue": "nowhere"},
    ],
)  # fmt: skip
async def test_a_template_that_is_none_is_refused(api: Api, wrong: dict[str, Any]) -> None:
    body = {"name": "Hello", "language": "en", "body": "Hi", **wrong}
    assert (await api.call("POST", "/templates", body)).status == 422
    assert await one(api.ctx, "SELECT count(*) FROM template") == 0


@pytest.mark.parametrize(
    ("query", "status"),
    [("", 422), ("?ticket=x", 422), ("?ticket=T-10019", 404), ("?ticket=T-10019&agent_id=4711", 404)],
)
async def test_filling_in_needs_a_ticket_that_there_is(api: Api, query: str, status: int) -> None:
    made = await api.call("POST", "/templates", {"name": "Hello", "body": "Hi"})
    assert (await api.call("GET", f"/templates/{made.json['id']}/text{query}")).status == status


async def test_an_answer_waits_for_its_time_and_goes_by_another_way(api: Api) -> None:
    number = await _number(api)
    later = (datetime.now(UTC) + timedelta(days=1)).isoformat()
    body = {
        "text": "Later.", "scheduled_at": later, "cc": [{"address": "wang@example.cn"}],
        "attachments": [{"filename": "a.txt", "data_base64": "aGk="}],
    }  # fmt: skip
    waits = await api.call("POST", f"/tickets/{number}/replies", body, scope=Scope.WRITE)
    assert (waits.status, waits.json["ticket"]) == (202, number)
    assert await one(api.ctx, "SELECT count(*) FROM outbox") == 0
    (listed,) = (await api.call("GET", f"/tickets/{number}/scheduled")).json["items"]
    assert (listed["id"], listed["state"], listed["files"]) == (waits.json["id"], "waiting", ["a.txt"])
    gone = await api.call("POST", f"/scheduled/{listed['id']}/cancel", scope=Scope.WRITE)
    assert (gone.status, gone.json["text"], gone.json["cc"][0]["address"]) == (
        200,
        "Later.",
        "wang@example.cn",
    )
    again = await api.call("POST", f"/scheduled/{listed['id']}/cancel", scope=Scope.WRITE)
    assert (again.status, again.json) == (200, gone.json)
    past = {"text": "Past.", "scheduled_at": "2020-01-01T00:00:00Z"}
    refused = await api.call("POST", f"/tickets/{number}/replies", past, scope=Scope.WRITE)
    assert (refused.status, refused.json["errors"][0]["field"]) == (422, "scheduled_at")
    (way,) = (await api.call("GET", f"/tickets/{number}/ways")).json["items"]
    assert (way["key"], way["own"], way["shut"]) == (f"mail:{LI}", True, "")
    sent = await api.call(
        "POST", f"/tickets/{number}/replies", {"text": "Yes.", "way": way["key"]}, scope=Scope.WRITE
    )
    assert sent.status == 201


async def test_a_macro_is_run_on_a_ticket(api: Api) -> None:
    number = await _number(api)
    draft = MacroDraft(
        name="Done", acts={"reply": "Done, {{customer.name}}.", "add_tags": ["x"], "assign": "me"}
    )
    made = await add_macro(api.ctx, draft=draft, actor=HUB)
    (listed,) = (await api.call("GET", "/macros", scope=Scope.READ)).json["items"]
    assert (listed["id"], listed["name"], listed["acts"]["add_tags"]) == (made, "Done", ["x"])
    path = f"/tickets/{number}/macros/{made}"
    assert (await api.call("POST", path, {}, scope=Scope.READ)).status == 403
    stale = await api.call("POST", path, {"expected_seq": 0}, scope=Scope.WRITE)
    assert (stale.status, stale.json["code"]) == (409, "changed_meanwhile")
    ran = await api.call("POST", path, {}, scope=Scope.WRITE)
    assert (ran.status, ran.json["did"], ran.json["failed"]) == (
        200, ["reply", "tags"], {"assign": "not_found"},
    )  # fmt: skip
    for none in (f"/tickets/{number}/macros/99", f"/tickets/T-1/macros/{made}", f"/tickets/x/macros/{made}"):
        assert (await api.call("POST", none, {}, scope=Scope.WRITE)).status == 404
    assert await one(api.ctx, "SELECT text FROM interaction WHERE direction = 'out'") == "Done, Li."
