"""Where everything is measured: one durable Postgres, a prepared installation to clone, and hubs over clones of it."""

import itertools
import shutil
from collections.abc import AsyncIterator, Mapping
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import asyncpg
from pydantic import SecretStr

from hub.actions.context import Context
from hub.actions.floor.presence import set_presence
from hub.actions.installation import set_up
from hub.actions.people.keys import create_api_key
from hub.actions.people.staff import add_agent
from hub.model.people import HUB, Scope
from hub.settings import Settings
from hub.wiring import open_installation, run_hub
from storage.database import Database
from storage.migrate import migrate
from tests.benchmarks.cpu import Cpu, cpu_of
from tests.conftest import SECRET, at_database
from tests.fakes.processes import serving

Channels = Mapping[str, Mapping[str, Any]]

AGENTS = 20
CAPACITY = 1_000_000
PASSWORD = "a long enough password"
TEMPLATE = "template_bench"
_serial = itertools.count(1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Served:
    """A hub process under load."""

    url: str
    dsn: str
    key: str
    pid: int
    stage: "Stage"

    def cpu(self) -> Cpu:
        """Processor seconds used so far, by whom."""
        return cpu_of(self.pid, self.stage.data)


@dataclass(slots=True, kw_only=True)
class Stage:
    """`dsn`: of the server's own database; `data`: its folder. `letters`: a folder of letters, or None for our own.
    `interactions`: how long the past of a large installation is."""

    dsn: str
    data: Path
    scratch: Path
    quick: bool
    letters: Path | None
    interactions: int = 1_000_000
    key: str = ""
    agents: list[int] = field(default_factory=list)

    @property
    def rounds(self) -> int:
        return 1 if self.quick else 3

    def size(self, full: int) -> int:
        """How many of something are measured in a round."""
        return max(full // 5, 8) if self.quick else full

    async def prepare(self) -> None:
        """The installation that every benchmark starts from: migrated, agents on line with room for everything, a key."""
        await self._create(TEMPLATE)
        dsn = at_database(self.dsn, TEMPLATE)
        database = await Database.open(dsn, max_size=2)
        await migrate(database)
        await database.close()
        async with open_installation(self._settings({}), dsn) as ctx:
            await set_up(ctx)
            for number in range(AGENTS):
                agent = await add_agent(
                    ctx,
                    login=f"agent{number}",
                    name=f"Agent {number}",
                    password=PASSWORD,
                    languages=("zh", "en"),
                )
                await set_presence(ctx, agent_id=agent, presence="online", actor=HUB)
                self.agents.append(agent)
            # More than the hub would let an administrator say: nothing may wait for a free agent here.
            await ctx.database.run(
                lambda c: c.execute("UPDATE agent SET capacity = $1, live_capacity = $1", CAPACITY)
            )
            self.key = await create_api_key(ctx, name="bench", scopes=[Scope.INGEST, Scope.WRITE, Scope.READ])

    async def fresh_database(self) -> str:
        """The DSN of a clone that nobody else uses."""
        name = f"bench_{next(_serial)}"
        await self._create(name, TEMPLATE)
        return at_database(self.dsn, name)

    async def lasting_database(self, name: str) -> tuple[str, bool]:
        """The DSN of a database that stays as long as the server's folder is kept, and whether it was there already."""
        connection = await asyncpg.connect(self.dsn)
        there = await connection.fetchval("SELECT true FROM pg_database WHERE datname = $1", name)
        await connection.close()
        if not there:
            await self._create(name, TEMPLATE)
        return at_database(self.dsn, name), bool(there)

    @asynccontextmanager
    async def serve(
        self, channels: Channels, *, env: Mapping[str, str] | None = None, dsn: str = ""
    ) -> AsyncIterator[Served]:
        """`contact-hub serve` over a fresh database, or that of another hub, as an administrator starts it."""
        dsn = dsn or await self.fresh_database()
        folder = self.scratch / f"serve-{next(_serial)}"
        async with serving(folder, dsn, channels, secret=SECRET.decode(), env=env, fresh=True) as process:
            yield Served(url=process.url, dsn=dsn, key=self.key, pid=process.process.pid, stage=self)
        shutil.rmtree(folder)

    @asynccontextmanager
    async def hub_here(self, channels: Channels) -> AsyncIterator[tuple[Context, str]]:
        """A whole hub in this very process, for what cannot be handed in from outside; with its database's DSN."""
        dsn = await self.fresh_database()
        async with run_hub(self._settings(channels), dsn, grace=5) as hub:
            yield hub.ctx, dsn

    def installation(self, dsn: str, channels: Channels) -> AbstractAsyncContextManager[Context]:
        """The actions over a database that a served hub works on; nothing runs."""
        return open_installation(self._settings(channels), dsn)

    def _settings(self, channels: Channels) -> Settings:
        return Settings(
            data_dir=self.scratch / "var",
            secret_key=SecretStr(SECRET.decode()),
            web={"port": 0},  # type: ignore[arg-type]
            channels={name: dict(table) for name, table in channels.items()},
        )

    async def _create(self, name: str, template: str = "template1") -> None:
        connection = await asyncpg.connect(self.dsn)
        # In a folder that is kept, an earlier run has left its own.
        await connection.execute(f"DROP DATABASE IF EXISTS {name}")
        await connection.execute(f"CREATE DATABASE {name} TEMPLATE {template}")
        await connection.close()
