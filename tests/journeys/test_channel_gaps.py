"""What may be lost of a channel stands at the desk until somebody has seen it."""

from datetime import timedelta
from typing import Any

from hub.actions.channels.hearing import note_heard
from hub.actions.context import Context
from hub.actions.people.staff import add_agent
from hub.model.people import Role
from tests.fakes.desk import CHANNELS, PASSWORD, Desk, serving_desk, words_of

HTMX: dict[str, Any] = {"HX-Request": "true"}
BOT = {"kind": "telegram", "token": "700000001:" + "t" * 35}


async def a_gap(desk: Desk) -> None:
    """The bot is heard again after thirty hours."""
    await note_heard(desk.ctx, "bot")
    hours = timedelta(hours=30)
    await desk.ctx.database.run(
        lambda c: c.execute("UPDATE bookmark SET written_at = written_at - $1::interval", hours)
    )
    await note_heard(desk.ctx, "bot")


async def test_a_gap_is_shown_in_both_languages_until_somebody_has_seen_it(ctx: Context) -> None:
    async with serving_desk(ctx, {**CHANNELS, "bot": BOT}) as desk:
        await add_agent(desk.ctx, login="ada", name="Ada", password=PASSWORD, role=Role.ADMIN)
        await desk.log_in("ada")
        card, system = "/desk/fragments/channels/bot", "/desk/fragments/system"
        assert "nothing was heard" not in (await desk.get(card, **HTMX)).text
        before = words_of((await desk.get("/desk/fragments/badge", **HTMX)).text)
        await a_gap(desk)
        told = "nothing was heard; what customers wrote more than 24 hours before"
        for page in (card, system, "/desk/channels"):
            assert told in (await desk.get(page, **HTMX)).text, page
        assert told not in (await desk.get("/desk/fragments/channels/shop", **HTMX)).text
        assert words_of((await desk.get("/desk/fragments/badge", **HTMX)).text) != before
        assert "hub_channel_gaps 1.0" in (await desk.get("/metrics")).text

        await desk.log_in("lin")
        seen = await desk.get(system, **HTMX)
        assert "期间未接收任何消息；客户在" in seen.text and "/gaps/seen" not in seen.text
        assert (await desk.post("/desk/system/channels/bot/gaps/seen", **HTMX)).status == 403

        await desk.log_in("ada")
        assert told not in (await desk.post("/desk/channels/bot/gaps/seen", **HTMX)).text
        assert told not in (await desk.get(system, **HTMX)).text
        assert (await desk.post("/desk/channels/bot/gaps/seen", **HTMX)).status == 404
        await a_gap(desk)
        assert told not in (await desk.post("/desk/system/channels/bot/gaps/seen", **HTMX)).text
        assert "hub_channel_gaps" in (await desk.get("/metrics")).text
