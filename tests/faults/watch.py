"""Looks at hubs and database while a fault run goes on: memory, sessions, who holds which lease, how long things wait, and
whether Telegram was told that something is kept before it is (I3)."""

import asyncio
import bisect
import contextlib
import json
import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

import asyncpg

from channels.telegram.envelope import content_key
from tests.faults.fleet import Fleet
from tests.faults.world import Outside

EVERY_SECONDS = 0.5
KINDS = {"channel:support": "mailbox", "channel:bot": "Telegram"}
"""What the leases are for, by name."""
TAKE_OVER_SECONDS = 30.0
"""So soon another hub must have what one held that is gone."""
ANSWERS = "answers under way"
"""The lease that is in the rows of the outbox: each answer that is being sent is somebody's for so long."""
_LOOK = """
SELECT (SELECT count(*) FROM pg_stat_activity WHERE datname = current_database()) AS sessions,
       (SELECT count(*) FROM outbox WHERE state IN ('queued', 'sending')) AS outbox,
       (SELECT count(*) FROM inbound_raw WHERE state = 'received') AS unread,
       (SELECT jsonb_object_agg(name, holder) FROM lease WHERE until > clock_timestamp())::text AS held,
       (SELECT jsonb_object_agg(id, lease_token) FROM outbox WHERE state = 'sending')::text AS sending,
       (SELECT jsonb_object_agg(lease_token, ends) FROM (
            SELECT lease_token, max(extract(epoch FROM lease_until)) AS ends FROM outbox WHERE state = 'sending' GROUP BY 1
       ) lots)::text AS ends,
       (SELECT count(*) FROM agent WHERE load >= capacity OR live_load >= live_capacity) AS full
"""
NOT_KEPT = """
SELECT told.key FROM unnest($1::text[]) AS told (key) WHERE NOT EXISTS (
    SELECT 1 FROM inbound_key k JOIN channel c ON c.id = k.channel_id WHERE c.name = 'bot' AND k.key = told.key)
"""
"""Of messages that Telegram was told to forget: those that are not in the journal."""


@dataclass(slots=True, kw_only=True)
class Look:
    """One moment. `rss`: bytes by hub, 0 where none runs. `held`: who holds the lease of which channel; "" nobody. `sending`:
    by which token each answer is being sent. `ends`: until when each token holds, in seconds since 1970. `full`: agents
    who have no room for something."""

    at: float
    rss: list[int]
    sessions: int = 0
    outbox: int = 0
    unread: int = 0
    held: dict[str, str] = field(default_factory=dict)
    sending: dict[str, str] = field(default_factory=dict)
    ends: dict[str, float] = field(default_factory=dict)
    full: int = 0
    answered: bool = False


class Watch:
    """`run` as a task, until `end` is set: cancelled, it might leave half a connection behind."""

    def __init__(self, fleet: Fleet, dsn: str, outside: Outside | None = None) -> None:
        self._fleet, self._dsn, self._outside = fleet, dsn, outside
        self._told_up_to, self._told = 0, list[str]()
        self.early: list[str] = []
        """Messages that Telegram was told to forget while nobody had kept them."""
        self.looks: list[Look] = []
        self.end = asyncio.Event()

    async def run(self) -> None:
        connection: asyncpg.Connection[Any] | None = None
        try:
            while not self.end.is_set():
                look = Look(at=time.time(), rss=[seat.rss() for seat in self._fleet.seats])
                self.looks.append(look)
                self._hear_telegram()  # before the database is asked: what was told by now must be there
                try:
                    if connection is None or connection.is_closed():
                        connection = await asyncpg.connect(self._dsn, timeout=5, command_timeout=5)
                    row = await connection.fetchrow(_LOOK)
                    assert row is not None
                    look.sessions, look.outbox, look.unread = row["sessions"], row["outbox"], row["unread"]
                    look.held, look.sending = _plain(row["held"]), _plain(row["sending"])
                    look.ends, look.full = _plain(row["ends"]), row["full"]
                    look.answered = True
                    self.early += [key for (key,) in await connection.fetch(NOT_KEPT, self._told)]
                    self._told.clear()
                except (
                    OSError,
                    TimeoutError,
                    asyncpg.PostgresError,
                    asyncpg.InterfaceError,
                    asyncpg.InternalClientError,
                ):
                    if connection is not None:  # one of the faults; the next look has a new line
                        connection.terminate()
                    connection = None
                with contextlib.suppress(TimeoutError):
                    await asyncio.wait_for(self.end.wait(), EVERY_SECONDS)
        finally:
            if connection is not None:
                connection.terminate()

    def _hear_telegram(self) -> None:
        """Note what it was told to forget since the last look: of very many at once the newest hundred."""
        if self._outside is None:
            return
        world = self._outside.sandbox.telegram
        bot = int(world.token.partition(":")[0])
        for update in world.state.confirmed:
            if update["update_id"] > self._told_up_to:
                self._told_up_to = update["update_id"]
                self._told.append(f"content:{content_key(update, bot)}")


def _plain(held: str | None) -> dict[str, Any]:
    return dict(json.loads(held)) if held else {}


@dataclass(frozen=True, slots=True, kw_only=True)
class Gone:
    """A hub that nobody could reckon with any more. `until`: when it was back as it had been; None: never, it was dead."""

    at: float
    pid: int
    until: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class TakeOver:
    """Seconds from the moment at which a holder was gone until another had what it held."""

    what: str
    at: float
    seconds: float


def take_overs(looks: Sequence[Look], gone: Sequence[Gone]) -> list[TakeOver]:
    """Of each lease that was held, and of the answers that were under way: until somebody else had them, or had ended them.

    Whose an answer is cannot be seen from outside: all that were under way count, which makes the time longer, never shorter;
    but for those whose lease is renewed afterwards, for the dead renew nothing.
    """
    seen = [look for look in looks if look.answered]
    times = [look.at for look in seen]
    found = []
    for one in gone:
        place = bisect.bisect_right(times, one.at)
        if place == 0:
            continue
        before = seen[place - 1]
        for name, holder in before.held.items():
            if holder.endswith(f":{one.pid}"):
                after = _first(seen[place:], one, lambda look, n=name, h=holder: look.held.get(n, h) != h)
                if after is not None:
                    found.append(TakeOver(what=KINDS.get(name, name), at=one.at, seconds=after - one.at))
        alive = _renewing(look for look in seen[place:] if one.until is None or look.at < one.until)
        theirs = {answer: token for answer, token in before.sending.items() if token not in alive}
        if theirs:
            after = _first(seen[place:], one, lambda look, was=theirs: not was.items() & look.sending.items())
            if after is not None:
                found.append(TakeOver(what=ANSWERS, at=one.at, seconds=after - one.at))
    return found


def _renewing(looks: Iterable[Look]) -> set[str]:
    """Tokens that are made to hold longer from one look to another."""
    first, found = dict[str, float](), set[str]()
    for look in looks:
        for token, ends in look.ends.items():
            if ends > first.setdefault(token, ends):
                found.add(token)
    return found


def _first(looks: Sequence[Look], gone: Gone, holds: Any) -> float | None:
    for look in looks:
        if gone.until is not None and look.at > gone.until:
            break
        if holds(look):
            return look.at
    else:
        return looks[-1].at if gone.until is None else None  # nobody, to the end: at least so long
    # It came back by itself, and may have gone on with what it held; but others should not have waited so long.
    return gone.until if gone.until is not None and gone.until - gone.at > TAKE_OVER_SECONDS else None
