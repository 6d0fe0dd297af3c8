"""F68: the clock of a hub is wrong, and jumps while it runs. What was promised, who holds a lease and what is due go by the
clock of the database; how long something took, by one that cannot jump."""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from pathlib import Path

import aiohttp
import pytest

from hub.actions.context import Context
from hub.actions.people.keys import create_api_key
from hub.actions.status import change_status
from hub.model.codes import TICKET, show_code
from hub.model.people import Scope
from hub.sandbox.mail_world import SUPPORT
from hub.sandbox.world import SandboxWorld
from tests.fakes.clocks import ROUND_THE_CLOCK, SHIPPED, rules, time_passes
from tests.fakes.crowd import tickets_wait
from tests.fakes.invariants import assert_invariants
from tests.fakes.processes import HubProcess, sandbox_channels, serving, until
from tests.fakes.scene import SECRET, SYSTEM, a_hub, an_agent, one, rows

LIBRARY = next(Path("/usr/lib").glob("*/faketime/libfaketime.so.1"), Path("libfaketime.so.1"))


class WrongClock:
    """The time that a process is told: so many hours off, as the file says a second later."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def jump(self, hours: str) -> None:
        """ "+1h" or "-1h" from the true time."""
        self._path.write_text(hours + "\n")

    @property
    def env(self) -> dict[str, str]:
        return {
            "LD_PRELOAD": str(LIBRARY), "FAKETIME_TIMESTAMP_FILE": str(self._path), "FAKETIME_CACHE_DURATION": "1",
            "FAKETIME_DONT_FAKE_MONOTONIC": "1",
        }  # fmt: skip


@pytest.fixture
async def ctx(database_dsn: str) -> AsyncIterator[Context]:
    async with a_hub(database_dsn, rules=rules()) as hub:
        yield hub
        await assert_invariants(hub.database)


async def _said(ctx: Context, kind: str) -> int:
    return int(await one(ctx, "SELECT count(*) FROM event WHERE kind = $1", kind))


async def _leases(ctx: Context) -> list[dict[str, object]]:
    """Who has which; taken anew it has another token."""
    return await rows(ctx, "SELECT name, holder, token FROM lease ORDER BY name")


async def _put_off(hub: HubProcess, key: str, code: int) -> None:
    """Somebody on this hub puts a ticket off for half an hour, and says until when; again where it was too busy."""
    until_when = (datetime.now(UTC) + timedelta(minutes=30)).isoformat()
    url = f"{hub.url}/api/v1/tickets/{show_code(TICKET, code)}/snooze"
    async with aiohttp.ClientSession(headers={"Authorization": f"Bearer {key}"}) as client:

        async def is_done() -> bool:
            async with client.post(url, json={"until": until_when}) as answer:
                assert answer.status in (200, 503), await answer.text()
                return answer.status == 200

        await until(is_done, seconds=30, what="the ticket is put off")


async def _fired(ctx: Context) -> list[str]:
    """What became of the ticket that was put off and of the one that was resolved, in the words of the ledger."""
    found = await rows(
        ctx,
        """SELECT kind FROM event WHERE kind = 'ticket_woke' OR kind = 'status_changed' AND data->>'to' = 'closed'
           ORDER BY kind""",
    )
    return [row["kind"] for row in found]


async def _minutes_off(hub: HubProcess) -> float:
    """How far the hub's clock is ahead of ours."""
    async with aiohttp.ClientSession() as client, client.get(f"{hub.url}/healthz") as answer:
        return (parsedate_to_datetime(answer.headers["Date"]) - datetime.now(UTC)).total_seconds() / 60


async def _jump(hub: HubProcess, clock: WrongClock, hours: int) -> None:
    clock.jump(f"{hours:+d}h")

    async def is_so() -> bool:
        return abs(await _minutes_off(hub) - 60 * hours) < 10

    await until(is_so, seconds=20, what=f"the clock is {hours} h off")


async def test_hubs_whose_clocks_are_wrong_keep_every_promise_once(
    ctx: Context, database_dsn: str, tmp_path: Path
) -> None:
    await an_agent(ctx, "ann", capacity=100)
    folder = tmp_path / "config"
    folder.mkdir()
    (folder / "routing.toml").write_bytes(rules())
    fast, slow = WrongClock(tmp_path / "fast"), WrongClock(tmp_path / "slow")
    fast.jump("+1h")
    slow.jump("-1h")
    hubs = []
    async with AsyncExitStack() as stack:
        world = await stack.enter_async_context(SandboxWorld(tmp_path / "world"))
        channels = {name: sandbox_channels(world)[name] for name in ("support", "feedback", "bot")}
        for clock in (fast, slow):
            env = {**clock.env, "HUB_ROUTING_RULES": str(folder / "routing.toml")}
            name = "fast" if clock is fast else "slow"
            hub = await stack.enter_async_context(
                serving(tmp_path / f"hub {name}", database_dsn, channels, secret=SECRET.decode(), env=env)
            )
            assert 50 < abs(await _minutes_off(hub)) < 70
            hubs.append(hub)
        opened = await tickets_wait(ctx, 20)

        async def all_given() -> bool:
            return (
                await one(ctx, "SELECT count(*) FROM ticket WHERE assignee_id IS NULL AND status = 'open'")
                == 0
            )

        await until(all_given, seconds=20, what="all have an agent")
        leases = await _leases(ctx)
        assert len(leases) >= 2
        codes = [row["code"] for row in await rows(ctx, "SELECT code FROM ticket ORDER BY id LIMIT 2")]
        key = await create_api_key(ctx, name="t", scopes=[Scope.WRITE])
        for hub, code in zip(hubs, codes, strict=True):
            await _put_off(hub, key, code)
        (done,) = await tickets_wait(ctx, 1)
        await change_status(
            ctx,
            ticket_code=await one(ctx, "SELECT code FROM ticket WHERE id = $1", done),
            status="resolved",
            actor=SYSTEM,
        )
        await one(ctx, "UPDATE timer SET due_at = clock_timestamp() + interval '1 hour' RETURNING 1")

        # An hour is promised. The fast hub believes that it is over; it is not.
        await _jump(hubs[0], fast, 3)
        await _jump(hubs[1], slow, -3)
        await tickets_wait(ctx, 5)
        await until(all_given, seconds=20, what="those that came after the jump have an agent too")
        jumped = await one(ctx, "SELECT max(until) FROM lease")

        async def all_renewed() -> bool:
            return await one(ctx, "SELECT bool_and(until > $1) FROM lease", jumped) is True

        await until(all_renewed, seconds=30, what="every lease was renewed after the jump")
        assert await _said(ctx, "sla_warning") == await _said(ctx, "sla_breached") == 0
        assert await _fired(ctx) == []

        # Now it is, by the database, and the slow hub believes that it is not.
        await time_passes(ctx, 61)
        await one(
            ctx,
            "UPDATE ticket SET snoozed_until = clock_timestamp() WHERE snoozed_until IS NOT NULL RETURNING 1",
        )
        await one(ctx, "UPDATE timer SET due_at = clock_timestamp() RETURNING 1")

        async def all_said() -> bool:
            return await _said(ctx, "sla_breached") >= len(opened) + 5 and len(await _fired(ctx)) >= 3

        await until(all_said, seconds=30, what="every breach is said, and the others have fired")
        await _jump(hubs[1], slow, 0)
        await _jump(hubs[0], fast, -2)
        await tickets_wait(ctx, 5)
        await until(all_given, seconds=20, what="those that came last have an agent")
        assert await _said(ctx, "sla_breached") == len(opened) + 5
        assert await _fired(ctx) == ["status_changed", "ticket_woke", "ticket_woke"]
        assert await _leases(ctx) == leases
        await world.mail.deliver(
            SUPPORT, b"From: a@mail.example\r\nMessage-ID: <1@mail.example>\r\nSubject: s\r\n\r\nHello?\r\n"
        )

        async def heard() -> bool:
            return await one(ctx, "SELECT count(*) FROM interaction WHERE direction = 'in'") == 1

        await until(heard, seconds=20, what="the letter is on the timeline")


def test_the_targets_of_this_test_are_an_hour() -> None:
    assert ROUND_THE_CLOCK["first_response"] == 60
    assert any(calendar["hours"] == "always" for calendar in SHIPPED["calendar"])
