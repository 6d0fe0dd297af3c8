"""The presence menu while an agent wraps up a conversation: it says so, and ends it."""

from collections.abc import AsyncIterator

import pytest

from hub.actions.context import Context
from tests.fakes.desk import Desk, serving_desk
from tests.fakes.scene import one


@pytest.fixture
async def desk(ctx: Context) -> AsyncIterator[Desk]:
    async with serving_desk(ctx) as served:
        yield served


@pytest.mark.parametrize(
    ("login", "state", "done"),
    [("ann", "Wrapping up", "Done, ready for the next one"), ("lin", "整理中", "整理完毕，可以接待")],
)
async def test_whoever_wraps_up_sees_it_and_may_end_it(desk: Desk, login: str, state: str, done: str) -> None:
    await desk.log_in(login)
    await desk.post("/desk/presence", {"presence": "online"})
    quiet = await desk.get("/desk")
    assert state not in quiet.text
    await one(
        desk.ctx,
        "UPDATE agent SET wrap_until = clock_timestamp() + interval '50 s' WHERE login = $1 RETURNING 1",
        login,
    )
    page = await desk.get("/desk")
    assert (page.status, state in page.text, done in page.text) == (200, True, True)
    # It looks again by itself when the time is over.
    assert "load delay:50s" in page.text or "load delay:49s" in page.text
    assert state in (await desk.get("/desk/fragments/presence")).text
    ended = await desk.post("/desk/wrap-up/end")
    assert (ended.status, state in ended.text, done in ended.text) == (200, False, False)
    assert state not in (await desk.get("/desk/fragments/presence")).text
    assert await one(desk.ctx, "SELECT wrap_until FROM agent WHERE login = $1", login) is None


async def test_nobody_else_may_end_it(desk: Desk) -> None:
    assert (await desk.post("/desk/wrap-up/end")).status in (303, 401)
    await desk.log_in()
    assert (await desk.post("/desk/wrap-up/end", origin="https://elsewhere.example")).status == 403
