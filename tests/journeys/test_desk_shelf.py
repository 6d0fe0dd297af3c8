"""Every letter of the shelf on the desk (F42): its ticket's page in both languages, its original, its files. Nothing fails to
be shown, whatever the letter is made of."""

import re
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from hub.actions.context import Context
from tests.fakes.desk import CHANNELS, MAIL, Desk, letters_come, serving_desk

SHELF = sorted((Path(__file__).parents[1] / "letters").glob("*.eml"))


@pytest.fixture
async def desk(ctx: Context) -> AsyncIterator[Desk]:
    async with serving_desk(ctx, {**CHANNELS, "support": MAIL}) as desk:
        yield desk


async def test_every_letter_of_the_shelf_can_be_looked_at(desk: Desk) -> None:
    codes = await letters_come(desk.ctx, [path.read_bytes() for path in SHELF])
    looked_at = {"originals": 0, "attachments": 0}
    for login in ("ann", "lin"):
        await desk.log_in(login)
        for path, code in zip(SHELF, codes, strict=True):
            page = await desk.get(f"/desk/tickets/T-{code}?scope=all")
            assert page.status == 200, path.name
            if login == "lin":
                continue
            for link in re.findall(
                r'(?:data-src|href)="(/desk/(?:tickets/[\w-]+/originals|attachments)/\w+)"', page.text
            ):
                assert (await desk.get(link)).status == 200, (path.name, link)
                looked_at["originals" if "/originals/" in link else "attachments"] += 1
        await desk.post("/desk/logout")
    assert min(looked_at.values()) > 10, looked_at
