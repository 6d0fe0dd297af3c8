"""Customers who write by every channel, and agents who answer them, at a steady rate; every operation is in the ledger."""

import asyncio
import contextlib
import random
import time
from collections.abc import Sequence
from typing import Self

import aiohttp

from hub.actions.context import Context
from storage.database import Connection, DatabaseUnavailable
from tests.faults.calls import Caller
from tests.faults.fleet import Seat
from tests.faults.ledger import Ledger
from tests.faults.visitor import Visitor
from tests.faults.world import Outside

WEIGHTS = {"letter": 4, "telegram": 3, "form": 2, "program": 3, "chat": 3, "answer": 5}
"""How often each thing is done, compared with the others."""
AT_ONCE = 200
"""Operations that may be under way; more would be a queue of our own."""
ANSWERABLE = """
SELECT t.code, ch.kind FROM channel ch CROSS JOIN LATERAL (
    SELECT code FROM ticket WHERE channel_id = ch.id AND status IN ('open', 'pending') ORDER BY id DESC LIMIT 40) t
WHERE ch.kind IN ('email', 'telegram', 'webchat')
"""
LOOK_AGAIN_SECONDS = 1.0
"""How old an agent's list of tickets is at the most: the database is there for the hubs."""
CUSTOMERS = 2000


class Load:
    """Use as `async with Load(...) as load`, then `await load.run(seconds)`."""

    def __init__(
        self,
        ctx: Context,
        outside: Outside,
        seats: Sequence[Seat],
        key: str,
        *,
        seed: int,
        rate: float,
        visitors: int = 6,
        ledger: Ledger | None = None,
    ) -> None:
        self._ctx, self._outside, self._seats = ctx, outside, seats
        self._dice = random.Random(f"load {seed}")
        self._rate = rate
        self._how_many = visitors
        self._bearer = {"Authorization": f"Bearer {key}"}
        self._under_way: set[asyncio.Task[None]] = set()
        self._stack = contextlib.AsyncExitStack()
        self._staying: list[asyncio.Task[None]] = []
        self._chats = 0
        self.ledger = ledger or Ledger()
        self._answerable_at = 0.0
        self._answerable_now: list[tuple[int, str]] = []
        self.visitors: list[Visitor] = []
        self.faults: list[str] = []
        """What went wrong with the load itself; the check tells of it."""

    async def __aenter__(self) -> Self:
        timeout = aiohttp.ClientTimeout(total=15, sock_connect=5)
        connector = aiohttp.TCPConnector(limit=0)
        self.client = await self._stack.enter_async_context(
            aiohttp.ClientSession(timeout=timeout, connector=connector)
        )
        self.caller = Caller(self.client, self._seats, self.ledger, self._dice)
        self.visitors = [Visitor(n, self.client, self._seats, self.ledger) for n in range(self._how_many)]
        self._staying = [asyncio.create_task(one.stay(), name="visitor") for one in self.visitors]
        for task in self._staying:
            task.add_done_callback(self._ended)
        return self

    async def __aexit__(self, *_: object) -> None:
        for task in (*self._under_way, *self._staying):
            task.cancel()
        await asyncio.gather(*self._under_way, *self._staying, return_exceptions=True)
        await self._stack.aclose()

    async def run(self, *, seconds: float = 0, operations: int = 0) -> None:
        """Begin operations for so long, or so many, evenly; returns when the last has begun."""
        loop = asyncio.get_running_loop()
        begun, count = loop.time(), 0
        names, weights = list(WEIGHTS), list(WEIGHTS.values())
        while (loop.time() - begun < seconds) if seconds else count < operations:
            if len(self._under_way) < AT_ONCE:
                self._begin(self._dice.choices(names, weights)[0])
                count += 1
            await asyncio.sleep(max(0.0, begun + count / self._rate - loop.time()))

    async def settle(self, seconds: float = 240) -> None:
        """Return when nothing is under way. Raises TimeoutError."""
        if self._under_way:
            _, late = await asyncio.wait(self._under_way, timeout=seconds)
            if late:
                raise TimeoutError(f"{len(late)} operations are still under way")

    def _begin(self, what: str) -> None:
        task = asyncio.create_task(getattr(self, f"_{what}")(), name=what)
        self._under_way.add(task)
        task.add_done_callback(self._ended)

    def _ended(self, task: "asyncio.Task[None]") -> None:
        self._under_way.discard(task)
        if not task.cancelled() and (error := task.exception()) is not None:
            self.faults.append(f"{task.get_name()}: {error!r}")

    async def _letter(self) -> None:
        said = self.ledger.invoke("support", "letter")
        who = self._somebody()
        raw = (
            f"From: Customer {who} <c{who}@mail.example>\r\nTo: support@shop.example\r\nSubject: order {said.key}\r\n"
            f"Message-ID: <{said.key}@mail.example>\r\nDate: Mon, 23 Nov 2026 10:00:00 +0000\r\n\r\n"
            f"Where is my parcel? {said.key}\r\n"
        )
        await self._outside.sandbox.mail.deliver("support@shop.example", raw.encode())
        self.ledger.settle(said, "ok")  # its provider has it: from now on it must not be lost

    async def _telegram(self) -> None:
        said = self.ledger.invoke("bot", "telegram")
        who = 7000 + self._somebody()
        await self._outside.sandbox.telegram.customer_writes(who, f"客户{who}", f"请问几点开门？ {said.key}")
        self.ledger.settle(said, "ok")

    async def _form(self) -> None:
        said = self.ledger.invoke("feedback", "form")
        body = {
            "name": "Li",
            "email": f"f{self._somebody()}@mail.example",
            "message": f"A question {said.key}",
        }
        await self.caller.post(
            said, "/forms/feedback", body, {"Idempotency-Key": said.key}, again=self._dice.random() < 0.7
        )

    async def _program(self) -> None:
        said = self.ledger.invoke("api", "program")
        who = {"kind": "external", "value": f"p{self._somebody()}"}
        body = {"sender": {"name": "P", "identities": [who]}, "text": f"I want to complain {said.key}"}
        said.asked = {"path": "/api/v1/interactions", "body": body}
        headers = {**self._bearer, "Idempotency-Key": said.key}
        await self.caller.post(said, "/api/v1/interactions", body, headers, again=self._dice.random() < 0.7)

    async def _chat(self) -> None:
        said = self.ledger.invoke("shop", "chat")
        self._chats += 1
        await self.visitors[self._chats % len(self.visitors)].say(said, f"Hello? {said.key}")

    async def _answer(self) -> None:
        """An agent answers somebody, and is done with every third of them."""
        found = await self._answerable()
        if not found:
            return
        code, kind = self._dice.choice(found)
        said = self.ledger.invoke(kind, "answer")
        path = f"/api/v1/tickets/T-{code}"
        body = {"text": f"We are looking into it. {said.key}"}
        said.asked = {"path": f"{path}/replies", "body": body}
        done = await self.caller.post(
            said, f"{path}/replies", body, {**self._bearer, "Idempotency-Key": said.key}
        )
        if done is not None and self._dice.random() < 0.35:
            step = self.ledger.invoke(kind, "resolve")
            await self.caller.post(
                step, f"{path}/status", {"status": "resolved"}, {**self._bearer, "Idempotency-Key": step.key}
            )

    def _somebody(self) -> int:
        """Some write all the time, most hardly ever."""
        return int(CUSTOMERS * self._dice.random() ** 3)

    async def _answerable(self) -> list[tuple[int, str]]:
        async def read(c: Connection) -> list[tuple[int, str]]:
            return [(row["code"], row["kind"]) for row in await c.fetch(ANSWERABLE)]

        if time.monotonic() > self._answerable_at:
            self._answerable_at = time.monotonic() + LOOK_AGAIN_SECONDS
            try:
                self._answerable_now = await self._ctx.database.read(read)
            except DatabaseUnavailable:
                self._answerable_now = []  # nobody can see whom to answer
        return self._answerable_now

    async def until_begun(self, halt: asyncio.Event) -> None:
        """Begin operations until `halt` is set."""
        while not halt.is_set():
            await self.run(operations=4)

    @property
    def bearer(self) -> dict[str, str]:
        return dict(self._bearer)
