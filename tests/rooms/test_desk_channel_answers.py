"""Answers by channels that were set up at the desk: they are channels like those of the file."""

from collections.abc import AsyncIterator
from dataclasses import replace

import pytest

from hub.actions.answers.reach import Asked, list_ways
from hub.actions.answers.reply import queue_reply
from hub.actions.cases.incidents import add_incident
from hub.actions.cases.tell_everybody import preview_update, tell_next, write_update
from hub.actions.channels.change_channels import add_channel
from hub.actions.channels.desk_channels import open_every_channel
from hub.actions.context import Context
from tests.fakes.invariants import assert_invariants
from tests.fakes.scene import MAIL, SYSTEM, a_hub, one, rows, say, ticket, write

LI = "li@example.cn"
WHO = [("email", LI, True)]


@pytest.fixture
async def ctx(database_dsn: str) -> AsyncIterator[Context]:
    """The file has a form alone; an inbox and a line to talk on are of the desk."""
    async with a_hub(database_dsn, {"form": {"kind": "webform"}}) as hub:
        kinds = {**hub.kinds, "plain": replace(hub.kinds["plain"], answers=lambda _: True)}
        hub = replace(hub, kinds=kinds)
        mail = {name: value for name, value in MAIL.items() if name != "kind"}
        for name, kind, settings in (("support", "email", mail), ("line", "plain", {})):
            # Switched off, so that nobody is asked whether the login works.
            await add_channel(
                hub, name=name, kind=kind, settings=settings, secrets={}, actor=SYSTEM, enabled=False
            )
        await open_every_channel(hub)
        yield hub
        await assert_invariants(hub.database, by_hand=True)


async def _left_by(ctx: Context) -> list[tuple[str, str]]:
    found = await rows(
        ctx,
        "SELECT ch.name, o.message->>'address' AS address FROM outbox o JOIN channel ch ON ch.id = o.channel_id ORDER BY o.id",
    )
    return [(row["name"], row["address"]) for row in found]


async def test_who_wrote_to_a_channel_of_the_desk_is_answered_by_it(ctx: Context) -> None:
    by_mail = await ticket(ctx, await write(ctx, LI))
    by_line = await ticket(ctx, await say(ctx, "line", who=WHO, reply_address="7", key="7"))
    for opened in (by_mail, by_line):
        await queue_reply(ctx, ticket_code=opened["code"], actor=SYSTEM, text="Yes.")
    assert await _left_by(ctx) == [("support", LI), ("line", "7")]
    # And from the one ticket on the other's channel.
    asked = Asked(
        customer_id=by_mail["customer_id"],
        channel="support",
        reply_address=LI,
        thread_key="",
        heard_channel="support",
        heard_thread="",
    )
    found = await ctx.database.read(lambda c: list_ways(ctx, c, asked))
    assert [(way.key, way.shut) for way in found] == [(f"mail:{LI}", None), ("talk:line:7", None)]
    await queue_reply(ctx, ticket_code=by_mail["code"], actor=SYSTEM, text="Here too.", way="talk:line:7")
    assert (await _left_by(ctx))[-1] == ("line", "7")


async def test_an_incident_is_told_where_the_customer_was_heard_last(ctx: Context) -> None:
    opened = await ticket(ctx, await write(ctx, LI))
    spoke = await ticket(ctx, await say(ctx, "line", who=WHO, reply_address="7", key="7"))
    await one(
        ctx,
        "UPDATE interaction SET ticket_id = $1, seq = seq + 100 WHERE ticket_id = $2 RETURNING 1",
        opened["id"],
        spoke["id"],
    )
    code = await add_incident(ctx, title="Down", actor=SYSTEM, ticket_codes=[opened["code"]])
    assert (await preview_update(ctx, incident_code=code, actor=SYSTEM)).by_kind == {"plain": 1}
    await one(
        ctx,
        "UPDATE interaction SET ticket_id = $2, seq = seq - 100 WHERE ticket_id = $1 AND seq > 100 RETURNING 1",
        opened["id"],
        spoke["id"],
    )
    assert (await preview_update(ctx, incident_code=code, actor=SYSTEM)).by_kind == {"email": 1}
    await write_update(ctx, incident_code=code, key="k", actor=SYSTEM, text_en="We are on it.", state="open")
    while await tell_next(ctx):
        pass
    assert await _left_by(ctx) == [("support", LI)]
