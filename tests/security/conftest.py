"""A browser on a desk with an inbox, a server that nobody must ever ask for anything, and what Postgres itself complains of."""

import re
from collections.abc import AsyncIterator
from dataclasses import dataclass, field

import asyncpg
import pytest
from aiohttp import web

from hub.actions.context import Context
from tests.browser.conftest import (
    _function_scoped_runner,
    browser,
    loop_of_the_browser,
    one_browser,
    open_desk,
)
from tests.fakes.desk import CHANNELS, MAIL, Desk, serving_desk

__all__ = ["_function_scoped_runner", "browser", "loop_of_the_browser", "one_browser", "open_desk"]

PIXEL = (
    b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0\0\x01\0\0\0\x01\x08\x06\0\0\0\x1f\x15\xc4\x89\0\0\0\rIDATx\x9cc\xf8\xff\xff?"
    b"\0\x05\xfe\x02\xfe\xa35\x81\x84\0\0\0\0IEND\xaeB`\x82"
)


@dataclass(slots=True)
class Canary:
    """`asked`: (path, headers) of every request that reached it."""

    url: str = ""
    asked: list[tuple[str, dict[str, str]]] = field(default_factory=list)


@pytest.fixture
async def canary() -> AsyncIterator[Canary]:
    found = Canary()

    async def answer(request: web.Request) -> web.Response:
        found.asked.append((request.path_qs, dict(request.headers)))
        return web.Response(body=PIXEL, content_type="image/png", headers={"Set-Cookie": "canary=1"})

    app = web.Application()
    app.router.add_route("*", "/{rest:.*}", answer)
    runner = web.AppRunner(app, shutdown_timeout=1)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    found.url = f"http://127.0.0.1:{runner.addresses[0][1]}"
    yield found
    await runner.cleanup()


@pytest.fixture
async def desk(ctx: Context) -> AsyncIterator[Desk]:
    async with serving_desk(
        ctx, {**CHANNELS, "support": MAIL}, web={"picture_networks": ["127.0.0.0/8"]}
    ) as desk:
        yield desk


class PostgresLog:
    """What the server's own log says from now on."""

    def __init__(self, path: str) -> None:
        self._path = path
        self._from = len(self._all())

    def _all(self) -> str:
        with open(self._path, errors="replace") as log:  # noqa: PTH123
            return log.read()

    def syntax_errors(self) -> list[str]:
        told = self._all()[self._from :]
        return re.findall(
            r"ERROR: .*(?:syntax error|unterminated|does not exist|invalid regular|jsonpath).*", told
        )


@pytest.fixture
async def postgres_log(database_dsn: str) -> PostgresLog:
    connection = await asyncpg.connect(database_dsn)
    folder = await connection.fetchval("SHOW data_directory")
    log = PostgresLog(f"{folder}/log")
    with pytest.raises(asyncpg.PostgresSyntaxError):
        await connection.execute("SELECT 'that it is heard' FROM")
    await connection.close()
    assert len(log.syntax_errors()) == 1
    return PostgresLog(f"{folder}/log")
