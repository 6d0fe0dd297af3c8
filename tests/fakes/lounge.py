"""What a chat is handed of the hub beside its lines, in memory: how things stand is what the test says."""

import asyncio
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import replace
from typing import Any

from channels.adapter import Opened, OpenFile, Standing


class Waitingroom:
    """A lounge (channels.adapter.Lounge). `told`: everything that pages said, in order."""

    def __init__(self, **standing: Any) -> None:
        self.usual = Standing(**standing)
        self.stands: dict[str, Standing] = {}
        self.files: dict[tuple[str, int, int], OpenFile] = {}
        self.keys: dict[str, Opened] = {}
        self.told: list[tuple[str, ...]] = []
        self._changed = asyncio.Condition()

    async def set(self, thread_key: str, **values: Any) -> None:
        """From now on it stands so."""
        async with self._changed:
            self.stands[thread_key] = replace(self.stands.get(thread_key, self.usual), **values)
            self._changed.notify_all()

    async def heard(self, *said: str) -> tuple[str, ...]:
        """Once somebody has said this. Raises TimeoutError."""
        async with asyncio.timeout(15), self._changed:
            await self._changed.wait_for(lambda: any(one[: len(said)] == said for one in self.told))
        return next(one for one in self.told if one[: len(said)] == said)

    async def standing(self, thread_key: str) -> Standing:
        return self.stands.get(thread_key, self.usual)

    async def here(self, thread_key: str, page: str) -> None:
        await self._note("here", thread_key, page)

    async def gone(self, thread_key: str, page: str) -> None:
        await self._note("gone", thread_key, page)

    async def typing(self, thread_key: str, on: bool) -> None:
        await self._note("typing", thread_key, str(on))

    async def seen(self, thread_key: str, line_id: int) -> None:
        await self._note("seen", thread_key, str(line_id))

    async def go_on_by_mail(self, thread_key: str, address: str) -> bool:
        await self._note("mail", thread_key, address)
        await self.set(thread_key, mail=f"{address[:1]}•••@•••.{address.rpartition('.')[2]}")
        return True

    async def open_file(self, thread_key: str, line_id: int, number: int) -> OpenFile | None:
        return self.files.get((thread_key, line_id, number))

    async def transcript_to(self, thread_key: str) -> bool:
        await self._note("transcript", thread_key)
        return True

    async def make_key(self, thread_key: str, seconds: float, since: int = 0) -> str:
        key = f"key-{len(self.keys)}"
        self.keys[key] = Opened(thread_key=thread_key, since=since)
        return key

    async def use_key(self, key: str) -> Opened | None:
        return self.keys.get(key)

    async def answer(self, thread_key: str, token: str, answers: Mapping[str, int | str]) -> bool:
        await self._note("rated", thread_key, token, str(answers["score"]), str(answers.get("comment", "")))
        return self.stands.get(thread_key, self.usual).question == token

    @contextmanager
    def wake(self, thread_key: str) -> Iterator["Waitingroom._Ear"]:
        yield self._Ear(self, thread_key)

    async def _note(self, *said: str) -> None:
        async with self._changed:
            self.told.append(said)
            self._changed.notify_all()

    class _Ear:
        def __init__(self, room: "Waitingroom", thread_key: str) -> None:
            self._room = room
            self._key = thread_key
            self._before = room.stands.get(thread_key, room.usual)

        async def wait(self, timeout: float, /) -> None:
            room = self._room
            with suppress(TimeoutError):
                async with asyncio.timeout(timeout), room._changed:
                    await room._changed.wait_for(
                        lambda: room.stands.get(self._key, room.usual) != self._before
                    )
