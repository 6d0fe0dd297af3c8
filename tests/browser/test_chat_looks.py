"""The panel of a chat whose hub is in memory, so that each state can be shown: axe finds nothing in any of them, and who writes
is asked for where that is wanted."""

import re
from datetime import UTC, datetime
from typing import Any

import orjson
import pytest
from playwright.async_api import Browser, FilePayload, Page, expect

from channels.adapter import FileOfLine, OpenFile
from tests.browser.chat_shop import PNG
from tests.browser.chat_stage import a_stage, at_the_door, be_away, break_down
from tests.browser.looks import COLOURS, violations
from tests.fakes.chat_room import LARGE

_NUMBER = re.compile("[0-9a-f]{16}")


async def _look(page: Page, called: str, found: dict[str, list[str]]) -> None:
    """The page and its panel, wide and narrow, light and dark."""
    frame = next(one for one in page.frames if "/chat/shop" in one.url)
    for width in (1280, 375):
        await page.set_viewport_size({"width": width, "height": 760})
        for scheme in ("light", "dark"):
            await page.emulate_media(color_scheme=scheme, reduced_motion="reduce")
            rules: dict[str, Any] = {} if scheme == "light" else {"rules": COLOURS}
            wrong = await violations(frame, **rules)
            if called == "away":  # the site and its button do not change with the panel
                wrong += await violations(page, **rules)
            over = await frame.evaluate("document.documentElement.scrollWidth - innerWidth")
            if wrong or over > 0:
                found[f"{called}, {width}, {scheme}"] = [*wrong, f"{over} px too wide"]


@pytest.mark.parametrize("language", ["en", "zh-CN"])
async def test_axe_finds_nothing_in_any_state_or_look(browser: Browser, language: str) -> None:
    found: dict[str, list[str]] = {}
    opens = datetime(2027, 1, 4, 9, tzinfo=UTC)
    async with a_stage(browser, language, serving=False, opens_at=opens) as stage:
        page = await stage.shop.page(locale=language)
        await page.locator("button").click()
        chat = page.frame_locator("iframe")
        await expect(chat.locator("#standing")).to_be_visible()
        await expect(chat.locator("#email")).to_have_attribute("required", "")
        await _look(page, "away", found)
        await chat.locator("#email").fill("li@example.cn")
        await chat.locator("#text").fill("hello")
        await chat.locator("#text").press("Enter")
        (item,) = await stage.journal.kept(1)
        key = f"session.{item.external_key.partition('.')[0]}"
        await stage.lounge.heard("mail", key, "li@example.cn")
        client_id = item.external_key.partition(".")[2]
        await stage.notebook.write(key, LARGE, "hello", mine=True, client_id=client_id)
        stage.lounge.files[key, LARGE + 1, 1] = OpenFile(name="a.png", media_type="image/png", content=PNG)
        files = (
            FileOfLine(number=1, name="a.png", bytes=9, picture=True),
            FileOfLine(number=2, name="b.pdf", bytes=9, picture=False),
        )
        await stage.notebook.write(key, LARGE + 1, "See https://shop.example/lids", files=files)
        await stage.lounge.set(
            key, serving=True, reference="T-10023", place=2, least=60.0, most=180.0, mail=""
        )
        await expect(chat.locator(".picture img")).to_be_visible()
        await expect(chat.locator("#reference")).to_contain_text("T-10023")
        await chat.locator("#files").set_input_files(
            [FilePayload(name="c.png", mimeType="image/png", buffer=PNG)]
        )
        await chat.locator("#menu summary").click()
        await chat.locator("#other-device").click()
        await expect(chat.locator("#share")).to_be_visible()
        await _look(page, "waiting", found)
        await stage.lounge.set(
            key, place=None, agent="Ann", typing=True, over=True, question="q1", mail="l•••@•••.cn"
        )
        await expect(chat.locator("#rating")).to_be_visible()
        await _look(page, "over", found)
        await page.set_viewport_size({"width": 375, "height": 760})
        box = await page.locator("iframe").bounding_box()
        assert box is not None and (box["x"], box["y"], box["width"], box["height"]) == (0, 0, 375, 760)
    assert found == {}


async def test_who_writes_is_asked_before_the_first_message_where_that_is_wanted(browser: Browser) -> None:
    """Nothing is sent without it; it goes with the message, and is not asked for again."""
    async with a_stage(browser, said={"ask_first": "needed"}, serving=True) as stage:
        page = await stage.shop.page()
        await page.get_by_role("button", name="Open chat").click()
        chat = page.frame_locator("iframe")
        name, email = chat.get_by_label("Name"), chat.get_by_label("E-mail")
        await expect(name).to_have_attribute("required", "")
        await chat.locator("#text").fill("Is the blue one there?")
        await chat.locator("#text").press("Enter")
        await expect(name).to_be_focused()
        await name.fill("Li Lei")
        await email.fill("no address")
        await chat.locator("#text").press("Enter")
        await expect(email).to_be_focused()
        await expect(chat.locator("#lines li")).to_have_count(0)
        assert not stage.journal.items
        await email.fill("li@example.cn")
        await chat.locator("#text").press("Enter")
        (item,) = await stage.journal.kept(1)
        said = orjson.loads(item.content)
        assert (said["text"], said["name"], said["email"]) == (
            "Is the blue one there?",
            "Li Lei",
            "li@example.cn",
        )
        await expect(chat.locator("li.mine")).to_have_count(1)
        await expect(name).to_be_hidden()
        await chat.locator("#text").fill("And the red one?")
        await chat.locator("#text").press("Enter")
        assert len(await stage.journal.kept(2)) == 2


@pytest.mark.parametrize("language", ["en", "zh-CN"])
async def test_axe_finds_nothing_in_what_is_told_when_something_goes_wrong(
    browser: Browser, monkeypatch: pytest.MonkeyPatch, language: str
) -> None:
    found: dict[str, list[str]] = {}
    async with a_stage(browser, language, serving=True) as stage:
        page = await stage.shop.page(locale=language)
        await page.locator("button").click()
        chat = page.frame_locator("iframe")
        state = chat.locator("#state")
        await expect(state).to_be_hidden()
        with monkeypatch.context() as broken:
            broken.setattr("channels.webchat.conversation.Conversation.hear", break_down)
            await chat.locator("#text").fill("Is the blue one there?")
            await chat.locator("#text").press("Enter")
            await expect(chat.locator("li.failed .note")).to_be_visible()
            await chat.locator("#menu summary").click()
            await chat.locator("#other-device").click()
            await expect(chat.locator("#told")).to_have_text(_NUMBER)
            await _look(page, "a message and a wish that failed", found)
        for called, deed in (("a line that failed", break_down), ("not now", be_away)):
            at_the_door(monkeypatch, deed)
            await page.reload()
            await page.locator("button").click()
            await expect(state).to_have_text(_NUMBER if deed is break_down else re.compile("^[^0-9]+$"))
            await expect(chat.locator("li.mine")).to_have_attribute("data-state", "sending")
            await _look(page, called, found)
        not_now = await state.inner_text()
        await page.context.set_offline(True)
        await expect(state).not_to_have_text(not_now)
        await _look(page, "no line", found)
    assert found == {}
