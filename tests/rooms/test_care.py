"""What a customer is to the company: rules, promises and routing go by it."""

from collections.abc import AsyncIterator
from typing import Any

import pytest

from hub.actions.context import Context
from hub.actions.failures import NotFound, NotPossible
from hub.actions.floor.route import drain
from hub.actions.people.care import change_care
from hub.actions.status import change_status
from tests.fakes.clocks import ROUND_THE_CLOCK, clock, rules
from tests.fakes.invariants import assert_invariants
from tests.fakes.scene import SYSTEM, a_hub, an_agent, one, rows, say, ticket

GOLD = {"name": "gold", "when": {"segment": ["gold"]}, "calendar": "always", "first_response": 10}
KEY = {"name": "key", "when": {"key_account": True}, "calendar": "always", "first_response": 20}
RULE = """
[[rule]]
name = "gold is urgent"
when = { segment = ["gold"] }
then = { priority = "urgent" }
"""


@pytest.fixture
async def ctx(database_dsn: str) -> AsyncIterator[Context]:
    first, marker, rest = rules(GOLD, KEY, ROUND_THE_CLOCK).decode().partition("\n[[calendar]]")
    async with a_hub(database_dsn, rules=(first + RULE + marker + rest).encode()) as hub:
        yield hub
        await assert_invariants(hub.database)


async def _opened(ctx: Context, **said: Any) -> dict[str, Any]:
    return await ticket(
        ctx,
        await say(ctx, **{"text": "Hello, a question", "who": [("email", "li@example.cn", True)], **said}),
    )


async def _customer(ctx: Context) -> int:
    return int(await one(ctx, "SELECT code FROM customer"))


async def test_promises_of_tickets_in_work_go_by_it_at_once(ctx: Context) -> None:
    opened = await _opened(ctx)
    assert (await clock(ctx, opened["id"], "first_response"))["left"] == 60
    await change_care(ctx, customer_code=await _customer(ctx), actor=SYSTEM, key_account=True)
    assert (await clock(ctx, opened["id"], "first_response"))["left"] == 20
    await change_care(ctx, customer_code=await _customer(ctx), actor=SYSTEM, segment="  gold ")
    assert (await clock(ctx, opened["id"], "first_response"))["left"] == 10
    said = await one(ctx, "SELECT data FROM event WHERE kind = 'customer_changed' ORDER BY id DESC LIMIT 1")
    assert (said["key_account"], said["segment"], said["owner"]) == (True, "gold", None)


async def test_the_next_ticket_is_sorted_by_it_and_goes_to_whoever_looks_after_them(ctx: Context) -> None:
    first = await _opened(ctx)
    await change_status(ctx, ticket_code=first["code"], status="closed", actor=SYSTEM)
    for n in range(5):
        await an_agent(ctx, f"other{n}")
    owner = await an_agent(ctx, "owner")
    await change_care(ctx, customer_code=await _customer(ctx), actor=SYSTEM, segment="gold", owner_id=owner)
    second = await _opened(ctx)
    assert second["id"] != first["id"] and second["priority"] == 4
    assert await drain(ctx) == 1
    assert await one(ctx, "SELECT assignee_id FROM ticket WHERE id = $1", second["id"]) == owner


async def test_what_is_left_out_stays_and_nobody_takes_the_owner_away(ctx: Context) -> None:
    await _opened(ctx)
    code, owner = await _customer(ctx), await an_agent(ctx, "owner")
    await change_care(ctx, customer_code=code, actor=SYSTEM, key_account=True, owner_id=owner)
    await change_care(ctx, customer_code=code, actor=SYSTEM, segment="school")
    assert await rows(ctx, "SELECT key_account, segment, owner_id FROM customer") == [
        {"key_account": True, "segment": "school", "owner_id": owner}
    ]
    await change_care(ctx, customer_code=code, actor=SYSTEM, nobody=True)
    await change_care(ctx, customer_code=code, actor=SYSTEM, nobody=True)
    assert await one(ctx, "SELECT owner_id FROM customer") is None
    assert await one(ctx, "SELECT count(*) FROM event WHERE kind = 'customer_changed'") == 3


async def test_what_cannot_be_is_refused(ctx: Context) -> None:
    await _opened(ctx)
    code = await _customer(ctx)
    with pytest.raises(NotPossible) as refused:
        await change_care(ctx, customer_code=code, actor=SYSTEM, segment="x" * 41)
    assert refused.value.code == "bad_segment"
    with pytest.raises(NotFound):
        await change_care(ctx, customer_code=code, actor=SYSTEM, owner_id=999)
    with pytest.raises(NotFound):
        await change_care(ctx, customer_code=1, actor=SYSTEM, key_account=True)
