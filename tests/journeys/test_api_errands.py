"""Tasks and webhooks over the JSON API, and in the metrics; every answer is checked against the document."""

from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from hub.actions.context import Context
from hub.actions.errands.notices import NewNotice, add_notices
from hub.actions.errands.webhooks import queue_call
from hub.actions.installation import set_up
from hub.model.notices import NoticeKind
from hub.model.people import Scope
from hub.settings import Settings, Webhooks
from hub.web.ops import _read_figures
from tests.fakes.receiver import receiving
from tests.fakes.scene import an_agent, one
from tests.journeys.test_api import Api, serving


@pytest.fixture
async def api(ctx: Context) -> AsyncIterator[Api]:
    settings = Settings(channels={"shop": {"kind": "api"}}, webhooks=Webhooks(allow_private=True))
    here = replace(ctx, settings=settings, memo={})
    await set_up(here)
    async with serving(here) as api:
        yield api


async def a_ticket(api: Api) -> str:
    bob = {"name": "Bob", "identities": [{"kind": "email", "value": "bob@example.com"}]}
    made = await api.call("POST", "/interactions", {"sender": bob, "text": "Hello"}, scope=Scope.INGEST)
    assert made.status == 201, made.json
    return str(made.json["ticket"])


async def test_a_task_from_asking_to_its_end(api: Api) -> None:
    number = await a_ticket(api)
    lin = await an_agent(api.ctx, "lin", presence="offline", queues=["complaints"])
    due = (datetime.now(UTC) - timedelta(hours=1)).isoformat()
    body = {
        "title": "Check the invoice",
        "text": "No. 7",
        "ticket": number,
        "queue": "complaints",
        "due_at": due,
    }
    key = {"Idempotency-Key": "k-1"}
    made = await api.call("POST", "/tasks", body, scope=Scope.WRITE, headers=key)
    again = await api.call("POST", "/tasks", body, scope=Scope.WRITE, headers=key)
    assert made.status == again.status == 201 and made.json == again.json
    assert await one(api.ctx, "SELECT count(*) FROM task") == 1
    task = made.json["task"]
    assert (task["ticket"], task["queue"], task["state"], task["version"]) == (
        number,
        "complaints",
        "open",
        1,
    )
    path = f"/tasks/{task['number']}"

    async def step(step: str, **more: Any) -> Any:
        return await api.call("POST", f"{path}/steps", {"step": step, **more}, scope=Scope.WRITE)

    assert (await step("give", version=1, assignee_id=lin)).json["task"]["assignee_id"] == lin
    stale = await step("done", version=1)
    assert (stale.status, stale.json["code"]) == (409, "task_changed")
    assert (await step("change", version=2, title="Check it")).json["task"]["title"] == "Check it"
    assert (await step("change", version=3, due_at=None)).json["task"]["due_at"] is None
    assert (await step("comment", text="Soon.")).status == 200
    done = await step("done", version=4, outcome="It was right.")
    assert [one_["what"] for one_ in done.json["steps"]] == [
        "made",
        "given",
        "changed",
        "changed",
        "commented",
        "done",
    ]
    over = await step("give", version=5, assignee_id=None)
    assert (over.status, over.json["code"]) == (409, "task_over")
    assert (await step("reopen", version=5)).json["task"]["state"] == "open"
    timeline = await api.call("GET", f"/tickets/{number}", scope=Scope.READ)
    said = [entry["text"] for entry in timeline.json["timeline"] if entry["direction"] == "internal"]
    assert said == ["No. 7", "Soon.", "It was right.", ""]


async def test_lists_pages_and_what_is_wrong(api: Api) -> None:
    number = await a_ticket(api)
    lin = await an_agent(api.ctx, "lin", presence="offline", queues=["complaints"])
    for n in range(5):
        due = {} if n % 2 else {"due_at": f"2030-01-0{n + 1}T10:00:00Z"}
        await api.call("POST", "/tasks", {"title": f"t{n}", "queue": "complaints" if n else "", **due})
    await api.call("POST", "/tasks", {"title": "of the ticket", "ticket": number, "assignee_id": lin})
    seen: list[str] = []
    path = "/tasks?limit=2"
    while path:
        page = await api.call("GET", path, scope=Scope.READ)
        seen += [task["title"] for task in page.json["items"]]
        cursor = page.json["next_cursor"]
        path = f"/tasks?limit=2&cursor={cursor}" if cursor else ""
    assert seen == ["t0", "t2", "t4", "t1", "t3", "of the ticket"]
    mine = await api.call("GET", f"/tasks?scope=mine&agent_id={lin}")
    assert [task["title"] for task in mine.json["items"]] == ["of the ticket"]
    theirs = await api.call("GET", f"/tasks?scope=departments&agent_id={lin}")
    assert [task["title"] for task in theirs.json["items"]] == ["t2", "t4", "t1", "t3"]
    of_ticket = await api.call("GET", f"/tasks?ticket={number}")
    assert [task["title"] for task in of_ticket.json["items"]] == ["of the ticket"]
    assert (await api.call("GET", "/tasks?ended=true")).json["items"] == []
    for body, field in (
        ({"title": " "}, "title"), ({"title": "x", "queue": "nowhere"}, "queue"),
        ({"title": "x", "assignee_id": 99}, "assignee_id"),
        ({"title": "x", "ticket": "T-1"}, "ticket"), ({"title": "x", "due_at": "2030-01-01T10:00:00"}, "due_at"),
        ({"title": "x", "due_at": "1200-01-01T10:00:00Z"}, "due_at"), ({"title": "x", "colour": "red"}, "colour"),
    ):  # fmt: skip
        wrong = await api.call("POST", "/tasks", body)
        assert (wrong.status, wrong.json["errors"][0]["field"]) == (422, field), body
    assert (await api.call("GET", "/tasks?scope=mine")).status == 422
    assert (await api.call("GET", "/tasks?cursor=xxx")).status == 422
    assert (await api.call("GET", "/tasks/A-12")).status == 404
    assert (await api.call("POST", "/tasks/A-10019/steps", {"step": "done"})).status == 422
    assert (await api.call("POST", "/tasks", {"title": "x"}, scope=Scope.READ)).status == 403


async def test_what_an_agent_was_told_is_read_and_put_away(api: Api) -> None:
    lin, kim = [await an_agent(api.ctx, login, presence="offline") for login in ("lin", "kim")]
    number = await a_ticket(api)
    ticket_id = await one(api.ctx, "SELECT id FROM ticket")
    told = [
        NewNotice(
            agent_id=lin,
            kind=NoticeKind.RULE,
            cause="a",
            ticket_id=ticket_id,
            params={"rule": "VIP", "text": "x"},
        ),
        *(
            NewNotice(agent_id=lin, kind=NoticeKind.SLA_WARNING, cause=f"w{n}", ticket_id=ticket_id)
            for n in range(9)
        ),
        NewNotice(agent_id=kim, kind=NoticeKind.RULE, cause="a", params={"rule": "VIP", "text": "x"}),
    ]
    await api.ctx.database.run(lambda c: add_notices(c, told))
    first = await api.call("GET", f"/agents/{lin}/notices?limit=1", scope=Scope.READ)
    rest = await api.call(
        "GET", f"/agents/{lin}/notices?cursor={first.json['next_cursor']}", scope=Scope.READ
    )
    seen = {notice["kind"]: notice for notice in (*first.json["items"], *rest.json["items"])}
    assert set(seen) == {"rule", "sla_warning"} and rest.json["next_cursor"] is None
    assert (seen["rule"]["ticket"], seen["rule"]["many"], seen["rule"]["read_at"]) == (number, 1, None)
    assert (seen["sla_warning"]["tickets"], seen["sla_warning"]["many"]) == ([number], 9)
    assert (
        await api.call("POST", f"/agents/{lin}/notices/read", {"id": int(seen["rule"]["id"])})
    ).status == 204
    assert await one(api.ctx, "SELECT count(*) FROM notice WHERE read_at IS NULL") == 2
    assert (await api.call("POST", f"/agents/{lin}/notices/read", {"id": None})).status == 204
    assert await one(api.ctx, "SELECT agent_id FROM notice WHERE read_at IS NULL") == kim
    assert (await api.call("GET", f"/agents/{lin}/notices?cursor=xxx")).status == 422
    assert (
        await api.call("POST", f"/agents/{lin}/notices/read", {"id": None}, scope=Scope.READ)
    ).status == 403


async def test_webhooks_are_managed_by_administrators_alone(api: Api) -> None:
    for method, path, body in (
        ("GET", "/webhooks", None), ("POST", "/webhooks", {"name": "erp", "url": "https://erp.example/"}),
        ("PATCH", "/webhooks/1", {"version": 1, "enabled": False}), ("POST", "/webhooks/1/test", None),
        ("POST", "/webhooks/1/secret", None), ("GET", "/webhooks/1/calls", None), ("DELETE", "/webhooks/1?version=1", None),
    ):  # fmt: skip
        assert (await api.call(method, path, body, scope=Scope.WRITE)).status == 403


async def test_a_webhook_is_added_tried_changed_and_removed(api: Api) -> None:
    async with receiving(200, 503) as erp:
        made = await api.call("POST", "/webhooks", {"name": "erp", "url": erp.url})
        assert made.status == 201 and made.json["secret"].startswith("whsec_")
        number = made.json["id"]
        assert "secret" not in (await api.call("GET", "/webhooks")).json["items"][0]
        trial = await api.call("POST", f"/webhooks/{number}/test")
        assert (trial.json["taken_over"], trial.json["status"]) == (True, 200)
        assert erp.heard[0].is_signed_by(made.json["secret"])
        failed = await api.call("POST", f"/webhooks/{number}/test")
        assert (failed.json["taken_over"], failed.json["status"], failed.json["error"]) == (
            False,
            503,
            "status",
        )
    listed = await api.call("GET", f"/webhooks/{number}/calls?limit=1")
    assert listed.json["items"][0]["state"] == "failed" and listed.json["next_cursor"]
    rest = await api.call("GET", f"/webhooks/{number}/calls?cursor={listed.json['next_cursor']}")
    assert [call["state"] for call in rest.json["items"]] == ["sent"]
    assert (await api.call("POST", f"/webhooks/{number}/secret")).json["secret"] != made.json["secret"]
    changed = await api.call("PATCH", f"/webhooks/{number}", {"version": 3, "enabled": False})
    assert changed.json["version"] == 4
    stale = await api.call("PATCH", f"/webhooks/{number}", {"version": 3, "enabled": True})
    assert (stale.status, stale.json["code"]) == (409, "webhook_changed")
    wrong = await api.call("POST", "/webhooks", {"name": "erp 2", "url": "https://erp.example/"})
    assert (wrong.status, wrong.json["errors"][0]["field"]) == (422, "name")
    again = await api.call("POST", f"/webhooks/{number}/calls/{rest.json['items'][0]['id']}/again")
    assert (again.status, again.json["code"]) == (409, "not_failed")
    assert (await api.call("DELETE", f"/webhooks/{number}?version=4")).status == 204
    assert (await api.call("POST", f"/webhooks/{number}/test")).status == 404


async def test_metrics_tell_of_tasks_and_calls(api: Api) -> None:
    past = (datetime.now(UTC) - timedelta(hours=1)).isoformat()
    for body in ({"title": "late", "due_at": past}, {"title": "some day"}):
        await api.call("POST", "/tasks", body)
    await api.call("POST", "/webhooks", {"name": "erp", "url": "http://127.0.0.1:9/"})
    await api.ctx.database.run(lambda c: queue_call(c, webhook="erp", event="rule.ran", cause="x"))
    figures = {metric.name: metric for metric in await api.ctx.database.read(_read_figures)}
    told = {
        name: figures[name].samples[0].value
        for name in figures
        if name.startswith(("hub_task", "hub_webhook"))
    }
    assert (told["hub_tasks_to_do"], told["hub_tasks_overdue"]) == (2, 1)
    assert (told["hub_webhook_calls_waiting"], told["hub_webhooks_paused"]) == (1, 0)
