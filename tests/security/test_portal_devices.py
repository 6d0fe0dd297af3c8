"""Browsers that are known again on the customer's own page (S59, S60, S70): whoever types somebody's address cannot lock its
owner out of the browser in which they signed in before; and what that browser keeps opens nothing and tells nothing."""

import re
from collections.abc import AsyncIterator
from datetime import timedelta
from http.cookies import SimpleCookie

import pytest

from hub.actions.portal.device import GOOD_FOR, MOST_MARKS, add_mark, find_mark
from hub.actions.portal.enter import (
    ADDRESS_PER_DAY,
    DEVICE_PER_HOUR,
    NETWORK_PER_HOUR,
    OF_HOUSE_PER_HOUR,
    TRIES_OF_NETWORK,
)
from hub.web.portal.answers import SESSION_SECONDS
from tests.fakes.portal import LI, MEI, Browser, House, a_house, link_in
from tests.fakes.scene import one

NOBODY = "nobody@unknown.example"
DEVICE, SESSION = "hub_portal_device", "hub_portal"


@pytest.fixture
async def house(database_dsn: str) -> AsyncIterator[House]:
    async with a_house(database_dsn) as opened:
        yield opened


async def strangers_use_up(house: House, address: str) -> None:
    """Each from elsewhere, until the next one is refused."""
    for n in range(ADDRESS_PER_DAY + 1):
        async with house.browser(f"203.0.7.{n}") as stranger:
            status = (await stranger.post("/portal", {"email": address})).status
    assert status == 429


async def counted(house: House, key: str, hits: int) -> None:
    """As if so many had been counted in this moment."""
    await one(
        house.ctx,
        """INSERT INTO rate_limit (key, window_start, hits) VALUES ($1, clock_timestamp(), $2)
           ON CONFLICT (key) DO UPDATE SET hits = excluded.hits RETURNING 1""",
        key,
        hits,
    )


def cookie(browser: Browser, name: str) -> str:
    return next((one.value for one in browser.session.cookie_jar if one.key == name), "")


async def asks_with(house: House, held: str, address: str = LI, network: str = "203.0.7.77") -> int:
    """The status when a browser that holds only this asks for a code."""
    async with house.browser(network) as browser:
        return (await browser.post("/portal", {"email": address}, Cookie=f"{DEVICE}={held}")).status


async def test_s59_strangers_who_type_an_address_do_not_lock_its_owner_out(house: House) -> None:
    """In the browser in which they signed in before; a new one has to wait, as everybody has."""
    await house.writes(LI)
    async with house.browser() as li, house.browser("203.0.7.200") as telephone:
        await house.enter(li, LI)
        await li.post("/portal/out")
        await strangers_use_up(house, LI)
        assert (await telephone.post("/portal", {"email": LI})).status == 429
        assert (await house.enter(li, LI)).status == 303
        assert (await li.get("/portal/profile")).status == 200


async def test_s59_nor_do_strangers_of_their_own_network(house: House) -> None:
    """Who shares an address with many others: its codes and its tries are used up, and what leaves in an hour as well."""
    await house.writes(LI)
    async with house.browser() as li, house.browser() as beside:
        await house.enter(li, LI)
        await counted(house, f"portal:code:{li.peer}", NETWORK_PER_HOUR)
        await counted(house, f"portal:try:{li.peer}", TRIES_OF_NETWORK)
        await counted(house, "code:house", OF_HOUSE_PER_HOUR)
        assert (await beside.post("/portal", {"email": MEI})).status == 429
        assert (await beside.post("/portal/code", {"code": "123456"})).status == 429
        assert (await house.enter(li, LI)).status == 303, "the letter left, and its code was taken"


async def test_s59_a_browser_that_is_known_again_is_counted_too(house: House) -> None:
    await house.writes(LI)
    async with house.browser() as li:
        await house.enter(li, LI)
        held = cookie(li, DEVICE)
        statuses = [(await li.post("/portal", {"email": LI})).status for _ in range(DEVICE_PER_HOUR + 1)]
        assert statuses == [303] * DEVICE_PER_HOUR + [429]
        assert await asks_with(house, held, network="203.0.7.78") == 429, "from wherever it asks"
        for _ in range(TRIES_OF_NETWORK):
            await li.post("/portal/code", {"code": "123456"})
        assert (await li.post("/portal/code", {"code": "123456"})).status == 429


async def test_s59_what_was_not_signed_for_this_address_is_as_nothing(house: House) -> None:
    """Altered, another's, too old, of before its owner signed out everywhere."""
    await house.writes(LI)
    await house.writes(MEI)
    async with house.browser() as li, house.browser() as mei:
        await house.enter(li, LI)
        await house.enter(mei, MEI)
        good, hers = cookie(li, DEVICE), cookie(mei, DEVICE)
        await strangers_use_up(house, LI)
        assert await asks_with(house, good) == 303
        moment, key, signed = good.split(".")
        now = await one(house.ctx, "SELECT clock_timestamp()")
        old = add_mark(house.ctx, "", LI, now - timedelta(seconds=GOOD_FOR + 1))
        bad = [
            "", "x", "..", "~~", "a.b.c", hers, old, f"{moment}.{key}.", f"{moment}.{key}.{signed[:-2]}",
            f"{int(moment, 16) + 1:x}.{key}.{signed}", f"{moment}.{key[::-1]}.{signed}",
            f"{moment}.{key}.{hers.split('.')[2]}", "~".join([hers] * MOST_MARKS + [good]),
        ]  # fmt: skip
        for one_of_them in bad:
            assert await asks_with(house, one_of_them) == 429, one_of_them
        assert (await li.post("/portal/out-everywhere")).status == 303
        assert await asks_with(house, good) == 429, "signed out everywhere"
        assert cookie(li, DEVICE) == good, "which the browser need not know"


async def test_s60_it_opens_nothing_and_tells_nothing(house: House) -> None:
    """Who has the browser but not the address is as far as anybody; nor does it say whether another address is known."""
    number = await house.writes(LI)
    await house.writes(MEI)
    async with house.browser() as li, house.browser() as thief:
        await house.enter(li, LI)
        held = cookie(li, DEVICE)
        assert LI not in held and "li" not in re.sub(r"[\w-]{43}", "", held)
        for path in (f"/portal/{number}", "/portal/profile"):
            assert (await thief.get(path, Cookie=f"{DEVICE}={held}")).goes_to.startswith("/portal")
            assert (await thief.get(path, Cookie=f"{SESSION}={held}")).goes_to.startswith("/portal")
        step = {"Cookie": f"hub_portal_step={held}; {DEVICE}={held}"}
        assert (await thief.post("/portal/code", {"code": "123456"}, **step)).status == 422
        told = set()
        for address in (LI, MEI, NOBODY, "support@shop.example", "no address"):
            async with house.browser() as browser:
                asked = await browser.post("/portal", {"email": address}, Cookie=f"{DEVICE}={held}")
                shape = re.sub(r"[\w-]{43}|expires=[^;]+", "*", asked.headers["Set-Cookie"])
                told.add((asked.status, asked.text, asked.goes_to, shape))
        assert len(told) == 1, told


async def test_only_whoever_read_a_letter_with_a_code_is_known_again(house: House) -> None:
    """By the code or by the link beside it; the link to a case may have been passed on."""
    number = await house.writes(LI)
    entry = await house.answer(number, f"Here: {house.ctx.public_url}/portal/{number}")
    async with house.browser() as passed_on, house.browser() as other, house.browser("203.0.7.9") as asking:
        await passed_on.post(link_in(await house.letter_of(entry)))
        assert cookie(passed_on, SESSION) and not cookie(passed_on, DEVICE)
        await asking.post("/portal", {"email": LI})
        await other.post(await house.link(LI))
        assert cookie(other, DEVICE) and not cookie(asking, DEVICE)


async def test_s70_the_cookie_is_the_hosts_own(house: House) -> None:
    await house.writes(LI)
    async with house.browser() as li:
        entered = await house.enter(li, LI)
        kept = SimpleCookie()
        for said in entered.headers.getall("Set-Cookie"):  # type: ignore[attr-defined]
            kept.load(said)
    device = kept[DEVICE]
    assert (device["httponly"], device["samesite"], device["path"]) == (True, "Lax", "/")
    assert int(device["max-age"]) == GOOD_FOR > SESSION_SECONDS


async def test_a_few_share_one_browser(house: House) -> None:
    """The one that signed in longest ago makes room; signing in again takes no second place."""
    now = await one(house.ctx, "SELECT clock_timestamp()")
    held = ""
    for n in (1, 1, 2, 3, 2, 4):
        held = add_mark(house.ctx, held, f"{n}.{LI}", now)
        assert len(held) <= 300, "as much as is read of a cookie"
    assert [n for n in range(1, 5) if find_mark(house.ctx, held, f"{n}.{LI}")] == [2, 3, 4]
