"""The chat in a real browser, on a page of another origin: one tag, its sizes and everything that it asks for; focus and keys;
with a socket and without; files both ways; whom the site names; several tabs."""

import asyncio
import gzip
import re
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any

import pytest
from playwright.async_api import (
    Browser,
    FilePayload,
    FrameLocator,
    Page,
    Route,
    WebSocketRoute,
    expect,
)

from hub.actions.answers.reply import queue_reply
from hub.actions.status import change_status
from hub.model.interactions import OutboundAttachment
from hub.settings import Settings
from hub.wiring import Hub, run_hub
from tests.browser.chat_shop import PNG, Shop, tag
from tests.browser.chat_stage import at_the_door, be_away, break_down, open_chat
from tests.conftest import SECRET
from tests.fakes.ports import serving_routes
from tests.fakes.processes import until
from tests.fakes.scene import MAIL, SYSTEM, rows
from tests.fakes.visitor import IDENTITY_SECRET, statement

LOADER_KB, PANEL_KB = 4, 35


@dataclass
class House:
    hub: Hub
    shop: Shop
    stranger: str


@pytest.fixture
async def house(database_dsn: str, browser: Browser) -> AsyncIterator[House]:
    hub_url = [""]
    async with serving_routes([tag(hub_url)]) as site, serving_routes([tag(hub_url)]) as stranger:
        chat = {
            "kind": "webchat",
            "allowed_origins": [site],
            "identity_secret": IDENTITY_SECRET,
            "go_on_by": "support",
            "most_file_mb": 1,
            "rating_seconds": 0,
        }
        channels: Any = {"shop": chat, "support": MAIL}
        settings = Settings(channels=channels, web={"port": 0}, secret_key=SECRET.decode())  # type: ignore[arg-type]
        shop = Shop(site, browser)
        async with run_hub(settings, database_dsn, grace=5) as hub:
            hub_url[0] = hub.url
            yield House(hub, shop, stranger)
        assert shop.complaints == []


async def say(chat: FrameLocator | Page, text: str) -> None:
    await chat.get_by_label("Your message").fill(text)
    await chat.get_by_role("button", name="Send", exact=True).click()
    await expect(chat.locator("li.mine", has_text=text).last).to_have_attribute("data-state", "sent")


async def answer(house: House, text: str, number: int = 0, **more: Any) -> None:
    """By an agent, to the ticket that was opened as the `number`th."""
    found = await rows(house.hub.ctx, "SELECT code FROM ticket ORDER BY id")
    await queue_reply(house.hub.ctx, ticket_code=found[number]["code"], actor=SYSTEM, text=text, **more)


async def test_one_tag_on_a_foreign_site(house: House) -> None:
    page = await house.shop.page()
    button = page.get_by_role("button", name="Open chat")
    await expect(button).to_have_attribute("aria-expanded", "false")
    asked = house.shop.asked
    assert [one.url for one in asked] == [f"{house.shop.url}/", f"{house.hub.url}/chat/shop/widget.js"]
    loader = len(gzip.compress(await asked[1].body()))
    assert loader <= LOADER_KB * 1024, f"the loader has {loader} bytes"
    # In by the keyboard, out again by Esc, and where one was.
    await button.focus()
    await page.keyboard.press("Enter")
    chat = page.frame_locator("iframe")
    await expect(chat.locator("#text")).to_be_focused()
    await expect(chat.locator("#state")).to_be_hidden()
    assert await page.locator("iframe").get_attribute("title") == "Chat with us"
    await expect(chat.get_by_role("log", name="Conversation")).to_be_visible()
    bodies = [await one.body() for one in asked[2:]]
    panel = sum(len(gzip.compress(body)) for body in bodies)
    assert panel <= PANEL_KB * 1024, f"the panel has {panel} bytes"
    assert any(one.url.endswith("/help/suggest.js") for one in asked)
    await page.keyboard.type("Is the blue one there?")
    await page.keyboard.press("Enter")
    await expect(chat.locator("li.mine")).to_have_attribute("data-state", "sent")
    await page.keyboard.press("Escape")
    await expect(button).to_be_focused()
    await expect(page.locator("iframe")).to_be_hidden()

    # What comes while it is closed is counted on the button, on the next page of the site too, and gone when it was seen.
    await answer(house, "Yes, it is.")
    await expect(page.get_by_role("button", name="Open chat, 1 new")).to_be_visible()
    await page.reload()
    await page.get_by_role("button", name="Open chat, 1 new").click()
    await expect(chat.locator(".bubble").last).to_have_text("Yes, it is.")
    await expect(chat.locator("#lines li")).to_have_count(2)
    await chat.get_by_label("Close chat").click()
    await expect(button).to_have_accessible_name("Open chat")
    assert all(one.url.startswith((house.shop.url, house.hub.url)) for one in asked)


async def test_s74_s76_nobody_else_shows_it_or_is_heard(house: House) -> None:
    page = await house.shop.page()
    chat = await open_chat(page)
    await say(chat, "hello")
    frame = next(one for one in page.frames if one.url.startswith(house.hub.url))
    token = await frame.evaluate("localStorage.getItem('contact-hub.chat.shop')")
    # The site's own word from a window that is not its frame, and a frame's word to itself, change nothing.
    await page.evaluate("postMessage({contactHub: 'shop', say: 'close'}, '*')")
    await page.evaluate("postMessage({contactHub: 'shop', say: 'state', unread: 7}, '*')")
    await frame.evaluate("postMessage({contactHub: 'shop', do: 'reset'}, '*')")
    await frame.evaluate(
        "new Promise((done) => { addEventListener('message', () => setTimeout(done)); postMessage(1, '*'); })"
    )
    assert await frame.evaluate("localStorage.getItem('contact-hub.chat.shop')") == token
    # Nor the word of another frame of the hub's own.
    await page.evaluate(
        """address => {
        window.heard = new Promise((done) => addEventListener("message", (event) => event.data === "mark" && done()));
        const twin = Object.assign(document.createElement("iframe"), { src: `${address}/chat/shop`, name: "twin" });
        document.body.append(twin);
        return new Promise((done) => twin.addEventListener("load", () => done()));
    }""",
        house.hub.url,
    )
    twin = page.frame(name="twin")
    assert twin is not None
    await twin.evaluate(
        "parent.postMessage({contactHub: 'shop', say: 'close'}, '*'); parent.postMessage('mark', '*')"
    )
    await page.evaluate("window.heard")
    await expect(page.locator("iframe#panel")).to_be_visible()
    # A page that is not on the list may load the tag, and gets no panel.
    other = await (await house.shop.visitor()).new_page()
    await other.goto(house.stranger)
    async with other.expect_console_message(lambda said: "frame-ancestors" in said.text):
        await other.get_by_role("button", name="Open chat").click()
    assert not any(one.url.startswith(f"{house.hub.url}/chat") for one in other.frames)


async def test_without_a_socket_the_same_by_asking_again_and_again(house: House) -> None:
    """What some proxies do: the socket is shut before it says a word."""
    context = await house.shop.visitor()

    async def shut(route: WebSocketRoute) -> None:
        await route.close()

    await context.route_web_socket("**/socket", shut)
    page = await house.shop.page(context)
    chat = await open_chat(page)
    await say(chat, "Is anybody there?")
    await answer(house, "I am.")
    await expect(chat.locator(".theirs .bubble")).to_have_text("I am.")

    # Refused at the door, before anybody looked which message it is.
    async def refuse(route: Route) -> None:
        await route.fulfill(json={"frames": [{"type": "error", "code": "too_fast"}]})

    await context.route("**/chat/shop/say", refuse)
    await chat.get_by_label("Your message").fill("Good.")
    await page.keyboard.press("Enter")
    await expect(chat.locator("li.failed .note")).to_contain_text("wait a moment")
    await context.unroute("**/chat/shop/say")
    await chat.get_by_role("button", name="Try again").click()
    await expect(chat.locator("li.mine").last).to_have_attribute("data-state", "sent")
    await expect(chat.locator("#lines li")).to_have_count(3)
    await expect(chat.locator("#reference")).to_contain_text("Reference number")
    assert any(one.url.endswith("/chat/shop/poll") for one in house.shop.asked)

    # Something on the way answers, in JSON that is not the hub's: the line is down, and comes back by itself.
    async def stand_between(route: Route) -> None:
        await route.fulfill(status=502, json={"message": "Bad gateway"})

    ways = ("say", "files", "poll")
    for way in ways:
        await context.route(f"**/chat/shop/{way}", stand_between)
    await chat.locator("#files").set_input_files(
        [FilePayload(name="a.txt", mimeType="text/plain", buffer=b"42")]
    )
    for text in ("With a file", "And now?"):
        await chat.get_by_label("Your message").fill(text)
        await page.keyboard.press("Enter")
    await expect(chat.locator("li.failed")).to_have_count(2)
    await answer(house, "One moment.")
    await expect(chat.locator("#state")).to_have_text("The line is down. Trying again…")
    for way in ways:
        await context.unroute(f"**/chat/shop/{way}")
    await expect(chat.locator("#state")).to_be_hidden(timeout=30_000)
    for left in (1, 0):
        await chat.get_by_role("button", name="Try again").first.click()
        await expect(chat.locator("li.failed")).to_have_count(left)
    await expect(chat.locator("li.mine[data-state=sent]")).to_have_count(4)

    # On another device, whoever comes by a link is told so: somebody else may have sent it.
    await chat.locator("#menu summary").click()
    await chat.locator("#other-device").click()
    await expect(chat.locator("#link")).to_be_focused()
    other = await (await house.shop.visitor()).new_page()
    await other.goto(await chat.locator("#link").input_value())
    await expect(other.locator("#lines li")).to_have_count(6)
    await expect(other.locator("#came")).to_contain_text("You came by a link")
    await other.reload()
    await expect(other.locator("#lines li")).to_have_count(6)
    await expect(other.locator("#came")).to_be_hidden()


async def test_what_is_written_while_no_line_stands_leaves_when_one_does(house: House) -> None:
    """On a slow way, and while the line is down."""
    context = await house.shop.visitor()
    stands = asyncio.Event()
    lines: list[WebSocketRoute] = []

    async def slow(route: WebSocketRoute) -> None:
        hub = route.connect_to_server()
        lines.append(route)

        async def pass_on(said: str | bytes) -> None:
            await stands.wait()
            route.send(said)

        hub.on_message(pass_on)

    await context.route_web_socket("**/socket", slow)
    page = await house.shop.page(context)
    await page.get_by_role("button", name="Open chat").click()
    chat = page.frame_locator("iframe")
    await chat.get_by_label("Your message").fill("Is anybody there?")
    await page.keyboard.press("Enter")
    first = chat.locator("li.mine")
    await expect(first).to_have_attribute("data-state", "sending")
    await expect(chat.locator("#state")).to_be_visible()
    assert await rows(house.hub.ctx, "SELECT 1 FROM ticket") == []
    stands.set()
    await expect(first).to_have_attribute("data-state", "sent")

    stands.clear()
    await lines[-1].close()
    await expect(chat.locator("#state")).to_be_visible()
    await chat.get_by_label("Your message").fill("Hello?")
    await page.keyboard.press("Enter")
    await answer(house, "I am.")
    stands.set()
    await expect(chat.locator("li.mine").last).to_have_attribute("data-state", "sent")
    await expect(chat.locator(".theirs .bubble")).to_have_text("I am.")
    await expect(chat.locator("#lines li")).to_have_count(3)
    said = "SELECT text FROM interaction WHERE direction = 'in' ORDER BY id"
    assert [row["text"] for row in await rows(house.hub.ctx, said)] == ["Is anybody there?", "Hello?"]


async def test_what_came_while_they_were_away_is_seen_as_soon_as_it_is_shown(house: House) -> None:
    context = await house.shop.visitor()
    page = await context.new_page()
    await page.goto(f"{house.hub.url}/chat/shop")
    await say(page, "Is anybody there?")
    await page.goto(house.shop.url)
    await answer(house, "I am.")
    await page.goto(f"{house.hub.url}/chat/shop")
    await expect(page.locator(".theirs .bubble")).to_have_text("I am.")

    async def seen() -> bool:
        (found,) = await rows(
            house.hub.ctx,
            "SELECT seen_line = (SELECT max(id) FROM interaction WHERE direction = 'out') AS seen FROM chat",
        )
        return bool(found["seen"])

    await until(seen, seconds=30, what="the answer is seen")


@pytest.mark.parametrize(
    ("language", "with_socket", "sides", "kept", "again", "not_now", "lost", "retry"),
    [
        (
            "en", True, "Something went wrong on our side (number ", "What you wrote is kept here.", "Trying again…",
            "We cannot take anything just now. Trying again…", "The line is down. Trying again…", "Try again",
        ),
        (
            "zh", False, "我们这边出错了（编号 ", "您填写的内容仍保留在这里。", "正在重试……",
            "暂时无法受理。正在重试……", "连接已断开，正在重试……", "重试",
        ),
    ],
)  # fmt: skip
async def test_a_fault_is_told_by_its_number_apart_from_a_lost_line_and_nothing_is_lost(
    house: House, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str],
    language: str, with_socket: bool, sides: str, kept: str, again: str, not_now: str, lost: str, retry: str,
) -> None:  # fmt: skip
    context = await house.shop.visitor(viewport={"width": 375, "height": 640})

    async def shut(route: WebSocketRoute) -> None:
        await route.close()

    if not with_socket:
        await context.route_web_socket("**/socket", shut)
    page = await context.new_page()
    await page.goto(f"{house.hub.url}/chat/shop?lang={language}")
    state, note = page.locator("#state"), page.locator("li.failed .note")

    async def write(text: str) -> None:
        await page.locator("#text").fill(text)
        await page.locator("#text").press("Enter")

    await write("hello")
    await expect(page.locator("li.mine")).to_have_attribute("data-state", "sent")

    # What was said breaks: it can be said again, and the line stands.
    with monkeypatch.context() as broken:
        broken.setattr("channels.webchat.conversation.Conversation.hear", break_down)
        await write("Is the blue one there?")
        await expect(note).to_contain_text(sides)
        await expect(note).to_contain_text(kept)
        await expect(state).to_be_hidden()
        number = _number_in(await note.inner_text())
        # So does what they ask for; that somebody writes or has seen a line breaks too, and nobody asked for that.
        await expect(page.locator("#told")).to_be_empty()
        await page.locator("#menu summary").click()
        await page.locator("#other-device").click()
        await expect(page.locator("#told")).to_contain_text(sides)
    await page.get_by_role("button", name=retry).click()
    await expect(page.locator("li.mine").last).to_have_attribute("data-state", "sent")

    # Coming in breaks, with something said that nobody has yet.
    with monkeypatch.context() as broken:
        at_the_door(broken, break_down)
        await page.reload()
        await expect(state).to_contain_text(sides)
        await write("And the red one?")
        said = await state.inner_text()
        assert said.startswith(sides) and kept in said and said.endswith(again), said
        await expect(page.locator("li.mine").last).to_have_attribute("data-state", "sending")
    logged = capsys.readouterr()
    assert {number, _number_in(said)} <= set(re.findall("[0-9a-f]{16}", logged.out + logged.err))

    with monkeypatch.context() as away:
        at_the_door(away, be_away)
        await page.reload()
        await expect(state).to_have_text(not_now)
        # And now nothing answers at all.
        await context.set_offline(True)
        await expect(state).to_have_text(lost)
    await context.set_offline(False)
    await page.reload()
    await expect(page.locator("li.mine[data-state=sent]")).to_have_count(3)
    await expect(state).to_be_hidden()
    texts = await rows(house.hub.ctx, "SELECT text FROM interaction WHERE direction = 'in' ORDER BY id")
    assert [row["text"] for row in texts] == ["hello", "Is the blue one there?", "And the red one?"]


def _number_in(text: str) -> str:
    found = re.search("[0-9a-f]{16}", text)
    assert found is not None, text
    return found[0]


_DROP = """(place, [name, bytes]) => {
    const data = new DataTransfer();
    data.items.add(new File([new Uint8Array(bytes)], name, { type: "image/png" }));
    const at = document.getElementById(place);
    const how = { bubbles: true, cancelable: true };
    if (place === "text") at.dispatchEvent(new ClipboardEvent("paste", { clipboardData: data, ...how }));
    else at.dispatchEvent(new DragEvent("drop", { dataTransfer: data, ...how }));
}"""


async def test_files_are_chosen_pasted_dropped_shown_and_saved(house: House) -> None:
    page = await house.shop.page()
    chat = await open_chat(page)
    frame = next(one for one in page.frames if one.url.startswith(house.hub.url))
    # Limits are told before anything is sent.
    large = FilePayload(name="film.mp4", mimeType="video/mp4", buffer=b"x" * (1024 * 1024 + 1))
    await chat.locator("#files").set_input_files([large])
    await expect(chat.locator("#told")).to_have_text("film.mp4 is too large: at most 1 MB.")
    await expect(chat.locator("#tray")).to_be_hidden()
    slip = FilePayload(name="slip.txt", mimeType="text/plain", buffer=b"42")
    await chat.locator("#files").set_input_files([slip])
    for place, name in (("text", "pasted.png"), ("panel", "dropped.png")):
        await frame.evaluate(f"([place, rest]) => ({_DROP})(place, rest)", [place, [name, list(PNG)]])
    await expect(chat.locator("#tray li")).to_have_count(3)
    await expect(chat.locator("#tray img")).to_have_count(2)
    await chat.get_by_label("Remove pasted.png").click()
    await say(chat, "Here they are")
    await expect(chat.locator(".mine .file")).to_have_count(2)
    await expect(chat.locator(".mine .picture img")).to_have_count(1)
    await answer(
        house,
        "And this is yours.",
        attachments=[OutboundAttachment(filename="label.html", content_type="text/html", data=b"<script>")],
    )
    async with page.expect_download() as coming:
        await chat.get_by_label("Save label.html").click()
    saved = await coming.value
    assert saved.suggested_filename == "label.html" and (await saved.path()).read_bytes() == b"<script>"
    names = await rows(house.hub.ctx, "SELECT filename FROM attachment ORDER BY filename")
    assert [one["filename"] for one in names] == ["dropped.png", "label.html", "slip.txt"]


async def test_whom_the_site_names_until_it_says_that_they_have_left_in_every_tab(house: House) -> None:
    """Two tabs are one conversation; reset ends it in both; rating, the end, and another conversation."""
    context = await house.shop.visitor()
    # Said before the script is there.
    said = statement(name="Li Lei", email="li@example.cn")
    await context.add_init_script(
        "window.ContactHub ??= function () { (ContactHub.q ??= []).push(arguments); };"
        f"ContactHub('identify', '{said}');"
    )
    one, two = await house.shop.page(context), await house.shop.page(context)
    first = await open_chat(one)
    await say(first, "hello")
    second = await open_chat(two)
    await expect(second.locator(".mine .bubble")).to_have_text("hello")
    await say(second, "from the second tab")
    await expect(first.locator(".mine .bubble").last).to_have_text("from the second tab")
    (ticket,) = await rows(house.hub.ctx, "SELECT code FROM ticket")
    known = await rows(house.hub.ctx, "SELECT value FROM identity WHERE kind = 'external' AND verified")
    assert [row["value"] for row in known] == ["customer-7"]

    await change_status(house.hub.ctx, ticket_code=ticket["code"], status="resolved", actor=SYSTEM)
    await first.get_by_role("radio", name="Good", exact=True).check(force=True)
    await first.get_by_label("What could we do better?").fill("Nothing")
    await first.get_by_role("button", name="Send rating").click()
    await expect(first.locator("#told")).to_have_text("Thank you for your rating.")
    await expect(second.locator("#over")).to_be_visible()
    await first.locator("#begin-anew").click()
    for chat in (first, second):
        await expect(chat.locator("#lines li")).to_have_count(0)
    await say(second, "something else")
    await expect(first.locator(".mine .bubble")).to_have_text("something else")

    await one.evaluate("ContactHub('reset')")
    await expect(one.locator("iframe")).to_be_hidden()
    await expect(second.locator("#lines li")).to_have_count(0)
    await one.evaluate("ContactHub('open')")
    await expect(first.locator("#lines li")).to_have_count(0)
    found = await rows(house.hub.ctx, "SELECT DISTINCT customer_id FROM ticket")
    assert len(found) == 1 and len(await rows(house.hub.ctx, "SELECT id FROM ticket")) == 2
