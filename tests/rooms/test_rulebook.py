"""Rules that change while hubs run: versions, one after the other, and every hub goes by the newest."""

import asyncio
from typing import Any

import pytest

from hub.actions.context import Context
from hub.actions.failures import Conflict, NotFound, NotPossible
from hub.actions.installation import set_up
from hub.actions.rules.rulebook import as_document, change_rules, reload_rules, restore_rules
from hub.model.people import Actor
from hub.model.tickets import TicketKind
from routing.rules import load_rules
from storage import rulebook
from tests.fakes.clocks import SHIPPED
from tests.fakes.scene import a_hub, an_agent, one, rows

BOSS = Actor(name="Boss")
FILE = load_rules(SHIPPED)


def with_queue(name: str, **more: Any) -> dict[str, Any]:
    document = as_document(FILE)
    document["queue"] = [*document["queue"], {"name": name, "title_en": name, "title_zh": name, **more}]
    return document


async def change(ctx: Context, document: dict[str, Any], base: int | None = None) -> int:
    base = ctx.rulebook.version if base is None else base
    return await change_rules(ctx, document=document, base_version=base, actor=BOSS, note="why")


async def test_the_file_is_the_first_version(ctx: Context) -> None:
    assert ctx.rulebook.version == 1
    (row,) = await ctx.database.read(rulebook.versions)
    assert (row.origin, row.fingerprint) == ("file", FILE.fingerprint)
    stored = await ctx.database.read(lambda c: rulebook.document(c, 1))
    assert stored is not None and load_rules(stored) == FILE


async def test_starting_again_with_the_same_file_changes_nothing(ctx: Context) -> None:
    await change(ctx, with_queue("repairs"))
    await set_up(ctx)
    assert ctx.rulebook.version == 2 and "repairs" in [queue.name for queue in ctx.rules.queue]


async def test_a_file_that_changed_is_a_new_version(database_dsn: str) -> None:
    async with a_hub(database_dsn) as first:
        await change(first, with_queue("repairs"))
        async with a_hub(database_dsn, rules=with_queue("returns")) as second:
            assert second.rulebook.version == 3
            assert await reload_rules(first) == 1
            assert first.rules == second.rules
            assert "repairs" not in [queue.name for queue in first.rules.queue]


async def test_an_upgrade_takes_back_nothing_that_people_changed(database_dsn: str) -> None:
    async with a_hub(database_dsn) as first:
        first.rulebook.shipped, first.rulebook.file = True, load_rules(with_queue("returns"))
        await set_up(first)
        assert first.rulebook.version == 2  # nobody has changed them: the upgrade's are better
        await change(first, with_queue("repairs"))
        first.rulebook.file = load_rules(with_queue("orders"))
        await set_up(first)
        assert first.rulebook.version == 3
        assert "repairs" in [queue.name for queue in first.rules.queue]


async def test_a_change_is_a_version_with_its_queue_and_its_event(ctx: Context) -> None:
    assert await change(ctx, with_queue("repairs", calendar="office")) == 2
    assert ctx.rules.queue[-1].calendar == "office"
    assert [
        r["name"] for r in await rows(ctx, "SELECT name FROM queue WHERE name = 'repairs' AND NOT retired")
    ]
    event = await one(ctx, "SELECT data FROM event WHERE kind = 'rules_changed'")
    assert event == {"version": 2, "by": "Boss"}
    newest = (await ctx.database.read(rulebook.versions))[0]
    assert (newest.author, newest.note, newest.origin) == ("Boss", "why", "desk")


async def test_what_changes_nothing_is_no_version(ctx: Context) -> None:
    assert await change(ctx, as_document(FILE)) == 1
    assert len(await ctx.database.read(rulebook.versions)) == 1


async def test_of_two_who_change_at_once_the_second_is_told(ctx: Context) -> None:
    outcome = await asyncio.gather(
        change(ctx, with_queue("a"), 1), change(ctx, with_queue("b"), 1), return_exceptions=True
    )
    assert sorted(map(type, outcome), key=str) == sorted([int, Conflict], key=str)
    assert len(await ctx.database.read(rulebook.versions)) == 2


async def test_wrong_rules_are_refused_and_named(ctx: Context) -> None:
    document = as_document(FILE)
    document["rule"][0]["then"]["queue"] = "nowhere"
    with pytest.raises(NotPossible, match="no queue is called 'nowhere'") as refused:
        await change(ctx, document)
    assert refused.value.code == "rules_wrong" and ctx.rulebook.version == 1


async def test_a_queue_with_work_in_it_does_not_go(ctx: Context) -> None:
    await change(ctx, with_queue("repairs"))
    await ctx.database.run(
        lambda c: c.execute(
            """WITH who AS (INSERT INTO customer (name) VALUES ('c') RETURNING id),
                    way AS (INSERT INTO channel (name, kind) VALUES ('w', 'webform') RETURNING id)
               INSERT INTO ticket (customer_id, channel_id, subject, kind, queue_id)
               SELECT who.id, way.id, 's', 'enquiry', (SELECT id FROM queue WHERE name = 'repairs') FROM who, way"""
        )
    )
    with pytest.raises(NotPossible, match=r"repairs \(1\)") as refused:
        await change(ctx, as_document(FILE))
    assert refused.value.code == "queue_in_use"
    await ctx.database.run(lambda c: c.execute("UPDATE ticket SET status = 'closed'"))
    assert await change(ctx, as_document(FILE)) == 3


async def test_a_calendar_that_is_somebodys_shifts_does_not_go(ctx: Context) -> None:
    document = as_document(FILE)
    document["calendar"] = [*document["calendar"], {**document["calendar"][0], "name": "nights"}]
    await change(ctx, document)
    await an_agent(ctx, "ann", calendar="nights")
    with pytest.raises(NotPossible, match=r"ann \(nights\)") as refused:
        await change(ctx, as_document(FILE))
    assert refused.value.code == "calendar_in_use" and ctx.rulebook.version == 2
    await ctx.database.run(lambda c: c.execute("UPDATE agent SET calendar = ''"))
    assert await change(ctx, as_document(FILE)) == 3


async def test_back_to_an_older_version_as_a_new_one(ctx: Context) -> None:
    await change(ctx, with_queue("repairs"))
    assert await restore_rules(ctx, version=1, base_version=2, actor=BOSS) == 3
    assert ctx.rules == FILE
    newest = (await ctx.database.read(rulebook.versions))[0]
    assert (newest.origin, newest.restores) == ("restored", 1)
    with pytest.raises(NotFound):
        await restore_rules(ctx, version=99, base_version=3, actor=BOSS)


async def test_another_hub_goes_by_the_new_rules(database_dsn: str) -> None:
    async with a_hub(database_dsn) as first, a_hub(database_dsn) as second:
        await change(first, with_queue("repairs"))
        assert second.rulebook.version == 1
        assert await reload_rules(second) == 1
        assert second.rules == first.rules and await reload_rules(second) == 0


async def test_a_version_that_this_hub_does_not_understand_leaves_the_rules(ctx: Context) -> None:
    await ctx.database.run(
        lambda c: rulebook.add(c, document={"from": "a newer release"}, fingerprint="?", origin="desk")
    )
    assert await reload_rules(ctx) == 0
    assert ctx.rules == FILE and ctx.rulebook.version == 1


def test_every_shipped_table_comes_back_as_it_was() -> None:
    assert load_rules(as_document(FILE)) == FILE
    assert load_rules(as_document(FILE)).fingerprint == FILE.fingerprint
    assert {kind.value for rule in FILE.rule for kind in rule.when.kind} <= {
        kind.value for kind in TicketKind
    }
