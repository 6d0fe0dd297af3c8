"""Who was forgotten stays forgotten, and nothing is forgotten that somebody is about to read or to send."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest

from hub.actions.answers.reply import queue_reply
from hub.actions.answers.sent_copies import keep_copies
from hub.actions.context import Context
from hub.actions.failures import NotPossible
from hub.actions.privacy.forget import anonymise_customer, refusal_of, standing_of
from hub.actions.status import change_status
from hub.model.codes import CUSTOMER, show_code
from hub.model.people import Actor, Role
from storage import privacy, views
from tests.fakes.inboxes import TWO_INBOXES
from tests.fakes.scene import a_hub, one, rows, ticket, write

ADMIN = Actor(name="Ada", role=Role.ADMIN)
LI = "li@example.cn"


@pytest.fixture
async def ctx(database_dsn: str) -> AsyncIterator[Context]:
    async with a_hub(database_dsn, TWO_INBOXES) as hub:
        yield hub


async def _answered(ctx: Context, state: str = "sent", **more: Any) -> dict[str, Any]:
    """A ticket of Li's that is resolved with an answer of which this became."""
    found = await ticket(ctx, await write(ctx, LI, **more))
    await queue_reply(ctx, ticket_code=found["code"], actor=ADMIN, text="It is on its way")
    await one(ctx, "UPDATE outbox SET state = $1, settled_at = now() RETURNING 1", state)
    await change_status(ctx, ticket_code=found["code"], status="resolved", actor=ADMIN)
    return found


async def _forget(ctx: Context, customer_id: int) -> None:
    code = await one(ctx, "SELECT code FROM customer WHERE id = $1", customer_id)
    await anonymise_customer(ctx, customer_code=code, typed=show_code(CUSTOMER, code), actor=ADMIN)


async def test_who_answers_an_old_letter_of_ours_is_somebody_new(ctx: Context) -> None:
    """The token of our letter names a ticket for ever. Were it followed, the address would be known again as theirs, of whom
    nothing must be known, and who cannot be forgotten twice."""
    old = await _answered(ctx)
    ours = await one(ctx, "SELECT message_id FROM outbox")
    await _forget(ctx, old["customer_id"])
    again = await ticket(ctx, await write(ctx, LI, "And where is it now?", answers=ours.strip("<>")))
    assert again["id"] != old["id"] and again["customer_id"] != old["customer_id"]
    assert await rows(ctx, "SELECT 1 FROM ticket_link") == []
    assert await rows(ctx, "SELECT 1 FROM identity WHERE customer_id = $1", old["customer_id"]) == []
    await change_status(ctx, ticket_code=again["code"], status="closed", actor=ADMIN)
    await _forget(ctx, again["customer_id"])


async def test_a_letter_that_is_just_being_filed_is_waited_for(ctx: Context) -> None:
    """Its words would be emptied unread, or stand with somebody who is gone."""
    old = await _answered(ctx)
    blocker = await ctx.database.connect_alone()

    async def waiting(many: int) -> None:
        while await blocker.fetchval("SELECT count(*) FROM pg_locks WHERE NOT granted") < many:
            await asyncio.sleep(0.01)

    async with asyncio.timeout(20), blocker.transaction():
        # By now it is known whose it is, and nothing of it is written.
        await blocker.execute("LOCK TABLE cited_ref IN ACCESS EXCLUSIVE MODE")
        filing = asyncio.create_task(write(ctx, LI, "One more thing"))
        await waiting(1)
        forgetting = asyncio.create_task(_forget(ctx, old["customer_id"]))
        await waiting(2)
    blocker.terminate()
    new = await ticket(ctx, await filing)
    with pytest.raises(NotPossible) as refused:
        await forgetting
    assert refused.value.code == "still_in_work"
    said = await rows(ctx, "SELECT text FROM interaction WHERE ticket_id = $1", new["id"])
    assert "One more thing" in [each["text"] for each in said]


async def test_a_reply_that_has_not_left_speaks_against_it(ctx: Context) -> None:
    """It has their name, their address and what they wrote in it, and is needed until it has left."""
    old = await _answered(ctx, state="queued")
    code = await one(ctx, "SELECT code FROM customer WHERE id = $1", old["customer_id"])
    refusal = refusal_of(await standing_of(ctx, code))
    assert refusal is not None and refusal.code == "still_written_to"
    with pytest.raises(NotPossible) as refused:
        await _forget(ctx, old["customer_id"])
    assert refused.value.code == "still_written_to"
    await one(ctx, "UPDATE outbox SET state = 'sent', settled_at = now() RETURNING 1")
    await _forget(ctx, old["customer_id"])
    assert await one(ctx, "SELECT count(*) FROM outbox WHERE message <> '{}'") == 0


@pytest.mark.parametrize("state", ["failed", "uncertain"])
async def test_what_nobody_can_send_any_more_waits_for_nobody(ctx: Context, state: str) -> None:
    """On the System page it could be neither sent nor put away."""
    old = await _answered(ctx, state=state)
    await _forget(ctx, old["customer_id"])
    assert await ctx.database.read(views.list_troubled) == []


async def test_no_copy_is_wanted_of_what_is_empty(ctx: Context) -> None:
    """One of those would stop all copies of its inbox."""
    old = await _answered(ctx)
    await one(ctx, "UPDATE outbox SET sent_copy = 'wanted' RETURNING 1")
    await _forget(ctx, old["customer_id"])
    adapter: Any = None  # nothing is handed to it
    assert await keep_copies(ctx, "support", adapter) == []


async def test_whoever_was_merged_meanwhile_is_read_under_the_lock_too(ctx: Context) -> None:
    old, other = await _answered(ctx), await ticket(ctx, await write(ctx, "wang@example.cn"))
    code = await one(ctx, "SELECT code FROM customer WHERE id = $1", old["customer_id"])
    merging = await ctx.database.connect_alone()
    async with asyncio.timeout(20):
        merge = merging.transaction()
        await merge.start()
        await merging.execute("SELECT 1 FROM customer WHERE id = $1 FOR UPDATE", old["customer_id"])
        looking = asyncio.create_task(ctx.database.run(lambda c: privacy.lock_customer(c, code)))
        while not await merging.fetchval("SELECT count(*) FROM pg_locks WHERE NOT granted"):
            await asyncio.sleep(0.01)
        await merging.execute(
            "UPDATE customer SET merged_into = $1 WHERE id = $2", old["customer_id"], other["customer_id"]
        )
        await merge.commit()
        found = await looking
    merging.terminate()
    assert {one_.id for one_ in found} == {old["customer_id"], other["customer_id"]}
    assert any(one_.in_work for one_ in found)
