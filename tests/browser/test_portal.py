"""The customer's own page in a real browser, without JavaScript: from the door to an answer with a file, and out. axe finds
nothing in both languages, in the light and in the dark, wide and narrow."""

from collections.abc import AsyncIterator

import pytest
from playwright.async_api import Browser, Page, expect

from hub.actions.search.index import index_some
from tests.browser.looks import COLOURS, violations
from tests.fakes.portal import LI, House, a_house, link_in
from tests.fakes.scene import one


@pytest.fixture
async def house(database_dsn: str) -> AsyncIterator[House]:
    async with a_house(database_dsn) as opened:
        yield opened


async def test_from_the_door_to_an_answer_without_scripts_and_nothing_for_axe(
    house: House, browser: Browser
) -> None:
    number = await house.writes(LI, "The lid of my kettle broke.", subject="Kettle")
    await house.answer(number, f"We are sorry. Follow it here: {house.ctx.public_url}/portal/{number}")
    link = link_in(await one(house.ctx, "SELECT message->>'text' FROM outbox"))
    plain = await browser.new_context(locale="en-US", java_script_enabled=False)
    page = await plain.new_page()
    await page.goto(f"{house.url}/portal")
    await page.get_by_label("Your e-mail address").fill(LI)
    await page.get_by_role("button", name="Send me a code").click()
    await page.get_by_label("Code").fill(await house.code(LI))
    await page.get_by_role("button", name="Go on").click()
    while await index_some(house.ctx):
        pass
    await page.get_by_label("Search your cases").fill("lid")
    await page.get_by_role("button", name="Search").click()
    await expect(page.locator("mark")).to_have_text(["lid"])
    await page.get_by_role("link", name="Kettle").click()
    await page.get_by_label("Write to us").fill("Here is a picture.")
    await page.get_by_label("Files").set_input_files(
        [{"name": "lid.txt", "mimeType": "text/plain", "buffer": b"a lid"}]
    )
    await page.get_by_role("button", name="Send").click()
    await expect(page.get_by_text("Here is a picture.")).to_be_visible()
    async with page.expect_download() as download:
        await page.get_by_role("link", name="lid.txt").click()
    assert (await download.value).suggested_filename == "lid.txt"
    await page.get_by_role("button", name="Yes, it is settled").click()
    await expect(page.get_by_role("button", name="It is not settled")).to_be_visible()

    looks = await browser.new_context(reduced_motion="reduce", storage_state=await plain.storage_state())
    eyes = await looks.new_page()
    found: list[str] = []
    for language in ("zh_CN", "en"):
        for path in (
            "/portal?",
            f"/portal/{number}?",
            "/portal/search?q=kettle&",
            "/portal/profile?",
            "/portal/code?",
        ):
            await eyes.goto(f"{house.url}{path}lang={language}")
            found += await look(eyes, path)
    await looks.clear_cookies()
    for language in ("zh_CN", "en"):
        for path in ("/portal", link):
            await eyes.goto(f"{house.url}{path}?lang={language}")
            found += await look(eyes, f"signed out: {path}")
    assert found == []

    await page.get_by_role("button", name="Sign out").click()
    await expect(page.get_by_label("Your e-mail address")).to_be_visible()
    await plain.close()
    await looks.close()


async def look(page: Page, path: str) -> list[str]:
    """Wide and narrow, light and dark."""
    found: list[str] = []
    for width in (1280, 375):
        await page.set_viewport_size({"width": width, "height": 800})
        await page.emulate_media(color_scheme="light")
        found += await violations(page)
        await page.emulate_media(color_scheme="dark")
        found += await violations(page, rules=COLOURS)
        over = await page.evaluate("document.documentElement.scrollWidth - innerWidth")
        found += [f"{over} px too wide"] if over > 0 else []
    return [f"{path}: {one}" for one in found]
