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
from tests.faults.front import Front
from tests.faults.ledger import Ledger, Operation
from tests.faults.visitor import Visitor
from tests.faults.world import Outside

WEIGHTS = {"letter": 4, "telegram": 3, "form": 2, "program": 3, "chat": 3, "answer": 5}
"""How often each thing is done, compared with the others."""
POISON_EVERY, POISON_FIRST = 100, 40
"""One operation of so many, beginning with the fortieth, is a letter that cannot be read."""
POISON_DEPTH = 40
"""Parts within parts: more than are read (channels.email.limits). It costs little; what ends its reader is another matter."""
ANSWERED = ("email", "telegram", "webchat")
AT_ONCE = 200
"""Operations that may be under way; more would be a queue of our own."""
ANSWERABLE = """
SELECT t.code, ch.kind FROM channel ch CROSS JOIN LATERAL (
    SELECT code FROM ticket WHERE channel_id = ch.id AND status IN ('open', 'pending') ORDER BY id DESC LIMIT 40) t
WHERE ch.kind IN ('email', 'telegram', 'webchat')
"""
IN_FULL_HANDS = """
SELECT t.code, ch.kind FROM agent a CROSS JOIN LATERAL (
    SELECT code, channel_id FROM ticket WHERE coalesce(assignee_id, offered_to) = a.id AND held > 0 LIMIT 4) t
JOIN channel ch ON ch.id = t.channel_id
WHERE a.capacity = 1
"""
"""What agents have in hand who have room for one thing only: as soon as one is dealt with, hubs may race for the place."""
TO_FULL_HANDS = 0.3
"""How often an agent deals with one of those."""
RESOLVED = 0.35
LOOKED_AFTER = 0.1
"""Of what programs are told is done so much is looked for at once."""
LOOK_AGAIN_SECONDS = 1.0
"""How old an agent's list of tickets is at the most: the database is there for the hubs."""
CUSTOMERS = 2000


class Load:
    """Use as `async with Load(...) as load`, then `await load.run(seconds)`. `doors`: where visitors come in, if that is not
    where everybody does."""

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
        doors: Sequence[Seat | Front] = (),
    ) -> None:
        self._ctx, self._outside, self._seats = ctx, outside, seats
        self._doors: Sequence[Seat | Front] = doors or seats
        self._dice = random.Random(f"load {seed}")
        self._rate = rate
        self._how_many = visitors
        self._bearer = {"Authorization": f"Bearer {key}"}
        self._under_way: set[asyncio.Task[None]] = set()
        self._stack = contextlib.AsyncExitStack()
        self._staying: list[asyncio.Task[None]] = []
        self._chats = self._begun = 0
        self.ledger = ledger or Ledger()
        self._answerable_at = 0.0
        self._answerable_now: list[tuple[int, str]] = []
        self._in_full_hands: list[tuple[int, str]] = []
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
        self.visitors = [Visitor(n, self.client, self._doors, self.ledger) for n in range(self._how_many)]
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
                what = self._dice.choices(names, weights)[0]
                self._begin("poison" if self._begun % POISON_EVERY == POISON_FIRST else what)
                self._begun += 1
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

    async def _poison(self) -> None:
        """Nobody can read it: it is to be put aside, where people see it, and to hold up nothing (I11)."""
        said = self.ledger.invoke("support", "poison")
        raw = poison_letter(said.key, self._somebody())
        await self._outside.sandbox.mail.deliver("support@shop.example", raw)
        self.ledger.settle(said, "ok")

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
        done = await self.caller.post(
            said, "/api/v1/interactions", body, headers, again=self._dice.random() < 0.7
        )
        if done is not None and self._dice.random() < LOOKED_AFTER:
            await self._look_after(said, int(done["raw_id"]))

    async def _look_after(self, said: Operation, raw_id: int) -> None:
        """What somebody was told is done is kept by then (I3)."""

        async def is_kept(c: Connection) -> bool:
            return bool(await c.fetchval("SELECT EXISTS (SELECT 1 FROM inbound_raw WHERE id = $1)", raw_id))

        with contextlib.suppress(DatabaseUnavailable):
            if not await self._ctx.database.read(is_kept):
                self.ledger.surprises.append(f"I3: {said.key} was told done before it was kept")

    async def _chat(self) -> None:
        said = self.ledger.invoke("shop", "chat")
        self._chats += 1
        await self.visitors[self._chats % len(self.visitors)].say(said, f"Hello? {said.key}")

    async def _answer(self) -> None:
        """An agent answers somebody, and is done with every third of them. What cannot be answered where it came from is only
        dealt with."""
        found = await self._answerable()
        if self._in_full_hands and self._dice.random() < TO_FULL_HANDS:
            found = self._in_full_hands
        if not found:
            return
        code, kind = self._dice.choice(found)
        if kind not in ANSWERED:
            await self._resolve(code, kind)
            return
        said = self.ledger.invoke(kind, "answer")
        path = f"/api/v1/tickets/T-{code}"
        body = {"text": f"We are looking into it. {said.key}"}
        said.asked = {"path": f"{path}/replies", "body": body}
        done = await self.caller.post(
            said, f"{path}/replies", body, {**self._bearer, "Idempotency-Key": said.key}
        )
        if done is not None and self._dice.random() < RESOLVED:
            await self._resolve(code, kind)

    async def _resolve(self, code: int, kind: str) -> None:
        step = self.ledger.invoke(kind, "resolve")
        path = f"/api/v1/tickets/T-{code}/status"
        await self.caller.post(
            step, path, {"status": "resolved"}, {**self._bearer, "Idempotency-Key": step.key}
        )

    def _somebody(self) -> int:
        """Some write all the time, most hardly ever."""
        return int(CUSTOMERS * self._dice.random() ** 3)

    async def _answerable(self) -> list[tuple[int, str]]:
        async def read(c: Connection) -> tuple[list[tuple[int, str]], list[tuple[int, str]]]:
            newest, full = await c.fetch(ANSWERABLE), await c.fetch(IN_FULL_HANDS)
            return [(row["code"], row["kind"]) for row in newest], [
                (row["code"], row["kind"]) for row in full
            ]

        if time.monotonic() > self._answerable_at:
            self._answerable_at = time.monotonic() + LOOK_AGAIN_SECONDS
            try:
                self._answerable_now, self._in_full_hands = await self._ctx.database.read(read)
            except DatabaseUnavailable:
                self._answerable_now, self._in_full_hands = [], []  # nobody can see whom to answer
        return self._answerable_now

    async def until_begun(self, halt: asyncio.Event) -> None:
        """Begin operations until `halt` is set."""
        while not halt.is_set():
            await self.run(operations=4)

    @property
    def bearer(self) -> dict[str, str]:
        return dict(self._bearer)


def poison_letter(key: str, who: int) -> bytes:
    """A letter from customer `who` that is put together in so deep a way that it is not read."""
    text = f"{key}\r\n"
    for depth in range(POISON_DEPTH):
        edge = f"--b{depth}"
        text = f"Content-Type: multipart/mixed; boundary=b{depth}\r\n\r\n{edge}\r\n{text}\r\n{edge}--\r\n"
    head = f"From: c{who}@mail.example\r\nTo: support@shop.example\r\nMessage-ID: <{key}@mail.example>\r\n"
    return f"{head}MIME-Version: 1.0\r\n{text}".encode()
