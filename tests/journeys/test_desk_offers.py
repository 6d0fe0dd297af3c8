"""Offers at the desk without a script, and what nobody can take on the page for supervisors."""

from collections.abc import AsyncIterator
from typing import Any

import pytest

from hub.actions.context import Context
from hub.actions.floor.unplaceable import say_unplaceable
from storage import offers, work
from storage.database import Connection
from tests.fakes.desk import Desk, customer_writes, serving_desk

PIECE: dict[str, Any] = {"HX-Request": "true"}


@pytest.fixture
async def desk(ctx: Context) -> AsyncIterator[Desk]:
    async with serving_desk(ctx) as desk:
        await desk.log_in()
        yield desk


async def _offer(desk: Desk, code: int, login: str = "ann") -> int:
    async def make(c: Connection) -> int:
        await work.lock_active_agents(c)
        ticket = await c.fetchval("SELECT id FROM ticket WHERE code = $1", code)
        agent = await c.fetchval("SELECT id FROM agent WHERE login = $1", login)
        assert await offers.offer(c, [(ticket, agent, '{"reasons": []}', 60, False)], []) == 1
        return int(await c.fetchval("SELECT max(id) FROM offer"))

    return await desk.ctx.database.run(make)


async def test_an_offer_is_shown_to_its_agent_alone_and_answered_by_a_plain_form(desk: Desk) -> None:
    first, second = [
        await customer_writes(desk.ctx, "Hello <b>", subject=f"<i>{n}</i>", thread=n) for n in ("a", "b")
    ]
    mine, others = await _offer(desk, first), await _offer(desk, second, "lin")
    shown = await desk.get("/desk/fragments/offers", **PIECE)
    assert f'data-offer="{mine}"' in shown.text and f'data-offer="{others}"' not in shown.text
    assert "&lt;i&gt;a&lt;/i&gt;" in shown.text and "<i>a</i>" not in shown.text
    refused = await desk.post(f"/desk/offers/{others}/accept", **PIECE)
    assert refused.status == 409 and "This offer is over" in refused.text
    foreign = await desk.post(f"/desk/offers/{mine}/accept", origin="https://elsewhere.example")
    assert foreign.status == 403
    taken = await desk.post(f"/desk/offers/{mine}/accept")
    assert (taken.status, taken.headers["Location"]) == (303, f"/desk/tickets/T-{first}")
    again = await desk.post(f"/desk/offers/{mine}/decline")
    assert again.status == 409
    for nonsense in ("0", "x", "9" * 30):
        assert (await desk.post(f"/desk/offers/{nonsense}/accept")).status == 409


async def test_a_script_is_told_where_the_ticket_is_and_a_no_shows_what_is_left(desk: Desk) -> None:
    first, second = [await customer_writes(desk.ctx, "Hello", subject=n, thread=n) for n in ("a", "b")]
    one, other = await _offer(desk, first), await _offer(desk, second)
    left = await desk.post(f"/desk/offers/{one}/decline", **PIECE)
    assert f'data-offer="{other}"' in left.text and f'data-offer="{one}"' not in left.text
    taken = await desk.post(f"/desk/offers/{other}/accept", **PIECE)
    assert (taken.status, taken.headers["HX-Redirect"]) == (204, f"/desk/tickets/T-{second}")
    page = await desk.get(f"/desk/tickets/T-{second}")
    assert "Accepted" in page.text


async def test_what_nobody_can_take_is_counted_for_supervisors_and_listed(desk: Desk) -> None:
    code = await customer_writes(desk.ctx, "Hello", subject="Only in Japanese")
    await desk.ctx.database.run(lambda c: c.execute("UPDATE ticket SET required_language = 'ja'"))
    assert "count" not in (await desk.get("/desk/fragments/badge", **PIECE)).text
    assert await say_unplaceable(desk.ctx) == 1
    assert ">1<" in (await desk.get("/desk/fragments/badge", **PIECE)).text
    page = await desk.get("/desk/system")
    assert "Nobody can take these tickets" in page.text and f"/desk/tickets/T-{code}" in page.text
    await desk.log_in("lin")
    assert "count" not in (await desk.get("/desk/fragments/badge", **PIECE)).text
