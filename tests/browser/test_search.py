"""Search at the desk: by key and by hand, in both languages, with filters, for two agents who see different things."""

import pytest

from hub.actions.floor.route import drain
from hub.actions.knowledge.write import new_article, publish
from hub.actions.note import add_note
from hub.actions.people.staff import set_preferences
from hub.actions.search.index import index_some
from hub.model.articles import Visibility
from hub.model.people import HUB
from storage import views
from storage.knowledge import Words
from tests.browser.conftest import OpenDesk
from tests.browser.looks import violations
from tests.fakes.desk import Desk, customer_writes

WORDS = {
    "en": ("Nothing found", "None among", "Everything", "kettle", "Kettle leaks"),
    "zh_CN": ("没有找到", "较早", "全部", "訂單", "订单还没收到"),
}
ARTICLES = {
    "en": Words(title="Descaling a kettle", summary="", body="Fill it with vinegar."),
    "zh_CN": Words(title="查询物流", summary="", body="按订单号查询。"),
}


async def _fill(desk: Desk) -> int:
    code = await customer_writes(
        desk.ctx, "The kettle leaks since Monday, call 138-0013-8000", subject="Kettle leaks"
    )
    await customer_writes(
        desk.ctx, "订单 TW-20500 还没有收到，请查一下", subject="订单还没收到", name="陈芳", thread="chen"
    )
    await drain(desk.ctx)
    await add_note(desk.ctx, ticket_code=code, actor=HUB, text="He bought the kettle in May.")
    for language, text in ARTICLES.items():
        made = await new_article(desk.ctx, language=language, text=text, actor=HUB)
        await new_article(desk.ctx, language=language, text=text, actor=HUB)  # a draft, which nobody finds
        await publish(
            desk.ctx,
            article_id=made,
            language=language,
            version=1,
            text=text,
            visibility=Visibility.INTERNAL,
            actor=HUB,
        )
    while await index_some(desk.ctx):
        pass
    return code


@pytest.mark.parametrize("locale", ["en", "zh_CN"])
async def test_search_by_key_and_by_hand(open_desk: OpenDesk, desk: Desk, locale: str) -> None:
    code = await _fill(desk)
    ann = next(one for one in await desk.ctx.database.read(views.list_agents) if one.login == "ann")
    await set_preferences(desk.ctx, agent_id=ann.id, locale=locale)
    nothing, _, everything, word, subject = WORDS[locale]
    page = await open_desk("/desk?scope=all")

    await page.keyboard.press("Slash")
    assert await page.evaluate("document.activeElement.id") == "find"
    await page.keyboard.type(word)
    await page.keyboard.press("Enter")
    await page.wait_for_selector("#found .hit")
    assert await page.input_value("#find") == word
    marks = await page.locator("#found mark").all_inner_texts()
    assert {one.lower() for one in marks} == {"kettle" if locale == "en" else "订单"}
    assert await page.locator(".found-tabs a[aria-current]").inner_text() == everything
    article = page.locator("[aria-labelledby=found-articles] .hit")
    assert ARTICLES[locale].title in await article.inner_text()
    assert (
        await article.get_attribute("href") == f"/desk/knowledge/{1 if locale == 'en' else 3}?lang={locale}"
    )
    assert await violations(page) == []

    # A filter reads what was found anew, and stays in the address; the field keeps the focus.
    await page.focus("select[name=status]")
    await page.select_option("select[name=status]", "closed")
    await page.wait_for_selector("#found .empty")
    assert nothing in await page.inner_text("#found") and "status=closed" in page.url
    assert await page.evaluate("document.activeElement.name") == "status"
    assert await violations(page) == []
    await page.select_option("select[name=status]", "")
    await page.wait_for_selector("#found .hit")
    await page.evaluate("document.activeElement.blur()")
    for key in ("j", "j", "k", "Enter"):
        await page.keyboard.press(key)
    await page.wait_for_selector("#thread h1")
    assert subject in await page.inner_text("#thread h1")

    # The field of a page in its own right, with nothing asked: it says how to ask. At 320 px nothing is cut off.
    await page.set_viewport_size({"width": 320, "height": 700})
    await page.goto(f"{desk.url}/desk/search")
    assert await page.locator(".example").count() == 6 and await page.locator("#find").is_visible()
    assert await page.evaluate("document.documentElement.scrollWidth") <= 320
    await page.click(".example >> nth=3")
    await page.wait_for_url("**/desk/search?q=*")

    if locale == "en":
        # The palette's rows, quick and few; a number goes straight to its ticket.
        found = await page.evaluate(
            f"fetch('/desk/fragments/search/jump?q={code}').then((one) => one.text())"
        )
        assert (
            found.lstrip().startswith(f'<a class="choice" href="/desk/tickets/T-{code}"')
            and found.count("<a ") <= 8
        )
        await page.goto(f"{desk.url}/desk/search?q=13800138000&in=messages")
        assert await page.locator("#found mark").all_inner_texts() == ["138-0013-8000"]
        await page.goto(f"{desk.url}/desk/search?q=queue:nowhere")
        assert "nowhere" in await page.inner_text("#found h2")


async def test_each_agent_finds_what_is_in_their_sight(open_desk: OpenDesk, desk: Desk) -> None:
    """Two at once: a supervisor of everything, and a colleague whose role shows them their own tickets alone."""
    await _fill(desk)
    ann, lin = await open_desk("/desk/search?q=kettle"), await open_desk("/desk/search?q=kettle", login="lin")
    assert await ann.locator("#found .hit").count() == 4
    lin_id = next(one.id for one in await desk.ctx.database.read(views.list_agents) if one.login == "lin")
    await desk.ctx.database.run(
        lambda c: c.execute(
            "WITH narrow AS (INSERT INTO role (name, permissions, sight) VALUES ('narrow', '{answer}', 'own')"
            " RETURNING name) UPDATE agent SET role = narrow.name FROM narrow WHERE agent.id = $1",
            lin_id,
        )
    )
    await desk.ctx.database.run(lambda c: c.execute("UPDATE ticket SET assignee_id = NULL"))
    await lin.reload()
    assert await lin.locator("#found .hit strong").all_inner_texts() == [ARTICLES["en"].title]
    await ann.reload()
    assert await ann.locator("#found .hit").count() == 4
