"""Programs look after the staff: everything that supervisors do at the desk, under the scope admin."""

import dataclasses
from collections.abc import AsyncIterator
from typing import Any

import pytest

from hub.actions.context import Context
from hub.actions.floor.assign import assign_ticket
from hub.actions.people.staff import add_agent
from hub.model.codes import TICKET, read_code
from hub.model.people import HUB, Scope
from hub.settings import Settings
from tests.journeys.test_api import ANSWERING, Api, letter, serving

NEW: dict[str, Any] = {
    "login": "una", "name": "Una", "password": "a long enough one", "languages": ["en"], "skills": {"billing": 3},
    "queues": ["service"], "capacity": 5, "live_capacity": 2, "calendar": "office", "locale": "zh_CN",
}  # fmt: skip
"""An agent with everything said."""


@pytest.fixture
async def api(ctx: Context) -> AsyncIterator[Api]:
    ctx = dataclasses.replace(ctx, settings=Settings(channels={"api": ANSWERING}))
    async with serving(ctx) as api:
        yield api


async def test_an_agent_is_added_read_and_changed(api: Api) -> None:
    made = await api.call("POST", "/agents", NEW)
    assert made.status == 201
    agent = made.json
    assert {name: agent[name] for name in NEW if name != "password"} == {
        name: value for name, value in NEW.items() if name != "password"
    }
    assert (agent["role"], agent["active"], agent["version"]) == ("agent", True, 1)
    path = f"/agents/{agent['id']}"
    assert (await api.call("GET", path)).json == agent
    change = {"version": 1, "skills": {"delivery": 5}, "queues": [], "role": "supervisor", "active": False}
    changed = await api.call("PATCH", path, change)
    assert changed.json == agent | {
        "skills": {"delivery": 5}, "queues": [], "role": "supervisor", "active": False, "version": 2,
    }  # fmt: skip
    stale = await api.call("PATCH", path, {"version": 1, "capacity": 1})
    assert (stale.status, stale.json["code"], stale.json["current_seq"]) == (409, "agent_changed", 2)
    assert (await api.call("PATCH", "/agents/999", {"capacity": 1})).status == 404


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"skills": {"cooking": 1}}, "skills"),
        ({"skills": {"billing": 6}}, "skills.billing"),
        ({"languages": ["tlh"]}, "languages"),
        ({"queues": ["nowhere"]}, "queues"),
        ({"calendar": "never"}, "calendar"),
        ({"capacity": -1}, "capacity"),
        ({"locale": "xx"}, "locale"),
        ({"name": " "}, "name"),
        ({"cap": 1}, "cap"),
        ({"password": "password123"}, "password"),
    ],
)
async def test_what_is_wrong_is_named_by_its_field(api: Api, change: dict[str, Any], field: str) -> None:
    bo = await add_agent(api.ctx, login="bo", name="Bo", password="a long enough one")
    for method, path, body in (("POST", "/agents", NEW | change), ("PATCH", f"/agents/{bo}", change)):
        answer = await api.call(method, path, body)
        assert answer.status == 422, answer.body
        assert [one["field"] for one in answer.json["errors"]] == [field]


async def test_a_login_is_taken_once(api: Api) -> None:
    assert (await api.call("POST", "/agents", NEW)).status == 201
    again = await api.call("POST", "/agents", NEW)
    assert (again.status, again.json["code"]) == (409, "login_taken")


async def test_a_new_password_is_answered_and_work_is_handed_over(api: Api) -> None:
    una = (await api.call("POST", "/agents", NEW)).json["id"]
    bo = await add_agent(api.ctx, login="bo", name="Bo", password="a long enough one")
    answer = await api.call("POST", f"/agents/{una}/password")
    assert len(answer.json["password"]) > 15
    number = (await api.call("POST", "/interactions", letter())).json["ticket"]
    await assign_ticket(api.ctx, ticket_code=read_code(TICKET, number), agent_id=una, actor=HUB)
    task = (await api.call("POST", "/tasks", {"title": "Look into the store", "assignee_id": una})).json
    moved = await api.call("POST", f"/agents/{una}/hand-over", {"to": bo})
    assert moved.json == {"tickets": 1, "tasks": 1}
    found = (await api.call("GET", f"/tasks/{task['task']['number']}")).json["task"]
    assert found["assignee_id"] == bo
    assert (await api.call("GET", f"/tickets/{number}")).json["assignee_id"] == bo
    assert (await api.call("POST", f"/agents/{bo}/hand-over", {"to": bo})).json["code"] == "same_agent"


async def test_the_members_of_a_queue_are_put_as_a_whole(api: Api) -> None:
    await api.call("POST", "/agents", NEW)
    await api.call("POST", "/agents", NEW | {"login": "bo", "queues": ["service", "feedback"]})
    put = await api.call("PUT", "/queues/service/members", {"members": ["una"]})
    assert [(one["login"], one["queues"]) for one in put.json["items"]] == [("bo", ["feedback"])]
    again = await api.call("PUT", "/queues/service/members", {"members": ["una"]})
    assert again.json == {"items": []}
    left = await api.call("PUT", "/queues/service/members", {"members": []})
    assert (left.status, left.json["code"]) == (409, "last_queue")
    assert (await api.call("PUT", "/queues/nowhere/members", {"members": []})).status == 404


async def test_only_the_scope_admin_sees_an_agent_in_full(api: Api) -> None:
    una = (await api.call("POST", "/agents", NEW)).json["id"]
    for scope in (Scope.READ, Scope.WRITE, Scope.INGEST):
        assert (await api.call("GET", f"/agents/{una}", scope=scope)).status == 403


async def test_a_ticket_that_waits_says_its_place_and_how_long_it_may_be(api: Api) -> None:
    una = (
        await api.call(
            "POST", "/agents", NEW | {"queues": [], "skills": {}, "calendar": "", "languages": ["zh"]}
        )
    ).json["id"]
    numbers = [
        (await api.call("POST", "/interactions", letter(f"第{n}个订单还没到", thread_key=f"k{n}"))).json[
            "ticket"
        ]
        for n in range(3)
    ]
    why = (await api.call("GET", f"/tickets/{numbers[2]}")).json["waiting_why"]
    assert why["reasons"][0]["code"] == "nobody_on_line"
    assert why["expected"] == {"place": 3, "of": 3, "agents": 0, "least": None, "most": None}
    await api.call("PATCH", f"/agents/{una}", {"capacity": 0})
    await api.call("POST", f"/agents/{una}/presence", {"presence": "online"})
    why = (await api.call("GET", f"/tickets/{numbers[1]}")).json["waiting_why"]
    assert why["reasons"][0]["code"] == "all_at_capacity"
    assert (why["expected"]["place"], why["expected"]["of"], why["expected"]["agents"]) == (2, 3, 1)


async def test_the_floor_is_told_as_it_is(api: Api) -> None:
    una = (await api.call("POST", "/agents", NEW | {"queues": [], "calendar": "", "languages": ["en"]})).json[
        "id"
    ]
    await api.call("POST", f"/agents/{una}/presence", {"presence": "online"})
    number = (await api.call("POST", "/interactions", letter("订单还没到，请问什么时候发货？"))).json[
        "ticket"
    ]
    floor = (await api.call("GET", "/floor?since=2026-01-01T00:00:00Z", scope=Scope.READ)).json
    (here,) = floor["agents"]
    assert (here["name"], here["presence"], here["load"], here["capacity"]) == ("Una", "online", 0, 5)
    waiting = [queue for queue in floor["queues"] if queue["waiting"]]
    assert len(waiting) == 1 and (waiting[0]["members"], waiting[0]["here"], waiting[0]["free"]) == (1, 1, 1)
    (stuck,) = floor["stuck"]
    assert (stuck["tickets"], stuck["oldest_ticket"], stuck["language"]) == (1, number, "zh")
    assert stuck["why"]["reasons"] == [{"code": "nobody_speaks", "params": {"language": "zh"}}]
    assert waiting[0]["expected"]["least"] is None
    for wrong in ("", "?since=today", "?since=2026-01-01T00:00:00"):
        assert (await api.call("GET", f"/floor{wrong}")).status == 422
