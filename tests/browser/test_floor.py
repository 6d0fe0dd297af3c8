"""Wallboard, staff and queues in a browser: live, by keyboard, and for everybody (axe)."""

import pytest
from playwright.async_api import expect

from hub.actions.floor.presence import set_presence
from hub.actions.floor.route import drain
from hub.actions.people.staff import add_agent
from hub.model.people import HUB
from storage import agents, views
from tests.browser.conftest import OpenDesk
from tests.browser.looks import LOCALES, Looks, speak
from tests.fakes.desk import PASSWORD, Desk, customer_writes


async def _fill(desk: Desk) -> dict[str, int]:
    """A floor with everything that it can show; returns agents by login."""
    await add_agent(
        desk.ctx, login="bo", name="Bo Ohm", password=PASSWORD, languages=("en",), skills={"billing": 3}, capacity=1,
        queues=("enquiries",),
    )  # fmt: skip
    by = {one.login: one.id for one in await desk.ctx.database.read(views.list_agents)}
    await set_presence(desk.ctx, agent_id=by["bo"], presence="online", actor=HUB)
    await set_presence(desk.ctx, agent_id=by["lin"], presence="away", actor=HUB)
    for n in range(4):
        await customer_writes(desk.ctx, f"Where is my order {n}? It should have come.", thread=f"k{n}")
    await drain(desk.ctx)
    await customer_writes(desk.ctx, "请问发票怎么开？", thread="zh", name="陈芳")
    change = """
        UPDATE agent SET wrap_until = now() + interval '5 min', live_load = 1 WHERE login = 'bo';
        UPDATE agent SET capacity = 20 WHERE login = 'ann';
        UPDATE ticket SET required_language = 'ja' WHERE assignee_id IS NULL;
        UPDATE sla_clock SET due_at = now() - interval '9 min', breached_at = now(), next_at = NULL
            WHERE target = 'first_response' AND ticket_id = (SELECT min(id) FROM ticket)"""
    await desk.ctx.database.run(lambda c: c.execute(change))
    return by


@pytest.mark.parametrize("locale", LOCALES)
async def test_axe_finds_nothing_and_nothing_is_wider_than_the_screen(
    open_desk: OpenDesk, desk: Desk, locale: str
) -> None:
    by = await _fill(desk)
    await speak(desk, locale)
    page = await open_desk("/desk/floor")
    looks = await Looks.begin(page, desk.url, "floor")
    await looks.at("/desk/floor")
    await page.click("#manage summary")
    await looks.here("menu", within="#manage")
    await looks.at("/desk/floor", query="?tv=1")
    for query in ("", f"?agent={by['bo']}", "?agent=new"):
        await looks.at("/desk/staff", query=query)
    for name in ("staff/skills", "staff/queues", "queues"):
        await looks.at(f"/desk/{name}")
    looks.found_nothing()


async def test_the_wallboard_follows_what_happens_by_itself(open_desk: OpenDesk, desk: Desk) -> None:
    page = await open_desk("/desk/floor?tv=1", login="lin")
    lin = next(one.id for one in await desk.ctx.database.read(views.list_agents) if one.login == "lin")
    await expect(page.locator(".totals dd").first).to_have_text("0")
    await customer_writes(desk.ctx, "请问发票怎么开？")
    await expect(page.locator(".totals dd").first).to_have_text("1")
    await drain(desk.ctx)
    await expect(page.locator(".totals dd").first).to_have_text("0")
    await expect(page.locator(f"#on-floor-{lin} .room-number").first).to_have_text("1/8")
    await set_presence(desk.ctx, agent_id=lin, presence="busy", actor=HUB)
    await expect(page.locator(f"#on-floor-{lin} .dot.busy")).to_be_visible()
    assert not await page.locator(".bar nav").is_visible()


async def test_levels_are_typed_from_cell_to_cell_and_what_is_refused_goes_back(
    open_desk: OpenDesk, desk: Desk
) -> None:
    await add_agent(desk.ctx, login="bo", name="Bo Ohm", password=PASSWORD, skills={"billing": 3})
    page = await open_desk("/desk/staff/skills")
    bo = next(one for one in await desk.ctx.database.read(agents.list_details) if one.login == "bo")
    await page.focus(f"#s-{bo.id}-1")
    await page.keyboard.type("5")
    await page.keyboard.press("ArrowRight")
    await page.keyboard.type("2")
    await page.keyboard.press("ArrowRight")
    await expect(page.locator(f"#s-{bo.id}-3")).to_be_focused()
    await expect(page.locator(f"#s-{bo.id}-2.has")).to_have_value("2")
    await page.keyboard.press("ArrowLeft")
    await page.keyboard.press("ArrowLeft")
    await expect(page.locator(f"#s-{bo.id}-1")).to_be_focused()
    await page.keyboard.type("9")
    await page.keyboard.press("ArrowDown")
    await expect(page.locator("#messages")).to_contain_text("A level is a number from 1 to 5.")
    await expect(page.locator(f"#s-{bo.id}-1")).to_have_value("5")
    now = next(one for one in await desk.ctx.database.read(agents.list_details) if one.login == "bo")
    assert now.skills == {"billing": 5, "delivery": 2}
    await speak(desk, "zh_CN")
    await page.reload()
    await page.focus(f"#s-{bo.id}-1")
    await page.keyboard.type("9")
    await page.keyboard.press("ArrowDown")
    await expect(page.locator("#messages")).to_contain_text("等级应为 1 至 5")
    await expect(page.locator(f"#s-{bo.id}-1")).to_have_value("5")


async def test_queues_are_ticked_and_the_last_one_stays_ticked(open_desk: OpenDesk, desk: Desk) -> None:
    page = await open_desk("/desk/staff/queues")
    lin = next(one.id for one in await desk.ctx.database.read(views.list_agents) if one.login == "lin")
    everywhere, service = page.locator(f"#m-{lin}-0"), page.locator(f"#m-{lin}-2")
    await expect(everywhere).to_be_checked()
    await service.focus()
    await page.keyboard.press("Space")
    await expect(everywhere).not_to_be_checked()
    await expect(service).to_be_checked()
    await expect(service).to_be_focused()
    await page.keyboard.press("Space")
    await expect(page.locator("#messages")).to_contain_text("works on every one")
    await expect(service).to_be_checked()
    await everywhere.check()
    await expect(service).not_to_be_checked()
    await expect(everywhere).to_be_checked()
    # What was ticked by hand goes by the answer too, not by the hand alone.
    await service.check()
    await expect(everywhere).not_to_be_checked()
    await speak(desk, "zh_CN")
    await page.reload()
    await service.focus()
    await page.keyboard.press("Space")
    await expect(page.locator("#messages")).to_contain_text("所有队列")
    await expect(service).to_be_checked()


async def test_shutting_out_asks_first(open_desk: OpenDesk, desk: Desk) -> None:
    lin = next(one.id for one in await desk.ctx.database.read(views.list_agents) if one.login == "lin")
    page = await open_desk(f"/desk/staff?agent={lin}")
    asked: list[str] = []

    async def answer(dialog: object, yes: bool) -> None:
        asked.append(dialog.message)  # type: ignore[attr-defined]
        await (dialog.accept() if yes else dialog.dismiss())  # type: ignore[attr-defined]

    page.once("dialog", lambda dialog: answer(dialog, False))
    await page.click("button[name=active]")
    assert "Shut 小林 out?" in asked[0] and "done=" not in page.url
    await speak(desk, "zh_CN")
    await page.reload()
    page.once("dialog", lambda dialog: answer(dialog, True))
    await page.click("button[name=active]")
    await page.wait_for_url("**done=shut_out")
    assert "停用 小林？" in asked[1]
    await expect(page.locator(".staff-card .good")).to_contain_text("已停用")
