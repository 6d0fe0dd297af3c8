"""Articles over the JSON API; every answer is checked against the document."""

from collections.abc import AsyncIterator
from dataclasses import replace

import pytest

from hub.actions.context import Context
from hub.actions.installation import set_up
from hub.actions.knowledge.categories import add_category
from hub.actions.ports import public_url
from hub.model.people import HUB, Scope
from hub.settings import Settings
from tests.journeys.test_api import Api, serving


@pytest.fixture
async def api(ctx: Context) -> AsyncIterator[Api]:
    here = replace(ctx, settings=Settings(channels={"shop": {"kind": "api"}}), memo={})
    await set_up(here)
    async with serving(here) as api:
        yield api


async def test_programs_write_publish_and_find_articles(api: Api) -> None:
    category = await add_category(api.ctx, title_en="Returns", title_zh="退货", actor=HUB)
    (known,) = (await api.call("GET", "/articles/categories")).json["items"]
    assert (known["id"], known["title_zh"], known["articles"]) == (category, "退货", 0)
    new = {
        "language": "en",
        "title": "How to return",
        "body": "Print the **label**.",
        "category_id": category,
    }
    assert (await api.call("POST", "/articles", new, scope=Scope.READ)).status == 403
    made = await api.call("POST", "/articles", new, scope=Scope.WRITE)
    assert made.status == 201 and made.json["visibility"] == "internal"
    number = made.json["id"]
    (text,) = made.json["texts"]
    assert (text["live"], text["url"], text["html"]) == (
        None,
        "",
        "<p>Print the <strong>label</strong>.</p>\n",
    )

    facts = {
        "version": made.json["version"],
        "visibility": "public",
        "category_id": category,
        "tags": ["Post"],
    }
    changed = await api.call("PUT", f"/articles/{number}", facts, scope=Scope.WRITE)
    assert changed.json["tags"] == ["post"] and changed.json["version"] == facts["version"] + 1
    body = {"version": 1, "title": "How to return", "body": "Print it.", "publish": True}
    path = f"/articles/{number}/texts/en"
    (text,) = (await api.call("PUT", path, body, scope=Scope.WRITE)).json["texts"]
    assert text["live"] == 1
    assert text["url"] == f"{public_url(api.ctx)}/help/en/{number}-how-to-return"
    stale = await api.call("PUT", path, body, scope=Scope.WRITE)
    assert (stale.status, stale.json["code"]) == (409, "article_changed")
    german = await api.call("PUT", f"/articles/{number}/texts/de", body, scope=Scope.WRITE)
    assert german.status == 404
    chinese = {"version": 0, "title": "如何退货", "body": "打印标签。", "publish": True}
    both = await api.call("PUT", f"/articles/{number}/texts/zh_CN", chinese, scope=Scope.WRITE)
    assert [one["language"] for one in both.json["texts"]] == ["en", "zh_CN"]

    for query in (
        "q=退貨",
        "q=return",
        "q=post",
        "state=published",
        f"category_id={category}",
        "visibility=public",
    ):
        page = await api.call("GET", f"/articles?{query}")
        assert [one["id"] for one in page.json["items"]] == [number], query
    assert (await api.call("GET", "/articles?state=draft")).json["items"] == []
    assert (await api.call("GET", "/articles?state=translate")).json["items"] == []
    assert (await api.call("GET", "/articles?cursor=nonsense")).status == 422

    assert (await api.call("DELETE", path, scope=Scope.WRITE)).status == 204
    assert (await api.call("DELETE", path, scope=Scope.WRITE)).status == 404
    away = {**facts, "version": both.json["version"], "archived": True}
    assert (await api.call("PUT", f"/articles/{number}", away, scope=Scope.WRITE)).json["archived"]
    assert (await api.call("GET", "/articles")).json["items"] == []
    assert (await api.call("GET", "/articles?state=archived")).json["items"][0]["id"] == number
    assert (await api.call("GET", f"/articles/{number}")).json["texts"][1]["url"] == ""
    for wrong in (
        {**new, "title": " "},
        {**new, "category_id": 99},
        {**new, "tags": ["a,b"]},
        {**new, "colour": "red"},
    ):
        assert (await api.call("POST", "/articles", wrong, scope=Scope.WRITE)).status == 422, wrong
    assert (await api.call("GET", "/articles/999")).status == 404
