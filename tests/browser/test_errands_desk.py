"""The bell, tasks and webhooks in a real browser: live, by the keyboard, for everybody."""

import asyncio
from datetime import UTC, datetime, timedelta

import pytest
from playwright.async_api import Route, expect

from hub.actions.errands.notices import NewNotice, add_notices
from hub.actions.errands.task_work import change_task, comment_task, end_task, get_task, take_task
from hub.actions.errands.tasks import new_task
from hub.actions.errands.webhooks import add_webhook
from hub.actions.people.staff import add_agent, set_preferences
from hub.model.codes import CUSTOMER, TASK, TICKET, show_code
from hub.model.notices import NoticeKind
from hub.model.people import HUB, Actor, Role
from tests.browser.conftest import OpenDesk
from tests.browser.looks import LOCALES, Looks
from tests.fakes.chromium import stand_between
from tests.fakes.desk import PASSWORD, Desk, customer_writes
from tests.fakes.processes import until
from tests.fakes.scene import one


async def root(desk: Desk, locale: str = "en", theme: str = "light") -> Actor:
    made = await add_agent(desk.ctx, login="root", name="Rosa Root", password=PASSWORD, role=Role.ADMIN)
    await set_preferences(desk.ctx, agent_id=made, locale=locale, theme=theme)
    return Actor(name="Rosa Root", agent_id=made)


async def tell(desk: Desk, *notices: NewNotice) -> None:
    await desk.ctx.database.run(lambda c: add_notices(c, notices))


async def _fill(desk: Desk, me: Actor) -> str:
    """Something of everything; returns the number of a ticket with tasks."""
    agent_id = me.agent_id or 0
    first = await customer_writes(desk.ctx, "The kettle leaks!", subject="The kettle leaks since Monday")
    second = await customer_writes(desk.ctx, "请问发票怎么开？", subject="发票", name="陈芳", thread="chen")
    numbers = [await one(desk.ctx, "SELECT id FROM ticket WHERE code = $1", code) for code in (first, second)]
    now = datetime.now(UTC)
    ann = Actor(name="Ann Berg", agent_id=await one(desk.ctx, "SELECT id FROM agent WHERE login = 'ann'"))
    for title, queue, due, ticket in (
        ("Check the invoice of last May", "complaints", now - timedelta(hours=3), first),
        ("Is a kettle in stock?", "enquiries", now + timedelta(minutes=40), first),
        ("请核对退款金额并联系仓库确认是否已收到退货", "complaints", now + timedelta(days=2), second),
        ("Write down what was agreed with the carrier", "", None, None),
    ):
        await new_task(
            desk.ctx,
            title=title,
            queue=queue,
            due_at=due,
            ticket_code=ticket,
            actor=ann,
            text="Please: https://shop.example/7",
        )
    codes = [
        row["code"]
        for row in await desk.ctx.database.read(lambda c: c.fetch("SELECT code FROM task ORDER BY id"))
    ]
    await take_task(desk.ctx, code=codes[1], version=1, actor=me)
    await comment_task(desk.ctx, code=codes[1], actor=me, text="I asked the store.")
    await take_task(desk.ctx, code=codes[3], version=1, actor=me)
    await end_task(desk.ctx, code=codes[3], version=2, actor=me, outcome="They pay half.")
    await tell(
        desk,
        NewNotice(
            agent_id=agent_id,
            kind=NoticeKind.SLA_BREACHED,
            cause="a",
            ticket_id=numbers[0],
            params={"target": "first_response"},
        ),
        NewNotice(
            agent_id=agent_id,
            kind=NoticeKind.ASSIGNED_TO_YOU,
            cause="b",
            ticket_id=numbers[1],
            params={"by": "Ann Berg"},
        ),
        NewNotice(
            agent_id=agent_id,
            kind=NoticeKind.TASK_GIVEN,
            cause="c",
            params={"task": codes[0], "title": "Check the invoice of last May", "by": "Ann"},
        ),
        NewNotice(
            agent_id=agent_id,
            kind=NoticeKind.RULE,
            cause="d",
            ticket_id=numbers[0],
            params={"rule": "VIP", "text": "A key account waits."},
        ),
        NewNotice(
            agent_id=agent_id,
            kind=NoticeKind.WEBHOOK_FAILING,
            cause="e",
            params={"webhook": "erp", "error": "timeout", "gone": False},
        ),
    )
    await tell(
        desk,
        *(
            NewNotice(agent_id=agent_id, kind=NoticeKind.SLA_WARNING, cause=f"w{n}", ticket_id=numbers[n % 2])
            for n in range(9)
        ),
    )
    for name, url in (("erp", "https://erp.example/hooks/contact-hub"), ("crm", "https://crm.example/in")):
        await add_webhook(desk.ctx, name=name, url=url, actor=me)
    await desk.ctx.database.run(
        lambda c: c.execute(
            """UPDATE webhook SET failures = 12, paused_at = now() - interval '2 h' WHERE name = 'erp';
               INSERT INTO webhook_call (webhook_id, event, cause, ticket_id, rule, body, state, attempts, status, error,
                                         took_ms)
               SELECT w.id, 'rule.ran', state, (SELECT min(id) FROM ticket), 'VIP', '{}', state, 3, status, error, 187
               FROM (SELECT id FROM webhook WHERE name = 'erp') w,
                    (VALUES ('sent', 200, ''), ('failed', 422, 'status'), ('queued', NULL, 'timeout')) v (state, status, error);
               UPDATE webhook_call SET settled_at = now() WHERE state IN ('sent', 'failed')"""
        )
    )
    return show_code(TICKET, first)


@pytest.mark.parametrize("locale", LOCALES)
async def test_axe_finds_nothing_on_the_bell_tasks_and_webhooks(
    open_desk: OpenDesk, desk: Desk, locale: str
) -> None:
    number = await _fill(desk, await root(desk, locale))
    page = await open_desk("/desk/notices", login="root")
    looks = await Looks.begin(page, desk.url, "errands")
    await looks.at("/desk/tasks", query="?scope=all")
    await page.click("#bell > summary")
    await page.wait_for_selector("#bell-sheet .told")
    await looks.here("bell", within="#bell")
    await page.keyboard.press("Escape")
    await page.click("#new-task > summary")
    await looks.here("new task", within="#new-task")
    task = show_code(TASK, await one(desk.ctx, "SELECT min(code) FROM task"))
    await looks.at("/desk/tasks/{task}", task=task)
    await looks.go("/desk/tickets/{code}", query="?scope=all", code=number)
    await page.click("#ticket-tasks summary")
    await looks.here("tasks of a ticket")
    customer = show_code(CUSTOMER, await one(desk.ctx, "SELECT min(code) FROM customer"))
    await looks.go("/desk/customers/{code}", code=customer)
    await page.click("#customer-task summary")
    await looks.here("tasks of a customer")
    await looks.at("/desk/notices")
    await looks.at("/desk/webhooks")
    looks.found_nothing()


async def test_the_bell_rings_at_once_and_is_read_by_the_keyboard(open_desk: OpenDesk, desk: Desk) -> None:
    me = await root(desk)
    page = await open_desk("/desk/customers", login="root")
    await expect(page.locator("#bell-count .count")).to_have_count(0)
    told = NewNotice(
        agent_id=me.agent_id or 0,
        kind=NoticeKind.RULE,
        cause="a",
        params={"rule": "VIP", "text": "Look here"},
    )
    await tell(desk, told)
    await expect(page.locator("#bell-count .count")).to_have_text("1")
    await page.keyboard.type("gn")
    await expect(page.locator("#bell-sheet")).to_contain_text("Look here")
    # While it is open what is new comes into it.
    await tell(
        desk, NewNotice(agent_id=me.agent_id or 0, kind=NoticeKind.MENTIONED, cause="b", params={"by": "Ann"})
    )
    await expect(page.locator("#bell-sheet .told")).to_have_count(2)
    await page.keyboard.press("Tab")
    await expect(page.locator("#bell-sheet .link")).to_be_focused()
    await page.keyboard.press("Enter")
    await expect(page.locator("#bell-count .count")).to_have_count(0)
    await page.keyboard.press("Escape")
    await expect(page.locator("#bell")).not_to_have_attribute("open", "")
    # Another's bell does not ring here.
    ann = await one(desk.ctx, "SELECT id FROM agent WHERE login = 'ann'")
    await tell(
        desk,
        NewNotice(agent_id=ann, kind=NoticeKind.RULE, cause="c", params={"rule": "VIP", "text": "For Ann"}),
    )
    await tell(
        desk,
        NewNotice(
            agent_id=me.agent_id or 0, kind=NoticeKind.RULE, cause="d", params={"rule": "VIP", "text": "Mine"}
        ),
    )
    await expect(page.locator("#bell-count .count")).to_have_text("1")


async def test_a_task_is_asked_for_on_the_ticket_and_comes_live_to_the_department(
    open_desk: OpenDesk, desk: Desk
) -> None:
    await root(desk)
    number = show_code(TICKET, await customer_writes(desk.ctx, "Hello", subject="Kettle"))
    theirs = await open_desk("/desk/tasks?scope=departments", login="root")
    mine = await open_desk(f"/desk/tickets/{number}?scope=all")
    await mine.click("#ticket-tasks summary")
    await mine.fill("#quick-title", "Is it in stock?")
    await mine.select_option("#quick-queue", "complaints")
    await mine.fill("#quick-due", "2020-01-01T10:00")
    await mine.keyboard.press("Enter")
    await expect(mine.locator("#ticket-tasks .task-row")).to_contain_text("Is it in stock?")
    await expect(mine.locator("#quick-title")).to_have_value("")
    await expect(mine.locator("#log")).to_contain_text("New task: Is it in stock?")
    # As the browser's zone, Shanghai, has it.
    due = await one(desk.ctx, "SELECT due_at FROM task")
    assert due == datetime(2020, 1, 1, 2, tzinfo=UTC)
    row = theirs.locator(".task-row")
    await expect(row).to_contain_text("Is it in stock?")
    await expect(row).to_contain_text("overdue")
    # j goes to it, Enter opens it.
    await theirs.keyboard.press("j")
    await expect(theirs.locator("a.row.task-title")).to_be_focused()
    await row.get_by_role("button", name="Take").click()
    await expect(row).to_contain_text("Under way")
    await expect(mine.locator("#ticket-tasks .task-row")).to_contain_text("Under way")
    await row.locator("summary").click()
    await row.locator("textarea").fill("Seven of them.")
    await row.get_by_role("button", name="It is done").click()
    await expect(row).to_have_count(0)
    await expect(mine.locator("#log")).to_contain_text("Seven of them.")
    await expect(mine.locator("#ticket-tasks summary")).to_contain_text("1 task, all over")


async def test_what_somebody_writes_is_not_lost_when_the_task_changes(
    open_desk: OpenDesk, desk: Desk
) -> None:
    me = await root(desk)
    code = await new_task(desk.ctx, title="Call back", actor=HUB)
    page = await open_desk(f"/desk/tasks/{show_code(TASK, code)}", login="root")
    await page.fill("#outcome", "They were out, and")
    await comment_task(desk.ctx, code=code, actor=me, text="A word of another")
    await expect(page.locator("#task")).to_contain_text("A word of another")
    await expect(page.locator("#outcome")).to_have_value("They were out, and")


async def test_a_task_is_changed_and_talked_about_while_others_work_on_it(
    open_desk: OpenDesk, desk: Desk
) -> None:
    me = await root(desk)
    code = await new_task(desk.ctx, title="Call back", text="At noon.", actor=HUB)
    page = await open_desk(f"/desk/tasks/{show_code(TASK, code)}", login="root")
    fold, log = page.locator("#change-task"), page.locator("#task .task-log")

    async def others_change(text: str) -> None:
        task, _ = await get_task(desk.ctx, code, me)
        await change_task(
            desk.ctx, code=code, version=task.version, actor=me, title="Call back", text=text, due_at=None
        )

    # Nobody typed yet: it is as the task is, stays open, and keeps the focus.
    await page.locator("details.change-task summary").click()
    await page.locator("#task-title").focus()
    await others_change("At one.")
    await expect(page.locator("#task-text")).to_have_value("At one.")
    await expect(page.locator("#task-title")).to_be_focused()

    await page.fill("#task-text", "At two, because")
    await page.fill("#outcome", "They were out, and")
    await others_change("At three.")
    await expect(page.locator("#task .text").first).to_have_text("At three.")
    await expect(page.locator("#task-text")).to_have_value("At two, because")
    await page.fill("#task-word", "A word")
    await page.get_by_role("button", name="Write it down").click()
    await expect(log).to_contain_text("A word")
    await expect(page.locator("#task-word")).to_have_value("")
    await expect(page.locator("#task-text")).to_have_value("At two, because")
    await expect(page.locator("#outcome")).to_have_value("They were out, and")

    # It was changed meanwhile: the first press tells so, the second goes over it.
    await fold.get_by_role("button", name="Save").click()
    await expect(page.locator("#messages")).to_contain_text("Somebody else has changed this task")
    await expect(page.locator("#task-text")).to_have_value("At two, because")
    await fold.get_by_role("button", name="Save").click()
    await expect(page.locator("#task .text").first).to_have_text("At two, because")
    await expect(fold).not_to_have_attribute("open", "")
    await expect(fold.locator("summary")).to_be_focused()
    await others_change("At four.")
    await expect(page.locator("#task-text")).to_have_value("At four.")


# The part of the browser that a headless one has not: what it was asked to show is kept.
_NOTIFICATION = """
window.shown = []; let allowed = sessionStorage.getItem("allowed") || "default"; let hidden = false;
window.Notification = class {
  constructor(title, options) { window.shown.push(options); }
  static get permission() { return allowed; }
  static async requestPermission() { allowed = "granted"; sessionStorage.setItem("allowed", allowed); return allowed; }
  close() {}
};
Object.defineProperty(document, "hidden", { get: () => hidden });
window.hide = () => { hidden = true; document.dispatchEvent(new Event("visibilitychange")); };
"""


async def test_the_browser_tells_only_who_asked_for_it_and_is_not_looking(
    open_desk: OpenDesk, desk: Desk
) -> None:
    me = await root(desk)

    async def ring(cause: str, text: str) -> None:
        params = {"rule": "VIP", "text": text}
        await tell(
            desk, NewNotice(agent_id=me.agent_id or 0, kind=NoticeKind.RULE, cause=cause, params=params)
        )

    page = await open_desk("/desk/customers", login="root")
    await page.add_init_script(_NOTIFICATION)
    await page.reload()
    await page.wait_for_selector("body[data-line=open]")
    await ring("a", "before anybody asked")
    await expect(page.locator("#bell-count .count")).to_have_text("1")
    await page.click("#bell > summary")
    await page.click("[data-browser-notices]")
    await expect(page.locator("[data-browser-notices]")).to_be_hidden()

    async def asks(expression: str) -> bool:
        return bool(await page.evaluate(expression))

    known = "localStorage.getItem('hub-last-notice') !== null"
    await until(lambda: asks(known), seconds=20, what="the newest notice to be known")
    # What it says is read a moment after it came: whoever looked then was told by the bell.
    left = asyncio.Event()

    async def late(route: Route) -> None:
        await left.wait()
        await route.continue_()

    await stand_between(page, "**/desk/notices/latest", late)
    await ring("b", "while somebody looks")
    await expect(page.locator("#bell-count .count")).to_have_text("2")
    await page.evaluate("window.hide()")
    async with page.expect_event("requestfinished", lambda one: one.url.endswith("/notices/latest")):
        left.set()
    await page.unroute("**/desk/notices/latest")
    assert await page.evaluate("window.shown") == []
    # Another tab is still looked at.
    other = await page.context.new_page()
    await other.goto(f"{desk.url}/desk/customers")
    await other.wait_for_selector("body[data-line=open]")
    await ring("seen", "in the other tab")
    await expect(other.locator("#bell-count .count")).to_have_text("3")
    await expect(page.locator("#bell-count .count")).to_have_text("3")
    assert await page.evaluate("window.shown") == []
    await other.close()
    await ring("c", "while nobody looks")
    await until(lambda: asks("window.shown.length > 0"), seconds=20, what="the browser's notification")
    (shown,) = await page.evaluate("window.shown")
    assert shown["body"] == "while nobody looks" and shown["tag"].startswith("notice-")
