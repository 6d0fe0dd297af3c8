"""Merging, linking, undo by toast, incidents, customers and listening in, with two agents at once, in a real browser."""

import pytest
from playwright.async_api import expect

from hub.actions.cases.tell_everybody import tell_next
from hub.actions.customers.pairs import look_for_pairs
from hub.actions.floor.assign import assign_ticket
from hub.actions.floor.route import drain
from hub.model.codes import CUSTOMER, TICKET, show_code
from hub.model.people import HUB
from storage import views
from storage.views import TicketRow
from tests.browser.conftest import OpenDesk
from tests.browser.looks import LOCALES, LOOKED_AT, Looks, speak, violations
from tests.fakes.desk import Desk, customer_writes


async def _ticket(desk: Desk, code: int) -> TicketRow:
    found = await desk.ctx.database.read(lambda c: views.get_ticket(c, code))
    assert found is not None
    return found


async def _agent(desk: Desk, login: str) -> int:
    agents = await desk.ctx.database.read(views.list_agents)
    return next(one.id for one in agents if one.login == login)


def _at(code: int) -> str:
    return f"/desk/tickets/{show_code(TICKET, code)}?scope=all"


async def _two(desk: Desk) -> tuple[int, int]:
    first = await customer_writes(desk.ctx, "The kettle leaks.", subject="Kettle", name="陈芳", thread="a")
    second = await customer_writes(
        desk.ctx,
        "It leaks again!",
        subject="Kettle again",
        name="陈芳",
        thread="b",
        sender={
            "name": "陈芳",
            "identities": [{"kind": "email", "value": "a@mail.example", "verified": True}],
        },
    )
    await drain(desk.ctx)
    return first, second


async def test_what_was_just_done_is_undone_by_toast(desk: Desk, open_desk: OpenDesk) -> None:
    code, _ = await _two(desk)
    ann, lin = await open_desk(_at(code)), await open_desk(_at(code), login="lin")
    await ann.click("[data-key=resolve]")
    await expect(lin.locator(".facts .badge.status")).to_contain_text("已解决")
    await ann.wait_for_selector(".toast >> text=The ticket is resolved.")
    # By keyboard, from wherever the focus is, and the colleague sees it.
    await ann.keyboard.press("Control+KeyZ")
    await expect(lin.locator(".facts .badge.status")).not_to_contain_text("已解决")
    await expect(ann.locator(".facts .badge.status")).to_contain_text("Open")
    await ann.wait_for_selector(".toast >> text=Undone.")
    # What a colleague has done since is not taken back.
    await ann.click("#assign-menu summary")
    await ann.click("#colleagues .choice >> text=小林")
    toast = ann.locator(".toast", has_text="Given to")
    await toast.wait_for()
    await lin.click("#assign-menu summary")
    await lin.click("#colleagues .choice >> nth=0")
    await toast.locator("[data-undo]").click()
    await ann.wait_for_selector("#messages >> text=Something else happened to the ticket since")
    await expect(toast).to_have_count(0)


async def test_a_ticket_is_merged_linked_and_split_again(desk: Desk, open_desk: OpenDesk) -> None:
    first, second = await _two(desk)
    page, other = await open_desk(_at(first), login="lin"), await open_desk(_at(second))
    for one in (other, page):  # in English, and in Chinese
        await one.click("#more-menu summary")
        await one.click("[data-key=merge]")
        await expect(one.locator("#dialog .proposal")).to_have_count(1)
        assert await violations(one) == []
    await other.keyboard.press("Escape")
    await page.click(f".proposal:has-text('{show_code(TICKET, second)}')")
    await page.click("#dialog .strong")
    # Both see all of it on the other ticket; the dialog is gone, and the address is the other ticket's.
    await page.wait_for_selector(f"#work[data-ticket='{show_code(TICKET, second)}']")
    await expect(other.locator("#log .entry")).to_have_count(2)
    assert not await page.locator("#dialog").is_visible()
    assert show_code(TICKET, second) in page.url
    assert (await _ticket(desk, first)).status == "closed"
    await page.click(".toast [data-undo]")
    await page.wait_for_selector(f"#work[data-ticket='{show_code(TICKET, first)}']")
    await expect(other.locator("#log .entry")).to_have_count(1)
    await page.click("#more-menu summary")
    await page.click("[data-key=link]")
    await page.click("#dialog [value=duplicate]")
    await page.click(f".proposal:has-text('{show_code(TICKET, second)}')")
    await page.click("#dialog .strong")
    linked = other.locator("#customer-pane .linked")
    await expect(linked).to_contain_text(show_code(TICKET, first))
    await page.click(".toast:last-child [data-undo]")
    await expect(linked).to_have_count(0)


async def test_an_incident_is_told_to_everybody(desk: Desk, open_desk: OpenDesk) -> None:
    first, _ = await _two(desk)
    await customer_writes(desk.ctx, "网店打不开了", subject="打不开", name="王伟", thread="c")
    ann = await open_desk(_at(first))
    await ann.click("#more-menu summary")
    await ann.click("[data-key=incident]")
    await ann.fill("#new-incident", "The shop is down")
    await ann.click("#dialog .strong")
    await ann.wait_for_selector("#customer-pane >> text=The shop is down")
    await ann.click("#customer-pane a:has-text('The shop is down')")
    await ann.wait_for_selector("#incident")
    await desk.ctx.database.run(
        lambda c: c.execute("UPDATE agent SET role = 'supervisor' WHERE login = 'lin'")
    )
    lin = await open_desk(ann.url.removeprefix(desk.url), login="lin")
    await lin.fill("[name=text_en]", "half a sentence")
    await ann.fill("[name=text_en]", "We are on it.")
    await ann.fill("[name=text_zh]", "正在处理。")
    await ann.click("#incident-update .strong")
    await expect(ann.locator(".updates li")).to_have_count(1)
    while await tell_next(desk.ctx):
        pass
    # Both see how it goes, and what the other one was writing is still there.
    for page in (ann, lin):
        await expect(page.locator(".updates li")).to_have_count(1)
        await expect(page.locator(".counts .link")).to_have_count(0)
    assert await lin.input_value("[name=text_en]") == "half a sentence"
    assert await ann.input_value("[name=text_en]") == ""
    await ann.click(".head-buttons button:has-text('It is over')")
    await ann.click(".offer-resolve button")
    await expect(lin.locator(".small-tickets .badge.status").first).to_contain_text("已解决")
    await ann.click(".toast:last-child [data-undo]")
    await expect(lin.locator(".small-tickets .badge.status").first).not_to_contain_text("已解决")


async def test_two_customers_are_one_and_two_again(desk: Desk, open_desk: OpenDesk) -> None:
    first, _ = await _two(desk)
    third = await customer_writes(desk.ctx, "Hello?", subject="Hello", name="陈小芳", thread="c")
    kept, gone = await _ticket(desk, first), await _ticket(desk, third)
    await desk.ctx.database.run(
        lambda c: c.execute(
            """INSERT INTO identity (customer_id, kind, value, verified)
               SELECT $1, kind, value, false FROM identity WHERE customer_id = $2 AND verified LIMIT 1""",
            kept.customer_id,
            gone.customer_id,
        )
    )
    await look_for_pairs(desk.ctx, settled_seconds=0)
    page = await open_desk("/desk/conflicts")
    assert await violations(page) == []
    await page.click(".maybe .quiet")
    await expect(page.locator(".maybe")).to_have_count(0)
    await page.click(".toast [data-undo]")
    await page.wait_for_selector(".maybe")
    await page.click(".maybe .button >> nth=0")
    await page.wait_for_selector(".sides")
    assert await violations(page) == []
    await speak(desk, "zh_CN")
    await page.reload()
    assert await violations(page) == []
    await page.click(".maybe .button >> nth=0")
    await page.wait_for_selector(".sides")
    assert await violations(page) == []
    await page.click("#dialog .strong")
    await expect(page.locator(".maybe")).to_have_count(0)
    await page.goto(desk.url + f"/desk/customers/{show_code(CUSTOMER, gone.customer_code)}")
    await page.wait_for_selector(".notice.merged")
    await expect(page.locator("#timeline .entry")).to_have_count(3)
    # Filters: what was heard, in words; nothing fits; everything.
    await page.fill(".filter-bar [name=q]", "hello")
    await page.click(".filter-bar .button")
    await expect(page.locator("#timeline .entry")).to_have_count(1)
    await page.select_option(".filter-bar [name=direction]", "out")
    await page.click(".filter-bar .button >> nth=0")
    await page.wait_for_selector(".none-here")
    await page.click(".filter-bar a")
    await page.click(".notice.merged .link")
    await expect(page.locator(".notice.merged")).to_have_count(0)


async def test_a_supervisor_listens_whispers_and_takes_over(desk: Desk, open_desk: OpenDesk) -> None:
    code, _ = await _two(desk)
    lin = await _agent(desk, "lin")
    await assign_ticket(desk.ctx, ticket_code=code, agent_id=lin, actor=HUB)
    hers, sups = await open_desk(_at(code), login="lin"), await open_desk("/desk/floor")
    await sups.click(".in-hand summary >> nth=0")
    await sups.click(".in-hand[open] .talk-row button:has-text('Listen in') >> nth=0")
    await sups.wait_for_selector("#listening")
    await hers.wait_for_selector(".listening.there")
    assert not await sups.locator("#composer").is_visible()
    await sups.fill("#whisper", "Offer a new kettle.")
    await sups.keyboard.press("Enter")
    await hers.wait_for_selector(".entry.note:has-text('Offer a new kettle.') >> text=悄悄话")
    await sups.click("#listening button:has-text('Take over')")
    await sups.wait_for_selector("#composer >> visible=true")
    assert (await _ticket(desk, code)).assignee_id != lin


@pytest.mark.parametrize("locale", LOCALES)
async def test_axe_finds_nothing_on_the_pages_of_cases(desk: Desk, open_desk: OpenDesk, locale: str) -> None:
    first, _ = await _two(desk)
    customer = show_code(CUSTOMER, (await _ticket(desk, first)).customer_code)
    await speak(desk, locale)
    page = await open_desk("/desk/organisations/new")
    for name in ("安吉贸易", "Zhang Trading", "北京电器"):
        await page.fill("#name", name)
        await page.click("main .strong")
        await page.wait_for_selector(".person-head")
        await page.goto(desk.url + "/desk/organisations/new")
    await page.goto(desk.url + "/desk/organisations")
    names = await page.locator(".person-row strong").all_inner_texts()
    assert names == ["安吉贸易", "北京电器", "Zhang Trading"]
    await page.click(".person-row >> nth=0")
    organisation = page.url.rpartition("/")[2]
    await page.goto(desk.url + "/desk/incidents")
    await page.fill("#incident-title", "网店无法访问")
    await page.click("main .strong")
    await page.wait_for_selector("#incident")
    incident = page.url.rpartition("/")[2]
    looks = await Looks.begin(page, desk.url, "customers")
    for address in LOOKED_AT["customers"]:
        await looks.at(address, code=customer, organisation=organisation, incident=incident)
    looks.found_nothing()
