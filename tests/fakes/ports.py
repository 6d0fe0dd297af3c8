"""What the hub hands to an adapter, in memory: journal, bookmark, transcript; and a server for routes."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Collection, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from aiohttp import web

from channels.adapter import (
    Acceptance,
    Asking,
    Counted,
    CounterReply,
    FileOfLine,
    Hearing,
    Lounge,
    NobodyInLounge,
    NotAccepted,
    Ports,
    RawItem,
    Received,
    Tally,
    TranscriptLine,
    heard_by_nobody,
)

SECRET = b"k" * 32


class Memory:
    """A bookmark that lives as long as the test."""

    def __init__(self) -> None:
        self.values: dict[str, Any] = {}

    async def read(self, key: str) -> Any:
        return self.values.get(key)

    async def write(self, key: str, value: Any) -> None:
        self.values[key] = value


class Safe:
    """A vault that lives as long as the test."""

    def __init__(self) -> None:
        self.values: dict[str, bytes] = {}

    async def read(self, key: str) -> bytes | None:
        return self.values.get(key)

    async def write(self, key: str, value: bytes) -> None:
        self.values[key] = value


class Journal:
    """Commits raw items as the hub does: once for each key. `broken` refuses that many batches first; while
    `gate` is cleared, `accept` has been called and does not return."""

    def __init__(self, broken: int = 0) -> None:
        self.offered: list[str] = []
        self.items: dict[str, RawItem] = {}
        self.broken = broken
        self.gate = asyncio.Event()
        self.gate.set()
        self._changed = asyncio.Condition()

    async def accept(self, items: Sequence[RawItem]) -> list[Acceptance]:
        await self._note(items)
        await self.gate.wait()
        if self.broken:
            self.broken -= 1
            raise NotAccepted("the database is away")
        answers = []
        for item in items:
            known = item.external_key in self.items
            self.items.setdefault(item.external_key, item)
            number = list(self.items).index(item.external_key) + 1
            answers.append(Acceptance(raw_id=number, duplicate=known, ticket_code=f"T-{number}"))
        await self._note(())
        return answers

    async def _note(self, items: Sequence[RawItem]) -> None:
        async with self._changed:
            self.offered += [item.external_key for item in items]
            self._changed.notify_all()

    async def known(self, external_keys: Sequence[str]) -> set[str]:
        return set(external_keys) & self.items.keys()

    async def kept(self, count: int) -> list[RawItem]:
        """The items, once there are `count`. Raises TimeoutError."""
        async with asyncio.timeout(15), self._changed:
            await self._changed.wait_for(lambda: len(self.items) >= count)
        return list(self.items.values())

    async def offers(self, count: int) -> list[str]:
        """The keys that were offered, once there are `count`, repetitions included. Raises TimeoutError."""
        async with asyncio.timeout(15), self._changed:
            await self._changed.wait_for(lambda: len(self.offered) >= count)
        return list(self.offered)


class Notebook:
    """A transcript of one or more conversations."""

    def __init__(self) -> None:
        self.lines: dict[str, list[TranscriptLine]] = {}
        self._changed = asyncio.Condition()

    async def write(
        self,
        key: str,
        line_id: int,
        text: str,
        *,
        mine: bool = False,
        client_id: str = "",
        files: tuple[FileOfLine, ...] = (),
    ) -> None:
        line = TranscriptLine(
            id=line_id,
            mine=mine,
            author="" if mine else "Ann",
            text=text,
            at=datetime(2026, 11, 24, 9, 30, tzinfo=UTC),
            client_id=client_id,
            files=files,
        )
        async with self._changed:
            self.lines.setdefault(key, []).append(line)
            self._changed.notify_all()

    async def since(self, thread_key: str, after: int, have: Collection[int] = ()) -> list[TranscriptLine]:
        mine = self.lines.get(thread_key, ())
        new = (line for line in mine if line.id > after and line.id not in have)
        return sorted(new, key=lambda line: line.id)[:200]

    @contextlib.contextmanager
    def watch(self, thread_key: str) -> Iterator["Notebook._Ear"]:
        """Like the hub's: woken by anything new, whatever its id."""
        yield self._Ear(self, thread_key)

    class _Ear:
        def __init__(self, notebook: "Notebook", thread_key: str) -> None:
            self._notebook = notebook
            self._key = thread_key
            self._before = self._count()

        def _count(self) -> int:
            return len(self._notebook.lines.get(self._key, ()))

        async def wait(self, timeout: float, /) -> None:
            changed = self._notebook._changed
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(timeout), changed:
                    await changed.wait_for(lambda: self._count() != self._before)


class Desk:
    """A counter that answers what it was told to answer, by command or button, and passes the rest on to the agents."""

    def __init__(self, replies: Mapping[str, CounterReply] | None = None) -> None:
        self.replies = dict(replies or {})
        self.asked: list[Asking] = []

    async def __call__(self, asking: Asking) -> CounterReply | None:
        self.asked.append(asking)
        named = asking.command or asking.pressed or ("too_large" if asking.too_large else "")
        member = CounterReply() if asking.shut is not None else None
        return self.replies.get(named, member)

    async def concerned(self, askings: Sequence[Asking]) -> set[str]:
        return {asking.key for asking in askings}

    def commands(self, language: str) -> Sequence[tuple[str, str]]:
        return [("help", "帮助" if language == "zh_CN" else "Help")]


class Doorkeeper:
    """Counts as the hub does, for windows that never end."""

    def __init__(self) -> None:
        self.hits: dict[str, int] = {}
        self.taken: set[str] = set()

    async def count(self, what: Sequence[Counted]) -> list[Tally]:
        for one in what:
            self.hits[one.key] = self.hits.get(one.key, 0) + one.amount
        return await self.look(what)

    async def look(self, what: Sequence[Counted]) -> list[Tally]:
        return [Tally(hits=self.hits.get(one.key, 0), ends_in=one.seconds) for one in what]

    async def take_once(self, mark: str, _seconds: float) -> bool:
        fresh = mark not in self.taken
        self.taken.add(mark)
        return fresh

    async def was_taken(self, mark: str) -> bool:
        return mark in self.taken


async def follow_at_example(received: Received) -> str:
    return f"https://hub.example/follow/{received.ticket_code}"


def make_ports(
    *,
    memory: Memory | None = None,
    notebook: Notebook | None = None,
    vault: Safe | None = None,
    journal: Journal | None = None,
    counter: Desk | None = None,
    alive: Any = None,
    gate: Any = None,
    follow: Any = None,
    lounge: Lounge | None = None,
    heard: Hearing = heard_by_nobody,
    public_url: str = "https://hub.example",
) -> Ports:
    return Ports(
        bookmark=memory or Memory(),
        transcript=notebook or Notebook(),
        vault=vault or Safe(),
        known=(journal or Journal()).known,
        counter=counter or Desk(),
        gate=gate or Doorkeeper(),
        follow=follow or follow_at_example,
        secret=SECRET,
        public_url=public_url,
        alive=alive or (lambda: True),
        lounge=lounge or NobodyInLounge(),
        heard=heard,
    )


@contextlib.asynccontextmanager
async def serving_routes(routes: Sequence[web.RouteDef], port: int = 0) -> AsyncIterator[str]:
    """The address of a real server with these routes."""
    app = web.Application()
    app.add_routes(routes)
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.2)
    await runner.setup()
    try:
        await web.TCPSite(runner, "127.0.0.1", port).start()
        yield f"http://127.0.0.1:{runner.addresses[0][1]}"
    finally:
        await runner.cleanup()
