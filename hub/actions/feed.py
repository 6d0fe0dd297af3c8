"""What happened, in order, for every screen that looks on: reads the event table and tells subscribers.

NOTIFY is only a hint to look now; a poll every two seconds finds what it missed. An event is announced once it lies below
the oldest running transaction of this database, so no later commit can slip in before it. Events carry ids, never content.
"""

import asyncio
import time
from collections import defaultdict
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import structlog

from hub.actions.announce import EVENTS, Expectation, Listener
from storage import events as stored
from storage.database import Database, DatabaseUnavailable

log = structlog.get_logger(__name__)

POLL_SECONDS = 2.0
REST_SECONDS = 0.02
REPLAY_LIMIT = 500
_SLOW_READER = 1000


@dataclass(frozen=True, slots=True, kw_only=True)
class FeedEvent:
    """`cursor` is where to go on after this event; opaque to the reader. `assignee_id`: who has the ticket now."""

    cursor: str
    kind: str
    ticket_id: int | None
    ticket_code: int | None
    assignee_id: int | None
    agent_id: int | None
    data: Any


class TooFarBehind(Exception):
    """The cursor is unknown, of another server, or more than REPLAY_LIMIT events old: read everything again."""


class Feed:
    """One per hub process. Run `run()` in a task; subscribe from any number of sockets."""

    def __init__(self, database: Database, listener: Listener) -> None:
        self._database = database
        self._listener = listener
        self._position: stored.Position = (0, 0)
        self._queues: set[asyncio.Queue[FeedEvent | None]] = set()
        self._watched: defaultdict[tuple[int, str], set[asyncio.Event]] = defaultdict(set)

    @property
    def cursor(self) -> str:
        """Where the feed stands now; take it before reading a snapshot, then ask for what came after."""
        return _show(self._position)

    async def start(self) -> None:
        """Find the end of the feed. Nothing older is announced."""
        self._position = await self._database.read(stored.feed_end)

    async def run(self) -> None:
        """Announce until cancelled. Survives an absent database."""
        while True:
            heard = self._listener.expect(EVENTS)
            began = time.monotonic()
            try:
                await self._announce_new()
            except DatabaseUnavailable as error:
                log.warning("feed.database_away", error=str(error))
            await heard.wait(POLL_SECONDS)
            # Under load one look finds many events; after a quiet moment nobody waits for this.
            await asyncio.sleep(max(0.0, began + REST_SECONDS - time.monotonic()))

    async def _announce_new(self) -> None:
        while rows := await self._database.read(lambda c: stored.feed_after(c, self._position, REPLAY_LIMIT)):
            for row in rows:
                self._position = row.position
                self._tell(_event(row))
                if row.channel_id is not None:
                    self.touch(row.channel_id, row.thread_key)

    def _tell(self, event: FeedEvent) -> None:
        for queue in list(self._queues):
            if queue.qsize() >= _SLOW_READER:
                # A reader that does not read is cut off; it comes back with its cursor and loses nothing.
                self._queues.discard(queue)
                queue.put_nowait(None)
            else:
                queue.put_nowait(event)

    @contextmanager
    def subscribe(self) -> Iterator[AsyncIterator[FeedEvent]]:
        """Events from now on. The iterator ends when the reader was too slow; then it must come back with its cursor."""
        queue: asyncio.Queue[FeedEvent | None] = asyncio.Queue()
        self._queues.add(queue)
        try:
            yield _drain(queue)
        finally:
            self._queues.discard(queue)

    @contextmanager
    def watching(self, channel_id: int, thread_key: str) -> Iterator[Expectation]:
        """Wait on it for the next thing that happens to this conversation of a channel."""
        event = asyncio.Event()
        key = (channel_id, thread_key)
        self._watched[key].add(event)
        try:
            yield Expectation(event)
        finally:
            self._watched[key].discard(event)
            if not self._watched[key]:
                del self._watched[key]

    @property
    def watched(self) -> bool:
        """Whether anybody waits for something to happen to a conversation."""
        return bool(self._watched)

    def touch(self, channel_id: int, thread_key: str) -> None:
        """Something happened to this conversation that is no event: wake whoever watches it."""
        for watch in self._watched.get((channel_id, thread_key), ()):
            watch.set()

    async def replay(self, cursor: str) -> list[FeedEvent]:
        """Events after `cursor`. Raises TooFarBehind where the reader must start afresh."""
        position = _read(cursor)
        rows = await self._database.read(lambda c: stored.feed_after(c, position, REPLAY_LIMIT + 1))
        if len(rows) > REPLAY_LIMIT:
            raise TooFarBehind
        if not rows and await self._database.read(lambda c: stored.is_ahead(c, position)):
            raise TooFarBehind
        return [_event(row) for row in rows]


async def _drain(queue: "asyncio.Queue[FeedEvent | None]") -> AsyncIterator[FeedEvent]:
    while (event := await queue.get()) is not None:
        yield event


def _event(row: stored.FeedRow) -> FeedEvent:
    return FeedEvent(
        cursor=_show(row.position),
        kind=row.kind,
        ticket_id=row.ticket_id,
        ticket_code=row.ticket_code,
        assignee_id=row.assignee_id,
        agent_id=row.agent_id,
        data=row.data,
    )


def _show(position: stored.Position) -> str:
    return f"{position[0]}.{position[1]}"


def _read(cursor: str) -> stored.Position:
    xid, _, event_id = cursor.partition(".")
    if not (
        xid.isascii() and xid.isdigit() and event_id.isascii() and event_id.isdigit() and len(cursor) < 40
    ):
        raise TooFarBehind
    position = int(xid), int(event_id)
    if position[0] >= 2**64 or position[1] >= 2**63:
        raise TooFarBehind
    return position
