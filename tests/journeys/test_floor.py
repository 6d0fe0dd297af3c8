"""The wallboard: what waits, who is here, what nobody can have, as it is now."""

from collections.abc import AsyncIterator
from typing import Any

import pytest

from hub.actions.context import Context
from hub.actions.floor.presence import set_presence
from hub.actions.floor.route import drain
from hub.actions.people.staff import add_agent
from hub.model.people import HUB
from storage import views
from tests.fakes.desk import PASSWORD, Desk, customer_writes, serving_desk, words_of

HTMX: dict[str, Any] = {"HX-Request": "true"}


@pytest.fixture
async def desk(ctx: Context) -> AsyncIterator[Desk]:
    async with serving_desk(ctx) as desk:
        yield desk


async def number_of(ctx: Context, login: str) -> int:
    agents = await ctx.database.read(views.list_agents)
    return next(one.id for one in agents if one.login == login)


async def test_the_floor_shows_what_waits_who_is_here_and_what_is_in_hand(desk: Desk) -> None:
    await desk.log_in("lin")
    await desk.ctx.database.run(lambda c: c.execute("UPDATE agent SET presence = 'offline'"))
    await customer_writes(desk.ctx, "Where is my order 1?", thread="a")
    code = await customer_writes(desk.ctx, "请问发票怎么开？", thread="b", name="陈芳")
    empty = words_of((await desk.get("/desk/floor")).text)
    assert "排队中 2" in empty and "无人在岗" in empty
    await set_presence(desk.ctx, agent_id=await number_of(desk.ctx, "lin"), presence="online", actor=HUB)
    await drain(desk.ctx)
    page = await desk.get("/desk/fragments/floor", **HTMX)
    text = words_of(page.text)
    assert "排队中 1" in text and "1 人在岗" in text
    assert "工单 1/8" in text and "客户已等待" in text and f"T-{code}" in page.text


async def test_what_nobody_here_can_take_stands_on_top_with_the_reason_and_the_way_to_it(desk: Desk) -> None:
    await desk.log_in()
    await set_presence(desk.ctx, agent_id=await number_of(desk.ctx, "lin"), presence="online", actor=HUB)
    await desk.ctx.database.run(
        lambda c: c.execute("UPDATE agent SET presence = 'offline' WHERE login = 'ann'")
    )
    code = await customer_writes(desk.ctx, "Where is my parcel? It should have come by now.", thread="a")
    text = words_of((await desk.get("/desk/fragments/floor", **HTMX)).text)
    assert "Nobody here can take these" in text and "nobody on line speaks English" in text
    assert f"T-{code}" in text
    await add_agent(desk.ctx, login="bo", name="Bo", password=PASSWORD, languages=("en",))
    await set_presence(desk.ctx, agent_id=await number_of(desk.ctx, "bo"), presence="online", actor=HUB)
    assert "Nobody here can take" not in (await desk.get("/desk/fragments/floor", **HTMX)).text


async def test_the_screen_on_the_wall_is_the_same_without_the_bar(desk: Desk) -> None:
    await desk.log_in("lin")
    page = await desk.get("/desk/floor?tv=1")
    assert page.status == 200 and " data-tv " in page.text and "退出全屏" in page.text
    assert " data-tv " not in (await desk.get("/desk/floor")).text


async def test_the_queues_say_who_works_on_them_when_and_how(desk: Desk) -> None:
    await desk.log_in()
    await add_agent(desk.ctx, login="bo", name="Bo Ohm", password=PASSWORD, queues=("service",))
    text = words_of((await desk.get("/desk/queues")).text)
    service = text.partition("Service requests")[2].partition("Enquiries")[0]
    assert "always open" in service and "Bo Ohm" in service
    assert "Who works on every queue: Ann Berg" in service and "last agent 72 hr" in service
    assert "Bo Ohm" not in text.partition("Enquiries")[2]
    await desk.ctx.database.run(lambda c: c.execute("UPDATE agent SET active = false WHERE login <> 'ann'"))
    await desk.ctx.database.run(
        lambda c: c.execute(
            "INSERT INTO queue_member SELECT q.id, a.id FROM queue q, agent a WHERE q.name = 'service' ON CONFLICT DO NOTHING"
        )
    )
    text = words_of((await desk.get("/desk/fragments/queues", **HTMX)).text)
    assert "Nobody works on this queue" in text.partition("Enquiries")[2]


async def test_a_ticket_that_waits_says_its_place_and_how_long_it_may_be(desk: Desk) -> None:
    await desk.log_in()
    await desk.ctx.database.run(lambda c: c.execute("UPDATE agent SET capacity = 0 WHERE login = 'lin'"))
    await desk.ctx.database.run(lambda c: c.execute("UPDATE agent SET capacity = 1 WHERE login = 'ann'"))
    codes = [
        await customer_writes(desk.ctx, f"Where is my order {n}? It should be here.", thread=f"k{n}")
        for n in range(4)
    ]
    await drain(desk.ctx)
    page = words_of((await desk.get(f"/desk/tickets/T-{codes[2]}?scope=all")).text)
    assert "Still waiting:" in page and "2nd of 3 in line; about 5–20 min" in page
    await set_presence(desk.ctx, agent_id=await number_of(desk.ctx, "ann"), presence="away", actor=HUB)
    page = words_of((await desk.get(f"/desk/tickets/T-{codes[2]}?scope=all")).text)
    assert "2nd of 3 in line; no estimate: nobody who may have it is here" in page
