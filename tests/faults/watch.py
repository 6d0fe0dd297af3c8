"""Looks at hubs and database while a fault run goes on: memory, sessions, who holds which lease, how long things wait."""

import asyncio
import contextlib
import json
import time
from dataclasses import dataclass, field
from typing import Any

import asyncpg

from tests.faults.fleet import Fleet

EVERY_SECONDS = 0.5
_LOOK = """
SELECT (SELECT count(*) FROM pg_stat_activity WHERE datname = current_database()) AS sessions,
       (SELECT count(*) FROM outbox WHERE state IN ('queued', 'sending')) AS outbox,
       (SELECT count(*) FROM inbound_raw WHERE state NOT IN ('read', 'duplicate', 'quarantined', 'discarded')) AS unread,
       (SELECT jsonb_object_agg(name, holder) FROM lease
        WHERE until > clock_timestamp() AND name LIKE 'channel:%')::text AS held
"""


@dataclass(slots=True, kw_only=True)
class Look:
    """One moment. `rss`: bytes by hub, 0 where none runs. `held`: who holds the lease of which channel; "" nobody."""

    at: float
    rss: list[int]
    sessions: int = 0
    outbox: int = 0
    unread: int = 0
    held: dict[str, str] = field(default_factory=dict)
    answered: bool = False


class Watch:
    """`run` as a task, until `end` is set: cancelled, it might leave half a connection behind."""

    def __init__(self, fleet: Fleet, dsn: str) -> None:
        self._fleet, self._dsn = fleet, dsn
        self.looks: list[Look] = []
        self.end = asyncio.Event()

    async def run(self) -> None:
        connection: asyncpg.Connection[Any] | None = None
        try:
            while not self.end.is_set():
                look = Look(at=time.time(), rss=[seat.rss() for seat in self._fleet.seats])
                self.looks.append(look)
                try:
                    if connection is None or connection.is_closed():
                        connection = await asyncpg.connect(self._dsn, timeout=5, command_timeout=5)
                    row = await connection.fetchrow(_LOOK)
                    assert row is not None
                    look.sessions, look.outbox, look.unread = row["sessions"], row["outbox"], row["unread"]
                    look.held = _plain(row["held"])
                    look.answered = True
                except (OSError, TimeoutError, asyncpg.PostgresError, asyncpg.InterfaceError):
                    if connection is not None:  # one of the faults; the next look has a new line
                        connection.terminate()
                    connection = None
                with contextlib.suppress(TimeoutError):
                    await asyncio.wait_for(self.end.wait(), EVERY_SECONDS)
        finally:
            if connection is not None:
                connection.terminate()


def _plain(held: str | None) -> dict[str, str]:
    return dict(json.loads(held)) if held else {}


def take_overs(looks: list[Look], deaths: list[tuple[float, int]]) -> list[float]:
    """For each death of a hub (when, process id) that held a channel: seconds until another held all that it had."""
    found = []
    for when, pid in deaths:
        before = next((look for look in reversed(looks) if look.at <= when and look.answered), None)
        had = (
            {name for name, holder in before.held.items() if holder.endswith(f":{pid}")}
            if before
            else set[str]()
        )
        if not had:
            continue
        after = next(
            (
                look.at
                for look in looks
                if look.at > when and look.answered
                and all(look.held.get(name, "") and not look.held[name].endswith(f":{pid}") for name in had)
            ),
            None,
        )  # fmt: skip
        if after is not None:
            found.append(after - when)
    return found
