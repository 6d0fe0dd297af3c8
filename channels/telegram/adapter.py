"""The open Telegram channel: joins the bot's line to the hub's ports. What failures mean is in line.py."""

import asyncio
import hashlib
import hmac
from collections import Counter
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from functools import partial
from typing import Any
from urllib.parse import quote

import structlog
from aiohttp import web

from channels.adapter import (
    Accept,
    Asking,
    CannotTranslate,
    ChannelFailure,
    Leaving,
    NotAccepted,
    Ports,
    RawItem,
    Receipt,
    Refused,
    TryLater,
    Unavailable,
    Unsure,
)
from channels.clean import read_json_object, safe_filename
from channels.doors import Asks, open_to, read_body
from channels.telegram import CAPABILITIES
from channels.telegram.commands import set_commands
from channels.telegram.compose import pieces_of
from channels.telegram.envelope import pack
from channels.telegram.files import MOST_BYTES, files_of
from channels.telegram.groups import leave_group
from channels.telegram.line import Doing, Line, TooLarge
from channels.telegram.sending import keyboard, say, send_piece
from channels.telegram.settings import TelegramSettings
from channels.telegram.updates import ALLOWED, For, asking_of, message_of, whom_for
from hub.model.interactions import OutboundInteraction
from hub.model.keyring import every_key

log = structlog.get_logger(__name__)

_BATCH_BYTES = 32 * 1024 * 1024
"""Bytes of raw items that are held before they are committed; updates may carry files of 20 MB each."""
_MOST_UPDATE = 1024 * 1024
_TRIES = 3
_MOST_REMEMBERED = 1000
_LOOK_SECONDS = 60.0
_PATIENCE_SECONDS = 60.0
"""So long one part of an answer, of which others have left, waits at the most for pauses that Telegram asks for."""
SECRET_HEADER = "X-Telegram-Bot-Api-Secret-Token"  # noqa: S105 - the name of a header


class TelegramAdapter:
    """One bot (see channels.adapter.ChannelAdapter for what each method promises)."""

    def __init__(self, name: str, settings: TelegramSettings, ports: Ports) -> None:
        self.name = name
        self.capabilities = replace(CAPABILITIES, push=settings.webhook)
        self._settings = settings
        self._ports = ports
        self._line = Line(settings)
        self._tries: Counter[str] = Counter()

    async def check(self) -> None:
        """Ask the bot for its name. Raises Misconfigured or Unavailable."""
        await self._line.call(self._line.bot.get_me())

    async def address(self) -> str:
        """The link that opens the bot (https://core.telegram.org/bots/features#deep-linking)."""
        return f"https://t.me/{(await self._line.call(self._line.bot.get_me())).username}"

    async def receive(self, accept: Accept) -> None:
        """Hear the bot until cancelled."""
        await set_commands(self._line, self._ports, self._settings.bot_id)
        if self._settings.webhook:
            await self._ask_for_calls()
            await self._watch_calls()
        await self._end_calls()
        await self._poll(accept)

    async def _poll(self, accept: Accept) -> None:
        """An offset confirms what is older, so it is sent only after the commit, and only until it was heard:
        after a quiet week Telegram may go on with lower ids, which an old offset would throw away."""
        offset: int | None = None
        while True:
            self._check_lease()
            updates = await self._line.updates(
                offset, wait=self._settings.poll_seconds, read_timeout=self._settings.timeout_seconds
            )
            offset = None
            plain = await self._plain_words(updates)
            batch: list[RawItem] = []
            for update in updates:
                # What is asked of the hub comes after what was said before it.
                if whom_for(update) is For.COUNTER or _is_command(update):
                    await self._commit(batch, accept)
                    batch = []
                if item := await self._hear(update, plain):
                    batch.append(item)
                if sum(len(item.content) for item in batch) > _BATCH_BYTES:
                    await self._commit(batch, accept)
                    batch = []
            await self._commit(batch, accept)
            await self._ports.heard()
            if updates:
                offset = max(update["update_id"] for update in updates) + 1

    async def _plain_words(self, updates: Sequence[Mapping[str, Any]]) -> dict[str, str]:
        """Words of which the hub itself wants nothing as things stand: by the key of each its conversation. Asked once for all
        of them; who comes back after an hour finds thousands."""
        words = [
            asking
            for update in updates
            if whom_for(update) is For.AGENTS
            and (asking := asking_of(update)) is not None
            and asking.mere_words
        ]
        if not words:
            return {}
        concerned = await self._ports.counter.concerned(words)
        return {one.key: one.thread_key for one in words if one.key not in concerned}

    async def _hear(self, update: Mapping[str, Any], plain: dict[str, str]) -> RawItem | None:
        """What is to be accepted of it; what it asks of the hub is done. Raises Unavailable. `plain`: words that are known to
        be the agents'. Where the hub served a conversation it may have asked for an answer, so they are not known any more."""
        whom = whom_for(update)
        if whom is For.GROUP:
            self._check_lease()
            await leave_group(self._line, update)
        if whom not in (For.AGENTS, For.COUNTER):
            return None
        asking = asking_of(update)
        if asking is not None and asking.key not in plain and await self._serve(asking, update):
            for key in [key for key, thread_key in plain.items() if thread_key == asking.thread_key]:
                del plain[key]
            return None
        return await self._pack(update) if whom is For.AGENTS else None

    async def _serve(self, asking: Asking, update: Mapping[str, Any]) -> bool:
        """Whether the hub itself had to do with it. It is done once and for all by then; that it was so is said once at
        the most: whoever heard nothing asks again."""
        self._check_lease()
        reply = await self._ports.counter(asking)
        if reply is None:
            return False
        chat_id, pressed = int(asking.address), update.get("callback_query")
        if isinstance(pressed, dict):
            query = self._line.bot.answer_callback_query(str(pressed.get("id")), reply.notice or None)
            await self._told(asking, self._line.call(query, Doing.SENDING))
            number = pressed["message"].get("message_id")
            if reply.marked is not None and type(number) is int:
                marks = self._line.bot.edit_message_reply_markup(
                    chat_id, number, reply_markup=keyboard(reply.marked)
                )
                await self._told(asking, self._line.call(marks, Doing.SENDING))
        if reply.text:
            await self._told(asking, say(self._line, chat_id, reply))
        return True

    async def _told(self, asking: Asking, telling: Awaitable[object]) -> None:
        try:
            await telling
        except ChannelFailure as failure:
            log.warning("telegram.not_said", channel=self.name, key=asking.key, why=str(failure))

    async def _commit(self, batch: list[RawItem], accept: Accept) -> None:
        self._check_lease()
        if batch:
            await accept(batch)

    def _check_lease(self) -> None:
        if not self._ports.alive():
            raise Unavailable("Another hub has taken this channel over.")

    async def _pack(self, update: Mapping[str, Any]) -> RawItem:
        """The raw item of an update with its files. A file that cannot be had for good is named as missing; a
        line that drops raises Unavailable, and the update comes again."""
        files: dict[str, bytes] = {}
        missing: dict[str, str] = {}
        large: list[str] = []
        message, _ = message_of(update)
        for file in files_of(message or {}):
            try:
                if file.size > MOST_BYTES:
                    raise TooLarge
                files[file.file_id] = await self._fetch(file.file_id)
            except Refused as refused:
                missing[file.file_id] = str(refused)
                if isinstance(refused, TooLarge):
                    large.append(safe_filename(file.name))
        if large:
            await self._say_too_large(message or {}, large)
        return pack(
            update,
            bot_id=self._settings.bot_id,
            received_at=datetime.now(UTC),
            files=files,
            missing=missing,
        )

    async def _say_too_large(self, message: Mapping[str, Any], names: list[str]) -> None:
        named = {"message": {**message, "text": "", "contact": None}}
        asking = asking_of(named)
        if asking is not None:
            about = replace(asking, key=asking.key.replace("ask.", "ask.size.", 1), too_large=tuple(names))
            await self._serve(about, named)

    async def _fetch(self, file_id: str) -> bytes:
        """The file's bytes. Raises Unavailable; TooLarge; Refused when it cannot be had, or not even at the third time
        of asking: one file must not hold up every customer behind it."""
        if len(self._tries) > _MOST_REMEMBERED:
            self._tries.clear()
        bot = self._line.bot
        try:
            # Not the library's get_file: a path that it is told it looks for on our own disk first, and reads what is there.
            # The capital letter makes it leave the answer alone.
            place: Any = await self._line.call(
                bot.do_api_request("GetFile", api_kwargs={"file_id": file_id}), Doing.FETCHING
            )
            address = _file_address(bot.base_file_url, place)
            data = await self._line.call(bot.request.retrieve(address), Doing.FETCHING)
        except Unavailable as error:
            self._tries[file_id] += 1
            if self._tries[file_id] < _TRIES:
                raise
            raise Refused(str(error)) from error
        self._tries.pop(file_id, None)
        return data

    async def send(self, message: OutboundInteraction, leaving: Leaving) -> Receipt:
        """Send the text, in pieces where it is long, and the files. When a piece fails after another has left, nothing is
        certain any more about the whole, so it is Unsure and says how much arrived; a pause between them is kept."""
        chat_id = _chat_id(message.address)
        pieces = pieces_of(message.text, message.attachments)
        if not pieces:
            raise Refused("There is nothing to send: the reply has neither text nor files.")
        sent: list[str] = []
        ours = [self._ports.alive]
        for number, piece in enumerate(pieces, 1):
            choices = message.choices if number == len(pieces) else ()
            sending = partial(send_piece, self._line, chat_id, piece, choices)
            try:
                _check(ours)
                if number == 1:
                    ours.append(await leaving())
                made = await (sending() if number == 1 else self._after_pauses(sending, ours))
                sent += [f"{chat_id}.{one}" for one in made]
            except ChannelFailure as failure:
                if number == 1:
                    raise
                raise Unsure(f"{number - 1} of {len(pieces)} parts arrived; then: {failure}") from failure
        return Receipt(external_id=sent[0], detail=" ".join(sent) if len(sent) > 1 else "")

    async def _after_pauses(
        self, sending: Callable[[], Awaitable[list[int]]], ours: Sequence[Callable[[], bool]]
    ) -> list[int]:
        """Once more after each pause that Telegram asks for, unless they are long: what has left before it cannot be called
        back, and a person would have to look what is missing."""
        patience = _PATIENCE_SECONDS
        while True:
            try:
                return await sending()
            except TryLater as later:
                if later.retry_after is None or later.retry_after > patience:
                    raise
                patience -= later.retry_after
                await asyncio.sleep(later.retry_after)
            _check(ours)

    async def close(self) -> None:
        await self._line.close()

    def routes(self, accept: Accept) -> Sequence[web.RouteDef]:
        """The webhook's door; none when the hub polls."""
        if not self._settings.webhook:
            return ()

        async def hear(request: web.Request) -> web.Response:
            return await self._hear_call(request, accept)

        return open_to(Asks.SIGNATURE, web.post(f"/telegram/{self.name}/webhook", hear))

    @property
    def _webhook(self) -> str:
        return f"{self._ports.public_url}/telegram/{self.name}/webhook"

    async def _end_calls(self) -> None:
        """The hub asks from now on, where it was called before. Somebody else's webhook is theirs to end."""
        if (await self._line.call(self._line.bot.get_webhook_info())).url == self._webhook:
            await self._line.call(self._line.bot.delete_webhook(), Doing.ARRANGING)

    async def _ask_for_calls(self) -> None:
        await self._line.call(
            self._line.bot.set_webhook(
                self._webhook,
                secret_token=self._secrets()[0],
                allowed_updates=list(ALLOWED),
            ),
            Doing.ARRANGING,
        )

    async def _watch_calls(self) -> None:
        """Nobody calls where nobody writes: what tells that calls get through is that none waits at Telegram."""
        while True:
            if not (await self._line.call(self._line.bot.get_webhook_info())).pending_update_count:
                await self._ports.heard()
            await asyncio.sleep(_LOOK_SECONDS)

    async def _hear_call(self, request: web.Request, accept: Accept) -> web.Response:
        """Journal first, then 200. Telegram calls again until it gets one."""
        given = request.headers.get(SECRET_HEADER, "").encode("utf-8", "surrogateescape")
        # Telegram shows what it was told by the hub that set the webhook, which may make its secrets with another key.
        if not any(hmac.compare_digest(given, one.encode()) for one in self._secrets()):
            return web.Response(status=401)
        try:
            update = read_json_object(await read_body(request, _MOST_UPDATE))
        except CannotTranslate as error:
            return web.Response(status=400, text=str(error))
        if type(update.get("update_id")) is not int:
            return web.Response(status=400, text="update_id: expected a whole number")
        try:
            if item := await self._hear(update, {}):
                await accept([item])
        except (NotAccepted, Unavailable):
            return web.Response(status=503, headers={"Retry-After": "5"})
        return web.Response(status=200)

    def _secrets(self) -> list[str]:
        """What Telegram shows with each call: bound to this channel and this bot, and nothing else's key. The first is what it
        is told from now on."""
        purpose = f"telegram-webhook:{self.name}:{self._settings.bot_id}".encode()
        return [hmac.new(key, purpose, hashlib.sha256).hexdigest() for key in every_key(self._ports.secret)]


def _is_command(update: Mapping[str, Any]) -> bool:
    asking = asking_of(update)
    return asking is not None and bool(asking.command)


def _check(ours: Iterable[Callable[[], bool]]) -> None:
    """Before each part: whoever was held up for long, or lost the channel, leaves the rest to whoever has it now."""
    if not all(one() for one in ours):
        raise TryLater("Another hub has taken this channel over.")


def _file_address(base: str, answer: Any) -> str:
    """Where the file is that getFile tells of: below `base`, the file server's address, whatever the path looks like. A server
    in local mode tells paths of its own disk; it has to hand those out there too. Raises Refused."""
    path = answer.get("file_path") if isinstance(answer, dict) else None
    if not isinstance(path, str) or not path or not {".", ".."}.isdisjoint(path.split("/")):
        raise Refused("Telegram does not say where this file is.")
    return f"{base}/{quote(path, errors='replace')}"


def _chat_id(address: str) -> int:
    try:
        return int(address)
    except ValueError:
        raise Refused(f"{address[:100]!r} is not a Telegram chat.") from None
