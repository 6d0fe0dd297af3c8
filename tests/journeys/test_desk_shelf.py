"""Every letter of the shelf on the desk (F42), and what is no letter or was spoilt on the way (F40): its ticket's page in both
languages, its original, its files. Nothing fails to be shown, whatever the letter is made of."""

import random
import re
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from hub.actions.context import Context
from tests.fakes.desk import CHANNELS, MAIL, Desk, letters_come, serving_desk
from tests.unit.email.test_limits import mutate

NO_LETTERS = (
    b"", b"\r\n", b"\x00" * 50, b"no headers at all", b"Subject: \xd6\xd0\r\n\r\n\xff\xfe", b"From: \xff\r\n" * 3,
)  # fmt: skip
SPOILT = 20
SHELF = sorted((Path(__file__).parents[1] / "letters").glob("*.eml"))


@pytest.fixture
async def desk(ctx: Context) -> AsyncIterator[Desk]:
    async with serving_desk(ctx, {**CHANNELS, "support": MAIL}) as desk:
        yield desk


async def look_at(desk: Desk, code: int, name: str, *, within: bool = True) -> dict[str, int]:
    """Open its ticket, and `within` it all that can be opened; how many of what that was."""
    page = await desk.get(f"/desk/tickets/T-{code}?scope=all")
    assert page.status == 200, name
    found = {"originals": 0, "attachments": 0}
    for link in re.findall(
        r'(?:data-src|href)="(/desk/(?:tickets/[\w-]+/originals|attachments)/\w+)"',
        page.text if within else "",
    ):
        assert (await desk.get(link)).status == 200, (name, link)
        found["originals" if "/originals/" in link else "attachments"] += 1
    return found


async def test_every_letter_of_the_shelf_can_be_looked_at(desk: Desk) -> None:
    codes = await letters_come(desk.ctx, [path.read_bytes() for path in SHELF])
    looked_at = {"originals": 0, "attachments": 0}
    for login in ("ann", "lin"):
        await desk.log_in(login)
        for path, code in zip(SHELF, codes, strict=True):
            found = await look_at(desk, code, path.name, within=login == "ann")
            looked_at = {what: number + found[what] for what, number in looked_at.items()}
        await desk.post("/desk/logout")
    assert min(looked_at.values()) > 10, looked_at


async def test_what_is_no_letter_or_was_spoilt_on_the_way_can_be_looked_at_too(desk: Desk) -> None:
    chance, shelf = random.Random("desk"), [path.read_bytes() for path in SHELF]
    spoilt = [mutate(chance.choice(shelf), shelf, chance) for _ in range(SPOILT)]
    codes = await letters_come(desk.ctx, [*NO_LETTERS, *spoilt])
    assert all(codes[: len(NO_LETTERS)]), "whatever it is, somebody wrote"
    await desk.log_in("ann")
    for number, code in enumerate(codes):
        if code:
            await look_at(desk, code, f"letter {number}")
    aside = await desk.ctx.database.read(
        lambda c: c.fetch("SELECT id FROM inbound_raw WHERE state = 'quarantined'")
    )
    assert len(aside) == sum(not code for code in codes)
    page = (await desk.get("/desk/system")).text
    assert all(f'id="raw-{row["id"]}"' in page for row in aside)
