"""Automation from end to end: a hub whose rules run by themselves, the desk, the API and the command line."""

import asyncio
import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
import tomli_w

from hub.actions.context import Context
from hub.actions.people.keys import create_api_key
from hub.actions.tags import change_tags
from hub.model.codes import TICKET, show_code
from hub.model.people import Actor, Scope
from hub.workers.automation import follow_automation
from storage import views
from tests.fakes.automation import other_rules, settle
from tests.fakes.clocks import SHIPPED
from tests.fakes.desk import Desk, customer_writes, serving_desk, words_of
from tests.journeys.command import command

HTMX: dict[str, Any] = {"HX-Request": "true"}
RULES = """
[[automation]]
name = "parcels"
on = ["opened", "customer_wrote"]
when = { words = ["parcel"] }
then = [ { add_tags = ["parcel"] }, { priority = "urgent" }, { assign = "agent:gone" } ]
[[automation]]
name = "A"
on = ["tag_removed"]
then = [ { add_tags = ["hot"] } ]
[[automation]]
name = "B/ & C"
on = ["tag_added"]
when = { tags = ["hot"] }
then = [ { remove_tags = ["hot"] } ]
"""


@pytest.fixture
async def desk(ctx: Context) -> AsyncIterator[Desk]:
    async with serving_desk(ctx) as desk:
        await other_rules(desk.ctx, RULES)
        yield desk


async def _ticket(desk: Desk, code: int) -> views.TicketRow:
    found = await desk.ctx.database.read(lambda c: views.get_ticket(c, code))
    assert found is not None
    return found


async def test_a_hub_that_runs_does_it_by_itself_and_the_desk_says_why(desk: Desk) -> None:
    halt = asyncio.Event()
    working = asyncio.create_task(follow_automation(desk.ctx, halt, lambda: None))
    code = await customer_writes(desk.ctx, "Where is my parcel?", subject="Parcel")
    async with asyncio.timeout(20):
        while (await _ticket(desk, code)).tags != ["parcel"]:
            await asyncio.sleep(0.02)
    halt.set()
    desk.ctx.listener.wake_all()
    await working
    await desk.log_in()
    page = words_of((await desk.get(f"/desk/tickets/{show_code(TICKET, code)}?scope=all")).text)
    assert "By itself: parcels – partly done" in page
    assert "A ticket is opened" in page and "Put on tags: parcel" in page
    assert "Give to: gone – not possible: there is no such agent" in page
    await desk.log_in("lin")
    page = words_of((await desk.get(f"/desk/tickets/{show_code(TICKET, code)}?scope=all")).text)
    assert "自动处理： parcels" in page and "没有这个客服" in page


async def test_tags_are_put_on_and_taken_off_by_hand_and_found_again(desk: Desk) -> None:
    code, other = (
        await customer_writes(desk.ctx, "Hello"),
        await customer_writes(desk.ctx, "Hello", thread="b"),
    )
    number = show_code(TICKET, code)
    await desk.log_in()
    answer = await desk.post(f"/desk/tickets/{number}/tags", {"add": " VIP  guest, 晚到 "}, **HTMX)
    assert answer.status == 200
    assert (await _ticket(desk, code)).tags == ["vip guest", "晚到"]
    assert "vip guest" in answer.text and "晚到" in answer.text
    listed = await desk.get("/desk/fragments/list?scope=all&tag=vip+guest", **HTMX)
    assert number in listed.text and show_code(TICKET, other) not in listed.text
    offered = await desk.get(f"/desk/fragments/tickets/{show_code(TICKET, other)}/tags", **HTMX)
    assert "vip guest" in offered.text
    answer = await desk.post(f"/desk/tickets/{number}/tags", {"remove": "vip guest"}, **HTMX)
    assert (await _ticket(desk, code)).tags == ["晚到"]
    for wrong in ({"add": "  "}, {"add": "x" * 41}):
        refused = await desk.post(f"/desk/tickets/{number}/tags", wrong, **HTMX)
        assert refused.status == 409 and "A tag is one to forty characters" in refused.text


async def test_a_rule_that_was_stopped_is_seen_and_let_go_on(desk: Desk) -> None:
    code = await customer_writes(desk.ctx, "Hello")
    await change_tags(desk.ctx, ticket_code=code, add=["hot"], actor=Actor(name="Ann"))
    await settle(desk.ctx)
    await desk.log_in()
    page = words_of((await desk.get("/desk/system")).text)
    assert "Rules that were stopped 1" in page and "rules set each other off in a circle" in page
    name = (
        "A"
        if "A" in page.split("Rules that were stopped")[1].split("stopped")[0].split()
        else "B%2F%20%26%20C"
    )
    badge = await desk.get("/desk/fragments/badge", **HTMX)
    assert "1" in words_of(badge.text)
    await desk.log_in("lin")
    refused = await desk.post(f"/desk/system/automation/{name}/resume", **HTMX)
    assert refused.status == 403
    await desk.log_in()
    answer = await desk.post(f"/desk/system/automation/{name}/resume", **HTMX)
    assert answer.status == 200 and "Rules that were stopped" not in answer.text


async def test_a_program_tags_reads_what_ran_lets_go_on_and_tries(desk: Desk) -> None:
    code = await customer_writes(desk.ctx, "Where is my parcel?", subject="Parcel")
    number = show_code(TICKET, code)
    await settle(desk.ctx)
    key = await create_api_key(desk.ctx, name="till", scopes=[Scope.ADMIN])
    headers = {"Authorization": f"Bearer {key}"}
    base = f"{desk.url}/api/v1"

    async def call(method: str, path: str, body: Any = None) -> tuple[int, Any]:
        async with desk.session.request(method, base + path, json=body, headers=headers) as answer:
            return answer.status, await answer.json() if answer.status != 204 else None

    status, now = await call("POST", f"/tickets/{number}/tags", {"add": ["Two"], "remove": ["parcel"]})
    assert (status, now["tags"]) == (200, ["two"])
    for wrong in ({}, {"add": ["a,b"]}, {"add": ["x"] * 31}):
        assert (await call("POST", f"/tickets/{number}/tags", wrong))[0] == 422
    status, page = await call("GET", "/tickets?tag=TWO")
    assert (status, [one["number"] for one in page["items"]]) == (200, [number])
    assert (await call("GET", "/tickets?tag=nothing"))[1]["items"] == []
    assert (await call("GET", "/tickets?tag=a,b"))[0] == 422

    await settle(desk.ctx)
    status, whole = await call("GET", f"/tickets/{number}")
    assert (status, whole["decisions"][0]["step"], whole["decisions"][0]["why"]["rule"]) == (
        200,
        "moved",
        "parcels",
    )
    status, ran = await call("GET", f"/tickets/{number}/automation")
    assert status == 200
    first = ran["runs"][-1]
    assert (first["rule"], first["because"], first["outcome"], first["caused_by"]) == (
        "parcels",
        "opened",
        "failed",
        "customer",
    )
    assert first["did"][0] == {"verb": "add_tags", "value": ["parcel"], "outcome": "done", "code": ""}
    assert (await call("GET", "/tickets/T-10002/automation"))[0] == 404

    status, stopped = await call("GET", "/automation/stopped")
    (one,) = stopped["rules"]
    assert (status, one["reason"], one["ticket"]) == (200, "chain", number)
    assert (await call("POST", f"/automation/{one['rule'].replace('/', '%2F').replace('&', '%26')}/resume"))[
        0
    ] == 204
    assert (await call("POST", "/automation/none/resume"))[0] == 404

    rule = {"name": "parcels", "when": {"subject": ["parcel"]}, "then": {"queue": "feedback"}}
    document = {**SHIPPED, "rule": [rule, *SHIPPED["rule"]], "automation": [
        {"name": "tag", "on": ["opened"], "then": [{"add_tags": ["x"]}, {"priority": "high"}]}]}  # fmt: skip
    status, found = await call("POST", "/rules/dry-run", {"document": document, "days": 7})
    assert (status, found["total"], found["changed"], found["automated"]) == (200, 1, 1, 1)
    assert found["tickets"][0]["ticket"] == number
    assert found["tickets"][0]["after"]["queue"] == "feedback"
    assert found["runs"][0]["actions"] == ["add_tags=x", "priority=high"]
    status, problem = await call(
        "POST", "/rules/dry-run", {"document": {**document, "default_queue": "nowhere"}}
    )
    assert status == 422 and "nowhere" in json.dumps(problem)


async def test_the_command_tries_a_file(database_dsn: str, desk: Desk, tmp_path: Path) -> None:
    code = await customer_writes(desk.ctx, "Where is my parcel?", subject="Parcel")
    path = tmp_path / "new.toml"
    rule = {
        "name": "parcels",
        "when": {"subject": ["parcel"]},
        "then": {"queue": "feedback", "skill": "delivery"},
    }
    automation = {"name": "tag", "on": ["opened"], "then": [{"add_tags": ["x"]}]}
    path.write_text(
        tomli_w.dumps({**SHIPPED, "rule": [rule, *SHIPPED["rule"]], "automation": [automation]}), "utf-8"
    )
    env = {
        "HUB_DATABASE__DSN": database_dsn,
        "HUB_WEB__PORT": "0",
        "HUB_SECRET_KEY": "a key of thirty-two bytes for tests",
    }
    said = await command("rules", "dry-run", str(path), "--days", "7", cwd=tmp_path, env=env)
    assert said.code == 0, said.err
    assert "Of 1 tickets of 7 days 1 would have gone elsewhere" in " ".join(said.out.split())
    assert show_code(TICKET, code) in said.out and "feedback" in said.out and "delivery" in said.out
    as_json = await command("rules", "dry-run", str(path), "--json", cwd=tmp_path, env=env)
    assert as_json.code == 0, as_json.err
    found = json.loads(as_json.out)
    assert (found["changed"], found["automations"]) == (1, [{"name": "tag", "tickets": 1, "runs": 1}])
    chinese = await command("rules", "dry-run", str(path), cwd=tmp_path, env={**env, "LC_ALL": "zh_CN.UTF-8"})
    assert "会分到别处" in chinese.out
