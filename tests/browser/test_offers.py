"""Offers in a browser: the card comes by itself, counts down by itself, is answered by key or button, and goes by itself."""

import asyncio
import re

import pytest
from playwright.async_api import Route, expect

from hub.actions.floor.assign import assign_ticket
from hub.actions.floor.offers import expire_offers
from hub.model.people import HUB
from storage import offers, work
from storage.database import Connection
from tests.browser.conftest import OpenDesk
from tests.browser.looks import LOCALES, Looks, speak, violations
from tests.fakes.desk import Desk, customer_writes


async def _offer(desk: Desk, code: int, *, seconds: int = 60, login: str = "ann") -> None:
    async def make(c: Connection) -> int:
        await work.lock_active_agents(c)
        ticket = await c.fetchval("SELECT id FROM ticket WHERE code = $1", code)
        agent = await c.fetchval("SELECT id FROM agent WHERE login = $1", login)
        return await offers.offer(c, [(ticket, agent, '{"reasons": []}', seconds, False)], ["hub_events"])

    assert await desk.ctx.database.run(make) == 1


async def _holder(desk: Desk, code: int) -> str | None:
    async def read(c: Connection) -> str | None:
        found: str | None = await c.fetchval(
            "SELECT a.login FROM ticket t JOIN agent a ON a.id = t.assignee_id WHERE t.code = $1", code
        )
        return found

    return await desk.ctx.database.read(read)


async def test_an_offer_appears_counts_down_and_is_accepted_by_key(open_desk: OpenDesk, desk: Desk) -> None:
    page = await open_desk()
    code = await customer_writes(desk.ctx, "Where is my parcel?", subject="Parcel")
    before = await page.evaluate("document.activeElement.tagName")
    await _offer(desk, code)
    card = page.locator(".offer[data-offer]")
    await expect(card).to_contain_text("Parcel")
    await expect(card).to_contain_text(f"T-{code}")
    await expect(page.locator(f"#row-T-{code} .holder")).to_contain_text("Offered to Ann Berg")
    await expect(page).to_have_title(re.compile(r"^\(1\) "))
    await expect(page.locator("#offer-news")).to_contain_text(f"Offered to you: ticket T-{code}")
    assert await page.evaluate("document.activeElement.tagName") == before, "the focus is not taken"
    left = card.locator(".offer-left")
    await expect(left).to_have_text(re.compile(r"^(1:00|0:5\d)$"))
    first = await left.inner_text()
    requests: list[str] = []
    page.on("request", lambda request: requests.append(request.url))
    await expect(left).not_to_have_text(first)
    assert not [url for url in requests if url.endswith("/fragments/offers")], "it counts without the hub"
    await page.keyboard.press("Shift+KeyA")
    await page.wait_for_url(f"**/desk/tickets/T-{code}")
    assert await _holder(desk, code) == "ann"
    await expect(page.locator("#offers")).to_be_hidden()
    await expect(page).to_have_title(re.compile(r"^Parcel"))


async def test_an_offer_that_was_there_before_the_page_is_alive_too(open_desk: OpenDesk, desk: Desk) -> None:
    """Its card is in place before the part of the page that counts."""
    code = await customer_writes(desk.ctx, "Where is my parcel?", subject="Parcel")
    page = await open_desk()
    await _offer(desk, code)
    await expect(page.locator(".offer[data-offer]")).to_be_visible()
    come = asyncio.Event()

    async def wait_for_the_card(route: Route) -> None:
        await come.wait()
        await route.continue_()

    await page.route("**/hands.js", wait_for_the_card)
    reloading = asyncio.create_task(page.reload())
    await expect(page.locator(".offer[data-offer]")).to_be_attached()
    come.set()
    await reloading
    await expect(page.locator(".offer-left")).to_have_text(re.compile(r"^(1:00|0:5\d)$"))
    await expect(page.locator("#offer-news")).to_contain_text(f"Offered to you: ticket T-{code}")
    await expect(page.locator("#offers")).to_have_class(re.compile("some"))


async def test_an_offer_is_declined_by_key_and_goes_from_every_page(open_desk: OpenDesk, desk: Desk) -> None:
    page, other = await open_desk(), await open_desk("/desk/customers")
    code = await customer_writes(desk.ctx, "Where is my parcel?", subject="Parcel")
    await _offer(desk, code)
    for one in (page, other):
        await expect(one.locator(".offer[data-offer]")).to_have_count(1)
    await page.keyboard.press("Shift+KeyD")
    for one in (page, other):
        await expect(one.locator(".offer[data-offer]")).to_have_count(0)
    assert await _holder(desk, code) is None


async def test_keys_are_letters_while_one_writes(open_desk: OpenDesk, desk: Desk) -> None:
    mine = await customer_writes(desk.ctx, "And this?", subject="Mine", thread="mine")
    page = await open_desk(f"/desk/tickets/T-{mine}?scope=all")
    code = await customer_writes(desk.ctx, "Where is my parcel?", subject="Parcel", thread="offered")
    await page.click("#reply-text")
    await _offer(desk, code)
    await expect(page.locator(".offer[data-offer]")).to_have_count(1)
    await page.keyboard.type("a x")
    assert await page.input_value("#reply-text") == "a x"
    assert await page.evaluate("document.activeElement.id") == "reply-text"
    assert await _holder(desk, code) is None


async def test_what_somebody_else_takes_goes_and_what_is_not_answered_is_over(
    open_desk: OpenDesk, desk: Desk
) -> None:
    page = await open_desk()
    first = await customer_writes(desk.ctx, "one", subject="First")
    second = await customer_writes(desk.ctx, "two", subject="Second", thread="two")
    await _offer(desk, first)
    await expect(page.locator(".offer[data-offer]")).to_have_count(1)
    await assign_ticket(desk.ctx, ticket_code=first, agent_id=await _agent(desk, "lin"), actor=HUB)
    await expect(page.locator(".offer[data-offer]")).to_have_count(0)
    await _offer(desk, second, seconds=2)
    card = page.locator(".offer[data-offer]")
    await expect(card).to_have_class(re.compile("soon"))
    await expect(page.locator(".offer[data-offer]")).to_have_count(0)


async def test_no_offer_of_others_is_seen_and_chinese_is_spoken(open_desk: OpenDesk, desk: Desk) -> None:
    page = await open_desk(login="lin")
    ann, lin = [
        await customer_writes(desk.ctx, "请问订单到哪里了？", subject=f"订单 {n}", thread=n)
        for n in ("甲", "乙")
    ]
    await _offer(desk, ann)
    await _offer(desk, lin, login="lin")
    await expect(page.locator(".offer[data-offer]")).to_have_count(1)
    card = page.locator(".offer[data-offer]")
    await expect(card).to_contain_text("接受")
    await expect(card).to_contain_text(f"T-{lin}")


async def test_on_a_phone_the_card_is_within_the_screen_and_big_enough_to_press(
    open_desk: OpenDesk, desk: Desk
) -> None:
    page = await open_desk(width=375, height=700)
    code = await customer_writes(desk.ctx, "Where is my parcel? " * 20, subject="A very long subject " * 8)
    await _offer(desk, code)
    card = page.locator(".offer[data-offer]")
    await expect(card).to_be_visible()
    box = await card.bounding_box()
    assert box is not None and box["x"] >= 0 and box["x"] + box["width"] <= 375
    for name in ("accept", "decline"):
        button = await card.locator(f"[data-{name}]").bounding_box()
        assert button is not None and round(button["height"]) >= 44 and button["x"] + button["width"] <= 375
    assert await page.evaluate("document.documentElement.scrollWidth") <= 375


async def test_a_card_lies_over_no_button_of_a_page(open_desk: OpenDesk, desk: Desk) -> None:
    page = await open_desk("/desk/tasks")
    await _offer(desk, await customer_writes(desk.ctx, "Where is my parcel?", subject="Parcel"))
    await expect(page.locator(".offer[data-offer]")).to_be_visible()
    await page.get_by_text("New task").click(trial=True)


async def test_beside_a_ticket_a_card_leaves_its_head_and_the_menus_in_sight(
    open_desk: OpenDesk, desk: Desk
) -> None:
    code = await customer_writes(desk.ctx, "Where is my parcel?", subject="Parcel")
    page = await open_desk(f"/desk/tickets/T-{code}?scope=all")
    await _offer(desk, await customer_writes(desk.ctx, "And mine?", subject="Another", thread="2"))
    card = page.locator(".offer[data-offer]")
    await expect(card).to_be_visible()
    box, talk = await card.bounding_box(), await page.locator(".talk").bounding_box()
    assert box is not None and talk is not None and box["x"] >= talk["x"] + talk["width"]
    await page.locator("#presence summary").click()
    await page.locator("#presence .choice", has_text="Busy").click(trial=True)


@pytest.mark.parametrize("locale", LOCALES)
async def test_axe_finds_nothing_in_the_cards(open_desk: OpenDesk, desk: Desk, locale: str) -> None:
    await speak(desk, locale)
    page = await open_desk()
    for n, seconds in enumerate((60, 9)):
        await _offer(
            desk,
            await customer_writes(desk.ctx, "Where?", subject=f"Parcel {n}", thread=str(n)),
            seconds=seconds,
        )
    await expect(page.locator(".offer[data-offer]")).to_have_count(2)
    await expect(page.locator(".offer.soon")).to_have_count(1)
    # What comes in moves for a moment, and is judged when it stands.
    await page.evaluate("() => Promise.all(document.getAnimations().map((one) => one.finished))")
    looks = await Looks.begin(page, desk.url, "offers")
    await looks.here("cards")
    looks.found_nothing()


async def test_who_answers_no_offer_is_told_so_and_comes_back_with_one_press(
    open_desk: OpenDesk, desk: Desk
) -> None:
    page = await open_desk()
    for n in range(2):
        await _offer(desk, await customer_writes(desk.ctx, "Where?", subject=f"Parcel {n}", thread=str(n)))
        await expect(page.locator(".offer[data-offer]")).to_have_count(1)
        await desk.ctx.database.run(
            lambda c: c.execute("UPDATE offer SET expires_at = clock_timestamp() WHERE state = 'offered'")
        )
        await expire_offers(desk.ctx)
        await expect(page.locator(".offer[data-offer]")).to_have_count(0)
    missed = page.locator(".offer.missed")
    await expect(missed).to_contain_text("You did not answer two offers")
    await expect(page.locator("#presence summary")).to_contain_text("Away")
    assert await violations(page) == []
    await missed.get_by_role("button", name="I am here again").click()
    await expect(page.locator("#presence summary")).to_contain_text("Online")
    await expect(missed).to_have_count(0)


async def _agent(desk: Desk, login: str) -> int:
    async def read(c: Connection) -> int:
        return int(await c.fetchval("SELECT id FROM agent WHERE login = $1", login))

    return await desk.ctx.database.read(read)
