"""Which customers are asked, and how often: over several tickets, addresses and hubs."""

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from typing import Any

import orjson
import pytest

from channels.adapter import RawItem
from hub.actions.context import Context
from hub.actions.customers.merge import merge_customers_into, undo_customer_merge
from hub.actions.privacy.forget import anonymise_customer
from hub.actions.receive import accept_items
from hub.actions.status import change_status
from hub.actions.surveys.answer import answer_question
from hub.actions.surveys.invite import ask_rating
from hub.actions.surveys.letter import PER_DOMAIN
from hub.actions.surveys.stop import stop_asking
from hub.actions.timers import fire_due
from hub.model.codes import CUSTOMER, show_code
from storage import participants
from storage.database import Connection
from tests.fakes.invariants import assert_invariants
from tests.fakes.processes import until
from tests.fakes.scene import SYSTEM, a_hub, one, rows, ticket, waiting_for_a_lock, write
from tests.fakes.surveys import LI, PASSED, a_survey, asked, letters, make_older, reopen, resolved, token_of
from tests.rooms.test_retention import ADMIN

DUE = """WITH u AS (
    UPDATE timer SET due_at = clock_timestamp() WHERE kind = $1 AND fired_at IS NULL AND cancelled_at IS NULL RETURNING 1)
SELECT count(*) FROM u"""


@pytest.fixture
async def ctx(database_dsn: str) -> AsyncIterator[Context]:
    async with a_hub(database_dsn) as opened:
        yield opened
        await assert_invariants(opened.database)


async def test_a_customer_is_not_asked_again_before_the_time_is_over(ctx: Context) -> None:
    await a_survey(ctx, cool_down_days=30)
    await resolved(ctx)
    await one(ctx, "DELETE FROM rate_limit RETURNING 1")
    await resolved(ctx, text="Another thing", subject="Another thing")
    assert await one(ctx, "SELECT count(*) FROM survey_invitation") == 1
    await make_older(ctx, 31)
    await one(ctx, "DELETE FROM rate_limit RETURNING 1")
    await resolved(ctx, text="A third thing", subject="A third thing")
    assert await one(ctx, "SELECT count(*) FROM survey_invitation") == 2


async def test_two_customers_who_are_one_are_asked_as_one(ctx: Context) -> None:
    await a_survey(ctx, cool_down_days=30)
    first = await resolved(ctx)
    second = await ticket(ctx, await write(ctx, "mei@example.cn", "Another thing", headers=PASSED))
    merge = await _merge(ctx, second, first)
    await change_status(ctx, ticket_code=second["code"], status="resolved", actor=SYSTEM)
    await fire_due(ctx)
    assert await one(ctx, "SELECT count(*) FROM survey_invitation") == 1
    await undo_customer_merge(ctx, merge_id=merge, actor=SYSTEM)
    await reopen(ctx, second["code"])
    await change_status(ctx, ticket_code=second["code"], status="resolved", actor=SYSTEM)
    await fire_due(ctx)
    assert await one(ctx, "SELECT count(*) FROM survey_invitation") == 2


async def test_a_ticket_takes_its_questions_along_to_another_customer(ctx: Context) -> None:
    await a_survey(ctx)
    found = await resolved(ctx)

    async def give(connection: Connection) -> int:
        other = await participants.claimed_customer(connection, "Mei", "", "mei@example.cn")
        await participants.give_to_customer(connection, found["id"], other, "mei@example.cn")
        return other

    assert (await asked(ctx))["customer_id"] == found["customer_id"]
    assert await ctx.database.run(give) == (await asked(ctx))["customer_id"]


async def test_of_two_tickets_at_the_same_moment_one_is_asked_about(ctx: Context) -> None:
    """By two hubs, at two addresses of the same customer."""
    await a_survey(ctx, minutes=60, cool_down_days=30)
    first, second = await resolved(ctx), await resolved(ctx, "mei@example.cn")
    await _merge(ctx, first, second)

    async def ask_both(connection: Connection) -> asyncio.Task[None]:
        await ask_rating(ctx, connection, first["id"])
        other = asyncio.create_task(ctx.database.run(lambda c: ask_rating(ctx, c, second["id"])))

        async def waits() -> bool:
            return other.done() or await waiting_for_a_lock(ctx) > 0

        await until(waits, seconds=20, what="the other hub is where this one is")
        return other

    await (await ctx.database.run(ask_both))
    assert [row["ticket_id"] for row in await rows(ctx, "SELECT ticket_id FROM survey_invitation")] == [
        first["id"]
    ]


async def test_what_is_too_much_waits_and_counts_for_nobody(ctx: Context) -> None:
    await a_survey(ctx)
    domain = "survey:domain:example.cn"
    await one(
        ctx, "INSERT INTO rate_limit VALUES ($1, clock_timestamp(), $2) RETURNING 1", domain, PER_DOMAIN
    )
    found = await ticket(ctx, await write(ctx, LI, "Where is it?", headers=PASSED))
    await change_status(ctx, ticket_code=found["code"], status="resolved", actor=SYSTEM)
    version = await one(ctx, "SELECT version FROM ticket WHERE id = $1", found["id"])
    for _ in range(2):
        await one(ctx, DUE, "ask_rating")
        await fire_due(ctx)
    assert (
        await letters(ctx) == []
        and await one(ctx, "SELECT hits FROM rate_limit WHERE key = $1", domain) == PER_DOMAIN
    )
    assert await one(ctx, "SELECT version FROM ticket WHERE id = $1", found["id"]) == version, (
        "nothing happened to it"
    )
    await one(ctx, "DELETE FROM rate_limit WHERE key = $1 RETURNING 1", domain)
    await one(ctx, DUE, "ask_rating")
    await fire_due(ctx)
    assert len(await letters(ctx)) == 1


async def test_a_ticket_that_closed_by_itself_is_asked_about_and_one_that_somebody_closed_is_not(
    ctx: Context,
) -> None:
    await a_survey(ctx, minutes=14 * 1440)
    found, other = await resolved(ctx), await resolved(ctx, "mei@example.cn")
    await change_status(ctx, ticket_code=other["code"], status="closed", actor=SYSTEM)
    for kind in ("close_resolved", "ask_rating"):
        await one(ctx, DUE, kind)
        await fire_due(ctx)
    assert await one(ctx, "SELECT status FROM ticket WHERE id = $1", found["id"]) == "closed"
    assert [letter["address"] for letter in await letters(ctx)] == [LI]
    assert await answer_question(ctx, await token_of(ctx), {"score": 5})


async def test_one_letter_a_day_for_an_address_whatever_is_set(ctx: Context) -> None:
    """With no cool-down; the second waits, and is tried again then."""
    await a_survey(ctx)
    await resolved(ctx)
    await resolved(ctx, text="Another thing", subject="Another thing")
    assert len(await letters(ctx)) == 1
    assert await one(ctx, "SELECT count(*) FROM timer WHERE kind = 'ask_rating' AND fired_at IS NULL") == 1
    await one(ctx, "DELETE FROM rate_limit RETURNING 1")
    await one(
        ctx,
        "UPDATE timer SET due_at = clock_timestamp() WHERE fired_at IS NULL AND kind = 'ask_rating' RETURNING 1",
    )
    await fire_due(ctx)
    assert len(await letters(ctx)) == 2


async def test_nobody_is_written_to_who_did_not_take_part(ctx: Context) -> None:
    await a_survey(ctx)
    forged = (("Authentication-Results", "mx.shop.example; dmarc=fail header.from=example.cn"),)
    for sender, headers in (
        (LI, forged),
        ("no-reply@example.cn", PASSED),
        ("mei@example.cn", (*PASSED, ("List-Id", "<news.example.cn>"))),
        ("wang@example.cn", (*PASSED, ("X-Auto-Response-Suppress", "All"))),
    ):
        await resolved(ctx, sender, headers=headers)
        assert await one(ctx, "SELECT count(*) FROM survey_invitation") == 0, sender
    await resolved(ctx, "zhao@example.cn")
    assert await one(ctx, "SELECT count(*) FROM survey_invitation") == 1, "and this one did"


async def test_who_does_not_want_to_be_asked_is_not(ctx: Context) -> None:
    await a_survey(ctx)
    await resolved(ctx)
    await stop_asking(ctx, await token_of(ctx))
    await stop_asking(ctx, "x" * 32)
    await one(ctx, "DELETE FROM rate_limit RETURNING 1")
    await resolved(ctx, text="Another thing", subject="Another thing")
    assert len(await letters(ctx)) == 1
    await resolved(ctx, "mei@example.cn")
    assert len(await letters(ctx)) == 2, "others are"


async def test_who_only_claimed_an_address_takes_no_refusal_of_it_along(ctx: Context) -> None:
    await a_survey(ctx)
    await resolved(ctx)
    await stop_asking(ctx, await token_of(ctx))
    said = {"text": "Hello", "email": LI, "fields": {}, "hints": {}, "answers": []}
    posted = RawItem(external_key="form-1", content=orjson.dumps(said), received_at=datetime.now(UTC))
    (kept,) = await accept_items(ctx, "form", [posted])
    claimed = await ticket(ctx, kept)
    await change_status(ctx, ticket_code=claimed["code"], status="resolved", actor=SYSTEM)
    customer = await _customer_code(ctx, claimed)
    await anonymise_customer(ctx, customer_code=customer, typed=show_code(CUSTOMER, customer), actor=ADMIN)
    assert await one(ctx, "SELECT address FROM survey_refusal") == LI


async def _merge(ctx: Context, kept: dict[str, Any], gone: dict[str, Any]) -> int:
    return await merge_customers_into(
        ctx,
        kept_code=await _customer_code(ctx, kept),
        gone_code=await _customer_code(ctx, gone),
        actor=SYSTEM,
        take=(),
    )


async def _customer_code(ctx: Context, found: dict[str, Any]) -> int:
    code: int = await one(ctx, "SELECT code FROM customer WHERE id = $1", found["customer_id"])
    return code
