"""A form's doors over a real server: people, programs, impatience, robots, and a hub that cannot keep."""

import contextlib
import io
import re
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import aiohttp
import pytest
from playwright.async_api import async_playwright

from channels.webform import KIND
from channels.webform.passes import make_trial
from channels.webform.submission import PASS
from hub.sandbox.visit import read_form
from tests.fakes.chromium import find_chromium
from tests.fakes.ports import SECRET, Journal, make_ports, serving_routes

PERSON = {"name": "李雷", "email": "Li@Example.cn", "message": "壶盖碎了 <script>alert(1)</script>"}
SITE = "https://www.shop.example"
# aiohttp's own multipart reader calls a method of its own that it has deprecated (its issue 3260).
pytestmark = pytest.mark.filterwarnings("ignore:unread_data:DeprecationWarning")


@dataclass
class Door:
    journal: Journal
    client: aiohttp.ClientSession
    address: str
    settings: Any

    async def page(self, query: str = "", **headers: str) -> str:
        async with self.client.get(self.address + query, headers=headers) as answer:
            assert answer.status == 200
            return await answer.text()

    async def fields(self, **said: str) -> dict[str, str]:
        return read_form(await self.page()).fields | PERSON | said

    async def post(self, data: Any = None, **more: Any) -> tuple[int, str]:
        async with self.client.post(self.address, data=data, **more) as answer:
            return answer.status, await answer.text()

    def kept(self) -> list[Any]:
        return [KIND.translate(item, self.settings) for item in self.journal.items.values()]


@contextlib.asynccontextmanager
async def a_form(**values: Any) -> AsyncIterator[Door]:
    settings = KIND.settings.model_validate({"fill_in_seconds": 0, "allowed_origins": (SITE,), **values})
    adapter: Any = KIND.open("feedback", settings, make_ports())
    journal = Journal()
    async with serving_routes(adapter.routes(journal.accept)) as base, aiohttp.ClientSession() as client:
        yield Door(journal, client, f"{base}/forms/feedback", settings)


@pytest.fixture
async def door() -> AsyncIterator[Door]:
    async with a_form() as opened:
        yield opened


async def test_the_page_speaks_the_customers_language(door: Door) -> None:
    assert '<html lang="en">' in await door.page()
    assert '<html lang="zh-CN">' in await door.page(**{"Accept-Language": "zh-TW,zh;q=0.9,en;q=0.8"})
    chinese = await door.page("?lang=zh_CN")
    assert "电子邮箱" in chinese
    assert "E-mail" not in chinese


async def test_the_page_needs_nothing_from_elsewhere_and_runs_none_but_its_own_script(door: Door) -> None:
    async with door.client.get(door.address) as answer:
        policy = answer.headers["Content-Security-Policy"]
        page = await answer.text()
    assert policy.startswith("default-src 'none'; style-src 'self'; script-src 'self'; worker-src 'self';")
    assert "unsafe" not in policy
    assert f"frame-ancestors 'self' {SITE}" in policy
    assert (
        page.count("<script")
        == page.count('<script type="module" src="/forms/feedback/form.js"></script>')
        == 1
    )
    assert "style=" not in page
    assert all(
        link.startswith("/forms/feedback") for link in re.findall(r'(?:href|src|action)="([^#"]*)"', page)
    )
    async with door.client.get(f"{door.address}/form.css") as style:
        assert style.content_type == "text/css"
        assert "prefers-color-scheme: dark" in await style.text()


async def test_a_post_is_kept_and_thanked_with_its_number(door: Door) -> None:
    status, page = await door.post(await door.fields(kind="complaint", order_number="A-7", subject="壶"))
    assert (status, "T-1" in page) == (200, True)
    (kept,) = door.kept()
    assert (kept.text, kept.subject, kept.sender.name) == (PERSON["message"], "壶", "李雷")
    assert kept.fields == {"kind": "complaint", "email": "Li@Example.cn", "order_number": "A-7"}
    assert (kept.reply_address, kept.hints) == ("li@example.cn", {"kind": "complaint"})
    (item,) = door.journal.items.values()
    assert item.meta["peer"] == "127.0.0.1"


async def test_who_tries_the_form_is_marked_and_nobody_else(door: Door) -> None:
    now = datetime.now(UTC)
    good, old = make_trial(SECRET, "feedback", now), make_trial(SECRET, "feedback", now - timedelta(days=2))
    for value, tries in (
        (good, True),
        (old, False),
        (make_trial(SECRET, "other", now), False),
        ("1.x", False),
    ):
        page = await door.page(f"?trial={value}")
        assert ("This is a test" in page) == tries
        fields = read_form(page).fields | PERSON
        async with door.client.post(f"{door.address}?trial={value}", data=fields) as answer:
            assert answer.status == 200
        assert (door.kept()[-1].fields.get("trial") == "1") == tries


async def test_pressing_twice_doubles_nothing_and_gets_the_same_answer(door: Door) -> None:
    fields = await door.fields()
    assert await door.post(fields) == await door.post(fields)
    assert len(door.journal.items) == 1
    assert await door.post(await door.fields()) != await door.post(fields)
    assert len(door.journal.items) == 2


async def test_other_words_on_the_same_page_are_not_a_second_press(door: Door) -> None:
    """Sent, stopped while it loads, put right and sent again: or gone back to, with another file."""
    fields = await door.fields(message="My number is 13800138000")
    first = await door.post(fields)
    corrected = fields | {"message": "My number is 13900139000"}
    second = await door.post(corrected)
    with_file = aiohttp.FormData(corrected)
    with_file.add_field("files", b"42", filename="slip.txt", content_type="text/plain")
    third = await door.post(with_file)
    assert ["T-1" in first[1], "T-2" in second[1], "T-3" in third[1]] == [True] * 3
    assert await door.post(corrected) == second
    assert [one.text[-11:] for one in door.kept()] == ["13800138000", "13900139000", "13900139000"]
    assert len({one.thread.key for one in door.kept()}) == 3 and len(door.kept()[2].attachments) == 1


async def test_what_is_wrong_is_shown_beside_what_was_typed(door: Door) -> None:
    fields = await door.fields(email="li@", phone="12", kind="spam")
    status, page = await door.post(fields)
    assert status == 422
    assert 'aria-invalid="true"' in page
    assert "This is not a complete e-mail address" in page
    assert "This telephone number is not complete" in page
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in page
    assert "<script>" not in page
    assert read_form(page).fields["submission"] == fields["submission"]
    assert door.journal.offered == []


@pytest.mark.parametrize(
    ("said", "problem"),
    [
        ({"message": "  "}, "Please write a message"),
        ({"email": "", "phone": ""}, "so that we can answer"),
        ({"name": "x" * 201}, "at most 200 characters"),
        ({"message": "x" * 20_001}, "at most 20000 characters"),
        ({"website": "http://spam.example"}, "A field that people do not see"),
        ({"submission": "0" * 32}, "This page was too old"),
        ({"submission": ""}, "This page was too old"),
    ],
)
async def test_what_is_not_taken(door: Door, said: dict[str, str], problem: str) -> None:
    status, page = await door.post(await door.fields(**said))
    assert (status, problem in page) == (422, True)
    assert door.journal.offered == []


async def test_who_is_too_fast_presses_once_more() -> None:
    async with a_form(fill_in_seconds=60) as door:
        fields = await door.fields()
        status, page = await door.post(fields)
        assert (status, "That was very fast" in page) == (422, True)
        assert read_form(page).fields["submission"] == fields["submission"]
        assert "壶盖碎了" in page


async def test_when_nothing_could_be_kept_the_page_says_so_and_keeps_the_text(door: Door) -> None:
    door.journal.broken = 1
    fields = await door.fields()
    async with door.client.post(door.address, data=fields) as answer:
        page = await answer.text()
        assert (answer.status, answer.headers["Retry-After"]) == (503, "30")
    assert "Nothing was kept on our side" in page
    assert "壶盖碎了" in page
    again = read_form(page).fields | PERSON
    assert again["submission"] == fields["submission"]
    assert (await door.post(again))[0] == 200
    assert len(door.journal.items) == 1


async def test_files_come_with_safe_names(door: Door) -> None:
    form = aiohttp.FormData(await door.fields(), default_to_multipart=True, quote_fields=False)
    form.add_field("files", b"%PDF", filename="../../发票.pdf", content_type="application/pdf")
    form.add_field("files", b"", filename="", content_type="application/octet-stream")
    form.add_field("files", b"<b>", filename='a"b.html', content_type="text/html; x=y")
    assert (await door.post(form))[0] == 200
    (kept,) = door.kept()
    invoice, page = kept.attachments
    assert (invoice.filename, invoice.data) == ("发票.pdf", b"%PDF")
    assert (page.filename, page.content_type) == ("a_b.html", "text/html")


async def test_files_beyond_the_limits_are_named_and_the_text_stays() -> None:
    async with a_form(most_files=1, most_file_mb=1) as door:
        form = aiohttp.FormData(await door.fields(), default_to_multipart=True, quote_fields=False)
        form.add_field("files", io.BytesIO(b"x" * 1_048_577), filename="film.mov")
        status, page = await door.post(form)
        assert (status, "“film.mov” is larger than 1 MB" in page, "壶盖碎了" in page) == (422, True, True)
        form = aiohttp.FormData(await door.fields(), default_to_multipart=True, quote_fields=False)
        for name in ("a", "b"):
            form.add_field("files", b"x", filename=name)
        status, page = await door.post(form)
        assert (status, "At most 1 files" in page) == (422, True)
        form = aiohttp.FormData(await door.fields(), default_to_multipart=True, quote_fields=False)
        form.add_field("files", io.BytesIO(b"x" * 4_000_000), filename="film.mov")
        status, page = await door.post(form)
        assert (status, "more than we can take" in page, "壶盖碎了" in page) == (422, True, True)
        assert door.journal.offered == []


LINE = "-" * 40


def a_part(name: str, data: bytes, more: bytes = b"") -> bytes:
    said = f'--{LINE}\r\nContent-Disposition: form-data; name="{name}"'.encode()
    return said + more + b"\r\n\r\n" + data + b"\r\n"


@pytest.mark.parametrize("size", [9, 1_100_000])
async def test_a_file_whose_name_is_no_utf_8_is_one_all_the_same(size: int) -> None:
    """An older Windows sends its name in GBK; one that is too large is named, and what was typed stays."""
    async with a_form(most_file_mb=1) as door:
        body = b"".join(
            a_part(name, value.encode()) for name, value in (await door.fields()).items() if name != PASS
        )
        body += a_part("files", b"x" * size, b'; filename="\xd6\xd0.txt"') + f"--{LINE}--\r\n".encode()
        status, page = await door.post(
            io.BytesIO(body),
            headers={
                "Content-Type": f"multipart/form-data; boundary={LINE}",
                "Origin": SITE,
                "Idempotency-Key": "k",
            },
        )
    assert (status, "is larger than 1 MB" in page) == ((200, False) if size == 9 else (422, True))
    assert [one.data for kept in door.kept() for one in kept.attachments] == ([b"x" * 9] if size == 9 else [])


@pytest.mark.parametrize(
    ("content_type", "body", "status"),
    [
        ("multipart/form-data", b"x", 400),
        ("multipart/form-data; boundary=x", b"--x\r\nrubbish", 400),
        ("multipart/form-data; boundary=x", b"--x\r\n\r\n\r\n" * 70 + b"--x--", 400),
        # A name that aiohttp reads in a way of its own, with a boundary as browsers make them.
        (
            f"multipart/form-data; boundary={LINE}",
            a_part("_charset_", b"utf-8") + f"--{LINE}--\r\n".encode(),
            400,
        ),
        ("text/plain", b"message=x", 400),
        ("application/json", b"[1]", 400),
        ("application/json", b'{"messag": "x"}', 400),
        ("application/json", b'{"message": null}', 400),
        ("application/json", b'{"message": "\\ud800"}', 400),
        ("application/json", b"[" * 10_000, 400),
        ("application/json", b" " * 600_000, 413),
        ("application/x-www-form-urlencoded", b"&a=b" * 100, 400),
        ("application/x-www-form-urlencoded", b"message=" + b"x" * 600_000, 413),
        ("application/x-www-form-urlencoded", b"message=%ff%00&email=a%40b.cn", 422),
    ],
)
async def test_hostile_bodies_get_an_answer(door: Door, content_type: str, body: bytes, status: int) -> None:
    assert (await door.post(body, headers={"Content-Type": content_type}))[0] == status
    assert door.journal.offered == []


async def test_only_listed_sites_may_post(door: Door) -> None:
    own = door.address.removesuffix("/forms/feedback")
    for origin, status in (
        ("https://evil.example", 403),
        ("https://www.shop.example.evil.example", 403),
        ("null", 200),
        (SITE, 200),
        (own, 200),
        ("https://hub.example", 200),
    ):
        assert (await door.post(await door.fields(), headers={"Origin": origin}))[0] == status, origin


async def test_without_a_named_site_the_pass_is_needed(door: Door) -> None:
    assert (await door.post(PERSON, headers={"Origin": "null"}))[0] == 422
    assert (await door.post(PERSON))[0] == 422
    assert door.journal.offered == []


async def test_a_person_in_a_browser_without_scripts(door: Door) -> None:
    async with async_playwright() as tools:
        browser = await tools.chromium.launch(executable_path=find_chromium(), args=["--no-sandbox"])
        context = await browser.new_context(java_script_enabled=False, locale="zh-CN")
        page = await context.new_page()
        await page.goto(door.address)
        await page.get_by_label("姓名").fill("李雷")
        await page.get_by_label("电子邮箱").fill("li@")
        await page.get_by_label("投诉").check()
        await page.get_by_label("内容").fill("壶盖碎了\n第二行")
        await page.get_by_role("button", name="提交").click()
        await page.get_by_text("请检查以下内容").wait_for()
        assert await page.get_by_label("内容").input_value() == "壶盖碎了\n第二行"
        assert await page.get_by_label("投诉").is_checked()
        await page.get_by_label("电子邮箱").fill("li@example.cn")
        file: Any = {"name": "发票.pdf", "mimeType": "application/pdf", "buffer": b"%PDF"}
        await page.get_by_label("附件").set_input_files(file)
        await page.get_by_role("button", name="提交").click()
        await page.get_by_text("T-1").wait_for()
        await browser.close()
    (kept,) = door.kept()
    assert (kept.text, kept.hints, kept.sender.name) == ("壶盖碎了\n第二行", {"kind": "complaint"}, "李雷")
    assert [(one.filename, one.data) for one in kept.attachments] == [("发票.pdf", b"%PDF")]


async def test_a_listed_site_has_its_own_form_and_script(door: Door) -> None:
    assert (await door.post(PERSON, headers={"Origin": SITE}))[0] == 200
    async with door.client.options(door.address, headers={"Origin": SITE}) as answer:
        assert (answer.status, answer.headers["Access-Control-Allow-Origin"]) == (204, SITE)
    async with door.client.options(door.address, headers={"Origin": "https://evil.example"}) as answer:
        assert (answer.status, "Access-Control-Allow-Origin" in answer.headers) == (403, False)


async def test_a_strangers_guess_of_a_programs_key_takes_nothing_from_it(door: Door) -> None:
    key = {"Idempotency-Key": "order-4711"}
    for message, status in (
        ("a stranger was here", 201),
        ("the kettle leaks", 201),
        ("the kettle leaks", 200),
    ):
        async with door.client.post(door.address, json=PERSON | {"message": message}, headers=key) as answer:
            assert answer.status == status
    assert len(door.journal.items) == 2


async def test_a_program_posts_json_once(door: Door) -> None:
    headers = {"Idempotency-Key": "order-7"}
    async with door.client.post(door.address, json=PERSON, headers=headers) as answer:
        kept = {"reference": "T-1", "follow": "https://hub.example/follow/T-1"}
        assert (answer.status, await answer.json()) == (201, kept)
    # Whoever guesses another program's key learns a number, and no way to the case.
    async with door.client.post(door.address, json=PERSON, headers=headers) as answer:
        assert (answer.status, await answer.json()) == (200, {"reference": "T-1"})
    assert len(door.journal.items) == 1
    async with door.client.post(f"{door.address}?lang=zh_CN", json={"email": "x", "message": "y"}) as answer:
        assert answer.status == 422
        assert await answer.json() == {
            "errors": [{"field": "email", "message": "电子邮箱不完整，正确格式如 li@example.com。"}]
        }
    door.journal.broken = 1
    async with door.client.post(door.address, json=PERSON) as answer:
        assert (answer.status, answer.headers["Retry-After"]) == (503, "30")
