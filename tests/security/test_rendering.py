"""What a letter can do to whoever opens it (S26, S27, S35, S39, S40, S42): nothing. In a real browser."""

import resource
import time
from collections.abc import Callable
from dataclasses import dataclass
from email.message import EmailMessage

from playwright.async_api import Browser, Page, expect

from hub.actions.note import add_note
from hub.model.people import HUB
from hub.web.desk.letters import bounded
from hub.web.desk.letters.clean import clean
from tests.browser.conftest import OpenDesk
from tests.fakes.costs import assert_even
from tests.fakes.desk import Desk, customer_writes, html_letter, letters_come, unreadable_comes
from tests.security.conftest import PIXEL, Canary
from tests.security.payloads import payloads

POLYGLOT = "'\"></title></textarea></script><img src=x onerror=window.__xss=1,alert(1)>${7*7}{{7*7}}%s[x](javascript:1)"


def _listen(page: Page, own: str) -> list[str]:
    """What must not happen on a page: dialogs, new windows, and requests to anybody but the hub."""
    happened: list[str] = []

    async def refuse(dialog: object) -> None:
        happened.append(f"dialog {dialog}")
        await dialog.dismiss()  # type: ignore[attr-defined]

    page.on("dialog", refuse)
    page.on("popup", lambda opened: happened.append(f"window {opened.url}"))
    page.on(
        "request",
        lambda asked: None if asked.url.startswith((own, "data:", "about:")) else happened.append(asked.url),
    )
    return happened


async def test_no_letter_runs_a_script_or_asks_for_anything(
    open_desk: OpenDesk, desk: Desk, canary: Canary
) -> None:
    tricks = payloads(canary.url)
    assert len(tricks) >= 200
    # Several in one letter, so that there are fewer frames to wait for; each by itself is the next test's.
    several = ["".join(f"<div>{one}</div>" for one in tricks[n : n + 9]) for n in range(0, len(tricks), 9)]
    letters = [html_letter(one, number=n, answers=0 if n else None) for n, one in enumerate(several)]
    codes = await letters_come(desk.ctx, letters)
    assert len(set(codes)) == 1
    page = await open_desk("/desk?scope=all")
    happened = _listen(page, desk.url)
    await page.goto(f"{desk.url}/desk/tickets/T-{codes[0]}?scope=all&entries={len(letters)}")
    await expect(page.locator("#log .entry")).to_have_count(len(letters))
    shown = await page.evaluate(
        """async () => {
            const all = [...document.querySelectorAll('details.original')];
            for (const one of all) {
                one.open = true;
                await new Promise((done) => setTimeout(done));
                const frame = one.querySelector('iframe');
                await new Promise((done) => frame.addEventListener('load', done, { once: true }));
            }
            return all.length;
        }"""
    )
    assert shown == len(letters)
    assert await page.evaluate("window.__xss") is None
    assert happened == [] and canary.asked == []
    assert page.url.startswith(desk.url), "no letter takes the reader elsewhere"


async def test_the_cleaner_alone_leaves_nothing_that_could(browser: Browser, canary: Canary) -> None:
    """Without frame, policy or sandbox around it, parsed as a page, and parsed again from what the browser makes of it."""
    page = await browser.new_page()
    happened = _listen(page, "about:")
    cleaned = [clean(one).with_pictures(lambda _: "") for one in payloads(canary.url)]
    await page.set_content("".join(f"<section>{one}</section>" for one in cleaned))
    await page.evaluate(
        """(all) => {
            for (const one of all) {
                const box = document.createElement('div');
                document.body.append(box);
                box.innerHTML = one;
                const again = document.createElement('div');
                document.body.append(again);
                again.innerHTML = box.innerHTML;
            }
        }""",
        cleaned,
    )
    await page.wait_for_load_state("networkidle")
    assert await page.evaluate("window.__xss") is None
    assert happened == [] and canary.asked == []
    left = await page.evaluate(
        """() => [...document.querySelectorAll('body *')].flatMap((one) => [...one.attributes]
            .filter((a) => /^on|^id$|^name$|^srcdoc$|^hx-|^data-/.test(a.name) || /script:|url\\(/i.test(a.value))
            .map((a) => `${one.tagName} ${a.name}=${a.value}`))"""
    )
    assert left == []


async def test_words_from_outside_are_words_everywhere(
    open_desk: OpenDesk, desk: Desk, canary: Canary
) -> None:
    code = await customer_writes(
        desk.ctx, POLYGLOT, subject=POLYGLOT, name=POLYGLOT, fields={POLYGLOT[:60]: POLYGLOT, "order_number": POLYGLOT},
        attachments=[{"filename": POLYGLOT.replace("/", ""), "content_type": "text/html", "data_base64": "AAAA"}],
    )  # fmt: skip
    await add_note(desk.ctx, ticket_code=code, actor=HUB, text=POLYGLOT)
    await unreadable_comes(desk.ctx)
    await desk.ctx.database.run(
        lambda c: c.execute("UPDATE inbound_raw SET error = $1 WHERE state = 'quarantined'", POLYGLOT)
    )
    await desk.ctx.database.run(
        lambda c: c.execute("UPDATE channel SET state = 'down', state_detail = $1", POLYGLOT)
    )
    await desk.ctx.database.run(
        lambda c: c.execute("UPDATE interaction SET warning = $1, details = $2::jsonb", POLYGLOT, DETAILS)
    )
    page = await open_desk("/desk?scope=all")
    happened = _listen(page, desk.url)
    await expect(page.locator("#rows .name")).to_contain_text("onerror=")
    await page.click(".row")
    await expect(page.locator("#log")).to_contain_text(
        "onerror=window.__xss=1,alert(1)>${7*7}{{7*7}}%s[x](javascript:1)"
    )
    assert await page.locator("#log .fields dt", has_text="onerror=").count() == 1
    assert await page.locator("#log a[href^=javascript]").count() == 0
    assert "onerror" in await page.title()
    for path in (f"/desk/tickets/T-{code}?scope=all", "/desk/customers", "/desk/system"):
        await page.goto(desk.url + path)
        await page.wait_for_selector("body[data-line=open]")
        await expect(page.locator("main")).to_contain_text("onerror=")
    await page.goto(f"{desk.url}/desk/customers")
    await page.click(".person-row")
    await expect(page.locator("#timeline h1")).to_contain_text("onerror=")
    await expect(page.locator("#timeline .log")).to_contain_text("onerror=")
    assert await page.evaluate("window.__xss") is None
    assert happened == []


DETAILS = {
    "sender": {"address": POLYGLOT, "name": POLYGLOT},
    "to": [{"address": POLYGLOT, "name": POLYGLOT}, {"address": "b@b.example"}],
    "cc": [{"address": POLYGLOT, "name": POLYGLOT}],
    "sender_check": "fail",
    "forwarded": {"address": POLYGLOT, "name": POLYGLOT, "sent": POLYGLOT, "subject": POLYGLOT},
    "invite": {
        "method": POLYGLOT,
        "summary": POLYGLOT,
        "starts_at": POLYGLOT,
        "place": POLYGLOT,
        "organiser": POLYGLOT,
    },
    "security": POLYGLOT,
    "list_id": POLYGLOT,
    "junk": True,
    "degraded": True,
}


async def test_pictures_that_lie_elsewhere_are_fetched_by_the_hub_and_only_when_asked_for(
    open_desk: OpenDesk, desk: Desk, canary: Canary
) -> None:
    (code,) = await letters_come(
        desk.ctx, [html_letter(f'<p>See</p><img alt="A lamp" src="{canary.url}/lamp.png?id=7">')]
    )
    page = await open_desk(f"/desk/tickets/T-{code}?scope=all")
    happened = _listen(page, desk.url)
    await page.click("details.original summary")
    await expect(page.locator(".withheld")).to_be_visible()
    await expect(page.frame_locator("iframe").locator("p")).to_have_text("See")
    assert canary.asked == []
    async with page.expect_response("**/desk/pictures/*") as answered:
        await page.click("[data-pictures]")
    answer = await answered.value
    assert (answer.status, answer.headers["content-type"]) == (200, "image/png")
    assert "cookie" not in await answer.request.all_headers()
    assert await page.frame_locator("iframe").locator("img").evaluate("(img) => img.naturalWidth") == 1
    ((path, headers),) = canary.asked
    assert path == "/lamp.png?id=7" and not {"Cookie", "Referer", "Origin"} & set(headers)
    assert happened == []
    await expect(page.locator(".withheld")).to_be_hidden()


async def test_pictures_that_came_with_the_letter_are_shown_at_once_if_they_are_pictures(
    open_desk: OpenDesk, desk: Desk
) -> None:
    letter = EmailMessage()
    letter["From"] = "li@mail.example"
    letter["To"] = "support@shop.example"
    letter["Message-ID"] = "<inline@mail.example>"
    letter.set_content("See")
    letter.add_alternative(
        '<img src="cid:one@x"><img src="cid:two@x"><img src="cid:none@x" alt="none">', subtype="html"
    )
    body = letter.get_payload()[1]  # type: ignore[index]
    body.add_related(PIXEL, "image", "png", cid="<one@x>")  # type: ignore[union-attr]
    body.add_related(b"<svg onload='alert(1)'/>", "image", "png", cid="<two@x>")  # type: ignore[union-attr]
    (code,) = await letters_come(desk.ctx, [letter.as_bytes()])
    page = await open_desk(f"/desk/tickets/T-{code}?scope=all")
    happened = _listen(page, desk.url)
    await page.click("details.original summary")
    pictures = page.frame_locator("iframe").locator("img")
    await expect(pictures).to_have_count(3)
    await page.frames[-1].wait_for_load_state()
    widths = await pictures.evaluate_all("(all) => all.map((img) => [img.complete, img.naturalWidth])")
    assert [width for _, width in widths] == [1, 0, 0]
    await expect(page.locator(".withheld")).to_be_hidden()
    assert happened == []


async def test_links_say_where_they_lead_and_lead_nowhere_else(open_desk: OpenDesk, desk: Desk) -> None:
    html = (
        '<a href="https://evil.example/x">https://bank.example</a> <a href="https://shop.example/y">shop.example</a> '
        '<a href="https://bank.example@evil.example/">bank.example</a> <a href="//evil.example">none</a> '
        '<a href="data:text/html,x">none</a> <a href="JAVASCRIPT:alert(1)">none</a> <a href="https://xn--80ak6aa92e.example">аррӏе.example</a>'
    )
    (code,) = await letters_come(desk.ctx, [html_letter(html)])
    page = await open_desk(f"/desk/tickets/T-{code}?scope=all")
    await page.click("details.original summary")
    links = page.frame_locator("iframe").locator("main a")
    await expect(links).to_have_count(7)
    found = await links.evaluate_all(
        """(all) => all.map((a) => [a.getAttribute('href'), a.rel,
            a.nextElementSibling?.matches('.hub-spoof') ? a.nextElementSibling.textContent.trim() : ''])"""
    )
    assert [one[0] for one in found] == [
        "https://evil.example/x", "https://shop.example/y", "https://bank.example@evil.example/", None, None, None, "https://xn--80ak6aa92e.example",
    ]  # fmt: skip
    assert {one[1] for one in found} == {"noopener noreferrer nofollow"}
    assert [one[2] for one in found] == [
        "[evil.example]",
        "",
        "[evil.example]",
        "",
        "",
        "",
        "[xn--80ak6aa92e.example]",
    ]


BOMBS: tuple[Callable[[int], str], ...] = (
    lambda n: "<div>" * n + "deep",
    lambda n: "<div><!--</div>-->" * (n * 6 // 10) + "deep",
    lambda n: "<div " + " ".join(f"a{one}" for one in range(2 * n)) + ">deep",
)
"""So many elements, openly nested and hidden from a first look, and twice as many attributes."""


async def test_a_letter_that_would_take_for_ever_is_shown_as_text(desk: Desk) -> None:
    """In proportion to its length here; and in no more than a second of the process that such a letter is given, which is ended
    then. Both whatever else the machine does."""
    assert bounded.WALL_SECONDS <= 1
    await desk.log_in()
    innocent = await _shown(desk, "<p>plain words</p>" * 6_000, 0)
    assert innocent.apart > 0, "it is long enough for a process of its own"
    for number, bomb in enumerate(BOMBS, 1):
        quarter = await _shown(desk, bomb(25_000), 10 * number)
        whole = await _shown(desk, bomb(100_000), 10 * number + 1)
        assert "In short" in whole.text and "too deeply nested" in whole.text
        assert whole.here < 1, number
        assert_even(quarter.here, whole.here, f"bomb {number}")
        # What its start costs is no part of it, and never quite the same.
        assert whole.apart < innocent.apart + bounded.WALL_SECONDS + 0.5, number


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """`here`, `apart`: seconds of a processor that the hub took, and what it started and ended."""

    text: str
    here: float
    apart: float


async def _shown(desk: Desk, html: str, number: int) -> Shown:
    (code,) = await letters_come(desk.ctx, [html_letter(html, number=number, text="In short")])
    page = (await desk.get(f"/desk/tickets/T-{code}")).text
    address = page.partition('data-src="')[2].partition('"')[0]
    here, apart = time.process_time(), _of_children()
    answer = await desk.get(address)
    assert answer.status == 200
    return Shown(text=answer.text, here=time.process_time() - here, apart=_of_children() - apart)


def _of_children() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime
