"""A supervisor looks after the staff at the desk: the form, the account, the matrices."""

import re
from collections.abc import AsyncIterator
from typing import Any

import pytest

from hub.actions.context import Context
from hub.actions.floor.assign import assign_ticket
from hub.actions.people.change_agent import get_agent
from hub.actions.people.staff import add_agent
from hub.model.people import HUB, Role
from storage import agents, views
from storage.agents import AgentDetails
from tests.fakes.desk import PASSWORD, Desk, customer_writes, serving_desk, words_of
from tests.fakes.signin import code_of

HTMX: dict[str, Any] = {"HX-Request": "true"}
FORM: dict[str, Any] = {
    "name": "Lin Xiao", "locale": "zh_CN", "language": "zh", "skill:billing": "4", "skill:delivery": "",
    "capacity": "6", "live_capacity": "1", "where": "some", "queue": "complaints", "calendar": "office", "version": "1",
}  # fmt: skip


@pytest.fixture
async def desk(ctx: Context) -> AsyncIterator[Desk]:
    async with serving_desk(ctx) as desk:
        yield desk


async def the(desk: Desk, login: str) -> AgentDetails:
    found = await desk.ctx.database.read(lambda c: agents.id_of_login(c, login))
    assert found is not None
    return await get_agent(desk.ctx, found)


async def test_whoever_does_not_lead_sees_and_changes_nobody(desk: Desk) -> None:
    await desk.log_in("lin")
    lin = await the(desk, "lin")
    for path in ("/desk/staff", "/desk/staff/skills", "/desk/staff/queues", f"/desk/staff?agent={lin.id}"):
        assert (await desk.get(path)).status == 403, path
    for path in ("", f"/{lin.id}", f"/{lin.id}/active", f"/{lin.id}/password", f"/{lin.id}/hand-over"):
        assert (await desk.post(f"/desk/staff{path}", FORM)).status == 403, path
    for path in ("skill", "queue"):
        assert (await desk.post(f"/desk/staff/{lin.id}/{path}", {"skill": "billing"})).status == 403, path
    assert await the(desk, "lin") == lin
    assert "/desk/staff" not in (await desk.get("/desk")).text


async def test_the_form_shows_an_agent_and_keeps_what_it_is_sent(desk: Desk) -> None:
    await desk.log_in()
    lin = await the(desk, "lin")
    shown = await desk.get(f"/desk/staff?agent={lin.id}")
    assert 'value="小林"' in shown.text and "/desk/staff" in shown.text
    answer = await desk.post(f"/desk/staff/{lin.id}", FORM)
    assert (answer.status, answer.headers["Location"]) == (303, f"/desk/staff?agent={lin.id}&done=saved")
    now = await the(desk, "lin")
    assert (now.name, now.skills, now.capacity, now.live_capacity) == ("Lin Xiao", {"billing": 4}, 6, 1)
    assert (now.queues, now.calendar, now.role, now.version) == (("complaints",), "office", "agent", 2)
    assert "Routing goes by it" in (await desk.get(answer.headers["Location"])).text


async def test_what_is_refused_comes_back_as_it_was_typed_with_the_reason(desk: Desk) -> None:
    await desk.log_in()
    lin = await the(desk, "lin")
    for change, said in (
        ({"version": "7"}, "Somebody else has changed this agent"),
        ({"capacity": "many"}, "This is no number."),
        ({"queue": ""}, "Choose a queue"),
        ({"skill:billing": "9"}, "A level is a number"),
    ):
        form = {name: value for name, value in {**FORM, **change}.items() if value}
        answer = await desk.post(f"/desk/staff/{lin.id}", form)
        assert answer.status == 409 and said in answer.text, change
        assert 'value="Lin Xiao"' in answer.text
    assert await the(desk, "lin") == lin


async def test_a_new_agent_logs_in_with_the_password_that_was_shown_once(desk: Desk) -> None:
    await desk.log_in()
    answer = await desk.post("/desk/staff", {**FORM, "login": "nova", "name": "Nova"})
    assert answer.status == 200
    password = re.search(r"<code>([a-z2-9-]+)</code>", answer.text)
    assert password is not None
    nova = await the(desk, "nova")
    assert password[1] not in (await desk.get(f"/desk/staff?agent={nova.id}")).text
    await desk.post("/desk/logout")
    answer = await desk.post("/desk/login", {"login": "nova", "password": password[1]})
    assert answer.status == 303


async def test_only_an_administrator_gives_roles(desk: Desk) -> None:
    await desk.log_in()
    lin = await the(desk, "lin")
    assert 'name="role"' not in (await desk.get(f"/desk/staff?agent={lin.id}")).text
    answer = await desk.post(f"/desk/staff/{lin.id}", {**FORM, "role": "admin"})
    assert answer.status == 409 and "You are not allowed to do this." in answer.text
    answer = await desk.post("/desk/staff", {**FORM, "login": "eve", "role": "admin"})
    assert answer.status == 409
    await add_agent(desk.ctx, login="ada", name="Ada", password=PASSWORD, role=Role.ADMIN)
    await desk.log_in("ada")
    assert 'name="role"' in (await desk.get(f"/desk/staff?agent={lin.id}")).text
    assert (await desk.post(f"/desk/staff/{lin.id}", {**FORM, "role": "supervisor"})).status == 303
    assert (await the(desk, "lin")).role == "supervisor"


async def test_work_in_hand_is_handed_over_and_the_agent_is_shut_out_and_let_in(desk: Desk) -> None:
    await desk.log_in()
    lin, ann = await the(desk, "lin"), await the(desk, "ann")
    code = await customer_writes(desk.ctx, "请问发票怎么开？")
    await assign_ticket(desk.ctx, ticket_code=code, agent_id=lin.id, actor=HUB)
    assert "In hand: 1 ticket." in words_of((await desk.get(f"/desk/staff?agent={lin.id}")).text)
    answer = await desk.post(f"/desk/staff/{lin.id}/hand-over", {"to": str(ann.id)})
    assert answer.status == 303
    ticket = await desk.ctx.database.read(lambda c: views.get_ticket(c, code))
    assert ticket is not None and ticket.assignee_id == ann.id
    assert (await desk.post(f"/desk/staff/{lin.id}/active", {"active": "no"})).status == 303
    assert not (await the(desk, "lin")).active
    assert "Shut out" in (await desk.get("/desk/staff")).text
    assert (await desk.post(f"/desk/staff/{lin.id}/active", {"active": "yes"})).status == 303
    assert (await the(desk, "lin")).active
    own = await desk.post(f"/desk/staff/{ann.id}/active", {"active": "no"})
    assert own.status == 409 and "Nobody shuts themselves out." in own.text


async def test_a_reset_password_is_shown_once_and_opens_the_choice_of_another(desk: Desk) -> None:
    await desk.log_in()
    lin = await the(desk, "lin")
    answer = await desk.post(f"/desk/staff/{lin.id}/password")
    password = re.search(r"<code>([a-z2-9-]+)</code>", answer.text)
    assert password is not None and answer.headers["Cache-Control"] == "no-store"
    await desk.post("/desk/logout")
    assert (await desk.post("/desk/login", {"login": "lin", "password": PASSWORD})).status == 403
    entered = await desk.post("/desk/login", {"login": "lin", "password": password[1]})
    assert (entered.status, entered.headers["Location"]) == (303, "/desk/security/choose")
    for path in ("/desk", "/desk/security/start", "/desk/login"):
        assert (await desk.get(path)).url.path == "/desk/security/choose", path
    # A second step is none in its place.
    await desk.post("/desk/security/app/new")
    secret = re.search(r'class="secret">([^<]+)<', (await desk.get("/desk/security/app")).text)
    assert secret is not None
    codes = await desk.post("/desk/security/app", {"code": code_of(secret[1].replace(" ", ""))})
    assert codes.status == 200 and 'href="/desk/security/choose"' in codes.text
    assert (await desk.get("/desk")).url.path == "/desk/security/choose"
    for new, again, said in (("lanterns at sea", "lanterns", "不一致"), (password[1], password[1], "原密码")):
        refused = await desk.post("/desk/security/choose", {"new": new, "again": again})
        assert refused.status == 403 and said in words_of(refused.text), new
    own = "lanterns at quiet sea"
    chosen = await desk.post("/desk/security/choose", {"new": own, "again": own, "next": "/desk/tasks"})
    assert (chosen.status, chosen.headers["Location"]) == (303, "/desk/tasks")
    assert (await desk.get("/desk")).url.path == "/desk"
    assert (await desk.get("/desk/security/choose")).url.path == "/desk/security"


async def test_search_finds_by_name_login_and_skill(desk: Desk) -> None:
    await desk.log_in()
    await add_agent(desk.ctx, login="bo", name="Bo Berg", password=PASSWORD, skills={"delivery": 2})
    for looked_for, found in (
        ("berg", {"ann", "bo"}), ("LIN", {"lin"}), ("delivery", {"bo"}), ("小", {"lin"}), ("x", set()),
    ):  # fmt: skip
        page = await desk.get(f"/desk/staff?q={looked_for}")
        people = page.text.partition('class="people"')[2].partition("</ul>")[0]
        assert {login for login in ("ann", "bo", "lin") if f'<span class="soft">{login}' in people} == found


async def test_the_matrices_change_one_cell_from_what_was_seen_in_it(desk: Desk) -> None:
    await desk.log_in()
    lin = await the(desk, "lin")
    assert f"skills-{lin.id}" in (await desk.get("/desk/staff/skills")).text
    cell = {"skill": "billing", "was": "0", "level": "3"}
    row = await desk.post(f"/desk/staff/{lin.id}/skill", cell, **HTMX)
    assert row.status == 200 and 'value="3"' in row.text
    row = await desk.post(f"/desk/staff/{lin.id}/skill", {**cell, "level": "5"}, **HTMX)
    assert "Somebody else has changed" in row.text and 'value="3"' in row.text
    row = await desk.post(f"/desk/staff/{lin.id}/skill", {**cell, "was": "3", "level": "x"}, **HTMX)
    assert "This is no number." in row.text
    assert f"members-{lin.id}" in (await desk.get("/desk/staff/queues")).text
    row = await desk.post(f"/desk/staff/{lin.id}/queue", {"queue": "service", "member": "yes"}, **HTMX)
    assert row.text.count("checked") == 1
    row = await desk.post(f"/desk/staff/{lin.id}/queue", {"queue": "service", "member": "no"}, **HTMX)
    assert "works on every one" in row.text and (await the(desk, "lin")).queues == ("service",)
    await desk.post(f"/desk/staff/{lin.id}/queue", {"queue": "", "member": "yes"}, **HTMX)
    assert (await the(desk, "lin")).queues == ()


async def test_every_page_of_the_menu_is_there_for_whoever_is_shown_it(desk: Desk) -> None:
    await add_agent(desk.ctx, login="ada", name="Ada", password=PASSWORD, role=Role.ADMIN)
    for login in ("ada", "ann", "lin"):
        await desk.log_in(login)
        page = (await desk.get("/desk")).text
        bar = page.partition('<header class="bar">')[2].partition("</header>")[0]
        links = set(re.findall(r'href="(/desk[^"]*)"', bar))
        assert ("/desk/staff" in links) is (login != "lin") and "/desk/floor" in links
        for link in sorted(links):
            assert (await desk.get(link)).status == 200, (login, link)
