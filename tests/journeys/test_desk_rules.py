"""The rules on the desk: looked at by everybody, changed in drafts by those who lead, published as versions."""

from collections.abc import AsyncIterator

import pytest

from hub.actions.context import Context
from tests.fakes.desk import Desk, serving_desk


@pytest.fixture
async def desk(ctx: Context) -> AsyncIterator[Desk]:
    async with serving_desk(ctx) as desk:
        yield desk


PAGES = (
    "", "/queues", "/queues/complaints", "/routing", "/routing/key%20account", "/general", "/calendars", "/calendars/office",
    "/targets", "/targets/complaint", "/automation", "/draft", "/versions/1", "/new/queues", "/new/routing", "/new/calendars",
    "/new/targets", "/new/automation",
)  # fmt: skip


@pytest.mark.parametrize("login", ["ann", "lin"])
async def test_every_page_can_be_looked_at_by_everybody(desk: Desk, login: str) -> None:
    await desk.log_in(login)
    for page in PAGES:
        answer = await desk.get(f"/desk/rules{page}")
        assert answer.status == 200, (page, answer.text[:500])
