"""What axe does not see: every page fits the narrowest window (WCAG 1.4.10), and what has the focus can be seen (2.4.11)."""

import pytest
from playwright.async_api import expect

from hub.actions.floor.route import drain
from hub.actions.people.staff import set_preferences
from storage import views
from tests.browser.conftest import OpenDesk
from tests.fakes.desk import Desk, customer_writes

PAGES = (
    "/desk?scope=all", "/desk/search?q=kettle", "/desk/tasks", "/desk/floor", "/desk/queues", "/desk/customers",
    "/desk/organisations", "/desk/conflicts", "/desk/incidents", "/desk/notices", "/desk/preferences", "/desk/security",
    "/desk/templates", "/desk/macros", "/desk/staff", "/desk/staff/skills", "/desk/staff/queues", "/desk/rules",
    "/desk/rules/queues", "/desk/rules/targets", "/desk/rules/automation", "/desk/simulate", "/desk/classification",
    "/desk/mailboxes", "/desk/channels", "/desk/fields", "/desk/tags", "/desk/roles", "/desk/audit", "/desk/keys",
    "/desk/retention", "/desk/webhooks", "/desk/system", "/desk/start", "/desk/design",
)  # fmt: skip
TOO_WIDE = """() => {
    if (document.documentElement.scrollWidth <= innerWidth) return [];
    const over = (one) => one.getBoundingClientRect().right > innerWidth + 1 && one.checkVisibility();
    const all = [...document.querySelectorAll("main *, header *")];
    const found = all.filter((one) => over(one) && !one.closest("[role=region]"));
    return found.slice(0, 3).map((one) => one.outerHTML.slice(0, 120));
}"""
COVERED = """() => {
    // A field for files is unseen; the label around it is what is looked at.
    const active = document.activeElement;
    const one = active.matches("label .unseen") ? active.closest("label") : active;
    if (one === document.body) return "";
    const box = one.getBoundingClientRect();
    const y = box.top + box.height / 2;
    if (y < 0 || y > innerHeight) return `out of view: ${one.outerHTML.slice(0, 120)}`;
    const across = [0.02, 0.25, 0.5, 0.75, 0.98].map((share) => document.elementFromPoint(box.left + box.width * share, y));
    if (across.some((seen) => seen && (one.contains(seen) || seen.contains(one)))) return "";
    return `${one.outerHTML.slice(0, 120)} under ${across[2]?.outerHTML.slice(0, 120)}`;
}"""


LANGUAGE = "document.documentElement.lang"
WATCH = """(log) => {
    window.watched = { added: [], removed: 0 };
    const said = (node) => node.querySelector?.(".text")?.textContent.trim() ?? "";
    new MutationObserver((changes) => {
        for (const one of changes) {
            if (!one.target.matches("ol.log")) continue;
            for (const node of one.addedNodes) if (node.matches?.(".entry")) watched.added.push(said(node));
            for (const node of one.removedNodes) if (node.matches?.(".entry")) watched.removed += 1;
        }
    }).observe(log, { childList: true, subtree: true });
}"""


@pytest.mark.parametrize("locale", ["en", "zh_CN"])
async def test_every_page_fits_the_narrowest_window(open_desk: OpenDesk, desk: Desk, locale: str) -> None:
    await customer_writes(desk.ctx, "The kettle leaks", subject="Kettle")
    await _speaks(desk, locale)
    page = await open_desk(width=320, height=640)
    wide = {}
    for path in PAGES:
        answer = await page.goto(desk.url + path)
        assert answer is not None and answer.status in (200, 403), path
        if over := await page.evaluate(TOO_WIDE):
            wide[path] = over
    assert wide == {}


@pytest.mark.parametrize(("height", "locale"), [(800, "en"), (480, "zh_CN")])
async def test_what_has_the_focus_is_never_hidden(
    open_desk: OpenDesk, desk: Desk, height: int, locale: str
) -> None:
    await _speaks(desk, locale)
    code = 0
    for number in range(8):
        code = await customer_writes(
            desk.ctx, "A question " * 40, subject=f"Kettle {number}", thread=f"k{number}"
        )
    await drain(desk.ctx)
    page = await open_desk(f"/desk/tickets/T-{code}?scope=all", width=1280, height=height)
    hidden = []
    for _ in range(80):
        await page.keyboard.press("Tab")
        if covered := await page.evaluate(COVERED):
            hidden.append(covered)
    assert hidden == []


async def test_the_focus_goes_back_to_where_a_pane_or_a_menu_was_opened(
    open_desk: OpenDesk, desk: Desk
) -> None:
    code = await customer_writes(desk.ctx, "A question", subject="Kettle")
    page = await open_desk(f"/desk/tickets/T-{code}?scope=all", width=1000)
    for closing in ("Escape", "Enter"):  # in the pane its own button has the focus
        await page.focus(".to-customer")
        await page.keyboard.press("Enter")
        await expect(page.locator("#customer-pane .shut")).to_be_focused()
        await page.keyboard.press(closing)
        await expect(page.locator(".to-customer")).to_be_focused()
    # What was chosen in a menu is done, the ticket is shown anew, and the focus is on the menu.
    await page.focus("#priority-menu summary")
    await page.keyboard.press("Enter")
    await page.focus("#priority-menu .choice >> nth=0")
    await page.keyboard.press("Enter")
    await expect(page.locator("#priority-menu .badge.p4")).to_be_visible()
    await expect(page.locator("#priority-menu summary")).to_be_focused()
    # A dialog that came out of a menu goes back to it, whichever way it ends.
    for closing in ("Escape", "#dialog [data-dialog-close] >> nth=0"):
        await page.focus("#more-menu summary")
        await page.keyboard.press("Enter")
        await page.focus("[data-key=merge]")
        await page.keyboard.press("Enter")
        await expect(page.locator("#dialog")).to_be_visible()
        await (page.keyboard.press(closing) if closing == "Escape" else page.press(closing, "Enter"))
        await expect(page.locator("#dialog")).to_be_hidden()
        await expect(page.locator("#more-menu summary")).to_be_focused()


async def test_what_comes_in_is_added_to_the_log_that_readers_are_told_of(
    open_desk: OpenDesk, desk: Desk
) -> None:
    """A reader is told what is added to a log. What stood there before is not added again by the swap that brings the new."""
    code = await customer_writes(desk.ctx, "A question", subject="Kettle")
    pages = [await open_desk(f"/desk/tickets/T-{code}?scope=all", login=login) for login in ("ann", "lin")]
    for page in pages:
        log = page.get_by_role("log")
        await expect(log).to_have_attribute("aria-relevant", "additions")
        await expect(log).to_have_accessible_name(
            {"en": "Messages", "zh-CN": "消息"}[await page.evaluate(LANGUAGE)]
        )
        await log.evaluate(WATCH)
    await customer_writes(desk.ctx, "And another one", subject="Kettle")
    for page in pages:
        await expect(page.locator("#log .entry.in")).to_have_count(2)
        assert await page.evaluate("watched.added") == ["And another one"]
        assert await page.evaluate("watched.removed") == 0


async def _speaks(desk: Desk, locale: str) -> None:
    ann = next(one for one in await desk.ctx.database.read(views.list_agents) if one.login == "ann")
    await set_preferences(desk.ctx, agent_id=ann.id, locale=locale, theme=None)
