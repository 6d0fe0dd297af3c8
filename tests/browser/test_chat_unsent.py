"""What is written in a chat and has not left: nothing that is not shown holds it back, no line or page loses it, and whoever
comes after its writer does not find it."""

import asyncio

import orjson
import pytest
from playwright.async_api import (
    Browser,
    BrowserContext,
    FilePayload,
    FrameLocator,
    Page,
    WebSocketRoute,
    expect,
)

from channels.adapter import Opened
from tests.browser.chat_shop import PNG
from tests.browser.chat_stage import a_stage, at_the_door, be_away, break_down, open_chat
from tests.fakes.chat_room import LARGE
from tests.fakes.visitor import IDENTITY_SECRET, statement

LID = FilePayload(name="lid.png", mimeType="image/png", buffer=PNG)


async def _write(chat: FrameLocator | Page, text: str) -> None:
    await chat.locator("#text").fill(text)
    await chat.locator("#text").press("Enter")


async def _hold(of: BrowserContext | Page) -> asyncio.Event:
    """What the hub says by a socket comes when this is set."""
    stands = asyncio.Event()

    async def slow(route: WebSocketRoute) -> None:
        hub = route.connect_to_server()

        async def pass_on(said: str | bytes) -> None:
            await stands.wait()
            route.send(said)

        hub.on_message(pass_on)

    await of.route_web_socket("**/socket", slow)
    return stands


async def test_whom_the_site_names_is_not_held_back_by_what_is_not_asked_any_more(browser: Browser) -> None:
    said = {"ask_first": "needed", "identity_secret": IDENTITY_SECRET}
    async with a_stage(browser, said=said, serving=True) as stage:
        page = await stage.shop.page()
        chat = await open_chat(page)
        await chat.get_by_label("E-mail").fill("li@")
        await page.evaluate(f"ContactHub('identify', '{statement(email='li@example.cn')}')")
        await expect(chat.locator("#about")).to_be_hidden()
        await _write(chat, "Is the blue one there?")
        (item,) = await stage.journal.kept(1)
        assert orjson.loads(item.content)["email"] == "li@example.cn"


async def test_who_comes_by_a_link_can_answer_at_once(browser: Browser) -> None:
    async with a_stage(browser, said={"ask_first": "needed"}, serving=True) as stage:
        key = f"session.{'a' * 64}"
        stage.lounge.keys["k"] = Opened(thread_key=key, since=0)
        await stage.notebook.write(key, LARGE, "Which colour?")
        page = await (await stage.shop.visitor()).new_page()
        await page.goto(f"{stage.url}#key=k")
        await expect(page.locator(".theirs .bubble")).to_have_text("Which colour?")
        await _write(page, "The blue one")
        await stage.journal.kept(1)


async def test_when_the_queue_closes_in_a_conversation_it_goes_on(browser: Browser) -> None:
    async with a_stage(browser, serving=True) as stage:
        chat = await open_chat(await stage.shop.page())
        await _write(chat, "Is the blue one there?")
        (item,) = await stage.journal.kept(1)
        key = f"session.{item.external_key.partition('.')[0]}"
        await stage.lounge.set(key, serving=False)
        await expect(chat.locator("#standing")).to_be_visible()
        await _write(chat, "And the red one?")
        await stage.journal.kept(2)
        await chat.locator("#mail-address").fill("li@example.cn")
        await chat.locator("#mail-address").press("Enter")
        await stage.lounge.heard("mail", key, "li@example.cn")
        await expect(chat.locator("#by-mail")).to_be_hidden()
        await _write(chat, "Or the green one?")
        items = await stage.journal.kept(3)
        assert orjson.loads(items[2].content)["email"] == "li@example.cn"  # it is theirs from now on


async def test_files_that_are_sent_before_the_line_stands_leave_when_it_does(browser: Browser) -> None:
    """By somebody new, by one whose token opens nothing any more, and while another tab comes in first."""
    async with a_stage(browser) as stage:
        context = await stage.shop.visitor()
        for count in (1, 2, 3):
            page = await context.new_page()
            stands = await _hold(page)
            await page.goto(stage.url)
            await page.locator("#files").set_input_files([LID])
            await _write(page, f"The lid, {count}")
            mine = page.locator("li.mine", has_text=f"The lid, {count}")
            await expect(mine).to_have_attribute("data-state", "sending")
            if count == 3:
                other = await context.new_page()
                await other.goto(stage.url)
                await expect(other.locator("#state")).to_be_hidden()
            stands.set()
            items = await stage.journal.kept(count)
            await expect(mine).to_have_attribute("data-state", "sent")
            await expect(mine).to_have_count(1)
            said = orjson.loads(items[-1].content)
            assert (said["text"], [one["filename"] for one in said["files"]]) == (
                f"The lid, {count}",
                ["lid.png"],
            )
            rest = "{session: 'none'}" if count == 1 else "{}"
            await page.evaluate(f"localStorage.setItem('contact-hub.chat.shop', JSON.stringify({rest}))")
            await page.close()
        assert len(stage.journal.offered) == 3


async def test_a_half_written_message_goes_along_from_page_to_page(browser: Browser) -> None:
    async with a_stage(browser) as stage:
        page = await stage.shop.page()
        text = (await open_chat(page)).locator("#text")
        await text.fill("Is the blue")
        await page.goto(f"{stage.shop.url}/?teapots")
        await expect(text).to_have_value("Is the blue")
        await expect(page.frame_locator("iframe").locator("#state")).to_be_hidden()
        await text.press("End")
        await text.press_sequentially(" one there?")
        await text.press("Enter")
        (item,) = await stage.journal.kept(1)
        assert orjson.loads(item.content)["text"] == "Is the blue one there?"
        await page.reload()
        await expect(page.frame_locator("iframe").locator("#state")).to_be_hidden()
        await expect(text).to_have_value("")


async def _half(chat: FrameLocator) -> None:
    """Words, a file and an address, unsent; and a link to all that was said."""
    await chat.locator("#text").fill("My bank is")
    await chat.locator("#files").set_input_files([LID])
    await chat.locator("#mail-address").fill("li@example.cn")
    await chat.locator("#menu summary").click()
    await chat.locator("#other-device").click()
    await expect(chat.locator("#share")).to_be_visible()


async def _nothing_left(chat: FrameLocator) -> None:
    await expect(chat.locator("#text")).to_have_value("")
    await expect(chat.locator("#tray li")).to_have_count(0)
    await expect(chat.locator("#mail-address")).to_have_value("")
    await expect(chat.locator("#email")).to_have_value("")
    await expect(chat.locator("#share")).to_be_hidden()


async def test_after_a_reset_nobody_finds_what_was_half_written_in_any_tab(browser: Browser) -> None:
    async with a_stage(browser) as stage:
        context = await stage.shop.visitor()
        one, two, three = [await stage.shop.page(context) for _ in range(3)]
        first = await open_chat(one)
        await _write(first, "hello")
        await stage.journal.kept(1)
        await _half(first)
        second = await open_chat(two)
        await second.locator("#text").fill("My card is")
        third = await open_chat(three)
        await third.locator("#text").fill("My house is")
        await three.goto("about:blank")
        await one.evaluate("ContactHub('reset')")
        await _nothing_left(first)
        await expect(second.locator("#text")).to_have_value("")
        await three.goto(stage.shop.url)
        await expect(third.locator("#state")).to_be_hidden()
        await expect(third.locator("#text")).to_have_value("")


async def test_what_was_half_written_is_known_of_where_the_panel_is_closed(browser: Browser) -> None:
    """Nothing was said yet, so that only this tells the button that there is something to forget."""
    async with a_stage(browser) as stage:
        page = await stage.shop.page()
        chat = await open_chat(page)
        await chat.locator("#text").fill("My bank is")
        await chat.get_by_label("Close chat").click()
        await page.reload()
        await page.evaluate("ContactHub('reset')")
        await page.get_by_role("button", name="Open chat").click()
        await expect(chat.locator("#state")).to_be_hidden()
        await expect(chat.locator("#text")).to_have_value("")


async def test_somebody_else_finds_and_sends_nothing_of_who_was_here_before(browser: Browser) -> None:
    async with a_stage(browser, said={"identity_secret": IDENTITY_SECRET}) as stage:
        page = await stage.shop.page()
        chat = await open_chat(page)
        await page.evaluate(f"ContactHub('identify', '{statement('one', email='one@example.cn')}')")
        await expect(chat.locator("#about")).to_be_hidden()
        await expect(chat.locator("#state")).to_be_hidden()
        await _write(chat, "hello")
        (item,) = await stage.journal.kept(1)
        key = f"session.{item.external_key.partition('.')[0]}"
        await _half(chat)
        await chat.locator("#mail-address").press("Enter")
        await stage.lounge.heard("mail", key, "li@example.cn")
        await page.evaluate(f"ContactHub('identify', '{statement('two', email='two@example.cn')}')")
        await _nothing_left(chat)
        await _write(chat, "good day")
        items = await stage.journal.kept(2)
        assert orjson.loads(items[1].content)["email"] == "two@example.cn"


async def test_where_no_line_stands_what_waits_is_shown_to_who_wrote_it_and_to_nobody_else(
    browser: Browser, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with a_stage(browser, said={"identity_secret": IDENTITY_SECRET}) as stage:
        context = await stage.shop.visitor()
        page = await stage.shop.page(context)
        chat = await open_chat(page)
        await _write(chat, "hello")
        await stage.journal.kept(1)
        monkeypatch.setattr("channels.webchat.conversation.Conversation.hear", break_down)
        await _write(chat, "My bank is")
        await expect(chat.locator("li.failed")).to_have_count(1)
        at_the_door(monkeypatch, be_away)

        async def come_again() -> FrameLocator:
            await page.reload()
            await expect(chat.locator("#state")).to_contain_text("We cannot take anything just now.")
            return chat

        await expect((await come_again()).locator("li.mine .bubble")).to_have_text("My bank is")
        await expect(chat.locator("li.mine")).to_have_attribute("data-state", "sending")
        # Who came by a link, or is named by the site, may be somebody else: that is known when they have come in.
        other = await context.new_page()
        await other.goto(f"{stage.url}#key=k")
        await expect(other.locator("#state")).to_contain_text("We cannot take anything just now.")
        await expect(other.locator("li.mine")).to_have_count(0)
        named = orjson.dumps(["identify", statement("two", email="two@example.cn")]).decode()
        await expect((await come_again()).locator("li.mine")).to_have_count(1)
        await page.evaluate(f"ContactHub(...{named})")
        await expect(chat.locator("li.mine")).to_have_count(0)
        await page.add_init_script(f"if (top === self) window.ContactHub = {{q: [{named}]}}")
        await expect((await come_again()).locator("li.mine")).to_have_count(0)


async def test_where_no_line_stands_what_is_taken_back_in_one_tab_goes_from_the_others(
    browser: Browser, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nobody has come in, so that no conversation tells one from another."""
    at_the_door(monkeypatch, be_away)
    async with a_stage(browser) as stage:
        context = await stage.shop.visitor()
        one, two = [await stage.shop.page(context) for _ in range(2)]
        first, second = [page.frame_locator("iframe") for page in (one, two)]
        for page, chat in ((one, first), (two, second)):
            await page.get_by_role("button", name="Open chat").click()
            await expect(chat.locator("#state")).to_contain_text("We cannot take anything just now.")
        await _write(first, "My bank is")
        await two.reload()
        await expect(second.locator("li.mine .bubble")).to_have_text("My bank is")
        await one.evaluate("ContactHub('reset')")
        await expect(first.locator("li.mine")).to_have_count(0)
        await expect(second.locator("li.mine")).to_have_count(0)


async def test_an_escape_that_is_the_input_methods_own_closes_nothing(browser: Browser) -> None:
    async with a_stage(browser) as stage:
        page = await stage.shop.page()
        chat = await open_chat(page)
        await chat.locator("#menu summary").click()
        await chat.locator("#text").evaluate(
            "(text) => text.dispatchEvent(new KeyboardEvent('keydown', { key: 'Escape', keyCode: 229, bubbles: true }))"
        )
        await expect(chat.locator("#menu")).to_have_attribute("open", "")
        await chat.locator("#text").press("Escape")
        await expect(chat.locator("#menu")).not_to_have_attribute("open", "")


async def test_after_a_reset_no_tab_speaks_in_the_name_of_who_has_left(browser: Browser) -> None:
    async with a_stage(browser, said={"identity_secret": IDENTITY_SECRET}) as stage:
        context = await stage.shop.visitor()
        one, two = [await stage.shop.page(context) for _ in range(2)]
        first, second = await open_chat(one), await open_chat(two)
        for page in (one, two):
            await page.evaluate(f"ContactHub('identify', '{statement()}')")
        await _write(first, "hello")
        await expect(second.locator("#state")).to_be_hidden()
        await _write(second, "from here too")
        await stage.journal.kept(2)
        await one.evaluate("ContactHub('reset')")
        await expect(second.locator("#lines li")).to_have_count(0)
        await _write(second, "somebody else")
        *before, after = [orjson.loads(item.content) for item in await stage.journal.kept(3)]
        assert [one.get("subject") for one in (*before, after)] == ["customer-7", "customer-7", None]
