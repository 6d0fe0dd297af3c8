"""Customers come in by the real doors only: SMTP, the form page, the chat widget's socket, Telegram.

Nothing here knows the hub's insides. Each story is told once; each person answers an agent once a story.
"""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email import message_from_bytes
from email.header import decode_header, make_header
from email.message import Message
from email.utils import parseaddr
from html.parser import HTMLParser
from urllib.parse import urljoin

import aiohttp
import aiosmtplib
import structlog

from hub.sandbox.letters import compose_answer, compose_story, message_id_of
from hub.sandbox.people import Door, Story
from hub.sandbox.world import SandboxWorld

log = structlog.get_logger(__name__)


class DoorClosed(Exception):
    """A door did not let the customer in; the text says which and why."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Pace:
    """How people take their time, in seconds. The first `first_wave` stories are spread over `first_seconds`,
    then one comes `then_every`; an answer comes `think` after the agent's; a form takes `fill_in`."""

    first_wave: int = 14
    first_seconds: float = 20.0
    then_every: float = 30.0
    think: float = 6.0
    fill_in: float = 4.0
    form: str = "feedback"
    chat: str = "shop"


@dataclass(slots=True)
class FormOnPage:
    """A form as a browser reads it: where it goes and what its fields hold at first."""

    action: str = ""
    method: str = "get"
    multipart: bool = False
    fields: dict[str, str] = field(default_factory=dict)


class _FormReader(HTMLParser):
    """Collects the fields of the page's first POST form."""

    def __init__(self) -> None:
        super().__init__()
        self.forms: list[FormOnPage] = []
        self._open: FormOnPage | None = None
        self._select = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        if tag == "form":
            self._open = FormOnPage(
                action=given.get("action", ""),
                method=given.get("method", "get").lower(),
                multipart=given.get("enctype", "") == "multipart/form-data",
            )
            self.forms.append(self._open)
        if self._open is None:
            return
        name, kind = given.get("name", ""), given.get("type", "text")
        if tag == "select":
            self._select = name
        elif (
            tag == "option"
            and self._select
            and ("selected" in given or not self._open.fields.get(self._select))
        ):
            self._open.fields[self._select] = given.get("value", "")
        elif tag == "textarea" and name:
            self._open.fields[name] = ""
        elif tag == "input" and name and kind not in ("submit", "button", "file", "image", "reset"):
            ticked = kind not in ("checkbox", "radio") or "checked" in given
            if ticked:
                self._open.fields[name] = given.get("value", "")

    def handle_endtag(self, tag: str) -> None:
        if tag == "form":
            self._open = None
        elif tag == "select":
            self._select = ""


def read_form(page: str) -> FormOnPage:
    """The page's POST form. Raises DoorClosed when there is none."""
    reader = _FormReader()
    reader.feed(page)
    for form in reader.forms:
        if form.method == "post":
            return form
    raise DoorClosed("the page has no form to post")


async def send_letter(world: SandboxWorld, sender: str, to: str, raw: bytes) -> None:
    """Hand a letter to the shop's mail server, as the customer's provider would."""
    await aiosmtplib.send(
        raw,
        sender=sender,
        recipients=[to],
        hostname="127.0.0.1",
        port=world.mail.smtp_port,
        start_tls=False,
    )


async def fill_in_form(
    client: aiohttp.ClientSession, base_url: str, name: str, values: dict[str, str], *, seconds: float = 0.0
) -> None:
    """Open the form page, take `seconds` to fill it in, and post it with all it held. Raises DoorClosed."""
    address = f"{base_url}/forms/{name}"
    async with client.get(address) as page:
        if not page.ok:
            raise DoorClosed(f"{address} answered {page.status}")
        form, address = read_form(await page.text()), str(page.url)
    await asyncio.sleep(seconds)
    filled = form.fields | values
    body: aiohttp.FormData | dict[str, str] = filled
    if form.multipart:
        body = aiohttp.FormData(filled, default_to_multipart=True)
    async with client.post(urljoin(address, form.action), data=body) as answer:
        if not answer.ok:
            raise DoorClosed(f"the form {name} answered {answer.status}")


async def visit(world: SandboxWorld, base_url: str, people: Sequence[Story], pace: Pace) -> None:
    """Tell the stories that were not told yet, answer agents, and go on listening until cancelled. A door
    that is closed is logged and tried again when the other stories are told."""
    async with aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=30)) as client:
        visitors = Visitors(world, base_url.rstrip("/"), people, pace, client)
        async with asyncio.TaskGroup() as group:
            group.create_task(visitors.tell_stories(group))
            for address in sorted({story.person.email for story in people if story.person.email}):
                group.create_task(visitors.read_letters(address))
            for chat_id in sorted({story.person.telegram_id for story in people if story.person.telegram_id}):
                group.create_task(visitors.read_telegram(chat_id))


class Visitors:
    """The people of one visit and what they are doing."""

    def __init__(
        self,
        world: SandboxWorld,
        base_url: str,
        stories: Sequence[Story],
        pace: Pace,
        client: aiohttp.ClientSession,
    ) -> None:
        self._world = world
        self._base = base_url
        self._stories = {story.key: story for story in stories}
        self._pace = pace
        self._client = client
        for story in stories:
            person = story.person
            if person.telegram_id:
                world.telegram.open_chat(person.telegram_id, person.name, username=person.username)

    async def tell_stories(self, group: asyncio.TaskGroup) -> None:
        memory, pace = self._world.memory, self._pace
        for key in memory.chats:
            if key in self._stories:
                group.create_task(self._chat(self._stories[key]))
        number = 0
        while waiting := [story for story in self._stories.values() if story.key not in memory.told]:
            for story in waiting:
                gap = pace.first_seconds / pace.first_wave if number < pace.first_wave else pace.then_every
                number += 1
                try:
                    await self._tell(story, group)
                except (DoorClosed, aiohttp.ClientError, aiosmtplib.SMTPException, OSError) as error:
                    log.warning("sandbox_door_closed", story=story.key, door=story.door, reason=str(error))
                await asyncio.sleep(gap)

    async def _tell(self, story: Story, group: asyncio.TaskGroup) -> None:
        world, person = self._world, story.person
        if story.door is Door.LETTER:
            before = self._stories.get(story.follows)
            raw = compose_story(story, to=world.support, at=datetime.now(UTC), before=before)
            await send_letter(world, person.email, world.support, raw)
        elif story.door is Door.FORM:
            said = {
                "name": person.name,
                "email": person.email,
                "subject": story.subject,
                "message": story.text,
            }
            await fill_in_form(self._client, self._base, self._pace.form, said, seconds=self._pace.fill_in)
        elif story.door is Door.TELEGRAM:
            await self._write_telegram(story, story.text)
        else:
            entered = asyncio.Event()
            chatting = group.create_task(self._chat(story, entered))
            waiting = asyncio.ensure_future(entered.wait())
            await asyncio.wait({chatting, waiting}, return_when=asyncio.FIRST_COMPLETED)
            waiting.cancel()
            return
        world.memory.note_told(story.key)

    async def _write_telegram(self, story: Story, text: str) -> None:
        person = story.person
        language = "zh-hans" if person.language == "zh" else person.language
        await self._world.telegram.customer_writes(
            person.telegram_id, person.name, text, username=person.username, language_code=language
        )

    async def read_letters(self, address: str) -> None:
        """Answer each letter of an agent; automatic ones are left alone."""
        count = 0
        while True:
            letters = await self._world.mail.wait_for_letter(address, count + 1, None)
            raw, count = letters[count], count + 1
            try:
                await self._answer_letter(address, message_from_bytes(raw))
            except (aiosmtplib.SMTPException, OSError) as error:
                log.warning("sandbox_answer_refused", address=address, reason=str(error))

    async def _answer_letter(self, address: str, letter: Message) -> None:
        automatic = str(letter.get("Auto-Submitted", "no")).lower() != "no"
        story = self._story_of_letter(address, letter)
        if automatic or story is None:
            return
        await asyncio.sleep(self._pace.think)
        for name in ("Subject", "From", "Reply-To"):
            if letter[name]:
                letter.replace_header(name, str(make_header(decode_header(letter[name]))))
        raw = compose_answer(story, letter, at=datetime.now(UTC), quoted=text_of(letter))
        await send_letter(self._world, address, address_of(letter), raw)
        self._world.memory.note_answered(story.key)

    def _story_of_letter(self, address: str, letter: Message) -> Story | None:
        """The unanswered story that this letter is about: the one it cites, else their oldest form."""
        mine = [
            story
            for story in self._stories.values()
            if story.person.email == address and story.answer and self._is_open(story)
        ]
        cited = f"{letter.get('In-Reply-To', '')} {letter.get('References', '')}"
        for story in mine:
            if story.door is Door.LETTER and message_id_of(story) in cited:
                return story
        forms = [story for story in mine if story.door is Door.FORM]
        return forms[0] if forms else None

    async def read_telegram(self, chat_id: int) -> None:
        count = 0
        while True:
            messages = await self._world.telegram.wait_for_message(chat_id, count + 1, None)
            count = len(messages)
            mine = (story for story in self._stories.values() if story.person.telegram_id == chat_id)
            story = next((story for story in mine if story.answer and self._is_open(story)), None)
            if story is not None:
                await asyncio.sleep(self._pace.think)
                await self._write_telegram(story, story.answer)
                self._world.memory.note_answered(story.key)

    async def _chat(self, story: Story, entered: asyncio.Event | None = None) -> None:
        """Hold the widget's socket open. Says the story unless told before, answers an agent's line once, and
        comes back with its session when the line drops."""
        memory = self._world.memory
        address = f"{self._base}/chat/{self._pace.chat}/socket"
        while True:
            try:
                async with self._client.ws_connect(
                    address, heartbeat=20, headers={"Origin": self._base}
                ) as line:
                    session = memory.chats.get(story.key, "")
                    await line.send_json({"type": "hello", "session": session})
                    await self._talk(line, story, entered)
            except (aiohttp.ClientError, TimeoutError, OSError) as error:
                log.warning("sandbox_chat_line_lost", story=story.key, reason=str(error))
                if story.key not in memory.chats:
                    return  # never let in: the story is told again later
            await asyncio.sleep(self._pace.think)

    async def _talk(
        self, line: aiohttp.ClientWebSocketResponse, story: Story, entered: asyncio.Event | None
    ) -> None:
        memory = self._world.memory
        async for message in line:
            if message.type is not aiohttp.WSMsgType.TEXT:
                continue
            frame = message.json()
            if frame["type"] == "welcome":
                memory.note_chat(story.key, frame["session"])
                if story.key not in memory.told:
                    await line.send_json(self._line(story, "1", story.text))
            elif frame["type"] == "kept" and frame["client_id"] == f"{story.key}-1":
                if story.key not in memory.told:
                    memory.note_told(story.key)
                if entered is not None:
                    entered.set()
            theirs = [said for said in frame.get("lines", ()) if not said["mine"]]
            if theirs and story.answer and self._is_open(story):
                await asyncio.sleep(self._pace.think)
                await line.send_json(self._line(story, "2", story.answer))
                memory.note_answered(story.key)

    @staticmethod
    def _line(story: Story, number: str, text: str) -> dict[str, str]:
        said = {"type": "message", "client_id": f"{story.key}-{number}", "text": text}
        said["name"] = story.person.name
        return said

    def _is_open(self, story: Story) -> bool:
        memory = self._world.memory
        return story.key in memory.told and story.key not in memory.answered


def text_of(letter: Message) -> str:
    """The first plain text of a letter."""
    for part in letter.walk():
        if part.get_content_type() == "text/plain":
            data = part.get_payload(decode=True)
            if isinstance(data, bytes):
                return data.decode(part.get_content_charset("utf-8"), "replace")
    return ""


def address_of(letter: Message) -> str:
    """Where an answer goes: Reply-To, else From."""
    return parseaddr(str(letter["Reply-To"] or letter["From"]))[1]
