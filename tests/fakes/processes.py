"""Real hub processes for the tests: `contact-hub serve` as an administrator starts it, over one database."""

import asyncio
import contextlib
import json
import os
import signal
import socket
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from pathlib import Path
from typing import Any

import aiohttp

from hub.sandbox.mail_world import SUPPORT, SUPPORT_PASSWORD
from hub.sandbox.world import SandboxWorld
from tests.canaries import leaks
from tests.fakes.forked import ForkedProcess, start_hub


def sandbox_channels(world: SandboxWorld) -> dict[str, dict[str, Any]]:
    """One channel of every kind; the mailbox and the bot are the sandbox's."""
    return {
        "support": {
            "kind": "email",
            "address": SUPPORT,
            "imap_host": "127.0.0.1",
            "imap_port": world.mail.imap_port,
            "imap_security": "none",
            "imap_password": SUPPORT_PASSWORD,
            "smtp_host": "127.0.0.1",
            "smtp_port": world.mail.smtp_port,
            "smtp_security": "none",
            "smtp_user": SUPPORT,
            "smtp_password": SUPPORT_PASSWORD,
            "poll_seconds": 2,
            "timeout_seconds": 5,
        },
        "feedback": {"kind": "webform", "fill_in_seconds": 0},
        "shop": {"kind": "webchat"},
        "bot": {
            "kind": "telegram",
            "token": world.telegram.token,
            "base_url": world.telegram.base_url,
            "base_file_url": world.telegram.base_file_url,
            "poll_seconds": 2,
        },
        "api": {"kind": "api"},
    }


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as door:
        port: int = door.getsockname()[1]
        return port


class HubProcess:
    """One `serve`. `url` answers once `ready` has returned."""

    def __init__(self, process: ForkedProcess | asyncio.subprocess.Process, url: str, log: Path) -> None:
        self.process = process
        self.url = url
        self.log = log

    async def ready(self) -> None:
        """Return when it may be sent work. Raises when it ended instead."""
        async with asyncio.timeout(90), aiohttp.ClientSession() as client:
            while True:
                if self.process.returncode is not None:
                    raise AssertionError(f"the hub ended:\n{self.log.read_text('utf-8')}")
                with contextlib.suppress(aiohttp.ClientError):
                    async with client.get(f"{self.url}/readyz") as answer:
                        if answer.status == 200:
                            return
                await asyncio.sleep(0.05)

    async def kill(self) -> None:
        """As when the power fails."""
        self.process.kill()
        await self.process.wait()

    async def stop(self) -> int:
        """As an administrator stops it; returns the exit code."""
        if self.process.returncode is None:
            self.process.send_signal(signal.SIGTERM)
        async with asyncio.timeout(30):
            return await self.process.wait()


@contextlib.asynccontextmanager
async def serving(
    folder: Path,
    dsn: str,
    channels: Mapping[str, Mapping[str, Any]],
    *,
    secret: str,
    env: Mapping[str, str] | None = None,
    fresh: bool = False,
) -> AsyncIterator[HubProcess]:
    """A hub process over this database with these channels, and with this in its environment. `fresh`: one that was not forked
    and shares no memory, for who measures."""
    folder.mkdir(parents=True, exist_ok=True)
    port = free_port()
    environment = {
        **os.environ,
        "HUB_DATABASE__DSN": dsn,
        "HUB_SECRET_KEY": secret,
        "HUB_DATA_DIR": str(folder / "var"),
        "HUB_WEB__PORT": str(port),
        "HUB_CHANNELS": json.dumps(channels),
        **(env or {}),
    }
    log = folder / "log"
    with log.open("wb") as sink:
        process = await start_hub("serve", cwd=Path.cwd(), env=environment, said=sink, fresh=fresh)
        hub = HubProcess(process, f"http://127.0.0.1:{port}", log)
        try:
            await hub.ready()
            yield hub
        finally:
            await hub.stop()
    assert leaks(log.read_text("utf-8", "replace")) == []


async def until(condition: Callable[[], Awaitable[bool]], *, seconds: float, what: str) -> None:
    """Return once the condition holds. Raises AssertionError with `what` after `seconds`."""
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(seconds):
            while not await condition():
                await asyncio.sleep(0.1)
            return
    raise AssertionError(f"after {seconds:g} s still not: {what}")
