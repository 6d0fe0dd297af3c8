"""What a live visitor's page needs of the hub (channels.adapter.Lounge): every method for one conversation of one channel, by
the key that whoever holds its session has. Nothing of another conversation can be named here."""

from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import AbstractContextManager, asynccontextmanager
from typing import TypeVar

from channels.adapter import Heard, Opened, OpenFile, Parting, Standing, Unavailable
from hub.actions.announce import VISITORS
from hub.actions.answers.ways import inbox_of
from hub.actions.chat.copy import send_copy
from hub.actions.chat.keys import add_key, find_key
from hub.actions.chat.letters import fit_address, mail_of, parting_of
from hub.actions.chat.standing import read_standing
from hub.actions.chat.times import PAGE_SECONDS, TYPING_SECONDS
from hub.actions.chat.watch_talk import watch_talk
from hub.actions.context import Context
from hub.actions.installation import channel_id
from hub.actions.scanning.open_file import fit_for_customers
from hub.actions.surveys.answer import answer_asked
from hub.actions.surveys.question import CHANGE_SECONDS
from hub.actions.surveys.token import hash_token
from hub.model.picture_types import picture_type
from storage import chat as stored
from storage import surveys
from storage.database import Connection, DatabaseUnavailable

T = TypeVar("T")
_MOST_ID = 2**63 - 1
_MOST_NUMBER = 1000
_PAGE_LENGTH = 64


class HubLounge:
    """Of one channel, on one hub."""

    def __init__(self, ctx: Context, channel: str) -> None:
        self._ctx = ctx
        self._channel = channel

    async def standing(self, thread_key: str) -> Standing:
        async with self._at() as number:
            return await read_standing(self._ctx, self._ctx.channel(self._channel), number, thread_key)

    async def here(self, thread_key: str, page: str) -> None:
        page = page[:_PAGE_LENGTH]
        await self._say(lambda c, n: stored.here(c, n, thread_key, page, PAGE_SECONDS, VISITORS))

    async def gone(self, thread_key: str, page: str) -> None:
        page, look = page[:_PAGE_LENGTH], _look_seconds(parting_of(self._ctx, self._channel))
        await self._say(lambda c, n: stored.gone(c, n, thread_key, page, PAGE_SECONDS, VISITORS, look))

    async def typing(self, thread_key: str, on: bool) -> None:
        await self._say(lambda c, n: stored.typing(c, n, thread_key, on, TYPING_SECONDS, VISITORS))

    async def seen(self, thread_key: str, line_id: int) -> None:
        if 0 < line_id <= _MOST_ID:
            await self._say(lambda c, n: stored.seen(c, n, thread_key, line_id, VISITORS))

    async def go_on_by_mail(self, thread_key: str, address: str) -> bool:
        parting = parting_of(self._ctx, self._channel)
        mail = mail_of(self._ctx, parting) if parting is not None else None
        fit = fit_address(self._ctx, address, inbox_of(mail)) if mail is not None else ""
        if not fit:
            return False
        await self._say(lambda c, n: stored.set_mail(c, n, thread_key, fit))
        return True

    async def open_file(self, thread_key: str, line_id: int, number: int) -> OpenFile | None:
        if not (0 < line_id <= _MOST_ID and 0 < number <= _MOST_NUMBER):
            return None
        async with self._at() as channel:
            found = await self._ctx.database.read(
                lambda c: stored.file(c, channel, thread_key, line_id, number)
            )
        if found is None:
            return None
        name, token, content = found
        if not await fit_for_customers(self._ctx, token, content):
            return None
        return OpenFile(
            name=name, media_type=picture_type(content) or "application/octet-stream", content=content
        )

    async def transcript_to(self, thread_key: str) -> bool:
        async with self._at() as number:
            return await send_copy(self._ctx, self._channel, number, thread_key)

    async def make_key(self, thread_key: str, seconds: float, since: int = 0) -> str:
        async with self._at() as number:
            return await self._ctx.database.run(lambda c: add_key(c, number, thread_key, seconds, since))

    async def use_key(self, key: str) -> Opened | None:
        async with self._at() as number:
            return await self._ctx.database.read(lambda c: find_key(c, number, key))

    async def answer(self, thread_key: str, token: str, answers: Mapping[str, int | str]) -> bool:
        async with self._at() as number:

            async def work(connection: Connection) -> bool:
                asked = await surveys.asked(connection, hash_token(token), CHANGE_SECONDS)
                if asked is None or (asked.channel_id, asked.address) != (number, thread_key):
                    return False
                return await answer_asked(self._ctx, connection, asked, answers) is not None

            return await self._ctx.database.run(work)

    def wake(self, thread_key: str) -> AbstractContextManager[Heard]:
        return watch_talk(self._ctx, self._channel, thread_key)

    async def _say(self, work: Callable[[Connection, int], Awaitable[None]]) -> None:
        """One statement, which is a transaction by itself."""
        async with self._at() as number:
            await self._ctx.database.run_one(lambda c: work(c, number))

    @asynccontextmanager
    async def _at(self) -> AsyncIterator[int]:
        """The channel's number; what fails inside fails as the port says."""
        try:
            yield await channel_id(self._ctx, self._channel)
        except (DatabaseUnavailable, KeyError) as error:
            raise Unavailable(str(error)) from error


def _look_seconds(parting: Parting | None) -> float:
    """After which time there is something to do at the earliest, when somebody left."""
    if parting is None:
        return 0.0
    return min(parting.go_on_seconds, parting.resolve_seconds or parting.go_on_seconds)
