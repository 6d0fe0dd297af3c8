"""Tags as the house keeps them: renaming reaches every ticket, makes one of two, and goes on where it was cut off."""

import asyncio
from typing import Any

import pytest

from hub.actions import tag_shelf
from hub.actions.context import Context
from hub.actions.failures import NotFound, NotPossible
from hub.actions.tag_shelf import LOT, finish_renaming, list_tags, rename_tag, rules_that_name, set_tag
from hub.actions.tags import change_tags
from hub.model.people import HUB
from storage import automation
from storage import tags as stored
from tests.fakes.automation import other_rules
from tests.fakes.desk import customer_writes, serving_desk

RULES = """
[[automation]]
name = "Parcels"
on = ["opened"]
when = { words = ["parcel"] }
then = [ { add_tags = ["late"] } ]
"""


async def _tagged(ctx: Context, number: int) -> list[int]:
    codes = [await customer_writes(ctx, f"No. {n}", thread=str(n)) for n in range(number)]
    for n, code in enumerate(codes):
        await change_tags(
            ctx, ticket_code=code, actor=HUB, add=["late", *(["delayed"] if n % 3 == 0 else [])]
        )
    return codes


async def _settled(ctx: Context) -> None:
    async with asyncio.timeout(60):
        while await ctx.database.read(stored.being_renamed):
            await asyncio.sleep(0.05)


async def test_renaming_reaches_every_ticket_and_makes_one_of_two(ctx: Context) -> None:
    async with serving_desk(ctx) as desk:
        codes = await _tagged(desk.ctx, LOT + 5)
        await set_tag(desk.ctx, name="late", colour="red", description="Came late", retired=False, actor=HUB)
        await rename_tag(desk.ctx, name="late", wanted=" Delayed ", actor=HUB)
        await _settled(desk.ctx)
        (row,) = await list_tags(desk.ctx)
        assert (row.name, row.tickets, row.open, row.colour, row.description) == (
            "delayed", len(codes), len(codes), "red", "Came late",
        )  # fmt: skip

        async def twice(c: Any) -> int:
            return int(await c.fetchval("SELECT count(*) FROM ticket WHERE tags <> ARRAY['delayed']"))

        assert await desk.ctx.database.read(twice) == 0


async def test_whoever_renames_it_back_meanwhile_ends_the_first(
    ctx: Context, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each would take from the other for ever, with an entry in the ledger every time."""
    monkeypatch.setattr(tag_shelf, "LOT", 1)
    real, turned = tag_shelf.change_tags, False

    async def and_back(*given: Any, **more: Any) -> Any:
        nonlocal turned
        done = await real(*given, **more)
        if not turned:
            turned = True
            await rename_tag(desk.ctx, name="slow", wanted="late", actor=HUB)
        return done

    async with serving_desk(ctx) as desk:
        codes = await _tagged(desk.ctx, 4)
        monkeypatch.setattr(tag_shelf, "change_tags", and_back)
        await rename_tag(desk.ctx, name="late", wanted="slow", actor=HUB)
        async with asyncio.timeout(20):
            await _settled(desk.ctx)
            await finish_renaming(desk.ctx, HUB)
        told = {row.name: row.tickets for row in await list_tags(desk.ctx)}
        assert told["late"] == len(codes) and not told.get("slow")


async def test_it_goes_on_where_it_was_cut_off(ctx: Context) -> None:
    async with serving_desk(ctx) as desk:
        codes = await _tagged(desk.ctx, 3)
        await desk.ctx.database.run(lambda c: stored.begin_renaming(c, "late", "slow"))
        # It is not offered any more while it is on its way out.
        assert await desk.ctx.database.read(lambda c: automation.known_tags(c, "", 10)) == ["delayed"]
        assert await finish_renaming(desk.ctx, HUB) == len(codes)
        assert await finish_renaming(desk.ctx, HUB) == 0
        assert {row.name for row in await list_tags(desk.ctx)} == {"delayed", "slow"}


async def test_a_retired_tag_stays_on_tickets_and_is_not_offered(ctx: Context) -> None:
    async with serving_desk(ctx) as desk:
        await _tagged(desk.ctx, 1)
        await set_tag(desk.ctx, name="late", colour="", description="", retired=True, actor=HUB)
        assert await desk.ctx.database.read(lambda c: automation.known_tags(c, "", 10)) == ["delayed"]
        assert {row.name: row.tickets for row in await list_tags(desk.ctx)} == {"delayed": 1, "late": 1}
        for wrong in ({"colour": "pink"}, {"description": "x" * 201}):
            with pytest.raises(NotPossible, match="colour"):
                await set_tag(
                    desk.ctx,
                    **{
                        "name": "late",
                        "colour": "",
                        "description": "",
                        "retired": True,
                        "actor": HUB,
                        **wrong,
                    },  # type: ignore[arg-type]
                )
        with pytest.raises(NotFound):
            await rename_tag(desk.ctx, name="never", wanted="other", actor=HUB)
        with pytest.raises(NotPossible):
            await rename_tag(desk.ctx, name="late", wanted="a,b", actor=HUB)


async def test_rules_that_name_it_are_told_of_and_its_colour_is_everywhere(ctx: Context) -> None:
    async with serving_desk(ctx) as desk:
        await other_rules(desk.ctx, RULES)
        assert (
            rules_that_name(desk.ctx, "late") == ["Parcels"]
            and tag_shelf.rules_that_name(desk.ctx, "x") == []
        )
        await _tagged(desk.ctx, 1)
        name = 'a"]} x{'
        await desk.ctx.database.run(lambda c: automation.change_tags(c, 1, [name]))
        await set_tag(desk.ctx, name=name, colour="blue", description="", retired=False, actor=HUB)
        await desk.log_in()
        sheet = (await desk.get("/desk/tags.css")).text
        # Nothing of a name means anything to the sheet.
        assert sheet.count("{") == 1 and '"]' in sheet and name not in sheet
        assert "Parcels" in (await desk.get("/desk/tags")).text
