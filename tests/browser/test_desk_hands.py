"""What axe does not see: every page fits the narrowest window (WCAG 1.4.10), and what has the focus can be seen (2.4.11)."""

import pytest

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


@pytest.mark.parametrize("height", [800, 480])
async def test_what_has_the_focus_is_never_hidden(open_desk: OpenDesk, desk: Desk, height: int) -> None:
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


async def _speaks(desk: Desk, locale: str) -> None:
    ann = next(one for one in await desk.ctx.database.read(views.list_agents) if one.login == "ann")
    await set_preferences(desk.ctx, agent_id=ann.id, locale=locale, theme=None)
