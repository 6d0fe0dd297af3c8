"""Forms in a real browser: built at the desk, filled in by customers in both languages, with scripts and without, followed, and
shown in a frame of a site of another origin. axe finds nothing."""

import asyncio
import re
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any

import pytest
from aiohttp import web
from playwright.async_api import Browser, Page

from hub.actions.channels.change_channels import add_channel
from hub.actions.context import Context
from hub.actions.people.staff import add_agent
from hub.model.people import HUB, Role
from hub.settings import Settings
from hub.wiring import Hub, run_hub
from tests.browser.looks import COLOURS, violations
from tests.conftest import SECRET
from tests.fakes.desk import PASSWORD
from tests.fakes.ports import serving_routes
from tests.fakes.scene import rows


@dataclass(frozen=True, slots=True)
class House:
    hub: Hub
    browser: Browser
    complaints: list[str]

    async def visitor(self, *, locale: str = "en-US", scripts: bool = True, **more: Any) -> Page:
        context = await self.browser.new_context(locale=locale, java_script_enabled=scripts, **more)
        page = await context.new_page()
        page.on("pageerror", lambda error: self.complaints.append(str(error)))
        return page

    async def administrator(self) -> Page:
        page = await self.visitor(timezone_id="Asia/Shanghai")
        await page.goto(f"{self.hub.url}/desk/login")
        await page.fill("#login", "root")
        await page.fill("#password", PASSWORD)
        await page.keyboard.press("Enter")
        await page.wait_for_url("**/desk")
        return page


@pytest.fixture
async def house(ctx: Context, database_dsn: str, browser: Browser) -> AsyncIterator[House]:
    await add_agent(
        ctx, login="root", name="Rui Root", password=PASSWORD, role=Role.ADMIN, languages=("en", "zh")
    )
    settings = Settings(channels={}, web={"port": 0}, secret_key=SECRET.decode())  # type: ignore[arg-type]
    complaints: list[str] = []
    async with run_hub(settings, database_dsn, grace=5) as hub:
        yield House(hub, browser, complaints)
    assert complaints == []


async def add_form(house: House, **settings: Any) -> None:
    await add_channel(
        house.hub.ctx, name="complaints", kind="webform", settings=settings, secrets={}, actor=HUB
    )


async def open_form(house: House, page: Page, words: str) -> None:
    """Hubs open a channel's doors anew a moment after it was changed; what is asked for says that this has happened."""
    async with asyncio.timeout(20):
        while True:
            await page.goto(f"{house.hub.url}/forms/complaints")
            if words in await page.content():
                return


async def test_from_the_builder_to_the_ticket_in_both_languages(house: House) -> None:
    await add_form(house, fill_in_seconds=0)
    desk = await house.administrator()
    await desk.goto(f"{house.hub.url}/desk/channels/complaints/form")
    await desk.click("summary:has-text('Begin anew with')")
    await desk.click("button[value='preset:complaint']")
    await desk.wait_for_selector("#field-remedy")
    # A field more, by the keyboard alone, moved up, needed only of whom the delivery concerns.
    await desk.select_option("#add-kind", "short")
    await desk.focus("button[value=add]")
    await desk.keyboard.press("Enter")
    await desk.wait_for_selector("#edit-short[open]")
    place = await desk.get_attribute("#field-short", "data-place")
    for name, value in (("label_en", "Carrier"), ("label_zh", "快递公司"), ("when_value", "delivery")):
        await desk.fill(f"#f{place}-{name}", value)
    await desk.select_option(f"#f{place}-when", "about")
    await desk.check(f"[name='f{place}.required']")
    preview = desk.frame_locator(".form-preview")
    await preview.get_by_label("The delivery").check()
    await preview.get_by_label("Carrier").wait_for()
    await desk.click("#field-short button[value^=up]")
    await desk.wait_for_selector(f"#field-short[data-place='{int(place or 0) - 1}'] >> text=Carrier")
    await desk.click("button[value=save]")
    await desk.wait_for_selector("text=It is kept. Customers see it from now on.")

    customer = await house.visitor(locale="zh-CN", viewport={"width": 320, "height": 700})
    await open_form(house, customer, "快递公司")
    assert not await customer.get_by_label("快递公司").is_visible()
    await customer.get_by_label("配送").check()
    await customer.get_by_label("快递公司").fill("顺丰")
    assert await violations(customer) == []
    await customer.emulate_media(color_scheme="dark")
    assert await violations(customer, rules=COLOURS) == []
    assert await customer.evaluate("document.documentElement.scrollWidth") == 320
    await customer.get_by_label("发生了什么？").fill("壶盖碎了")
    await customer.get_by_role("button", name="提交").click()
    await customer.get_by_text("请检查以下内容").wait_for()
    assert await customer.get_by_label("快递公司").input_value() == "顺丰"
    await customer.get_by_label("发生时间").fill("2026-11-20")
    await customer.get_by_label("退款").check()
    await customer.get_by_label("姓名").fill("李雷")
    await customer.get_by_label("电子邮箱").fill("li@example.cn")
    await customer.get_by_label("证据材料").set_input_files(
        {"name": "壶.png", "mimeType": "image/png", "buffer": b"x"}
    )
    await customer.get_by_role("button", name="提交").click()
    await customer.wait_for_selector(".reference strong")
    number = await customer.inner_text(".reference strong")
    assert await violations(customer) == []

    await customer.click("text=查询处理进度")
    await customer.get_by_text("壶盖碎了").wait_for()
    assert await violations(customer) == []
    await customer.get_by_label("补充内容").fill("还有一个杯子")
    await customer.get_by_role("button", name="提交").click()
    await customer.wait_for_selector("#last >> text=还有一个杯子")

    await desk.goto(f"{house.hub.url}/desk/tickets/{number}?scope=all")
    answers = desk.locator(".entry .fields").first
    assert re.search(
        r"When did it happen\?\s+2026-11-20\s.*My money back\s+Carrier\s+顺丰",
        await answers.inner_text(),
        re.DOTALL,
    )
    await desk.get_by_text("还有一个杯子").first.wait_for()


async def test_without_scripts_the_page_says_when_a_field_is_asked(house: House) -> None:
    asked: list[dict[str, Any]] = [
        {"key": "wish", "kind": "choice", "label": {"en": "What?"}, "required": True,
         "options": [{"value": "repair"}, {"value": "other"}]},
        {"key": "fault", "kind": "long", "label": {"en": "What is broken?"}, "required": True,
         "when": {"field": "wish", "value": "repair"}},
        {"key": "liked", "kind": "rating", "label": {"en": "How was it?"}},
    ]  # fmt: skip
    await add_form(house, fill_in_seconds=0, form={"fields": asked})
    page = await house.visitor(scripts=False)
    await open_form(house, page, "What is broken?")
    assert await page.get_by_text("Only if “What?” is: repair").is_visible()
    await page.get_by_label("repair").check()
    await page.get_by_label("4", exact=True).check()
    await page.get_by_role("button", name="Send").click()
    await page.get_by_text("Please look at this again").wait_for()
    assert (
        await page.get_by_label("repair").is_checked()
        and await page.get_by_label("4", exact=True).is_checked()
    )
    await page.get_by_label("other").check()
    await page.get_by_role("button", name="Send").click()
    await page.wait_for_selector(".reference strong")
    (kept,) = await rows(house.hub.ctx, "SELECT text, fields FROM interaction")
    assert [one["key"] for one in kept["fields"]["answers"]] == ["wish", "liked"]


async def test_a_form_of_the_companys_own_on_a_page_of_another_origin(house: House) -> None:
    """Plain HTML, without scripts: from a site that is listed, and from one that is not."""

    async def shop(_request: web.Request) -> web.Response:
        text = f"""<!doctype html><title>Shop</title><form method="post" action="{house.hub.url}/forms/complaints">
            <input name="message" aria-label="Message"><input name="email" aria-label="E-mail">
            <input type="hidden" name="kind" value="enquiry"><button>Write to us</button></form>"""
        return web.Response(text=text, content_type="text/html")

    async with serving_routes([web.get("/", shop)]) as site, serving_routes([web.get("/", shop)]) as stranger:
        await add_form(house, fill_in_seconds=0, allowed_origins=[site])
        page = await house.visitor(scripts=False)
        await open_form(house, page, "Send")
        for origin, shown in (
            (stranger, "This site may not send this form."),
            (site, "Your reference number"),
        ):
            await page.goto(origin)
            await page.get_by_label("Message").fill(f"From {origin}")
            await page.get_by_label("E-mail").fill("li@example.cn")
            await page.get_by_role("button", name="Write to us").click()
            await page.get_by_text(shown).wait_for()
        kept = await rows(house.hub.ctx, "SELECT text FROM interaction WHERE direction = 'in'")
        assert [row["text"] for row in kept] == [f"From {site}"]


async def test_in_a_frame_of_another_origin_it_is_as_tall_as_it_needs(house: House) -> None:
    """With the browser's work, which a page in a frame does as any other."""

    async def shop(_request: web.Request) -> web.Response:
        loader = f'<script src="{house.hub.url}/forms/complaints/embed.js" async></script>'
        text = f'<!doctype html><html lang="en"><title>Shop</title><body><h1>Shop</h1>{loader}</body></html>'
        return web.Response(text=text, content_type="text/html")

    async with serving_routes([web.get("/", shop)]) as site, serving_routes([web.get("/", shop)]) as stranger:
        asked = [
            {"key": "more", "kind": "choices", "label": {"en": "More"}, "options": [{"value": "yes"}]},
            *({"key": f"line{number}", "kind": "long", "label": {"en": f"Line {number}"},
               "when": {"field": "more", "value": "yes"}} for number in range(8)),
        ]  # fmt: skip
        await add_form(
            house, fill_in_seconds=0, proof="always", allowed_origins=[site], form={"fields": asked}
        )
        page = await house.visitor()
        await open_form(house, page, "Line 7")
        asked_of: list[str] = []
        page.on("request", lambda request: asked_of.append(request.url))
        await page.goto(site)
        frame = page.frame_locator("iframe")
        await frame.get_by_label("yes").wait_for()
        await page.wait_for_function("document.querySelector('iframe').offsetHeight < 500")
        await frame.get_by_label("yes").check()
        await page.wait_for_function("document.querySelector('iframe').offsetHeight > 1000")
        # Nobody else's word about the height counts.
        before = await page.evaluate("document.querySelector('iframe').offsetHeight")
        await page.evaluate("postMessage({'hub-form-height': 7}, '*')")
        await frame.get_by_label("Line 0").fill("Hello")
        assert await page.evaluate("document.querySelector('iframe').offsetHeight") == before
        await frame.get_by_role("button", name="Send").click()
        await frame.locator(".reference strong").wait_for()
        assert all(url.startswith((site, house.hub.url)) for url in asked_of)
        # A site that is not listed shows nothing.
        await page.goto(stranger)
        await page.wait_for_selector("iframe")
        await page.wait_for_function("performance.getEntriesByType('resource').length > 1")
        assert not any(one.url.startswith(f"{house.hub.url}/forms") for one in page.frames)
