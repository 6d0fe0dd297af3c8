"""F66: an agent vanishes while a ticket is offered to them, and the hub that held their page dies with it. The offer ends by
the clock of the database, on the other hub; the ticket is where it was in its queue, and the next one is asked."""

import asyncio
import re
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path

import aiohttp
import pytest

from hub.actions.context import Context
from hub.actions.people.keys import create_api_key
from hub.actions.people.staff import add_agent
from hub.model.people import Scope
from tests.conftest import RULES, SECRET
from tests.fakes.invariants import assert_invariants
from tests.fakes.processes import HubProcess, serving, until
from tests.fakes.scene import PASSWORD, one, rows

CHANNELS = {"api": {"kind": "api"}}


@pytest.fixture
async def hubs(
    ctx: Context, database_dsn: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[list[HubProcess]]:
    """Two, whose queues offer for four seconds."""
    rules = tmp_path / "routing.toml"
    rules.write_text(RULES.read_text().replace("[[queue]]\n", "[[queue]]\noffer_seconds = 4\n"))
    monkeypatch.setenv("HUB_ROUTING_RULES", str(rules))
    for login in ("ann", "bob"):
        await add_agent(ctx, login=login, name=login.title(), password=PASSWORD, languages=("en",))
    async with AsyncExitStack() as stack:
        yield [
            await stack.enter_async_context(
                serving(tmp_path / name, database_dsn, CHANNELS, secret=SECRET.decode())
            )
            for name in ("one", "two")
        ]


@asynccontextmanager
async def _at_desk(
    hub: HubProcess, login: str
) -> AsyncIterator[tuple[aiohttp.ClientSession, aiohttp.ClientWebSocketResponse]]:
    """Logged in, with one page open."""
    async with aiohttp.ClientSession(cookie_jar=aiohttp.CookieJar(unsafe=True)) as browser:
        origin = {"Origin": hub.url}
        form = {"login": login, "password": PASSWORD}
        async with browser.post(
            f"{hub.url}/desk/login", data=form, headers=origin, allow_redirects=False
        ) as answer:
            assert answer.status == 303
        async with browser.get(f"{hub.url}/desk") as answer:
            cursor = re.search(r'data-cursor="([^"]+)"', await answer.text())
        assert cursor is not None
        live = f"{hub.url}/desk/live?cursor={cursor.group(1)}"
        async with browser.ws_connect(live, headers=origin) as page:
            yield browser, page


async def _told(page: aiohttp.ClientWebSocketResponse, kind: str) -> dict[str, object]:
    async with asyncio.timeout(20):
        while True:
            event: dict[str, object] = await page.receive_json()
            if event["kind"] == kind:
                return event


async def _offered_to(ctx: Context) -> str:
    return (
        await one(
            ctx, "SELECT a.login FROM offer o JOIN agent a ON a.id = o.agent_id WHERE o.state = 'offered'"
        )
        or ""
    )


async def test_an_agent_vanishes_holding_an_offer_and_their_hub_with_them(
    ctx: Context, hubs: list[HubProcess]
) -> None:
    key = await create_api_key(ctx, name="test", scopes=[Scope.INGEST, Scope.READ])
    dying, other = hubs
    async with _at_desk(dying, "ann") as (_, page):

        async def is_heard() -> bool:
            return bool(await one(ctx, "SELECT count(*) FROM desk_line"))

        await until(is_heard, seconds=10, what="the open page has a line")
        async with aiohttp.ClientSession(headers={"Authorization": f"Bearer {key}"}) as client:
            body = {
                "sender": {"identities": [{"kind": "external", "value": "c1"}]},
                "text": "Where is my parcel?",
            }
            async with client.post(f"{other.url}/api/v1/interactions", json=body) as answer:
                assert answer.status in (201, 202)
        event = await _told(page, "ticket_offered")
        assert event["mine"] is True
        assert await _offered_to(ctx) == "ann"
        async with (
            aiohttp.ClientSession(headers={"Authorization": f"Bearer {key}"}) as client,
            client.get(f"{other.url}/api/v1/offers?state=offered") as answer,
        ):
            (listed,) = (await answer.json())["items"]
            assert (listed["ticket"], listed["state"]) == (event["ticket"], "offered")
        since = await one(ctx, "SELECT waiting_since FROM ticket")
        await dying.kill()

    async def it_expired() -> bool:
        return bool(await one(ctx, "SELECT state = 'expired' FROM offer ORDER BY id LIMIT 1"))

    await until(it_expired, seconds=60, what="the other hub ended the offer at its time")
    assert await one(ctx, "SELECT settled_at >= expires_at FROM offer ORDER BY id LIMIT 1")
    async with _at_desk(other, "bob") as (browser, page):
        await _told(page, "ticket_offered")
        offer = await one(ctx, "SELECT id FROM offer WHERE state = 'offered'")
        async with browser.post(
            f"{other.url}/desk/offers/{offer}/accept", headers={"Origin": other.url}, allow_redirects=False
        ) as answer:
            assert answer.status == 303 and "/desk/tickets/T-" in answer.headers["Location"]
    found = await rows(
        ctx, "SELECT a.login, t.waiting_since FROM ticket t JOIN agent a ON a.id = t.assignee_id"
    )
    assert found == [{"login": "bob", "waiting_since": since}]
    await assert_invariants(ctx.database)


async def test_who_closes_their_last_page_is_unheard_and_who_logs_out_is_offered_nothing(
    ctx: Context, hubs: list[HubProcess]
) -> None:
    """F67: the log-out takes back what they were asked, at once, wherever they are logged in."""
    key = await create_api_key(ctx, name="test", scopes=[Scope.INGEST])
    async with _at_desk(hubs[0], "ann") as (browser, page):
        async with aiohttp.ClientSession(headers={"Authorization": f"Bearer {key}"}) as client:
            body = {
                "sender": {"identities": [{"kind": "external", "value": "c1"}]},
                "text": "Where is my parcel?",
            }
            async with client.post(f"{hubs[1].url}/api/v1/interactions", json=body) as answer:
                assert answer.status in (201, 202)
        await _told(page, "ticket_offered")
        async with browser.post(
            f"{hubs[0].url}/desk/logout", headers={"Origin": hubs[0].url}, allow_redirects=False
        ) as answer:
            assert answer.status == 303
    assert await one(ctx, "SELECT state FROM offer") == "withdrawn"
    assert await one(ctx, "SELECT load FROM agent WHERE login = 'ann'") == 0
    async with _at_desk(hubs[1], "ann") as (_, page):
        await _told(page, "ticket_offered")

    async def is_unheard() -> bool:
        return bool(await one(ctx, "SELECT unheard_since IS NOT NULL FROM agent WHERE login = 'ann'"))

    await until(is_unheard, seconds=60, what="the closed page is noticed")
    await assert_invariants(ctx.database)
