"""Where something goes wrong on the customers' side, they read a page of their own: in their language, whole in itself, and
with no word of what only staff see."""

import base64
import hashlib
import re
from collections.abc import AsyncIterator

import pytest
from aiohttp.test_utils import make_mocked_request

from hub.actions.context import Context
from hub.web.trouble.pages import show_customer_trouble
from tests.fakes.desk import CHANNELS, Desk, serving_desk

STAFF_WORDS = re.compile(r"desk|agent|\bhub\b|\blog\b|database|bytes|工作台|日志|数据库|系统", re.IGNORECASE)
VISITS = 20


@pytest.fixture
async def desk(ctx: Context) -> AsyncIterator[Desk]:
    own = {**CHANNELS, "mine": {"kind": "portal"}}
    async with serving_desk(ctx, own, web={"visitor_requests": VISITS}) as desk:
        yield desk


async def test_each_refusal_is_said_in_the_customers_language_and_without_a_word_of_the_desk(
    desk: Desk,
) -> None:
    cases = [
        (404, "GET", "/help/en/nowhere/at/all", b"", "no such page", "没有这个页面"),
        (404, "GET", "/nowhere", b"", "no such page", "没有这个页面"),
        (404, "GET", "/forms/none", b"", "no such page", "没有这个页面"),
        (405, "PUT", "/portal", b"", "cannot be done here", "此处不支持"),
        (400, "POST", "/portal/code", b"&".join([b"a=1"] * 30), "could not read", "无法识别"),
        (413, "POST", "/portal/code", b"a=" + b"1" * 70_000, "too large", "内容过大"),
    ]
    for status, method, path, body, english, chinese in cases:
        assert_is_for_customers(await _ask(desk, method, path, "en", body), status, english, "en")
        at = path.replace("/help/en", "/help/zh")
        assert_is_for_customers(await _ask(desk, method, at, "zh-CN", body), status, chinese, "zh-CN")


async def test_a_flood_is_refused_with_the_page_and_the_time_to_wait(desk: Desk) -> None:
    # What is allowed comes back by and by, so a slow machine is refused a little later.
    for _ in range(10 * VISITS):
        refused = await _ask(desk, "GET", "/help/zh", "zh-CN")
        if refused[0] != 200:
            break
    assert_is_for_customers(refused, 429, "请求过于频繁", "zh-CN")
    assert int(refused[1]["Retry-After"]) > 0


async def test_the_desk_keeps_its_own_page(desk: Desk) -> None:
    status, _, text = await _ask(desk, "GET", "/desk/nowhere", "en")
    assert status == 404 and "To the desk" in text


def test_a_fault_of_ours_is_named_by_its_number_and_the_language_of_the_address_wins() -> None:
    request = make_mocked_request("GET", "/help/zh/search", headers={"Accept-Language": "en"})
    text = show_customer_trouble(request, 500, fault="0badcafe").text or ""
    assert '<html lang="zh-CN">' in text and "出错了" in text and "0badcafe" in text
    assert 'href="/help"' in text and not STAFF_WORDS.search(_read(text))


def assert_is_for_customers(
    answer: tuple[int, dict[str, str], str], status: int, words: str, language: str
) -> None:
    came, headers, text = answer
    assert came == status, text
    assert f'<html lang="{language}">' in text and words in text, text
    assert "/desk" not in text and not STAFF_WORDS.search(_read(text)), text
    style = re.search(r"<style>(.*?)</style>", text, re.DOTALL)
    assert style is not None and "src=" not in text and "<link" not in text, "it asks for nothing else"
    fingerprint = base64.b64encode(hashlib.sha256(style[1].encode()).digest()).decode()
    assert f"'sha256-{fingerprint}'" in headers["Content-Security-Policy"], "or the browser drops its style"


def _read(text: str) -> str:
    """What a person reads of a page."""
    return re.sub(r"<[^>]+>", " ", re.sub(r"<style>.*?</style>", "", text, flags=re.DOTALL))


async def _ask(
    desk: Desk, method: str, path: str, language: str, body: bytes = b""
) -> tuple[int, dict[str, str], str]:
    headers = {
        "Accept-Language": language,
        "Origin": desk.url,
        "Content-Type": "application/x-www-form-urlencoded",
    }
    async with desk.session.request(
        method, desk.url + path, headers=headers, data=body or None, allow_redirects=False
    ) as answer:
        return answer.status, dict(answer.headers), await answer.text()
