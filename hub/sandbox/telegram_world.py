"""A small Telegram for the sandbox: its customers, their private chats with one bot, and faults on request.

What the bot may do over HTTP is in `telegram_api`; here are the chats, the queue of updates and what the
customers do. Shapes of objects: https://core.telegram.org/bots/api. Everything is in memory.
"""

import asyncio
import time
from collections.abc import Sequence
from types import TracebackType
from typing import Any, Self

import aiohttp
from aiohttp import web

from hub.sandbox.telegram_api import BotApi
from hub.sandbox.telegram_state import Faults, Group, Person, State

TOKEN = "700000001:sandbox-bot-token-that-opens-nothing"  # noqa: S105 - it is good on loopback only
FIRST_RETRY, LONGEST_RETRY = 0.1, 5.0  # seconds between attempts to reach a webhook


class TelegramWorld:
    """Telegram on loopback; use as `async with TelegramWorld() as telegram`, then
    `telegram.Bot(world.token, base_url=world.base_url, base_file_url=world.base_file_url)`.

    Port 0 picks a free one. Ids start at the present second by default, so that a world started again does
    not use an id twice; `first_update_id` and `first_message_id` set them.
    """

    def __init__(
        self,
        *,
        port: int = 0,
        token: str = TOKEN,
        first_update_id: int | None = None,
        first_message_id: int | None = None,
    ) -> None:
        now = int(time.time())
        self.token = token
        self.state = State(
            token=token,
            next_update_id=now if first_update_id is None else first_update_id,
            next_message_id=now if first_message_id is None else first_message_id,
        )
        self._wanted_port = port
        self._messages: dict[int, dict[str, Any]] = {}
        self._runner: web.AppRunner | None = None
        self._pushing: asyncio.Task[None] | None = None
        self.port = 0

    @property
    def base_url(self) -> str:
        return f"http://127.0.0.1:{self.port}/bot"

    @property
    def base_file_url(self) -> str:
        return f"http://127.0.0.1:{self.port}/file/bot"

    @property
    def faults(self) -> Faults:
        return self.state.faults

    async def __aenter__(self) -> Self:
        app = web.Application(client_max_size=60_000_000)
        BotApi(self.state).add_routes(app)
        self._runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1, handler_cancellation=True)
        await self._runner.setup()
        await web.TCPSite(self._runner, "127.0.0.1", self._wanted_port).start()
        self.port = self._runner.addresses[0][1]
        self._pushing = asyncio.create_task(self._push_to_webhook())
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._pushing is not None:
            self._pushing.cancel()
            await asyncio.gather(self._pushing, return_exceptions=True)
        if self._runner is not None:
            await self._runner.cleanup()

    def open_chat(
        self, chat_id: int, first_name: str, *, username: str = "", language_code: str = ""
    ) -> Person:
        """Say that this person has a chat with the bot; nothing is sent. Writing opens it too."""
        person = Person(
            chat_id=chat_id, first_name=first_name, username=username, language_code=language_code
        )
        self.state.people[chat_id] = person
        return person

    async def customer_writes(
        self,
        chat_id: int,
        first_name: str,
        text: str,
        *,
        language_code: str = "",
        username: str = "",
        reply_to: int = 0,
    ) -> int:
        """A text message. `reply_to` is the id of a message of the bot. Returns the message id."""
        person = self.open_chat(chat_id, first_name, username=username, language_code=language_code)
        content: dict[str, Any] = {"text": text}
        if text.startswith("/"):
            length = len(text.split(maxsplit=1)[0])
            content["entities"] = [{"type": "bot_command", "offset": 0, "length": length}]
        quoted = [message for message in self.state.sent[chat_id] if message["message_id"] == reply_to]
        if quoted:
            content["reply_to_message"] = quoted[0]
        return await self._say(person, content)

    async def customer_sends_photo(
        self,
        chat_id: int,
        first_name: str,
        photo: bytes,
        *,
        caption: str = "",
        language_code: str = "",
        username: str = "",
        width: int = 1280,
        height: int = 960,
    ) -> int:
        """A photo (JPEG bytes) with an optional caption. Returns the message id."""
        person = self.open_chat(chat_id, first_name, username=username, language_code=language_code)
        kept = self.state.keep_file("photos", "photo.jpg", "image/jpeg", photo)
        content: dict[str, Any] = {"photo": [kept.as_dict() | {"width": width, "height": height}]}
        return await self._say(person, content | ({"caption": caption} if caption else {}))

    async def customer_sends_document(
        self,
        chat_id: int,
        first_name: str,
        data: bytes,
        *,
        file_name: str,
        content_type: str = "application/octet-stream",
        caption: str = "",
        language_code: str = "",
        username: str = "",
    ) -> int:
        """A file. Returns the message id."""
        person = self.open_chat(chat_id, first_name, username=username, language_code=language_code)
        kept = self.state.keep_file("documents", file_name, content_type, data)
        document = kept.as_dict() | {"file_name": file_name, "mime_type": content_type}
        return await self._say(person, {"document": document} | ({"caption": caption} if caption else {}))

    async def customer_edits(self, message_id: int, text: str) -> None:
        """Change the text (or caption) of a message that the customer wrote. Raises KeyError if unknown."""
        before = self._messages[message_id]
        part = "text" if "text" in before else "caption"
        edited = before | {part: text, "edit_date": int(time.time())}
        self._messages[message_id] = edited
        await self._queue("edited_message", edited)

    async def customer_presses(self, chat_id: int, message_id: int, data: str) -> str:
        """Press a button under one of the bot's messages. Returns the id of the callback query."""
        message = next(sent for sent in self.state.sent[chat_id] if sent["message_id"] == message_id)
        query_id = str(self.state.next_update_id * 1000)
        self.state.buttons_waiting.add(query_id)
        query = {
            "id": query_id,
            "from": self.state.people[chat_id].as_user(),
            "message": message,
            "chat_instance": str(chat_id),
            "data": data,
        }
        await self._queue("callback_query", query)
        return query_id

    async def customer_sends(
        self, chat_id: int, first_name: str, *, language_code: str = "", username: str = "", **content: Any
    ) -> int:
        """A message of any kind, as the Bot API describes it: `customer_sends(7, "Li", dice={"emoji": "🎲", "value": 5})`.
        Returns the message id."""
        person = self.open_chat(chat_id, first_name, username=username, language_code=language_code)
        return await self._say(person, content)

    async def customer_sends_album(
        self, chat_id: int, first_name: str, photos: Sequence[bytes], *, caption: str = "", tell: bool = True
    ) -> list[dict[str, Any]]:
        """Photos as one album: a message for each, with one number for all of them. Returns the updates; `tell` False:
        they are not handed out, so that a test can do it in an order of its own (`hand_out`)."""
        person = self.open_chat(chat_id, first_name)
        group, updates = str(9_000_000 + self.state.next_message_id), []
        for place, photo in enumerate(photos):
            kept = self.state.keep_file("photos", "photo.jpg", "image/jpeg", photo)
            content: dict[str, Any] = {
                "photo": [kept.as_dict() | {"width": 1280, "height": 960}],
                "media_group_id": group,
            }
            if caption and not place:
                content["caption"] = caption
            message = self.state.new_message(person.chat_id, person.as_user(), **content)
            self._messages[message["message_id"]] = message
            updates.append(self._update("message", message))
        if tell:
            await self.hand_out(*updates)
        return updates

    async def hand_out(self, *updates: dict[str, Any]) -> None:
        """Put updates into the queue, in this order."""
        self.state.updates.extend(updates)
        await self.state.announce()

    async def customer_shares_contact(
        self, chat_id: int, first_name: str, phone: str, *, owner: int | None = None
    ) -> int:
        """A card with a number. `owner`: whose Telegram account has the number, as the server knows it; None: the sender's own.
        Returns the message id."""
        contact = {"phone_number": phone, "first_name": first_name}
        whose = chat_id if owner is None else owner
        return await self.customer_sends(
            chat_id, first_name, contact=contact | ({"user_id": whose} if whose else {})
        )

    async def group_adds_bot(
        self, chat_id: int, title: str, by: int, *, kind: str = "group", language_code: str = ""
    ) -> None:
        """Somebody puts the bot into a chat of several people."""
        self.state.groups[chat_id] = Group(chat_id=chat_id, title=title, kind=kind)
        await self._member(
            self.state.groups[chat_id].as_chat(),
            self.open_chat(by, "Ann", language_code=language_code),
            ("left", "member"),
        )

    async def customer_blocks(self, chat_id: int) -> None:
        """From now on the bot gets 403 for this person, and is told so."""
        person = self.state.people[chat_id]
        person.blocked = True
        await self._member(person.as_chat(), person, ("member", "kicked"))

    async def customer_unblocks(self, chat_id: int) -> None:
        """The bot may write to them again."""
        person = self.state.people[chat_id]
        person.blocked = False
        await self._member(person.as_chat(), person, ("kicked", "member"))

    async def _member(self, chat: dict[str, Any], by: Person, change: tuple[str, str]) -> None:
        was, now = ({"user": self.state.bot, "status": status} for status in change)
        await self._queue(
            "my_chat_member",
            {
                "chat": chat,
                "from": by.as_user(),
                "date": int(time.time()),
                "old_chat_member": was,
                "new_chat_member": now,
            },
        )

    def sent_to(self, chat_id: int) -> list[dict[str, Any]]:
        """The bot's messages in this chat, oldest first, as `Message` objects; edits already applied."""
        return list(self.state.sent[chat_id])

    async def wait_for_message(
        self, chat_id: int, count: int = 1, timeout: float | None = 10.0
    ) -> list[dict[str, Any]]:
        """Return the bot's messages once there are `count`. `timeout` in seconds; raises TimeoutError."""
        async with asyncio.timeout(timeout), self.state.changed:
            await self.state.changed.wait_for(lambda: len(self.state.sent[chat_id]) >= count)
        return self.sent_to(chat_id)

    async def wait_until_confirmed(self, timeout: float = 10.0) -> None:
        """Return once the bot has taken over every update. `timeout` in seconds; raises TimeoutError."""
        async with asyncio.timeout(timeout), self.state.changed:
            await self.state.changed.wait_for(lambda: not self.state.updates)

    async def repeat_updates(self, count: int = 1) -> None:
        """Deliver the last `count` confirmed updates once more, whatever offset the bot asks for next."""
        again = [self.state.confirmed.pop() for _ in range(min(count, len(self.state.confirmed)))]
        self.state.updates.extendleft(again)
        self.state.replay = True
        await self.state.announce()

    async def _say(self, person: Person, content: dict[str, Any]) -> int:
        message = self.state.new_message(person.chat_id, person.as_user(), **content)
        number: int = message["message_id"]
        self._messages[number] = message
        await self._queue("message", message)
        return number

    async def _queue(self, kind: str, content: dict[str, Any]) -> None:
        if self.state.allowed and kind not in self.state.allowed:
            return
        await self.hand_out(self._update(kind, content))

    def _update(self, kind: str, content: dict[str, Any]) -> dict[str, Any]:
        update_id, self.state.next_update_id = self.state.next_update_id, self.state.next_update_id + 1
        return {"update_id": update_id, kind: content}

    async def _push_to_webhook(self) -> None:
        """Post each update to the webhook, in order, until it answers 2xx; wait longer after each failure."""
        state, pause = self.state, FIRST_RETRY
        async with aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=10)) as client:
            while True:
                async with state.changed:
                    await state.changed.wait_for(lambda: bool(state.webhook.url and state.updates))
                    update, hook = state.updates[0], state.webhook
                headers = {"X-Telegram-Bot-Api-Secret-Token": hook.secret} if hook.secret else {}
                try:
                    async with client.post(hook.url, json=update, headers=headers) as answer:
                        problem = "" if answer.ok else f"Wrong response from the webhook: {answer.status}"
                except (aiohttp.ClientError, TimeoutError) as error:
                    problem = f"Connection failed: {error}"
                hook.last_error = problem
                if problem:
                    await asyncio.sleep(pause)
                    pause = min(pause * 2, LONGEST_RETRY)
                    continue
                pause = FIRST_RETRY
                if state.updates and state.updates[0] is update:
                    state.confirmed.append(state.updates.popleft())
                    await state.announce()
