"""Knowledge in a real browser: an article out of a ticket in two clicks, offered where somebody answers and where a customer is
about to write; read, judged and offered without JavaScript too."""

import re
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from aiohttp import ClientSession, CookieJar
from playwright.async_api import Browser, expect

from hub.actions.answers.reply import queue_reply
from hub.actions.knowledge.categories import add_category
from hub.actions.knowledge.write import Facts, new_article, publish, save_text
from hub.actions.people.staff import add_agent
from hub.actions.status import change_status
from hub.model.articles import Visibility
from hub.model.people import HUB, Actor
from hub.model.tickets import TicketStatus
from hub.settings import Settings
from hub.wiring import run_hub
from storage import help as shelves
from storage.knowledge import Words
from tests.browser.conftest import OpenDesk
from tests.browser.looks import COLOURS, LOCALES, Looks, speak, violations
from tests.conftest import SECRET
from tests.fakes.chromium import stand_between
from tests.fakes.desk import CHANNELS, PASSWORD, Desk, customer_writes
from tests.fakes.pictures import named, picture, put_away

MORE_FILES = """
INSERT INTO draft_file (ticket_id, agent_id, filename, content_type, size, sha256)
SELECT ticket_id, agent_id, filename, content_type, size, sha256 FROM draft_file, generate_series(1, 15)
"""

ZH = Words(
    title="如何开具电子发票",
    summary="下单后在订单页面申请，几分钟内发到邮箱。",
    body="## 步骤\n\n1. 打开**我的订单**\n2. 点击“申请发票”，填写抬头和税号\n\n> 纸质发票请联系客服。",
)


@pytest.fixture
async def desk(database_dsn: str, tmp_path: Path) -> AsyncIterator[Desk]:
    """A whole hub, with a form and a chat; ann answers."""
    settings = Settings(
        data_dir=tmp_path / "var",
        secret_key=SECRET.decode(),  # type: ignore[arg-type]
        web={"port": 0},  # type: ignore[arg-type]
        channels={
            **CHANNELS,
            "contact": {"kind": "webform", "fill_in_seconds": 0},
            "talk": {"kind": "webchat"},
        },
    )
    async with (
        run_hub(settings, database_dsn, grace=5) as hub,
        ClientSession(cookie_jar=CookieJar()) as session,
    ):
        await add_agent(hub.ctx, login="ann", name="Ann Berg", password=PASSWORD, languages=("en", "zh"))
        yield Desk(ctx=hub.ctx, url=hub.url, session=session)


async def _published(desk: Desk, language: str, said: Words) -> int:
    """With a picture below its text."""
    token = await put_away(desk.ctx, picture(), small=picture(size=(32, 24)))
    text = replace(said, body=f"{said.body}\n\n{named(token, 'The form · 表单')}")
    category = await add_category(desk.ctx, title_en="Invoices", title_zh="发票", actor=HUB)
    facts = Facts(category_id=category, tags=("invoice",))
    made = await new_article(desk.ctx, language=language, text=text, facts=facts, actor=HUB)
    await publish(
        desk.ctx,
        article_id=made,
        language=language,
        version=1,
        text=text,
        visibility=Visibility.PUBLIC,
        actor=HUB,
    )
    return made


async def test_an_article_is_made_of_a_ticket_in_two_clicks_and_offered_on_the_next(
    desk: Desk, open_desk: OpenDesk
) -> None:
    ann = Actor(name="Ann Berg", agent_id=1)
    code = await customer_writes(
        desk.ctx, "My order TW-20500: how do I return the kettle? Li Wei", subject="Returning the kettle"
    )
    answer = (
        "Dear Li Wei,\nprint the label under My orders and hand it in within 30 days.\nBest regards\nAnn Berg"
    )
    await queue_reply(desk.ctx, ticket_code=code, actor=ann, text=answer)
    await change_status(desk.ctx, ticket_code=code, status=TicketStatus.RESOLVED, actor=ann)
    page = await open_desk(f"/desk/tickets/T-{code}?scope=all")
    await page.click("#more-menu > summary")
    await page.click("[data-key=article]")
    body = page.locator("#article-body")
    await expect(body).to_have_value(
        "## The question\n\nMy order […]: how do I return the kettle? […]\n\n"
        "## The answer\n\nprint the label under My orders and hand it in within 30 days."
    )
    # Whoever leaves with something unsaved is asked; here they stay.
    await body.press("End")
    await page.keyboard.type(" It is free.")
    await expect(page.locator("#article-preview")).to_contain_text("It is free.")
    async with page.expect_event("dialog") as caught:
        await page.evaluate("setTimeout(() => document.querySelector('.crumbs a').click())")
    dialog = await caught.value
    assert dialog.type == "beforeunload"
    await dialog.dismiss()
    await page.click("[value=public]")
    await expect(page.locator(".article-address a")).to_contain_text("-returning-the-kettle")
    other = await customer_writes(desk.ctx, "Can I return a kettle that I opened?", thread="mei", name="Mei")
    await page.goto(f"{desk.url}/desk/tickets/T-{other}?scope=all")
    await page.wait_for_selector("body[data-line=open]")
    await page.fill("#reply-text", "Yes:")
    await expect(page.locator(".fitting-title")).to_have_text("Returning the kettle")
    await page.click("[data-put*='/help/en/']")
    await expect(page.locator("#reply-text")).to_have_value(
        f"Yes: Returning the kettle {desk.url}/help/en/1-returning-the-kettle"
    )
    await page.keyboard.press("Control+k")
    await page.keyboard.type("returning the")
    await expect(
        page.locator("#palette [role=option]", has_text="Returning the kettle").first
    ).to_be_visible()
    await page.keyboard.press("Escape")
    # By the keyboard: the key opens the search, Enter takes the first.
    await page.keyboard.press("Escape")
    await page.keyboard.press("Shift+KeyK")
    await page.keyboard.type("label")
    await expect(page.locator("#fitting-found [data-put]")).to_have_count(2)
    await page.keyboard.press("Enter")
    await expect(page.locator("#reply-text")).to_be_focused()
    await expect(page.locator("#reply-text")).to_have_value(_two_links(desk.url))


# A file where a hand would bring it.
_BRING = """([how, bytes, name]) => {
    const file = new File([new Uint8Array(bytes)], name, { type: "image/png" });
    const data = new DataTransfer();
    data.items.add(file);
    const target = document.getElementById("article-body");
    const said = { bubbles: true, cancelable: true };
    if (how === "paste") target.dispatchEvent(new ClipboardEvent("paste", { clipboardData: data, ...said }));
    else target.dispatchEvent(new DragEvent("drop", { dataTransfer: data, ...said }));
}"""


async def test_pictures_are_chosen_pasted_and_dropped_described_published_and_put_into_a_reply(
    desk: Desk, open_desk: OpenDesk, browser: Browser
) -> None:
    page = await open_desk("/desk/knowledge/new?lang=en")
    complaints: list[str] = []
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.on("console", lambda said: complaints.append(said.text) if "Content Security" in said.text else None)
    body, preview = page.locator("#article-body"), page.locator("#article-preview img")
    await page.fill("#article-title", "Cleaning the kettle")
    await body.fill("Open it:")
    await page.set_input_files(
        "#article-picture", {"name": "lid.png", "mimeType": "image/png", "buffer": picture(size=(1300, 700))}
    )
    await expect(body).to_have_value(re.compile(r"^Open it:\n\n!\[\]\(picture:[0-9a-f]{32}\)$"))
    # The cursor is where the words belong; what was not described is not published.
    await page.keyboard.type("The lid")
    await expect(body).to_have_value(re.compile(r"!\[The lid\]\(picture:"))
    await body.press("Control+End")
    await page.keyboard.type("\n\nPour:\n\n")
    await page.evaluate(_BRING, ["paste", list(picture(colour="#335577")), "spout.png"])
    await expect(body).to_have_value(re.compile(r"Pour:\n\n!\[\]\(picture:\w+\)$"))
    await expect(preview).to_have_count(2)
    await page.click("[value=public]")
    await expect(page.locator(".refused")).to_contain_text("what it shows")
    await body.fill((await body.input_value()).replace("![]", "![The spout]"))
    await body.press("Control+End")
    await page.evaluate(_BRING, ["drop", list(b"<svg/>"), "trick.png"])
    await expect(page.locator("#refused-pictures")).to_contain_text("trick.png: This is no picture")
    await expect(body).to_have_value(re.compile(r"!\[The spout\]\(picture:\w+\)\s*$"))
    await page.click("[value=public]")
    await expect(page.locator(".article-address a")).to_contain_text("-cleaning-the-kettle")
    await expect(page.locator(".article img")).to_have_count(2)
    # Customers see them without scripts, the small one where the page is narrow.
    plain = await browser.new_context(java_script_enabled=False, viewport={"width": 375, "height": 700})
    reader = await plain.new_page()
    async with reader.expect_response(lambda answer: answer.url.endswith("/small")) as answered:
        await reader.goto(f"{desk.url}/help/en/1")
    assert (await answered.value).status == 200 and "/help/pictures/" in (await answered.value).url
    await expect(reader.get_by_role("img", name="The lid")).to_be_visible()
    assert await reader.evaluate("document.documentElement.scrollWidth <= innerWidth")
    await plain.close()
    # Whoever puts its text into a reply has its pictures there as files.
    code = await customer_writes(desk.ctx, "How do I clean my kettle?")
    await page.goto(f"{desk.url}/desk/tickets/T-{code}?scope=all")
    await page.wait_for_selector("body[data-line=open]")
    await page.click("#reply-text")
    await stand_between(page, "**/draft/articles/*", lambda route: route.abort())
    await page.click("[data-article]")
    await expect(page.locator("#messages")).to_contain_text("does not answer")
    await page.unroute("**/draft/articles/*")
    await page.fill("#reply-text", "")
    await page.click("[data-key=articles]")
    await page.click("#fitting-found [data-article]")
    await expect(page.locator("#reply-text")).to_have_value("Open it:\n\n[The lid]\n\nPour:\n\n[The spout]")
    await expect(page.locator("#draft-files .file-name")).to_have_text(["lid.png", "spout.png"])
    await page.fill("#reply-text", "")
    await page.click("[data-key=articles]")
    await desk.ctx.database.run(lambda c: c.execute(MORE_FILES))
    await page.click("#fitting-found [data-article]")
    await expect(page.locator("#messages")).to_contain_text("30 files at the most")
    assert complaints == []


def _two_links(url: str) -> str:
    link = f"Returning the kettle {url}/help/en/1-returning-the-kettle"
    return f"Yes: {link} {link}"


@pytest.mark.parametrize("locale", LOCALES)
async def test_axe_finds_nothing(open_desk: OpenDesk, desk: Desk, locale: str) -> None:
    number = await _published(desk, "zh_CN", ZH)
    draft = Words(title="Invoices", summary="", body="# By e-mail\n\n| a | b |\n|-|-|\n| 1 | 2 |")
    await save_text(desk.ctx, article_id=number, language="en", version=0, text=draft, actor=HUB)
    code = await customer_writes(desk.ctx, "请问怎么申请电子发票？")
    await speak(desk, locale)
    page = await open_desk("/desk/knowledge")
    looks = await Looks.begin(page, desk.url, "knowledge")
    for address in (
        "/desk/knowledge",
        "/desk/knowledge/new",
        "/desk/knowledge/categories",
        "/desk/knowledge/{id}",
    ):
        await looks.at(address, id=number)
    await looks.at("/desk/knowledge/{id}/edit/{language}", id=number, language="en")
    await looks.at("/desk/knowledge/{id}/versions/{language}/{number}", id=number, language="zh_CN", number=1)
    await looks.go("/desk/tickets/{code}", code=f"T-{code}")
    await page.click("#reply-text")
    await expect(page.locator(".fitting-title")).to_have_text(ZH.title)
    await page.click("[data-key=articles]")
    await looks.here("offered", within="#composer")
    looks.found_nothing()


async def test_customers_find_read_and_judge_without_javascript(desk: Desk, browser: Browser) -> None:
    number = await _published(desk, "zh_CN", ZH)
    context = await browser.new_context(java_script_enabled=False, locale="zh-CN")
    page = await context.new_page()
    asked: set[str] = set()
    page.on("request", lambda request: asked.add(urlsplit(request.url).netloc))
    await page.goto(f"{desk.url}/help")
    await expect(page).to_have_url(f"{desk.url}/help/zh")
    await page.fill("#q", "發票")
    await page.keyboard.press("Enter")
    await page.click(".results a")
    await expect(page.locator("article h1")).to_have_text(ZH.title)
    await expect(page.locator("article ol li")).to_have_count(2)
    await page.click("[value=no]")
    await page.fill("#comment", "没有说怎么改抬头。")
    await page.click(".helped form:last-child button")
    await expect(page.locator(".helped [role=status]")).to_contain_text("没有帮助")
    await page.click("nav a")  # not in English: the shelf is
    await expect(page).to_have_url(f"{desk.url}/help/en")
    # A form that is sent without scripts offers the article afterwards.
    await page.goto(f"{desk.url}/forms/contact?lang=zh")
    await page.fill("#email", "li@mail.example")
    await page.fill("#message", "请问怎么申请电子发票？")
    await page.click("button")
    await expect(page.locator(".reference")).to_be_visible()
    await expect(page.locator(".offers a")).to_have_text(ZH.title)
    assert asked == {urlsplit(desk.url).netloc}
    (text,) = await desk.ctx.database.read(lambda c: shelves.public_article(c, number))
    row = await desk.ctx.database.read(
        lambda c: c.fetchrow("SELECT views, helped, helped_not FROM article WHERE id = $1", text.id)
    )
    assert tuple(row) == (3, 0, 1)


async def test_articles_are_offered_before_anything_is_sent(desk: Desk, browser: Browser) -> None:
    """On a phone, in the light and in the dark."""
    await _published(desk, "zh_CN", ZH)
    context = await browser.new_context(locale="zh-CN", viewport={"width": 320, "height": 700})
    page = await context.new_page()
    complaints: list[str] = []
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.on("console", lambda said: complaints.append(said.text) if "Content Security" in said.text else None)
    wrong: dict[str, list[str]] = {}

    async def look(path: str) -> None:
        await page.emulate_media(color_scheme="light")
        wrong[path] = await violations(page)
        await page.emulate_media(color_scheme="dark")
        wrong[f"{path} in the dark"] = await violations(page, rules=COLOURS)
        assert await page.evaluate("document.documentElement.scrollWidth <= innerWidth"), path

    for path, field in (("/forms/contact", "#message"), ("/chat/talk", "#text")):
        await page.goto(desk.url + path)
        await page.fill(field, "你好，电子发票怎么申请")
        await expect(page.locator("#offers a")).to_have_text(ZH.title)
        await look(path)
    for path in ("", "/1", "/search?q=发票", "/category/1", "/search?q=x", "/9"):
        await page.goto(f"{desk.url}/help/zh{path}")
        await look(path)
    assert {name: found for name, found in wrong.items() if found} == {}
    assert complaints == []
