"""What came by Telegram in Chromium: an album in one bubble, a change with what stood there before, a rating."""

from collections.abc import AsyncIterator

import pytest
from playwright.async_api import expect

from channels.adapter import Asking
from hub.actions.context import Context
from hub.actions.counter.serve import ServedCounter
from hub.actions.gather import gather_due
from hub.actions.receive import accept_items
from hub.actions.status import change_status
from hub.actions.timers import fire_due
from hub.model.codes import TICKET, show_code
from hub.model.interactions import Identity, IdentityKind
from hub.model.people import HUB
from hub.sandbox.photo import PHOTO
from tests.browser.conftest import OpenDesk
from tests.browser.looks import violations
from tests.fakes.desk import CHANNELS, Desk, serving_desk
from tests.fakes.scene import one
from tests.rooms.test_gathering import picture


@pytest.fixture
async def desk(ctx: Context) -> AsyncIterator[Desk]:
    bot = {"kind": "telegram", "token": "123456789:AAEtesttoken", "rating_after_minutes": 0}
    async with serving_desk(ctx, {**CHANNELS, "bot": bot}) as served:
        yield served


async def test_an_album_a_change_and_a_rating(open_desk: OpenDesk, desk: Desk) -> None:
    ctx = desk.ctx
    for place in (1, 0, 2):
        await accept_items(ctx, "bot", [picture(1, place, caption="" if place else "壶盖碎了", data=PHOTO)])
    await gather_due(ctx, quiet_seconds=0)
    code = await one(ctx, "SELECT code FROM ticket")
    page = await open_desk(f"/desk/tickets/{show_code(TICKET, code)}?scope=all")
    entry = page.locator("#log .entry")
    await expect(entry).to_have_count(1)
    await expect(entry.locator(".thumb")).to_have_count(3)
    assert await entry.locator(".file-name").all_inner_texts() == [f"photo-{n}.jpg" for n in (100, 101, 102)]
    await expect(page.locator("#reply")).to_contain_text("longer texts leave in pieces of 4,096 characters")

    await accept_items(ctx, "bot", [picture(1, 0, caption="壶盖和壶嘴都碎了", edited=5, data=PHOTO)])
    await gather_due(ctx, quiet_seconds=0)
    await expect(entry.locator(".bubble > .text")).to_have_text("壶盖和壶嘴都碎了")
    await expect(entry).to_have_count(1)
    await expect(entry.locator(".entry-head")).to_contain_text("Edited by the customer")
    await entry.locator("summary", has_text="Show 1 earlier version").click()
    await expect(entry.locator(".versions .text")).to_have_text("壶盖碎了")

    await change_status(ctx, ticket_code=code, status="resolved", actor=HUB)
    await fire_due(ctx)
    data = await one(ctx, "SELECT message->'choices'->1->>1 FROM outbox")
    pressed = Asking(
        key="ask.press.1",
        identity=Identity(kind=IdentityKind.TELEGRAM, value="5", verified=True),
        thread_key="chat.5",
        address="5",
        pressed=data,
    )
    await ServedCounter(ctx, "bot")(pressed)
    await expect(page.locator("#log .entry.survey .rating")).to_contain_text("2 of 5")
    await expect(page.locator("#customer-pane .scores")).to_contain_text("2 of 5")

    await ServedCounter(ctx, "bot")(pressed.with_(key="ask.member.1", pressed="", shut=True))
    await page.reload()
    await expect(page.locator("#composer .cannot")).to_contain_text("the customer has blocked us there")
    assert await violations(page, "#work") == []
