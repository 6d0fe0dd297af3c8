"""Telling the other loops and the other hubs that there is something to look at.

Topics only, no content, no promise: whoever listens must also look by itself every few seconds. One NOTIFY per
transaction and topic, sent by the transaction itself, so nobody looks before the commit.
"""

import asyncio
from collections import defaultdict
from collections.abc import Callable

import structlog

from hub.actions.lock_name import lock_number
from storage import events as stored
from storage.database import Connection, Database, DatabaseUnavailable

log = structlog.get_logger(__name__)

EVENTS = "hub_events"
INBOUND = "hub_inbound"
GATHER = "hub_gather"
ROUTE = "hub_route"
OUTBOX = "hub_outbox"
RULES = "hub_rules"
WEBHOOKS = "hub_webhooks"
SIMULATIONS = "hub_simulations"
LEARNED = "hub_learned"
LOOKS = "hub_looks"
INCIDENTS = "hub_incidents"
CHANNELS = "hub_channels"
VISITORS = "hub_visitors"
FILES = "hub_files"
TOPICS = (
    EVENTS,
    INBOUND,
    GATHER,
    ROUTE,
    OUTBOX,
    RULES,
    WEBHOOKS,
    SIMULATIONS,
    LEARNED,
    LOOKS,
    CHANNELS,
    INCIDENTS,
    VISITORS,
    FILES,
)

FIRST = "first"
"""Not announced by anybody: this hub has become the first."""

_HEARTBEAT_SECONDS = 15.0
_ASK_SECONDS = 1.0
_RECONNECT_SECONDS = 1.0
_FIRST_LOCK = lock_number("the hub that looks first")


async def announce(connection: Connection, *topics: str) -> None:
    """Wake the listeners of these topics when the running transaction commits."""
    await stored.notify(connection, topics)


class Expectation:
    """Taken *before* looking, so that what is announced while looking is not slept through. `forget` is called when the wait
    is over: most are in vain, and must not pile up."""

    def __init__(self, event: asyncio.Event, forget: Callable[[asyncio.Event], object] | None = None) -> None:
        self._event = event
        self._forget = forget

    async def wait(self, timeout: float) -> None:
        """Return when the topic was announced, or after `timeout` seconds."""
        try:
            async with asyncio.timeout(timeout):
                await self._event.wait()
        except TimeoutError:
            return
        finally:
            self.forget()

    def forget(self) -> None:
        """It is not waited for any more."""
        if self._forget is not None:
            self._forget(self._event)


class Listener:
    """One LISTEN connection per hub process, outside the pool, proved alive every 15 s and replaced when deaf.

    `first`: of all hubs this is the one that looks at once at what one hub does alone (docs/decisions/0064). Postgres says
    who: it is whoever holds a lock by this connection, and another a second after it has gone. A hub that hears of no other
    looks itself.
    """

    def __init__(self, database: Database) -> None:
        self._database = database
        self._waiting: dict[str, set[asyncio.Event]] = defaultdict(set)
        self.first = True

    def expect(self, topic: str) -> Expectation:
        """What to wait on for the next announcement of `topic`."""
        event = asyncio.Event()
        self._waiting[topic].add(event)
        return Expectation(event, lambda event: self._waiting[topic].discard(event))

    def wake(self, topic: str) -> None:
        """Wake this process's own listeners at once (the NOTIFY comes round by Postgres)."""
        for event in self._waiting.pop(topic, ()):
            event.set()

    def wake_all(self) -> None:
        """Wake whatever waits in this process."""
        for topic in (*TOPICS, FIRST):
            self.wake(topic)

    async def run(self) -> None:
        """Listen until cancelled. After each new connection everybody is woken: the gap may have hidden something."""
        while True:
            try:
                connection = await self._database.connect_alone()
                try:
                    await stored.listen(connection, TOPICS, self.wake)
                    self.wake_all()
                    while not await stored.try_lock(connection, _FIRST_LOCK):
                        self.first = False
                        await asyncio.sleep(_ASK_SECONDS)
                    self.first = True
                    self.wake(FIRST)
                    while True:
                        await asyncio.sleep(_HEARTBEAT_SECONDS)
                        await stored.is_alive(connection)
                finally:
                    self.first = True
                    connection.terminate()
            except (DatabaseUnavailable, *stored.LOST) as error:
                log.warning("listener.lost", error=str(error))
                await asyncio.sleep(_RECONNECT_SECONDS)
