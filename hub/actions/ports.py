"""What a channel is handed of the hub: a bookmark, the visitor's view of a conversation, a key, and whether the lease holds."""

from collections.abc import Callable, Collection, Sequence
from contextlib import AbstractContextManager
from typing import Any

import structlog

from channels.adapter import FileOfLine, Heard, Ports, Suggestion, TranscriptLine, Unavailable
from hub.actions.channel_vault import ChannelVault
from hub.actions.channels.hearing import HeardChannel
from hub.actions.chat.lounge import HubLounge
from hub.actions.chat.watch_talk import watch_talk
from hub.actions.context import Context
from hub.actions.counter.serve import ServedCounter
from hub.actions.follow import FollowLinks
from hub.actions.installation import channel_id
from hub.actions.knowledge.find import suggest
from hub.actions.together import Together
from hub.model.picture_types import PICTURE_TYPES
from storage import house, mailboxes
from storage.database import DatabaseUnavailable
from storage.house import LinesAsked, TranscriptRow

log = structlog.get_logger(__name__)


_AT_ONCE = 25
"""Pages that look in one statement, at the most: each may be given 200 lines."""


def public_url(ctx: Context) -> str:
    """How customers and staff reach the hub."""
    return ctx.public_url


def make_ports(ctx: Context, channel: str, *, alive: Callable[[], bool] = lambda: True) -> Ports:
    """For one channel, on one hub."""
    return Ports(
        bookmark=_Bookmark(ctx, channel),
        transcript=_Transcript(ctx, channel),
        vault=ChannelVault(ctx, channel),
        known=_Known(ctx, channel),
        counter=ServedCounter(ctx, channel),
        gate=ctx.gate,
        follow=FollowLinks(ctx, channel, public_url(ctx)),
        secret=ctx.secret,
        public_url=public_url(ctx),
        room=ctx.room,
        alive=alive,
        suggest=_Suggest(ctx),
        heard=HeardChannel(ctx, channel),
        lounge=HubLounge(ctx, channel),
    )


class _Bookmark:
    def __init__(self, ctx: Context, channel: str) -> None:
        self._ctx = ctx
        self._channel = channel

    async def read(self, key: str) -> Any:
        try:
            number = await channel_id(self._ctx, self._channel)
            return await self._ctx.database.read(lambda c: house.bookmark(c, number, key))
        except DatabaseUnavailable as error:
            raise Unavailable(str(error)) from error

    async def write(self, key: str, value: Any) -> None:
        try:
            number = await channel_id(self._ctx, self._channel)
            await self._ctx.database.run(lambda c: house.write_bookmark(c, number, key, value))
        except DatabaseUnavailable as error:
            raise Unavailable(str(error)) from error


class _Known:
    def __init__(self, ctx: Context, channel: str) -> None:
        self._ctx = ctx
        self._channel = channel

    async def __call__(self, external_keys: Sequence[str]) -> set[str]:
        try:
            number = await channel_id(self._ctx, self._channel)
            return await self._ctx.database.read(lambda c: mailboxes.known_keys(c, number, external_keys))
        except DatabaseUnavailable as error:
            raise Unavailable(str(error)) from error


class _Suggest:
    def __init__(self, ctx: Context) -> None:
        self._ctx = ctx

    async def __call__(self, text: str, language: str, /) -> Sequence[Suggestion]:
        try:
            found = await suggest(self._ctx, text, language=language, public=True)
        except DatabaseUnavailable as error:
            # What the customer wrote is kept or not without it.
            log.warning("articles.not_offered", error=str(error))
            return ()
        return [
            Suggestion(title=one.title, summary=one.summary, path=one.path, language=one.language)
            for one in found
        ]


def _files(row: TranscriptRow) -> tuple[FileOfLine, ...]:
    """Whether a file is what it is called is seen when it is opened; a page shows what turns out to be no picture as a file."""
    return tuple(
        FileOfLine(number=number, name=name, bytes=size, picture=kind in PICTURE_TYPES)
        for number, (name, size, kind) in enumerate(
            zip(row.file_names, row.file_sizes, row.file_types, strict=True), 1
        )
    )


class _Transcript:
    """One message wakes its conversation on every page, and messages come in lots: who looks at the same time looks in one
    statement."""

    def __init__(self, ctx: Context, channel: str) -> None:
        self._ctx = ctx
        self._channel = channel
        self._look = Together(self._read, most=_AT_ONCE)

    async def _read(self, asked: Sequence[LinesAsked]) -> list[list[TranscriptRow]]:
        number = await channel_id(self._ctx, self._channel)
        return await self._ctx.database.read(lambda c: house.transcripts(c, number, asked))

    async def since(self, thread_key: str, after: int, have: Collection[int] = ()) -> list[TranscriptLine]:
        try:
            rows = await self._look(LinesAsked(thread_key, after, have))
        except DatabaseUnavailable as error:
            raise Unavailable(str(error)) from error
        return [
            TranscriptLine(
                id=row.id,
                mine=row.direction == "in",
                author="" if row.direction == "in" else row.author_name,
                text=row.text,
                at=row.created_at,
                client_id=row.external_id if row.direction == "in" else "",
                files=_files(row),
            )
            for row in rows
        ]

    def watch(self, thread_key: str) -> AbstractContextManager[Heard]:
        return watch_talk(self._ctx, self._channel, thread_key)
