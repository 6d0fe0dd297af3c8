"""Letters at the desk for everybody: axe finds nothing on their pages, in both languages, both themes, wide and narrow."""

import json
from collections.abc import AsyncIterator

import pytest
from playwright.async_api import expect

from hub.actions.answers.reply import queue_reply
from hub.actions.answers.signatures import set_signature
from hub.actions.answers.templates import Draft, add_template
from hub.actions.context import Context
from hub.model.interactions import Mailbox
from hub.model.people import HUB
from storage import views
from storage.database import Connection
from tests.browser.conftest import OpenDesk
from tests.browser.looks import LOCALES, Looks, speak
from tests.fakes.desk import CHANNELS, MAIL, Desk, html_letter, letters_come, serving_desk

DETAILS = {
    "to": [{"address": "support@shop.example"}, {"address": "otto@kern.example", "name": "Otto"}],
    "cc": [{"address": "eve@partner.example", "name": "Eve"}],
    "sender_check": "fail",
    "forwarded": {"address": "anna@stein.example", "name": "Anna Stein", "sent": "24 Nov 2026"},
    "invite": {
        "method": "REQUEST",
        "summary": "A visit",
        "starts_at": "2026-12-01T09:00:00+00:00",
        "place": "Here",
    },
    "security": "encrypted",
    "list_id": "lamps.example",
    "junk": True,
    "degraded": True,
}


@pytest.fixture
async def desk(ctx: Context) -> AsyncIterator[Desk]:
    channels = {**CHANNELS, "support": MAIL, "sales": {**MAIL, "address": "sales@shop.example"}}
    async with serving_desk(ctx, channels) as desk:
        yield desk


async def _fill(desk: Desk) -> int:
    """A ticket with everything that a letter can tell, a template, a mailbox that is not well."""
    link = '<a href="https://evil.example/x">https://shop.example</a>'
    html = f'<p>It is {link}</p><img src="https://x.example/p.png" alt="Lamp">'
    (code,) = await letters_come(desk.ctx, [html_letter(html, text="It is broken")])
    await queue_reply(
        desk.ctx, ticket_code=code, actor=HUB, text="One moment.", cc=(Mailbox(address="eve@partner.example", name="Eve"),)
    )  # fmt: skip
    await add_template(desk.ctx, draft=Draft(name="Delay", language="en", body="It is late."), actor=HUB)

    async def more(c: Connection) -> None:
        await c.execute(
            "UPDATE interaction SET details = details || $1::text::jsonb WHERE direction = 'in'",
            json.dumps(DETAILS),
        )
        await c.execute("UPDATE outbox SET state = 'sent', error = 'eve@partner.example: 550 no'")
        channel = await c.fetchval("SELECT id FROM channel WHERE name = 'support'")
        await c.execute(
            "INSERT INTO bookmark (channel_id, key, value, written_at)"
            " VALUES ($1, 'heard:INBOX', $2::text::jsonb, now() - interval '1 hour')",
            channel,
            json.dumps({"letters": 5, "error": "not opened", "junk": True}),
        )
        await c.execute(
            "INSERT INTO mailbox_count (channel_id, folder, on_server, known, missing, fetched, error)"
            " VALUES ($1, 'INBOX', 5, 3, 2, 1, 'one was not handed out')",
            channel,
        )

    await desk.ctx.database.run(more)
    return code


@pytest.mark.parametrize("locale", LOCALES)
async def test_axe_finds_nothing(open_desk: OpenDesk, desk: Desk, locale: str) -> None:
    code = await _fill(desk)
    ann = next(one for one in await desk.ctx.database.read(views.list_agents) if one.login == "ann")
    await speak(desk, locale)
    await set_signature(desk.ctx, agent_id=ann.id, text="Ann")
    page = await open_desk("/desk/notices")
    looks = await Looks.begin(page, desk.url, "letters")
    await looks.go("/desk/tickets/{code}", query="?scope=all", code=f"T-{code}")
    await page.click("details.original summary")
    await page.wait_for_selector(".withheld:not([hidden])")
    await page.click(".particulars summary")
    await looks.here("letter")
    await page.click(".offered [data-add]")
    await page.click("#below summary")
    await page.click("#reply-text")
    await page.keyboard.type("/")
    await page.wait_for_selector("#completions")
    await looks.here("picker", within="#composer")
    await page.keyboard.press("Enter")
    await expect(page.locator("#reply-text")).to_have_value("It is late.")
    await page.press("#reply-text", "Control+Enter")
    await page.wait_for_selector("#undo")
    await looks.here("undo", within="#composer")
    await page.click("#more-menu > summary")
    await page.click("#more-menu [data-chooses]")
    await page.check("#log .choose input >> nth=0")
    await looks.here("move", within="#thread")
    await looks.at("/desk/mailboxes")
    looks.found_nothing()
