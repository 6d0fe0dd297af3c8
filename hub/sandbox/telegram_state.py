"""What the sandbox's Telegram remembers: people, messages, files, the queue of updates, and faults to come.

Only values live here; who changes them is in `telegram_world` (customers) and `telegram_api` (the bot).
"""

import asyncio
import time
from collections import defaultdict, deque
from dataclasses import dataclass, field
from typing import Any


@dataclass(slots=True, kw_only=True)
class Person:
    """One customer as Telegram knows them. `blocked`: they have blocked the bot."""

    chat_id: int
    first_name: str
    username: str = ""
    language_code: str = ""
    blocked: bool = False

    def as_chat(self) -> dict[str, Any]:
        return {"id": self.chat_id, "type": "private", "first_name": self.first_name} | self._named()

    def as_user(self) -> dict[str, Any]:
        user = {"id": self.chat_id, "is_bot": False, "first_name": self.first_name} | self._named()
        return user | ({"language_code": self.language_code} if self.language_code else {})

    def _named(self) -> dict[str, Any]:
        return {"username": self.username} if self.username else {}


@dataclass(slots=True, kw_only=True)
class Group:
    """A chat of several people that the bot was put into. `kind`: group, supergroup or channel."""

    chat_id: int
    title: str
    kind: str = "group"
    left: bool = False

    def as_chat(self) -> dict[str, Any]:
        return {"id": self.chat_id, "type": self.kind, "title": self.title}


@dataclass(slots=True, kw_only=True)
class Faults:
    """What goes wrong with the next calls that send: numbers count down with each call that suffered. `dropped`, `silent`:
    it was done, and the line ended or no answer ever came."""

    flood: int = 0
    retry_after: int = 1
    broken: int = 0
    dropped: int = 0
    silent: int = 0


@dataclass(slots=True, kw_only=True)
class Webhook:
    url: str = ""
    secret: str = ""
    last_error: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredFile:
    file_id: str
    path: str
    name: str
    content_type: str
    data: bytes

    def as_dict(self) -> dict[str, Any]:
        return {
            "file_id": self.file_id,
            "file_unique_id": f"u{self.file_id}",
            "file_size": len(self.data),
        }


@dataclass(slots=True, kw_only=True)
class State:
    """All that the server remembers. `updates` are unconfirmed, `confirmed` is the recent past, both oldest
    first. Message ids grow over all chats, as a bot's private chats have them. `commands` by language ("" for all others);
    `notices`: what was said at the button of each callback query."""

    token: str
    next_update_id: int
    next_message_id: int
    people: dict[int, Person] = field(default_factory=dict)
    groups: dict[int, Group] = field(default_factory=dict)
    updates: deque[dict[str, Any]] = field(default_factory=deque)
    confirmed: deque[dict[str, Any]] = field(default_factory=lambda: deque(maxlen=100))
    replay: bool = False
    sent: defaultdict[int, list[dict[str, Any]]] = field(default_factory=lambda: defaultdict(list))
    files: dict[str, StoredFile] = field(default_factory=dict)
    commands: dict[str, list[dict[str, Any]]] = field(default_factory=dict)
    actions: list[tuple[int, str]] = field(default_factory=list)
    buttons_waiting: set[str] = field(default_factory=set)
    notices: dict[str, str] = field(default_factory=dict)
    allowed: frozenset[str] = frozenset()
    webhook: Webhook = field(default_factory=Webhook)
    faults: Faults = field(default_factory=Faults)
    changed: asyncio.Condition = field(default_factory=asyncio.Condition)

    @property
    def bot(self) -> dict[str, Any]:
        return {
            "id": int(self.token.partition(":")[0]),
            "is_bot": True,
            "first_name": "Tea Shop",
            "username": "tea_shop_sandbox_bot",
        }

    def keep_file(self, folder: str, name: str, content_type: str, data: bytes) -> StoredFile:
        number = len(self.files) + 1
        ending = name.rpartition(".")[2] or "bin"
        kept = StoredFile(
            file_id=f"sandbox-file-{number}",
            path=f"{folder}/file_{number}.{ending}",
            name=name,
            content_type=content_type,
            data=data,
        )
        self.files[kept.file_id] = kept
        return kept

    def new_message(self, chat_id: int, sender: dict[str, Any], **content: Any) -> dict[str, Any]:
        message_id, self.next_message_id = self.next_message_id, self.next_message_id + 1
        chat = (self.people.get(chat_id) or self.groups[chat_id]).as_chat()
        return {"message_id": message_id, "date": int(time.time()), "chat": chat, "from": sender} | content

    async def announce(self) -> None:
        async with self.changed:
            self.changed.notify_all()
