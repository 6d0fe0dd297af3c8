"""Two customers that are one person, and two again; pairs that look like one. Whatever they had before, undo puts it back."""

import asyncio
import itertools
from collections.abc import AsyncIterator
from typing import Any

import asyncpg
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from hub.actions.cases.merge import merge_tickets
from hub.actions.context import Context
from hub.actions.customers.merge import merge_customers_into, undo_customer_merge
from hub.actions.customers.pairs import decide_pair, look_for_pairs, undo_decision
from hub.actions.errands.tasks import new_task
from hub.actions.failures import NotFound, NotPossible
from hub.actions.move import undo_move
from hub.actions.note import add_note
from hub.actions.people.care import change_care
from hub.actions.tags import change_tags
from storage import customer_pairs, merge_customers, views
from tests.conftest import at_database
from tests.fakes.inboxes import TWO_INBOXES
from tests.fakes.invariants import assert_invariants
from tests.fakes.scene import SYSTEM, a_hub, an_agent, one, rows, say, ticket, write
from tests.rooms.test_merging import LEDGERS, everything

WHO = ("li@example.cn", "wang@example.cn", "zhao@example.cn")
_names = itertools.count()


@pytest.fixture
async def ctx(database_dsn: str) -> AsyncIterator[Context]:
    async with a_hub(database_dsn, TWO_INBOXES) as hub:
        yield hub
        await assert_invariants(hub.database, by_hand=True)


async def _customer(ctx: Context, ticket_row: dict[str, Any]) -> dict[str, Any]:
    (found,) = await rows(ctx, "SELECT * FROM customer WHERE id = $1", ticket_row["customer_id"])
    return found


async def _two(ctx: Context) -> tuple[dict[str, Any], dict[str, Any], dict[str, Any], dict[str, Any]]:
    """Li with a ticket, and Wang with one."""
    first = await ticket(ctx, await write(ctx, WHO[0], "about A", message_id="a@example.cn"))
    second = await ticket(ctx, await write(ctx, WHO[1], "about B", message_id="b@example.cn"))
    return await _customer(ctx, first), await _customer(ctx, second), first, second


async def _merge(ctx: Context, kept: dict[str, Any], gone: dict[str, Any], *take: str) -> int:
    return await merge_customers_into(
        ctx, kept_code=kept["code"], gone_code=gone["code"], actor=SYSTEM, take=take
    )


# ── together and apart ───────────────────────────────────────────────────────────────────────────────────────────────
async def test_everything_is_the_ones_who_stays(ctx: Context) -> None:
    kept, gone, mine, theirs = await _two(ctx)
    await new_task(ctx, actor=SYSTEM, title="Ring her", customer_code=gone["code"], queue="complaints")
    await change_care(ctx, customer_code=gone["code"], actor=SYSTEM, key_account=True, segment="gold")
    merge_id = await _merge(ctx, kept, gone)
    who = await ctx.database.read(lambda c: views.get_customer_by_code(c, kept["code"]))
    assert who is not None and (who.key_account, who.segment) == (True, "gold")
    assert [one_.value for one_ in who.identities] == [WHO[0], WHO[1]]
    # One look by one index: the rows themselves are hers now.
    told = await ctx.database.read(lambda c: views.customer_timeline(c, kept["id"]))
    assert {entry.ticket_id for entry in told} == {mine["id"], theirs["id"]}
    assert await one(ctx, "SELECT count(*) FROM task WHERE customer_id = $1", kept["id"]) == 1
    # Who looks for the one that went finds the other, and so do letters.
    again = await ctx.database.read(lambda c: views.get_customer_by_code(c, gone["code"]))
    assert again is not None and again.id == kept["id"]
    assert [row.code for row in await ctx.database.read(lambda c: views.list_customers(c))] == [kept["code"]]
    new = await ticket(ctx, await write(ctx, WHO[1], "a new matter", subject="New"))
    assert new["customer_id"] == kept["id"]
    # Two again: what came since from the other's address goes with it.
    assert await undo_customer_merge(ctx, merge_id=merge_id, actor=SYSTEM) == gone["code"]
    owners = await rows(ctx, "SELECT id, customer_id FROM ticket ORDER BY id")
    assert [row["customer_id"] for row in owners] == [kept["id"], gone["id"], gone["id"]]
    alone = await ctx.database.read(lambda c: views.get_customer_by_code(c, kept["code"]))
    assert alone is not None and (alone.key_account, alone.segment) == (False, "")
    with pytest.raises(NotPossible) as refused:
        await undo_customer_merge(ctx, merge_id=merge_id, actor=SYSTEM)
    assert refused.value.code == "undone_already"


async def test_what_was_chosen_is_right_and_what_changed_since_stays(ctx: Context) -> None:
    kept, gone, _, _ = await _two(ctx)
    await ctx.database.run(
        lambda c: c.execute(
            """UPDATE customer SET name = CASE id WHEN $1 THEN 'Li' ELSE 'Li Lei' END,
                   note = CASE id WHEN $1 THEN 'Rings at noon.' ELSE 'Speaks Cantonese.' END""",
            kept["id"],
        )
    )
    merge_id = await _merge(ctx, kept, gone, "name")
    now = await _customer(ctx, {"customer_id": kept["id"]})
    assert (now["name"], now["note"]) == ("Li Lei", "Rings at noon.\nSpeaks Cantonese.")
    await ctx.database.run(
        lambda c: c.execute("UPDATE customer SET note = 'Rings at one.' WHERE id = $1", kept["id"])
    )
    await undo_customer_merge(ctx, merge_id=merge_id, actor=SYSTEM)
    now = await _customer(ctx, {"customer_id": kept["id"]})
    assert (now["name"], now["note"]) == ("Li", "Rings at one.")


async def test_who_must_not_be_erased_must_not_be_afterwards(ctx: Context) -> None:
    kept, gone, _, _ = await _two(ctx)
    await ctx.database.run(
        lambda c: c.execute(
            "INSERT INTO legal_hold (customer_id, reason, by_name) VALUES ($1, 'a case', 'Law')", gone["id"]
        )
    )
    merge_id = await _merge(ctx, kept, gone)
    held = [row["customer_id"] for row in await rows(ctx, "SELECT customer_id FROM legal_hold ORDER BY 1")]
    assert held == [kept["id"], gone["id"]]
    await undo_customer_merge(ctx, merge_id=merge_id, actor=SYSTEM)
    assert [row["customer_id"] for row in await rows(ctx, "SELECT customer_id FROM legal_hold")] == [
        gone["id"]
    ]


async def test_what_stands_against_it(ctx: Context) -> None:
    kept, gone, _, _ = await _two(ctx)
    third = await _customer(ctx, await ticket(ctx, await write(ctx, WHO[2], "C", subject="C")))

    async def refused(kept: dict[str, Any], gone: dict[str, Any]) -> str:
        with pytest.raises(NotPossible) as why:
            await _merge(ctx, kept, gone)
        return why.value.code

    assert await refused(kept, kept) == "same_customer"
    first = await _merge(ctx, kept, gone)
    assert await refused(third, gone) == "customer_merged_already"
    second = await _merge(ctx, third, kept)
    with pytest.raises(NotPossible) as why:
        await undo_customer_merge(ctx, merge_id=first, actor=SYSTEM)
    assert why.value.code == "merged_on"
    # Through both steps to where it is now.
    found = await ctx.database.read(lambda c: views.get_customer_by_code(c, gone["code"]))
    assert found is not None and found.id == third["id"]
    await undo_customer_merge(ctx, merge_id=second, actor=SYSTEM)
    await ctx.database.run(
        lambda c: c.execute("UPDATE customer SET anonymised_at = now() WHERE id = $1", gone["id"])
    )
    with pytest.raises(NotPossible) as why:
        await undo_customer_merge(ctx, merge_id=first, actor=SYSTEM)
    assert why.value.code == "anonymised"
    with pytest.raises(NotFound):
        await undo_customer_merge(ctx, merge_id=99, actor=SYSTEM)


async def test_letters_that_come_while_two_merge(ctx: Context) -> None:
    kept, gone, _, _ = await _two(ctx)
    letters = [write(ctx, WHO[1], f"letter {n}", subject=f"Matter {n}") for n in range(6)]
    answers = [write(ctx, WHO[1], f"answer {n}", answers="b@example.cn") for n in range(6)]
    await asyncio.gather(*letters[:3], *answers[:3], _merge(ctx, kept, gone), *letters[3:], *answers[3:])
    owners = {row["customer_id"] for row in await rows(ctx, "SELECT customer_id FROM ticket")}
    assert owners == {kept["id"]}
    assert await one(ctx, "SELECT count(*) FROM interaction WHERE customer_id = $1", kept["id"]) == 14


async def test_two_who_merge_at_once(ctx: Context) -> None:
    kept, gone, _, _ = await _two(ctx)

    async def merge(kept: dict[str, Any], gone: dict[str, Any]) -> str:
        try:
            await _merge(ctx, kept, gone)
        except NotPossible as refused:
            return refused.code
        return "done"

    results = await asyncio.gather(merge(kept, gone), merge(gone, kept), merge(kept, gone))
    assert sorted(results) == ["customer_merged_already", "customer_merged_already", "done"]


async def test_every_table_that_names_a_customer_is_known(ctx: Context) -> None:
    """A table that is added later and names a customer has to say here what a merge does with it."""
    named = {
        row["name"]
        for row in await rows(
            ctx,
            """SELECT DISTINCT c.relname || '.' || a.attname AS name FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid
               LEFT JOIN pg_constraint f ON f.conrelid = c.oid AND f.contype = 'f' AND f.conkey = ARRAY[a.attnum]
               WHERE c.relnamespace = 'public'::regnamespace AND c.relkind IN ('r', 'p') AND NOT c.relispartition
                 AND (f.confrelid = 'customer'::regclass OR a.attname = 'customer_id') AND a.attnum > 0""",
        )
    }
    goes_along = {
        "ticket",
        "interaction",
        "identity",
        "task",
        "incident_delivery",
        "customer_fields",
        "legal_hold",
        "survey_invitation",
    }
    stays = {
        "forgetting.customer_id", "customer.merged_into", "customer_merge.kept_id", "customer_merge.gone_id",
        "customer_pair.low_id",
        "customer_pair.high_id",
    }  # fmt: skip
    assert named == {f"{name}.customer_id" for name in goes_along} | stays


# ── whatever they had ────────────────────────────────────────────────────────────────────────────────────────────────
_things = st.sampled_from(["letter", "note", "tag", "task", "care", "field", "hold", "merge tickets"])
_steps = st.lists(st.tuples(_things, st.integers(0, 2)), max_size=9)
_COUNTED = {"customer": ("version",)}


@settings(max_examples=8, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(steps=_steps, pairs=st.lists(st.permutations([0, 1, 2]), min_size=1, max_size=2))
def test_undo_puts_every_table_back(
    postgres: str, steps: list[tuple[str, int]], pairs: list[list[int]]
) -> None:
    asyncio.run(_run(postgres, steps, pairs))


async def _run(postgres: str, steps: list[tuple[str, int]], pairs: list[list[int]]) -> None:
    name = f"together_{next(_names)}"
    server = await asyncpg.connect(postgres)
    await server.execute(f"CREATE DATABASE {name} TEMPLATE template_hub STRATEGY file_copy")
    try:
        async with a_hub(at_database(postgres, name), TWO_INBOXES) as ctx:
            codes = [
                (
                    await _customer(
                        ctx, await ticket(ctx, await write(ctx, who, "first", message_id=f"{n}@x.cn"))
                    )
                )
                for n, who in enumerate(WHO)
            ]
            for what, which in steps:
                await _have(ctx, what, which, codes)
            before = await everything(ctx, LEDGERS | {"customer_merge", "customer_merge_row"}, _COUNTED)
            done = []
            for kept, gone, _ in pairs:
                try:
                    done.append(await _merge(ctx, codes[kept], codes[gone]))
                except NotPossible as refused:
                    assert refused.code == "customer_merged_already"
            await assert_invariants(ctx.database, by_hand=True)
            for merge_id in reversed(done):
                await undo_customer_merge(ctx, merge_id=merge_id, actor=SYSTEM)
            after = await everything(ctx, LEDGERS | {"customer_merge", "customer_merge_row"}, _COUNTED)
            assert {key: (before[key], after[key]) for key in after if after[key] != before[key]} == {}
            await assert_invariants(ctx.database, by_hand=True)
    finally:
        await server.execute(f"DROP DATABASE {name} WITH (FORCE)")
        await server.close()


async def _have(ctx: Context, what: str, which: int, customers: list[dict[str, Any]]) -> None:
    customer = customers[which]
    mine = await rows(
        ctx,
        "SELECT * FROM ticket WHERE customer_id = $1 AND status <> 'closed' ORDER BY id DESC",
        customer["id"],
    )
    match what:
        case "letter":
            await write(ctx, WHO[which], "another matter", subject="Another")
        case "note" if mine:
            await add_note(ctx, ticket_code=mine[0]["code"], actor=SYSTEM, text="A note.")
        case "tag" if mine:
            await change_tags(ctx, ticket_code=mine[0]["code"], actor=SYSTEM, add=[f"tag{which}"])
        case "task":
            await new_task(
                ctx, actor=SYSTEM, title="A task", customer_code=customer["code"], queue="complaints"
            )
        case "care":
            await change_care(
                ctx, customer_code=customer["code"], actor=SYSTEM, key_account=True, segment=f"s{which}"
            )
        case "field":
            await ctx.database.run(
                lambda c: c.execute(
                    """INSERT INTO customer_fields (customer_id, said) VALUES ($1, $2)
                       ON CONFLICT (customer_id) DO UPDATE SET said = excluded.said""",
                    customer["id"],
                    {"size": which, f"only{which}": "x"},
                )
            )
        case "hold":
            await ctx.database.run(
                lambda c: c.execute(
                    """INSERT INTO legal_hold (customer_id, reason, by_name) VALUES ($1, 'a case', 'Law')
                       ON CONFLICT DO NOTHING""",
                    customer["id"],
                )
            )
        case "merge tickets" if len(mine) > 1:
            move_id, _ = await merge_tickets(
                ctx, ticket_code=mine[0]["code"], into_code=mine[1]["code"], actor=SYSTEM
            )
            if which == 1:
                await undo_move(ctx, move_id=move_id, actor=SYSTEM)


# ── pairs that look like one ─────────────────────────────────────────────────────────────────────────────────────────
async def _claimed(ctx: Context, customer_id: int, kind: str, value: str) -> None:
    await ctx.database.run(
        lambda c: c.execute(
            "INSERT INTO identity (customer_id, kind, value, verified) VALUES ($1, $2, $3, false)",
            customer_id, kind, value,
        )
    )  # fmt: skip


async def test_a_claim_that_meets_a_proof_is_found_once_and_decided(ctx: Context) -> None:
    kept, gone, _, _ = await _two(ctx)
    third = await _customer(ctx, await ticket(ctx, await write(ctx, WHO[2], "C", subject="C")))
    await _claimed(ctx, gone["id"], "email", WHO[0])
    for number in (gone["id"], third["id"]):
        await _claimed(ctx, number, "phone", "+8613800138000")
    assert await look_for_pairs(ctx, settled_seconds=0) > 0
    assert await look_for_pairs(ctx, settled_seconds=0) == 0
    (pair,) = await ctx.database.read(lambda c: customer_pairs.open_pairs(c, None, 50))
    assert (pair.reason, pair.value) == ("claim_meets_proof", WHO[0])
    assert {pair.low_id, pair.high_id} == {kept["id"], gone["id"]}
    # Different names and one telephone: a family. The same name too: one person, perhaps.
    await ctx.database.run(
        lambda c: c.execute(
            "UPDATE customer SET name = 'Lei' WHERE id = ANY($1::bigint[])", [gone["id"], third["id"]]
        )
    )
    await _claimed(ctx, gone["id"], "phone", "+8613900139000")
    await _claimed(ctx, third["id"], "phone", "+8613900139000")
    await look_for_pairs(ctx, settled_seconds=0)
    found = await ctx.database.read(lambda c: customer_pairs.open_pairs(c, None, 50))
    assert [one_.reason for one_ in found] == ["same_claim", "claim_meets_proof"]

    agent = await an_agent(ctx, "lin")
    await decide_pair(ctx, one_code=kept["code"], other_code=gone["code"], actor=SYSTEM)
    await _claimed(ctx, kept["id"], "email", WHO[1])
    await look_for_pairs(ctx, settled_seconds=0)
    found = await ctx.database.read(lambda c: customer_pairs.open_pairs(c, None, 50))
    assert [one_.reason for one_ in found] == ["same_claim"], agent
    await undo_decision(ctx, one_code=kept["code"], other_code=gone["code"], actor=SYSTEM)
    assert len(await ctx.database.read(lambda c: customer_pairs.open_pairs(c, None, 50))) == 2
    # One person: merged, and asked no more; two again, and asked again.
    merge_id = await _merge(ctx, kept, gone)
    assert await ctx.database.read(lambda c: customer_pairs.open_pairs(c, None, 50)) == []
    await undo_customer_merge(ctx, merge_id=merge_id, actor=SYSTEM)
    assert len(await ctx.database.read(lambda c: customer_pairs.open_pairs(c, None, 50))) == 2


async def test_a_message_that_proves_two_people_asks_for_a_decision(ctx: Context) -> None:
    await say(ctx, "plain", who=[("external", "1", True)], key="k1", text="one")
    await say(ctx, "plain", who=[("external", "2", True)], key="k2", text="two")
    await say(ctx, "plain", who=[("external", "1", True), ("external", "2", True)], key="k1", text="both")
    (pair,) = await ctx.database.read(lambda c: customer_pairs.open_pairs(c, None, 50))
    assert pair.reason == "two_owners"
    merges = await ctx.database.read(lambda c: merge_customers.merges_of(c, pair.low_id))
    assert merges == []
