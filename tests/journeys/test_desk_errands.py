"""The bell, tasks and webhooks at the desk, over a real server and Postgres."""

import asyncio
import json
import re
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from hub.actions.context import Context
from hub.actions.errands.ledger_notices import tell_of_ledger
from hub.actions.errands.notices import NewNotice, add_notices
from hub.actions.errands.task_work import take_task
from hub.actions.errands.tasks import new_task
from hub.actions.floor.assign import assign_ticket
from hub.actions.people.staff import add_agent
from hub.model.codes import CUSTOMER, TASK, TICKET, show_code
from hub.model.notices import NoticeKind
from hub.model.people import HUB, Actor, Role
from hub.settings import Webhooks
from tests.fakes.desk import PASSWORD, Desk, customer_writes, serving_desk, words_of
from tests.fakes.receiver import receiving
from tests.fakes.scene import one

HTMX: dict[str, Any] = {"HX-Request": "true"}


@pytest.fixture
async def desk(ctx: Context) -> AsyncIterator[Desk]:
    async with serving_desk(ctx, webhooks=Webhooks(allow_private=True)) as desk:
        await add_agent(desk.ctx, login="root", name="Root", password=PASSWORD, role=Role.ADMIN)
        yield desk


async def who(desk: Desk, login: str) -> Actor:
    number = await one(desk.ctx, "SELECT id FROM agent WHERE login = $1", login)
    return Actor(name=login, agent_id=number)


async def tell(desk: Desk, login: str, cause: str, kind: NoticeKind = NoticeKind.RULE, **more: Any) -> None:
    told = NewNotice(agent_id=int((await who(desk, login)).agent_id or 0), kind=kind, cause=cause, **more)
    await desk.ctx.database.run(lambda c: add_notices(c, [told]))


async def test_the_bell_counts_lists_and_is_put_away(desk: Desk) -> None:
    await desk.log_in("lin")
    assert words_of((await desk.get("/desk/fragments/bell/count", **HTMX)).text) == ""
    code = await customer_writes(desk.ctx, "Hello", subject="Where <b>is</b> it?")
    lin = await who(desk, "lin")
    await assign_ticket(desk.ctx, ticket_code=code, agent_id=lin.agent_id, actor=await who(desk, "ann"))
    while await tell_of_ledger(desk.ctx):
        pass
    await tell(desk, "lin", "a", params={"rule": "VIP", "text": "请先处理 <i>"})
    assert words_of((await desk.get("/desk/fragments/bell/count", **HTMX)).text) == "2 2 条未读"
    sheet = await desk.get("/desk/fragments/bell", **HTMX)
    assert "请先处理 &lt;i&gt;" in sheet.text and "Where &lt;b&gt;is&lt;/b&gt; it?" in sheet.text
    assert "Ann Berg 把一张工单交给了您" in sheet.text
    assert f"/desk/tickets/{show_code(TICKET, code)}?scope=all" in sheet.text
    latest = await desk.get("/desk/notices/latest", **HTMX)
    assert json.loads(latest.text)["text"] == "请先处理 <i>"
    # Who opens the ticket has seen what it was about.
    await desk.get(f"/desk/tickets/{show_code(TICKET, code)}?scope=all")
    assert words_of((await desk.get("/desk/fragments/bell/count", **HTMX)).text) == "1 1 条未读"
    assert (await desk.post("/desk/notices/read", **HTMX)).status == 200
    assert words_of((await desk.get("/desk/fragments/bell/count", **HTMX)).text) == ""
    page = await desk.get("/desk/notices")
    assert page.status == 200 and "全部标为已读" not in page.text


async def test_another_s_notice_is_neither_shown_nor_put_away(desk: Desk) -> None:
    await tell(desk, "ann", "a", params={"rule": "secret rule", "text": ""})
    number = await one(desk.ctx, "SELECT id FROM notice")
    await desk.log_in("lin")
    for path in ("/desk/notices", "/desk/fragments/bell", "/desk/fragments/notices", "/desk/notices/latest"):
        assert "secret rule" not in (await desk.get(path)).text
    assert (await desk.post(f"/desk/notices/{number}/read", **HTMX)).status == 200
    assert await one(desk.ctx, "SELECT read_at FROM notice") is None


async def test_only_one_s_own_screens_hear_the_bell(desk: Desk) -> None:
    await desk.log_in("lin")
    socket = await desk.session.ws_connect(
        f"{desk.url}/desk/live?cursor={desk.ctx.feed.cursor}", headers={"Origin": desk.url}
    )
    try:
        await tell(desk, "ann", "a")
        await tell(desk, "lin", "b")
        await new_task(desk.ctx, title="after it", actor=HUB)
        heard: list[dict[str, Any]] = []
        async with asyncio.timeout(10):
            while not heard or heard[-1]["kind"] != "task_added":
                heard.append(await socket.receive_json())
    finally:
        await socket.close()
    kinds = [event["kind"] for event in heard]
    assert kinds.count("notices_changed") == 1
    assert all("agents" not in event for event in heard)


async def test_what_one_hears_of_is_chosen(desk: Desk) -> None:
    await desk.log_in("lin")
    answer = await desk.post("/desk/notices/kinds", {"kind": "mentioned"})
    assert answer.status == 303
    await tell(desk, "lin", "a")
    await tell(desk, "lin", "b", NoticeKind.MENTIONED, params={"by": "Ann"})
    assert await one(desk.ctx, "SELECT count(*) FROM notice") == 1
    assert (await desk.post("/desk/notices/kinds", {"kind": "none of these"})).status == 409


async def test_a_task_is_asked_for_on_a_ticket_and_done_in_the_list(desk: Desk) -> None:
    await desk.log_in("ann")
    number = show_code(TICKET, await customer_writes(desk.ctx, "Hello", subject="Broken"))
    form = {"title": "Look <at> it", "queue": "complaints", "due": "2026-01-05T10:00"}
    thread = await desk.post(f"/desk/tickets/{number}/tasks", form, **HTMX)
    assert (
        thread.status == 200 and "Look &lt;at&gt; it" in thread.text and "New task" in words_of(thread.text)
    )
    listed = await desk.get("/desk/tasks?scope=departments")
    assert (
        "Look &lt;at&gt; it" in listed.text
        and "overdue" in listed.text
        and 'class="task-row late"' in listed.text
    )
    task = re.search(r"/desk/tasks/(A-\d+)/take", listed.text)
    assert task is not None
    taken = await desk.post(f"/desk/tasks/{task[1]}/take?shown=list&scope=mine", {"version": "1"}, **HTMX)
    assert "Under way" in taken.text
    stale = await desk.post(f"/desk/tasks/{task[1]}/done?shown=list&scope=mine", {"version": "1"}, **HTMX)
    assert stale.status == 409 and stale.headers["HX-Retarget"] == "#messages"
    done = await desk.post(
        f"/desk/tasks/{task[1]}/done?shown=ticket&ticket={number}", {"version": "2", "outcome": "It is <fixed>."}, **HTMX
    )  # fmt: skip
    assert "It is &lt;fixed&gt;." in done.text and "Task done" in done.text
    assert "Look &lt;at&gt; it" in (await desk.get("/desk/tasks?scope=all&ended=1")).text
    page = await desk.get(f"/desk/tasks/{task[1]}")
    assert "Reopen" in page.text and "It is &lt;fixed&gt;." in page.text
    # The zone of the browser is that of the field.
    assert await one(desk.ctx, "SELECT due_at FROM task") == datetime(2026, 1, 5, 10, tzinfo=UTC)


async def test_a_new_task_leads_to_its_page_and_every_step_is_there(desk: Desk) -> None:
    await desk.log_in("ann")
    lin = await who(desk, "lin")
    made = await desk.post("/desk/tasks", {"title": "Call back", "text": "Soon."}, **HTMX)
    page = made.headers["HX-Redirect"]
    for step, form, shown in (
        ("give", {"version": "1", "agent": str(lin.agent_id), "queue": "enquiries"}, "gave it on"),
        ("give", {"version": "2", "agent": ""}, "put it back"),
        (
            "change",
            {"version": "3", "title": "Call them back", "text": "", "due": "2030-01-05T10:00"},
            "Call them back",
        ),
        ("comment", {"text": "They were out."}, "They were out."),
        ("take", {"version": "4"}, "Under way"),
        ("drop", {"version": "5", "outcome": "No need."}, "No need."),
        ("reopen", {"version": "6"}, "opened it again"),
    ):
        answer = await desk.post(f"{page}/{step}", form, **HTMX)
        assert answer.status == 200 and shown in answer.text, step
    stale = await desk.post(f"{page}/take", {"version": "1"}, **HTMX)
    assert stale.status == 409 and "Somebody else has changed this task" in stale.text
    assert (await desk.post(f"{page}/explode", {"version": "7"}, **HTMX)).status == 409
    assert (await desk.get("/desk/tasks/A-12")).status == 404
    wrong = await desk.post("/desk/tasks", {"title": "x", "due": "tomorrow"}, **HTMX)
    assert wrong.status == 409
    assert (await desk.post("/desk/tasks", {"title": "x", "ticket": "C-10024"}, **HTMX)).status == 404


async def test_what_is_to_be_done_for_a_customer_stands_on_their_page(desk: Desk) -> None:
    await desk.log_in("ann")
    await customer_writes(desk.ctx, "Hello", subject="Broken")
    number = show_code(CUSTOMER, await one(desk.ctx, "SELECT code FROM customer"))
    made = await desk.post("/desk/tasks", {"title": "Send <flowers>", "customer": number}, **HTMX)
    assert made.status == 204
    page = await desk.get(f"/desk/customers/{number}")
    assert "Send &lt;flowers&gt;" in page.text and made.headers["HX-Redirect"] in page.text
    assert number in (await desk.get(made.headers["HX-Redirect"])).text
    assert (await desk.post("/desk/tasks", {"title": "x", "customer": "C-10"}, **HTMX)).status == 404


async def test_overdue_is_said_in_words_with_a_sign_and_in_both_languages(desk: Desk) -> None:
    lin = await who(desk, "lin")
    past = datetime.now(UTC) - timedelta(hours=2)
    code = await new_task(desk.ctx, title="x", assignee_id=lin.agent_id, due_at=past, actor=HUB)
    await take_task(desk.ctx, code=code, version=1, actor=lin)
    await desk.log_in("lin")
    page = await desk.get("/desk/tasks")
    badge = re.search(r'<span class="badge due over">.*?</span>', page.text, re.DOTALL)
    assert badge is not None and "#alert" in badge[0] and "超时" in words_of(badge[0])
    assert show_code(TASK, code) in page.text


async def test_webhooks_are_for_administrators(desk: Desk) -> None:
    await desk.log_in("ann")
    for path in ("/desk/webhooks", "/desk/fragments/webhooks"):
        assert (await desk.get(path)).status == 403
    for path in ("/desk/webhooks", "/desk/webhooks/1", "/desk/webhooks/1/test", "/desk/webhooks/1/secret"):
        assert (await desk.post(path, {"name": "erp", "url": "https://erp.example/"})).status == 403
    assert await one(desk.ctx, "SELECT count(*) FROM webhook") == 0
    assert "/desk/webhooks" not in (await desk.get("/desk")).text


async def test_a_webhook_is_added_tried_switched_off_and_removed(desk: Desk) -> None:
    await desk.log_in("root")
    assert "/desk/webhooks" in (await desk.get("/desk")).text
    async with receiving(200, 500) as erp:
        refused = await desk.post("/desk/webhooks", {"name": "erp", "url": "nowhere"})
        assert refused.status == 409 and 'value="erp"' in refused.text
        added = await desk.post("/desk/webhooks", {"name": "erp", "url": erp.url})
        secret = re.search(r"whsec_[A-Za-z0-9+/=]+", added.text)
        assert secret is not None
        assert secret[0] not in (await desk.get("/desk/webhooks")).text
        number = await one(desk.ctx, "SELECT id FROM webhook")
        tried = await desk.post(f"/desk/webhooks/{number}/test", **HTMX)
        assert erp.heard[0].is_signed_by(secret[0]) and "Taken over" in tried.text
        failed = await desk.post(f"/desk/webhooks/{number}/test", **HTMX)
        assert "Failed" in failed.text and "<code>500</code>" in failed.text
    off = await desk.post(f"/desk/webhooks/{number}", {"version": "2", "enabled": "0"}, **HTMX)
    assert "Switched off" in off.text
    stale = await desk.post(f"/desk/webhooks/{number}", {"version": "2", "enabled": "1"}, **HTMX)
    assert stale.status == 409
    renewed = await desk.post(f"/desk/webhooks/{number}/secret")
    assert "whsec_" in renewed.text and secret[0] not in renewed.text
    gone = await desk.post(f"/desk/webhooks/{number}/remove", {"version": "4"}, **HTMX)
    assert "No program is told of anything" in gone.text
