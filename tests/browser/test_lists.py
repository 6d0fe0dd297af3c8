"""The ticket list in Chromium, two agents at once: who looks on, many at once, views, what is put off, what is not read."""

import asyncio
from collections.abc import Awaitable
from datetime import UTC, datetime, timedelta

from playwright.async_api import Page, expect

from hub.actions.floor.assign import assign_ticket
from hub.actions.lists.snooze import snooze_ticket
from hub.actions.note import add_note
from hub.actions.people.staff import set_preferences
from hub.actions.status import change_status
from hub.actions.tags import change_tags
from hub.actions.timers import fire_due
from hub.model.people import HUB, Actor
from storage import views
from tests.browser.conftest import OpenDesk
from tests.fakes.desk import Desk, customer_writes
from tests.fakes.processes import until


async def agent(desk: Desk, login: str, locale: str = "") -> Actor:
    rows = await desk.ctx.database.read(views.list_agents)
    found = next(one for one in rows if one.login == login)
    if locale:
        await set_preferences(desk.ctx, agent_id=found.id, locale=locale)
    return Actor(name=found.name, agent_id=found.id, role=found.role)


async def some(desk: Desk, number: int = 4) -> list[int]:
    return [
        await customer_writes(
            desk.ctx, f"Words {n}", subject=f"Case {n}", name=f"Customer {n}", thread=f"t{n}"
        )
        for n in range(number)
    ]


async def test_colleagues_see_each_other_each_in_their_language(open_desk: OpenDesk, desk: Desk) -> None:
    first, second = await some(desk, 2)
    ann = await open_desk(f"/desk/tickets/T-{first}?scope=all")
    lin = await open_desk(f"/desk/tickets/T-{first}?scope=all", login="lin")
    await expect(ann.locator("#with-you")).to_have_text("小小林 is looking at it")
    await expect(lin.locator("#with-you")).to_have_text("AAnn Berg 正在查看")
    await expect(ann.locator(f"#row-T-{first} .looker.viewing")).to_have_text("小")
    await expect(ann.locator("#also-typing")).to_be_hidden()
    await lin.locator("#reply-text").press_sequentially("We send", delay=20)
    await expect(ann.locator("#also-typing")).to_contain_text("小林 is typing a reply")
    await expect(ann.locator(f"#row-T-{first} .looker.typing")).to_be_visible()
    await ann.locator("#reply-text").press_sequentially("We send", delay=20)
    await expect(lin.locator("#also-typing")).to_contain_text("Ann Berg 正在输入回复")
    # Whoever stops writing only looks on.
    await expect(ann.locator("#also-typing")).to_be_hidden()
    # They go elsewhere, and then home.
    await lin.click(f"#row-T-{second} .row")
    await expect(ann.locator(f"#row-T-{second} .looker")).to_be_visible()
    await expect(ann.locator("#with-you")).to_be_empty()
    await lin.close()
    await expect(ann.locator(".looker")).to_have_count(0)


async def test_many_are_changed_with_one_press_and_taken_back(open_desk: OpenDesk, desk: Desk) -> None:
    codes = await some(desk)
    for code in codes:
        status = "closed" if code == codes[2] else "resolved"
        await change_status(desk.ctx, ticket_code=code, status=status, actor=HUB)
    ann = await open_desk("/desk?scope=all&show=done")
    lin = await open_desk("/desk?scope=all", login="lin")
    bar = ann.locator("#bulk")
    await expect(bar).to_be_hidden()
    # By key: from this row to that one.
    await ann.keyboard.press("j")
    await ann.keyboard.press("x")
    await expect(bar).to_be_visible()
    await ann.keyboard.press("j")
    await ann.keyboard.press("j")
    await ann.keyboard.press("Shift+KeyX")
    await expect(ann.locator("#rows .pick:checked")).to_have_count(3)
    # What comes meanwhile leaves the choice as it is.
    fresh = await customer_writes(desk.ctx, "Another", subject="Fresh", thread="fresh")
    await change_status(desk.ctx, ticket_code=fresh, status="resolved", actor=HUB)
    await expect(ann.locator(f"#row-T-{fresh}")).to_be_visible()
    await expect(ann.locator("#rows .pick:checked")).to_have_count(3)
    # Esc lets go of them, and they are chosen again.
    await ann.keyboard.press("Escape")
    await expect(bar).to_be_hidden()
    await ann.locator("#rows .pick").nth(1).click()
    await ann.locator("#rows .pick").nth(3).click(modifiers=["Shift"])
    await expect(ann.locator("#rows .pick:checked")).to_have_count(3)
    await ann.click("[data-bulk=status]")
    await ann.click(".bulk-form [value=pending]")
    await expect(ann.locator("#toasts")).to_contain_text(
        "2 changed, 1 skipped: not possible from their status"
    )
    await expect(bar).to_be_hidden()
    await expect(lin.locator("#rows .row")).to_have_count(2)
    await ann.click("#toasts [data-undo]")
    await expect(ann.locator("#toasts")).to_contain_text("2 taken back")
    await expect(lin.locator("#rows .row")).to_have_count(0)


async def test_a_view_is_made_shared_and_followed(open_desk: OpenDesk, desk: Desk) -> None:
    codes = await some(desk)
    await change_tags(desk.ctx, ticket_code=codes[0], actor=HUB, add=["vip"])
    ann = await open_desk("/desk?scope=all&tag=vip")
    await ann.click("#views-menu > summary")
    await ann.click("[data-key=save-view]")
    await expect(ann.locator("#view-name")).to_be_focused()
    await ann.fill("#view-name", "贵宾")
    await ann.select_option("#view-shared", "everybody")
    await expect(ann.locator("[name='field-0-1']")).to_have_value("tag")
    await ann.click("[data-do=group]")
    await ann.select_option("[name='field-1-0']", "unread")
    await expect(ann.locator("select[name='value-1-0']")).to_have_value("yes")
    await expect(ann.locator("#view-name")).to_have_value("贵宾")
    await ann.click("#view-form .strong")
    await expect(ann.locator("#views-menu summary")).to_contain_text("贵宾")
    await expect(ann.locator("#rows .row")).to_have_count(1)
    # A colleague finds it, and it is theirs to read: what ann has read is none of hers any more.
    lin = await open_desk("/desk?scope=mine", login="lin")
    await lin.click("#views-menu > summary")
    await expect(lin.locator("#views .choice", has_text="贵宾").locator(".count")).to_have_text("1")
    await lin.locator("#views .choice", has_text="贵宾").click()
    await expect(lin.locator(f"#row-T-{codes[0]} .unread")).to_be_visible()
    await ann.click(f"#row-T-{codes[0]} .row")
    await expect(ann.locator("#rows .unread")).to_have_count(0)
    await change_tags(desk.ctx, ticket_code=codes[1], actor=HUB, add=["vip"])
    await expect(lin.locator("#rows .row")).to_have_count(2)
    await expect(ann.locator("#rows .row")).to_have_count(1)


async def test_what_is_put_off_comes_back(open_desk: OpenDesk, desk: Desk) -> None:
    actor = await agent(desk, "ann")
    first, second = await some(desk, 2)
    for code in (first, second):
        await assign_ticket(desk.ctx, ticket_code=code, agent_id=actor.agent_id, actor=HUB)
    ann = await open_desk(f"/desk/tickets/T-{first}?scope=mine")
    await ann.keyboard.press("z")
    await expect(ann.locator("#dialog .moments .choice").first).to_be_focused()
    await ann.click("#dialog [value=written]")
    await expect(ann.locator("#toasts")).to_contain_text("until the customer writes")
    await expect(ann.locator("#thread .badge.snoozed")).to_contain_text("until the customer writes")
    await expect(ann.locator(f"#row-T-{first}")).to_have_count(0)
    await agent(desk, "ann", "zh_CN")
    await ann.reload()
    await ann.wait_for_selector("body[data-line=open]")
    await expect(ann.locator("#thread .badge.snoozed")).to_contain_text("直到客户回复")
    # By its time, once, and its agent is told.
    await snooze_ticket(
        desk.ctx, ticket_code=second, until=datetime.now(UTC) + timedelta(hours=1), actor=actor
    )
    await expect(ann.locator("#rows .row")).to_have_count(0)
    await desk.ctx.database.run(
        lambda c: c.execute("UPDATE ticket SET snoozed_until = now() WHERE code = $1", second)
    )
    await fire_due(desk.ctx)
    await expect(ann.locator(f"#row-T-{second}")).to_be_visible()
    await expect(ann.locator("#bell-count .count")).to_have_text("1")
    await expect(ann).to_have_title("(1) Case 0 · Contact Hub")
    # Early, by the customer's word.
    await customer_writes(desk.ctx, "Hello?", subject="Case 0", thread="t0")
    await expect(ann.locator(f"#row-T-{first}")).to_be_visible()
    await expect(ann.locator("#thread .badge.snoozed")).to_have_count(0)


async def test_a_page_that_lost_its_line_ends_like_one_that_did_not(open_desk: OpenDesk, desk: Desk) -> None:
    actor = await agent(desk, "ann")
    first, second, third = await some(desk, 3)
    path = f"/desk/tickets/T-{first}?scope=all"
    kept, lost = await open_desk(path), await open_desk(path)

    async def shown(page: Page) -> list[str]:
        rows = await page.locator("#rows .item").evaluate_all(
            "(rows) => rows.map((row) => row.id + row.querySelector('.row-badges').textContent)"
        )
        return [*rows, *await page.locator("#log .entry").all_inner_texts()]

    async def happens(number: int) -> None:
        await add_note(desk.ctx, ticket_code=first, actor=HUB, text=f"Note {number}")
        await change_tags(desk.ctx, ticket_code=second, actor=HUB, add=[f"tag{number}"])
        await customer_writes(desk.ctx, f"More {number}", subject=f"News {number}", thread=f"n{number}")

    for number, code in enumerate((second, third)):
        await happens(2 * number)
        # Cut in the middle of things, as by a hub that starts again; the page comes back by itself.
        await lost.evaluate("window.dispatchEvent(new Event('pagehide'))")
        await happens(2 * number + 1)
        await snooze_ticket(desk.ctx, ticket_code=code, until=None, actor=actor)
        await expect(lost.locator("body")).to_have_attribute("data-line", "open")

    async def alike() -> bool:
        return await shown(kept) == await shown(lost) and "Note 3" in str(await shown(lost))

    await until(alike, seconds=30, what="both pages to show the same")
    for page in (kept, lost):
        await expect(page.locator(f"#row-T-{third} .badge.snoozed")).to_have_count(1)


# The part of the browser that a headless one has not: what it was asked to show is kept.
_NOTIFICATION = """
window.shown = []; let hidden = true;
window.Notification = class {
  constructor(title, options) { window.shown.push(title); }
  static get permission() { return "granted"; }
  close() {}
};
Object.defineProperty(document, "hidden", { get: () => hidden });
"""


async def test_the_browser_tells_once_over_all_tabs_that_a_customer_has_answered(
    open_desk: OpenDesk, desk: Desk
) -> None:
    actor = await agent(desk, "ann")
    mine, _ = await some(desk, 2)
    await assign_ticket(desk.ctx, ticket_code=mine, agent_id=actor.agent_id, actor=actor)
    first = await open_desk("/desk/preferences")
    await expect(first.locator("[data-wish=sound]")).not_to_be_checked()
    await expect(first.locator("[data-wish=answered]")).to_be_checked()
    await first.context.add_init_script(_NOTIFICATION)
    second = await first.context.new_page()
    for page in (first, second):
        await page.goto(f"{desk.url}/desk/customers")
        await page.wait_for_selector("body[data-line=open]")

    async def told() -> list[str]:
        return [*await first.evaluate("window.shown"), *await second.evaluate("window.shown")]

    await customer_writes(desk.ctx, "Somebody else's", subject="Case 1", thread="t1")
    await customer_writes(desk.ctx, "Thank you", subject="Case 0", thread="t0")
    await until(lambda: _any(told()), seconds=20, what="the browser's notification")
    # The other tab has heard of it as well by then, or does now: neither says it again.
    await customer_writes(desk.ctx, "And more", subject="Case 0", thread="t0")
    await until(lambda: _any(told(), 2), seconds=20, what="the second one")
    await asyncio.gather(first.wait_for_load_state("networkidle"), second.wait_for_load_state("networkidle"))
    assert await told() == ["Customer 0 has answered"] * 2


async def _any(told: Awaitable[list[str]], number: int = 1) -> bool:
    return len(await told) >= number
