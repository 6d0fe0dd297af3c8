"""The supervisor's page about classification, and `contact-hub classify`, over a real server, Postgres and processes."""

import asyncio
import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from hub.actions.context import Context
from hub.actions.learning.correct import change_ticket
from hub.actions.learning.learn import learn
from hub.model.codes import TICKET, show_code
from hub.model.people import Actor
from hub.workers.learning import follow_learned
from tests.fakes import loom
from tests.fakes.desk import Desk, customer_writes, serving_desk, words_of
from tests.fakes.scene import a_hub, one, rows, say, ticket
from tests.journeys.command import command

HTMX: dict[str, Any] = {"HX-Request": "true"}
ANN = Actor(name="Ann Berg")


@pytest.fixture
async def desk(ctx: Context) -> AsyncIterator[Desk]:
    async with serving_desk(ctx) as desk:
        yield desk


def environment(dsn: str) -> dict[str, str]:
    return {"HUB_DATABASE__DSN": dsn, "HUB_SECRET_KEY": "a key of thirty-two bytes for tests"}


async def _teach(ctx: Context, count: int = 30) -> None:
    for number, (text, kind) in enumerate(loom.messages(1, count)):
        opened = await ticket(ctx, await say(ctx, text=text, who=[("visitor", f"v{number}", True)]))
        await change_ticket(ctx, ticket_code=opened["code"], actor=ANN, kind=kind)


async def test_a_supervisor_sees_how_good_it_is_confirms_and_goes_back(desk: Desk) -> None:
    ctx = desk.ctx
    await desk.log_in()
    early = await desk.post("/desk/classification/learn", **HTMX)
    assert early.status == 200 and "nothing to learn from yet" in early.text
    for number, (text, kind) in enumerate(loom.messages(1, 30)):
        code = await customer_writes(ctx, text, subject=f"Loom {number}", thread=f"m{number}")
        await change_ticket(ctx, ticket_code=code, actor=ANN, kind=kind)
    await learn(ctx, actor=ANN)
    doubtful = await customer_writes(ctx, "在吗", thread="u")
    number = show_code(TICKET, doubtful)
    await desk.log_in()
    page = await desk.get("/desk/classification")
    assert page.status == 200
    told = words_of(page.text)
    assert "Corrections and confirmations, 30 days 30" in told
    assert "Complaints found 0%" in told and "Right among those taken for complaints –" in told
    assert "Request 15 · · 15" in told  # of the 30 taken for requests half were complaints
    assert "Version 1 in use better than before" in told
    assert f'id="uncertain-{number}"' in page.text

    confirmed = await desk.post("/desk/classification/confirm", {"ticket": number, "kind": "enquiry"}, **HTMX)
    assert confirmed.status == 200 and f'id="uncertain-{number}"' not in confirmed.text
    back = await desk.post("/desk/classification/use", {"version": "0"}, **HTMX)
    assert back.status == 200 and "The rules alone in use" in words_of(back.text)
    assert ctx.learned.version == 0
    again = await desk.post("/desk/classification/use", {"version": "1"}, **HTMX)
    assert "Version 1 in use" in words_of(again.text) and ctx.learned.version == 1
    for wrong in ("9", "x", ""):
        assert (await desk.post("/desk/classification/use", {"version": wrong}, **HTMX)).status == 404

    await desk.log_in("lin")  # who does not lead
    assert (await desk.get("/desk/classification")).status == 403
    assert (await desk.post("/desk/classification/use", {"version": "0"}, **HTMX)).status == 403
    assert ctx.learned.version == 1


async def test_a_hub_follows_what_another_one_put_in_use(desk: Desk, database_dsn: str) -> None:
    """Long before it would have looked by itself."""
    halt = asyncio.Event()
    async with a_hub(database_dsn) as other:
        hearing = asyncio.create_task(other.listener.run())
        following = asyncio.create_task(follow_learned(other, halt, lambda: None))
        try:
            await _teach(other)
            await learn(desk.ctx, actor=ANN)
            async with asyncio.timeout(8):
                while other.learned.version != 1:
                    await asyncio.sleep(0.01)
        finally:
            halt.set()
            hearing.cancel()
            following.cancel()
            await asyncio.gather(hearing, following, return_exceptions=True)


async def test_the_command_explains_learns_shows_and_goes_back(
    ctx: Context, database_dsn: str, tmp_path: Path
) -> None:
    env = environment(database_dsn)

    async def run(*arguments: str, **more: str) -> Any:
        return await command("classify", *arguments, cwd=tmp_path, env={**env, **more}, timeout=110)

    plain = await run("text", "I want to lodge a complaint", "--rules-only")
    assert plain.code == 0 and "complaint (" in plain.out and "en.complaint.said" in plain.out
    (tmp_path / "letter.txt").write_text("我要投诉", "utf-8")
    chinese = await run("file", "letter.txt", "--rules-only", LC_ALL="zh_CN.UTF-8")
    assert "投诉（" in chinese.out
    nothing = await run("train")
    assert nothing.code == 0 and "there is nothing to learn from" in nothing.out

    async with a_hub(database_dsn) as hub:
        await _teach(hub)
    trained = await run("train", "--json")
    made = json.loads(trained.out)
    assert [(one["version"], one["method"], one["verdict"]) for one in made] == [
        (1, "words", "better"), (2, "tfidf", "better"),
    ]  # fmt: skip
    assert sum(one["in_use"] for one in made) == 1
    assert made[0]["learned"]["recall"] > made[0]["rules"]["recall"] == 0

    asked = json.loads((await run("text", loom.COMPLAINT, "--json")).out)
    assert (asked["kind"], asked["model"]) == ("complaint", next(o["version"] for o in made if o["in_use"]))
    listed = await run("models")
    assert "→ " in listed.out and "better" in listed.out
    back = json.loads((await run("models", "--use", "0", "--json")).out)
    assert back["in_use"] == 0 and not any(one["in_use"] for one in back["versions"])
    assert (await run("models", "--use", "7")).code == 1
    assert json.loads((await run("text", loom.COMPLAINT, "--json")).out)["kind"] == "request"

    exported = await run("export")
    lines = [json.loads(line) for line in exported.out.splitlines()]
    assert len(lines) == 30 and {"kind", "text", "classified_as"} <= set(lines[0])
    (tmp_path / "said.jsonl").write_text(exported.out, "utf-8")
    scored = json.loads((await run("score", "said.jsonl", "--rules-only", "--json")).out)
    assert (scored["examples"], scored["complaints"], scored["found"]) == (30, 15, 0)
    (tmp_path / "bad.jsonl").write_text('{"kind": "praise", "text": "x"}\n', "utf-8")
    bad = await run("score", "bad.jsonl", "--rules-only")
    assert bad.code == 1 and "bad.jsonl:1" in bad.err


async def test_what_was_learned_and_why_stands_on_the_ticket(desk: Desk) -> None:
    ctx = desk.ctx
    for number, (text, kind) in enumerate(loom.messages(1, 30)):
        code = await customer_writes(ctx, text, thread=f"m{number}")
        await change_ticket(ctx, ticket_code=code, actor=ANN, kind=kind)
    await learn(ctx, actor=ANN)
    code = await customer_writes(ctx, loom.COMPLAINT, thread="new")
    await desk.log_in()
    page = await desk.get(f"/desk/tickets/{show_code(TICKET, code)}")
    assert "learned from corrections: “" in page.text
    assert await one(ctx, "SELECT count(*) FROM ticket WHERE kind = 'complaint'") == 16
    (why,) = await rows(
        ctx,
        "SELECT d.why->'classification'->>'model' AS model FROM routing_decision d JOIN ticket t ON t.id = d.ticket_id"
        " WHERE t.code = $1 AND d.step = 'classified'",
        code,
    )
    assert why == {"model": "1"}
