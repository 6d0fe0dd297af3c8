"""A press, or a call, whose answer was lost on the way, to the hub or from it: what it wrote stands there once."""

import re
from collections.abc import AsyncIterator
from typing import Any

import pytest

from hub.actions.macros.keep import MacroDraft, add_macro
from hub.actions.macros.run import run_macro, undo_run
from hub.model.codes import TICKET, show_code
from hub.model.people import HUB, Actor, Scope
from tests.fakes.answers import open_ticket
from tests.fakes.desk import Desk, customer_writes, serving_desk
from tests.fakes.scene import SYSTEM, an_agent, one, rows
from tests.fakes.unanswered import Unanswered, a_hub_that_is_not_told
from tests.journeys.test_api import serving

ACTS: dict[str, Any] = {"reply": "It is done, {{customer.name}}.", "note": "Looked at.", "add_tags": ["x"]}


@pytest.fixture
async def desk(database_dsn: str) -> AsyncIterator[tuple[Desk, Unanswered]]:
    async with (
        a_hub_that_is_not_told(database_dsn, ready=False) as (hub, line),
        serving_desk(hub) as desk,
    ):
        await desk.log_in()
        yield desk, line


async def _macro(ctx: Any) -> int:
    return await add_macro(ctx, draft=MacroDraft(name="M", acts=ACTS), actor=HUB)


async def _written(ctx: Any) -> list[tuple[str, str]]:
    found = await rows(
        ctx, "SELECT kind, text FROM interaction WHERE direction <> 'in' AND automatic = '' ORDER BY id"
    )
    return [(row["kind"], row["text"]) for row in found]


async def test_a_macro_that_is_pressed_again_with_its_key_answers_once(
    desk: tuple[Desk, Unanswered],
) -> None:
    page, _ = desk
    number = show_code(TICKET, await customer_writes(page.ctx, "Where is it?"))
    made = await _macro(page.ctx)
    preview = await page.get(f"/desk/fragments/tickets/{number}/macros/{made}")
    (key,) = re.findall(r'name="key" value="([^"]+)"', preview.text)
    (seen,) = re.findall(r'name="seen" value="(\d+)"', preview.text)
    presses = []
    for name in ("Li", "Wang"):  # its words would be others the second time
        await one(page.ctx, "UPDATE customer SET name = $1 RETURNING 1", name)
        form = {"seen": seen, "key": key}
        presses.append(await page.post(f"/desk/tickets/{number}/macros/{made}", form))
    assert [press.status for press in presses] == [200, 200]
    assert await _written(page.ctx) == [("message", "It is done, Li."), ("note", "Looked at.")]
    (run,) = await rows(page.ctx, "SELECT id FROM macro_run")
    assert all(f"/desk/macros/runs/{run['id']}/undo" in press.text for press in presses)

    fresh = await page.post(f"/desk/tickets/{number}/macros/{made}", {"key": "another"})
    assert fresh.status == 200
    assert len(await _written(page.ctx)) == 4


@pytest.mark.parametrize("after", [b"It is done", b"Looked at.", b"macro_run"])
async def test_a_macro_of_which_a_commit_went_unanswered_answers_once(
    database_dsn: str, after: bytes
) -> None:
    async with a_hub_that_is_not_told(database_dsn, undo_seconds=60) as (ctx, line):
        opened = await open_ticket(ctx)
        made = await _macro(ctx)
        ann = Actor(name="Ann", agent_id=await an_agent(ctx, "ann"))
        line.to_lose, line.after = 1, after
        ran = await run_macro(ctx, macro_id=made, ticket_code=opened["code"], actor=ann)
        assert line.to_lose == 0
        assert (list(ran.did), ran.failed) == (["reply", "note", "tags"], {})
        assert len(await _written(ctx)) == 2
        assert await rows(ctx, "SELECT id FROM macro_run") == [{"id": ran.run_id}]
        undone = await undo_run(ctx, run_id=ran.run_id, actor=ann)
        assert (list(undone.did), undone.failed) == (["tags", "reply"], {"note": "note_stays"})


async def test_a_form_without_a_key_writes_once_what_the_hub_does_again(
    desk: tuple[Desk, Unanswered],
) -> None:
    page, line = desk
    number = show_code(TICKET, await customer_writes(page.ctx, "Where is it?"))
    line.to_lose, line.after = 1, b"CANARY"
    added = await page.post(f"/desk/tickets/{number}/notes", {"text": "CANARY"})
    assert (added.status, line.to_lose) == (200, 0)
    assert await _written(page.ctx) == [("note", "CANARY")]
    again = await page.post(f"/desk/tickets/{number}/notes", {"text": "CANARY"})
    assert again.status == 200
    assert len(await _written(page.ctx)) == 2, "who says no key and says it twice has said it twice"


async def test_a_call_without_a_key_writes_once_what_the_hub_does_again(database_dsn: str) -> None:
    async with a_hub_that_is_not_told(database_dsn) as (ctx, line), serving(ctx) as api:
        opened = await open_ticket(ctx)
        path = f"/tickets/{show_code(TICKET, opened['code'])}/notes"
        line.to_lose, line.after = 1, b"CANARY"
        added = await api.call("POST", path, {"text": "CANARY"}, scope=Scope.WRITE)
        assert (added.status, line.to_lose) == (201, 0)
        entry = await one(ctx, "SELECT id::text FROM interaction WHERE kind = 'note'")
        assert added.json["interaction_id"] == entry
        twice = await api.call("POST", path, {"text": "CANARY"}, scope=Scope.WRITE)
        assert twice.json["interaction_id"] != entry


async def test_a_program_runs_a_macro_once(database_dsn: str) -> None:
    async with a_hub_that_is_not_told(database_dsn) as (ctx, line):
        opened = await open_ticket(ctx)
        made = await _macro(ctx)
        line.to_lose, line.after = 1, b"It is done"
        await run_macro(ctx, macro_id=made, ticket_code=opened["code"], actor=SYSTEM)
        assert line.to_lose == 0
        assert len(await _written(ctx)) == 2
