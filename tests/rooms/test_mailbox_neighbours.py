"""Many mailboxes in one hub: what befalls one of them is nothing to the others (F38, pitfall 16)."""

import asyncio
import re
from contextlib import AsyncExitStack
from pathlib import Path

import yaml  # type: ignore[import-untyped]
from aiohttp import ClientSession

from hub.settings import Delivery, Settings
from hub.wiring import Hub, run_hub
from storage import views
from tests.conftest import SECRET
from tests.fakes.imap_server import Command, ImapServer, Session
from tests.fakes.inbox import letter, table
from tests.fakes.processes import until

MANY = 16
"""More than the threads that Python's own pool has on the machines this runs on (processors + 4, at most 32)."""


RULES = Path(__file__).parents[2] / "config" / "examples" / "prometheus-rules.yaml"


def _calls_somebody(state: str) -> bool:
    """Whether the rules that are shipped have an alert for a channel of this state."""
    rules = yaml.safe_load(RULES.read_text("utf-8"))["groups"][0]["rules"]
    (expr,) = [one["expr"] for one in rules if one["alert"] == "ChannelDown"]
    asked = re.search(r'hub_channel_up\{state=~"([^"]+)"\}\) > 0', expr)
    return asked is not None and re.fullmatch(asked[1], state) is not None


async def _states(hub: Hub) -> dict[str, str]:
    return {one.name: one.state for one in await hub.ctx.database.read(views.list_channels)}


async def test_mailboxes_that_are_refused_or_throttled_hold_up_no_other_and_all_can_see_which(
    database_dsn: str, tmp_path: Path
) -> None:
    async def throttle(session: Session, command: Command) -> bool:
        await session.end(command, "NO [LIMIT] too many logins")
        return True

    async with AsyncExitStack() as stack:
        servers = [await stack.enter_async_context(ImapServer()) for _ in range(MANY)]
        refusing = await stack.enter_async_context(ImapServer(passwords={}))
        busy = await stack.enter_async_context(ImapServer())
        busy.always("LOGIN", throttle)
        given = {f"box{n}": server for n, server in enumerate(servers)} | {"refused": refusing, "busy": busy}
        channels = {name: {"kind": "email", **table(server)} for name, server in given.items()}
        settings = Settings(
            data_dir=tmp_path / "var",
            secret_key=SECRET.decode(),  # type: ignore[arg-type]
            web={"port": 0},  # type: ignore[arg-type]
            channels=channels,
            delivery=Delivery(undo_seconds=0),
        )
        hub = await stack.enter_async_context(run_hub(settings, database_dsn, grace=5))
        # All of them are heard at once, each by a line of its own that waits for ever ...
        await asyncio.gather(*(one.until(lambda s=one: bool(s.said("IDLE")), seconds=60) for one in servers))  # type: ignore[misc]
        # ... and what needs a thread of the pool gets one all the same.
        async with asyncio.timeout(60):
            await asyncio.gather(*(asyncio.to_thread(int) for _ in range(MANY)))
        for number, server in enumerate(servers):
            await server.deliver(letter(number))
        await asyncio.gather(
            *(one.until(lambda s=one: "\\Seen" in s.inbox.letters[0].flags, seconds=60) for one in servers)  # type: ignore[misc]
        )

        async def told() -> bool:
            states = await _states(hub)
            return (states["refused"], states["busy"]) == ("misconfigured", "down")

        await until(told, seconds=30, what="it is said which mailboxes are not heard")
        assert len(refusing.said("LOGIN")) <= 3
        async with ClientSession() as session, session.get(f"{hub.url}/metrics") as answer:
            figures = await answer.text()
        assert 'hub_channel_up{channel="refused",kind="email",state="misconfigured"} 1.0' in figures
        assert 'hub_channel_up{channel="busy",kind="email",state="down"} 1.0' in figures
        assert _calls_somebody("misconfigured") and _calls_somebody("down") and not _calls_somebody("up")
