"""An IMAP server over a real socket that keeps folders in memory and misbehaves on request.

`always` and `once` put a hook before a command: it may answer in the server's stead (True), do something and let the server go
on (False), or cut the line (`Session.cut`).
"""

import asyncio
import base64
import contextlib
import json
import re
import ssl
from collections import defaultdict
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import pairwise
from typing import Self

from tests.fakes.imap_folders import Folder, Letter

CAPABILITIES = "IMAP4rev1 IDLE ID MOVE UIDPLUS UNSELECT AUTH=PLAIN AUTH=XOAUTH2"
_MONTH = "%d-%b-%Y"


@dataclass(frozen=True, kw_only=True)
class Command:
    tag: str
    verb: str
    rest: str
    literal: bytes = b""


class Cut(Exception):
    """The line ends here."""


Hook = Callable[["Session", Command], Awaitable[bool]]


class ImapServer:
    """Use as `async with ImapServer() as server`. `tokens`: access tokens that XOAUTH2 takes, by user. `tls`: from the first
    byte; `starttls`: on request."""

    def __init__(
        self,
        *,
        passwords: dict[str, str] | None = None,
        tokens: dict[str, str] | None = None,
        capabilities: str = CAPABILITIES,
        tls: ssl.SSLContext | None = None,
        starttls: ssl.SSLContext | None = None,
        wants_id: bool = False,
    ) -> None:
        self.passwords = {"support@shop.example": "secret"} if passwords is None else passwords
        self.tokens = tokens if tokens is not None else {}
        self.capabilities = capabilities + (" STARTTLS" if starttls else "")
        self.tls, self.starttls = tls, starttls
        self.wants_id = wants_id
        self.folders: dict[str, Folder] = {"INBOX": Folder(name="INBOX")}
        self.log: list[tuple[str, str]] = []
        """Every command: its verb (UID ones without the UID) and the rest."""
        self.sasl: list[str] = []
        self.greeting = b"* OK ready\r\n"
        self.sessions: set[Session] = set()
        self.port = 0
        self._hooks: dict[str, list[tuple[Hook, bool]]] = defaultdict(list)
        self._server: asyncio.Server | None = None
        self.changed = asyncio.Condition()

    @property
    def inbox(self) -> Folder:
        return self.folders["INBOX"]

    def add_folder(self, name: str, validity: int = 7) -> Folder:
        return self.folders.setdefault(name, Folder(name=name, validity=validity))

    def always(self, verb: str, hook: Hook) -> None:
        self._hooks[verb].append((hook, True))

    def once(self, verb: str, hook: Hook) -> None:
        self._hooks[verb].append((hook, False))

    def behave(self) -> None:
        """No hooks from now on."""
        self._hooks.clear()

    async def deliver(self, raw: bytes, folder: str = "INBOX", arrived: datetime | None = None) -> Letter:
        """A letter arrives; who idles there is told."""
        letter = self.folders[folder].put(raw, arrived)
        for session in tuple(self.sessions):
            if session.idling and session.folder is self.folders[folder]:
                await session.tell_news()
        return letter

    def said(self, verb: str) -> list[str]:
        """The rests of every command of this verb so far."""
        return [rest for one, rest in self.log if one == verb]

    async def until(self, true: Callable[[], bool], seconds: float = 20) -> None:
        """Return when `true()` holds, looked at after every command. Raises TimeoutError."""
        async with asyncio.timeout(seconds), self.changed:
            await self.changed.wait_for(true)

    async def __aenter__(self) -> Self:
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", 0, ssl=self.tls, limit=2**20)
        self.port = self._server.sockets[0].getsockname()[1]
        return self

    async def __aexit__(self, *_: object) -> None:
        assert self._server is not None
        self._server.close()
        self.hang_up()
        await asyncio.gather(*(session.task for session in self.sessions))
        await self._server.wait_closed()

    def hang_up(self) -> None:
        """Cut every line without a word."""
        for session in tuple(self.sessions):
            session.writer.transport.abort()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        session = Session(self, reader, writer)
        self.sessions.add(session)
        try:
            await session.talk()
        except (Cut, ConnectionError, asyncio.IncompleteReadError, ssl.SSLError, TimeoutError):
            return
        finally:
            self.sessions.discard(session)
            writer.transport.abort()

    async def hooked(self, session: "Session", command: Command) -> bool:
        self.log.append((command.verb, command.rest))
        async with self.changed:
            self.changed.notify_all()
        for entry in tuple(self._hooks[command.verb]):
            if not entry[1]:
                self._hooks[command.verb].remove(entry)
            if await entry[0](session, command):
                return True
        return False


class Session:
    """One connection."""

    def __init__(
        self, server: ImapServer, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        self.server, self.reader, self.writer = server, reader, writer
        self.folder: Folder | None = None
        self.idling = False
        self.user = ""
        self.introduced = False
        task = asyncio.current_task()
        assert task is not None
        self.task = task
        self._told = 0

    async def send(self, data: bytes) -> None:
        self.writer.write(data)
        await self.writer.drain()

    async def cut(self, data: bytes = b"") -> None:
        """Say `data` and end the line, all of it having reached the client."""
        self.writer.write(data)
        await self.writer.drain()
        self.writer.close()
        with contextlib.suppress(ConnectionError):
            await self.writer.wait_closed()
        raise Cut

    async def talk(self) -> None:
        await self.send(self.server.greeting)
        while line := await self.reader.readline():
            command = await self._whole(line.rstrip(b"\r\n"))
            if command.verb == "LOGOUT":
                await self.cut(b"* BYE\r\n" + f"{command.tag} OK bye\r\n".encode())
            if await self.server.hooked(self, command):
                continue
            await self.obey(command)

    async def obey(self, command: Command) -> None:
        """Answer as a good server does."""
        answer = getattr(self, f"_{command.verb.lower()}", None)
        if answer is None:
            await self.end(command, "BAD unknown command")
            return
        await answer(command)

    async def end(self, command: Command, text: str, before: bytes = b"") -> None:
        """The tagged answer, after what there is new to tell."""
        text = f"{text} done" if text == "OK" else text
        await self.send(before + self._news() + f"{command.tag} {text}\r\n".encode())

    async def tell_news(self) -> None:
        await self.send(self._news())

    def _news(self) -> bytes:
        now = len(self.folder.letters) if self.folder else 0
        news = f"* {now} EXISTS\r\n".encode() if self.folder and now != self._told else b""
        self._told = now
        return news

    async def _whole(self, line: bytes) -> Command:
        literal = b""
        while match := re.search(rb"\{(\d+)\}$", line):
            await self.send(b"+ go on\r\n")
            literal = await self.reader.readexactly(int(match[1]))
            shown = literal.decode("utf-8", "replace") if len(literal) < 200 else "..."
            line = line[: match.start()] + shown.encode() + (await self.reader.readline()).rstrip(b"\r\n")
        tag, _, rest = line.decode("utf-8", "replace").partition(" ")
        verb, _, rest = rest.partition(" ")
        if verb.upper() == "UID":
            verb, _, rest = rest.partition(" ")
        return Command(tag=tag, verb=verb.upper(), rest=rest, literal=literal)

    async def _capability(self, command: Command) -> None:
        await self.end(command, "OK", f"* CAPABILITY {self.server.capabilities}\r\n".encode())

    async def _starttls(self, command: Command) -> None:
        if self.server.starttls is None:
            await self.end(command, "BAD no TLS here")
            return
        await self.end(command, "OK begin")
        await self.writer.start_tls(self.server.starttls)

    async def _login(self, command: Command) -> None:
        user, password = (part.strip('"') for part in command.rest.split(" ", 1))
        if self.server.passwords.get(user) != password:
            await self.end(command, "NO [AUTHENTICATIONFAILED] wrong")
            return
        self.user = user
        await self.end(command, "OK")

    async def _authenticate(self, command: Command) -> None:
        await self.send(b"+ \r\n")
        said = base64.b64decode(await self.reader.readline()).decode()
        self.server.sasl.append(said)
        if command.rest.upper() == "PLAIN":
            _, user, password = said.split("\0")
            good = self.server.passwords.get(user) == password
        else:
            match = re.fullmatch(r"user=([^\x01]*)\x01auth=Bearer ([^\x01]*)\x01\x01", said)
            user = match[1] if match else ""
            good = bool(match) and self.server.tokens.get(user) == match[2]  # type: ignore[index]
            if not good:
                error = json.dumps({"status": "400", "schemes": "Bearer", "scope": "https://mail.example/"})
                await self.send(b"+ " + base64.b64encode(error.encode()) + b"\r\n")
                if again := (await self.reader.readline()).strip():
                    self.server.sasl.append(again.decode())
                    await self.end(command, "BAD expected an empty line")
                    return
        self.user = user if good else ""
        await self.end(command, "OK" if good else "NO [AUTHENTICATIONFAILED] Invalid credentials (Failure)")

    async def _id(self, command: Command) -> None:
        self.introduced = True
        await self.end(command, "OK", b'* ID ("name" "fake")\r\n')

    async def _select(self, command: Command, *, examine: bool = False) -> None:
        folder = self.server.folders.get(_name(command.rest))
        self.folder = None
        if not self.user:
            await self.end(command, "BAD log in first")
        elif self.server.wants_id and not self.introduced:
            await self.end(command, "NO SELECT Unsafe Login. Please contact kefu@188.com for help")
        elif folder is None:
            await self.end(command, "NO [NONEXISTENT] no such folder")
        else:
            self.folder, self._told = folder, len(folder.letters)
            mode = "READ-ONLY" if examine or not folder.writable else "READ-WRITE"
            said = (
                f"* {len(folder.letters)} EXISTS\r\n* 0 RECENT\r\n* FLAGS (\\Seen \\Deleted)\r\n"
                f"* OK [UIDVALIDITY {folder.validity}] ok\r\n* OK [UIDNEXT {folder.next_uid}] ok\r\n"
            )
            await self.end(command, f"OK [{mode}] done", said.encode())

    async def _examine(self, command: Command) -> None:
        await self._select(command, examine=True)

    async def _search(self, command: Command) -> None:
        assert self.folder is not None
        words = command.rest.split()
        found = list(self.folder.letters)
        for key, value in pairwise(words):
            if key == "UID":
                kept = {letter.uid for letter in self.folder.within(value)}
                found = [letter for letter in found if letter.uid in kept]
            if key == "SINCE":
                day = datetime.strptime(value.strip('"'), _MONTH).replace(tzinfo=UTC).date()
                found = [letter for letter in found if letter.arrived.date() >= day]
        numbers = "".join(f" {letter.uid}" for letter in found)
        await self.end(command, "OK", f"* SEARCH{numbers}\r\n".encode())

    def fetched(self, command: Command) -> bytes:
        """The untagged answers to a FETCH."""
        assert self.folder is not None
        numbers, _, wanted = command.rest.partition(" ")
        return b"".join(self._one(letter, wanted.upper()) for letter in self.folder.within(numbers))

    def _one(self, letter: Letter, wanted: str) -> bytes:
        assert self.folder is not None
        number = self.folder.number(letter)
        parts = [f"UID {letter.uid}".encode()]
        if "RFC822.SIZE" in wanted:
            parts.append(f"RFC822.SIZE {len(letter.raw) if letter.size is None else letter.size}".encode())
        if "INTERNALDATE" in wanted:
            parts.append(
                b'INTERNALDATE "' + letter.arrived.strftime("%d-%b-%Y %H:%M:%S +0000").encode() + b'"'
            )
        for name, data in (
            ("BODY.PEEK[]", letter.raw),
            ("BODY.PEEK[HEADER]", letter.raw.partition(b"\r\n\r\n")[0] + b"\r\n\r\n"),
        ):
            if name in wanted:
                parts.append(name.replace(".PEEK", "").encode() + b" {%d}\r\n" % len(data) + data)
        return b"* %d FETCH (" % number + b" ".join(parts) + b")\r\n"

    async def _fetch(self, command: Command) -> None:
        await self.end(command, "OK", self.fetched(command))

    async def _store(self, command: Command) -> None:
        assert self.folder is not None
        numbers, _, flags = command.rest.partition(" ")
        for letter in self.folder.within(numbers):
            letter.flags |= set(re.findall(r"\\\w+", flags))
        await self.end(command, "OK")

    async def _copy(self, command: Command) -> None:
        letters, target = self._named(command)
        if target is None:
            await self.end(command, "NO [TRYCREATE] no such folder")
            return
        for letter in letters:
            target.put(letter.raw, letter.arrived)
        await self.end(command, "OK")

    async def _move(self, command: Command) -> None:
        letters, target = self._named(command)
        if target is None:
            await self.end(command, "NO [TRYCREATE] no such folder")
            return
        for letter in letters:
            target.put(letter.raw, letter.arrived)
        await self.end(command, "OK", self._remove(letters))

    def _named(self, command: Command) -> tuple[list[Letter], Folder | None]:
        assert self.folder is not None
        numbers, _, name = command.rest.partition(" ")
        return self.folder.within(numbers), self.server.folders.get(_name(name))

    async def _expunge(self, command: Command) -> None:
        assert self.folder is not None
        found = self.folder.within(command.rest) if command.rest else self.folder.letters
        await self.end(command, "OK", self._remove([one for one in found if "\\Deleted" in one.flags]))

    def _remove(self, letters: Iterable[Letter]) -> bytes:
        assert self.folder is not None
        said = b""
        for letter in letters:
            said += b"* %d EXPUNGE\r\n" % self.folder.number(letter)
            self.folder.letters.remove(letter)
            self._told -= 1
        return said

    async def _append(self, command: Command) -> None:
        name, _, rest = command.rest.partition(" (")
        folder = self.server.folders.get(_name(name))
        if folder is None:
            await self.end(command, "NO [TRYCREATE] no such folder")
            return
        folder.put(command.literal).flags |= set(re.findall(r"\\\w+", rest.partition(")")[0]))
        await self.end(command, "OK")

    async def _create(self, command: Command) -> None:
        self.server.add_folder(_name(command.rest))
        await self.end(command, "OK")

    async def _subscribe(self, command: Command) -> None:
        await self.end(command, "OK")

    async def _noop(self, command: Command) -> None:
        await self.end(command, "OK")

    async def _idle(self, command: Command) -> None:
        await self.send(b"+ idling\r\n" + self._news())
        self.idling = True
        try:
            await self.reader.readline()
        finally:
            self.idling = False
        await self.end(command, "OK")


def _name(word: str) -> str:
    """A folder's name without its quotes; modified UTF-7 stays as it is."""
    return word.strip().strip('"')
