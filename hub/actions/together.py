"""Many who ask the same thing of the database at about the same time go in one statement, and share its commit."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import Generic, TypeVar

Q = TypeVar("Q")
A = TypeVar("A")


class Together(Generic[Q, A]):
    """Whoever asks first goes at once, with who asks in the same turn of the loop; who asks meanwhile goes with the next.
    `most` go together. `ask` answers each, in order; what it raises is raised for all who went together."""

    def __init__(self, ask: Callable[[Sequence[Q]], Awaitable[Sequence[A]]], *, most: int = 100) -> None:
        self._ask = ask
        self._most = most
        self._waiting: list[tuple[Q, asyncio.Future[A]]] = []
        self._asking: asyncio.Task[None] | None = None

    async def __call__(self, one: Q) -> A:
        answer: asyncio.Future[A] = asyncio.get_running_loop().create_future()
        self._waiting.append((one, answer))
        if self._asking is None:
            self._asking = asyncio.create_task(self._work())
        return await answer

    async def _work(self) -> None:
        try:
            while self._waiting:
                here = [one for one in self._waiting if not one[1].done()]  # whoever went away asks nothing
                going, self._waiting = here[: self._most], here[self._most :]
                await self._go(going)
        finally:
            self._asking = None

    async def _go(self, going: "Sequence[tuple[Q, asyncio.Future[A]]]") -> None:
        try:
            answers = await self._ask([one for one, _ in going])
        except Exception as error:  # noqa: BLE001 - it is the answer to everybody who asked
            for _, answer in going:
                if not answer.done():
                    answer.set_exception(error)
            return
        for (_, answer), said in zip(going, answers, strict=True):
            if not answer.done():  # else its asker has gone away
                answer.set_result(said)
