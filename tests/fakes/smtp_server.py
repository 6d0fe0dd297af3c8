"""An SMTP relay over a real socket that says and does, stage by stage, what a test wants."""

import asyncio
import base64
import re
import ssl
from collections.abc import Mapping
from dataclasses import dataclass, field

DROP = "drop"
"""Instead of an answer: close the line without a word."""
HANG = "hang"
"""Instead of an answer: say nothing for ever."""
_BRACKETS = re.compile(r"<([^>]*)>")


@dataclass(kw_only=True)
class Envelope:
    """What one letter was handed over with. `refused`: recipients that were named and not taken."""

    sender: str = ""
    recipients: list[str] = field(default_factory=list)
    refused: list[str] = field(default_factory=list)


class ScriptedRelay:
    """Answers as a good relay does, except where `answers` says otherwise: by verb ("MAIL"), by recipient ("RCPT a@b.example"),
    "CONNECT" for the greeting, "HALF" in the middle of the letter, "." at its end. An answer is one line, DROP or HANG.

    `letters` are those that came to their end, taken or not, with their final dot. `starttls`: what it offers. `users`: it
    wants one of these logins, password by name.
    """

    def __init__(
        self,
        answers: Mapping[str, str] | None = None,
        *,
        starttls: ssl.SSLContext | None = None,
        users: Mapping[str, str] | None = None,
    ) -> None:
        self.answers = dict(answers or {})
        self.starttls = starttls
        self.users = users
        self.verbs: list[str] = []
        self.commands: list[bytes] = []
        self.letters: list[bytes] = []
        self.taken: list[tuple[Envelope, bytes]] = []
        self.reached = asyncio.Event()
        """Set when a hanging stage was reached."""

    @property
    def texts(self) -> list[bytes]:
        """The letters that were taken over, without dots that only the wire needs."""
        return [raw.removesuffix(b".\r\n").replace(b"\r\n..", b"\r\n.") for _, raw in self.taken]

    async def talk(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One conversation; give it to tests.fakes.mail_servers.serving."""
        if not await self._say(reader, writer, "CONNECT", "220 relay.example ESMTP"):
            return
        envelope = Envelope()
        while line := await reader.readline():
            self.commands.append(line)
            words = line.decode("utf-8", "replace").split()
            verb = words[0].upper() if words else ""
            self.verbs.append(verb)
            address = found[1] if (found := _BRACKETS.search(line.decode("utf-8", "replace"))) else ""
            match verb:
                case "EHLO":
                    if not await self._say(reader, writer, verb, self._greets(writer)):
                        return
                case "STARTTLS" if self.starttls is not None:
                    if not await self._say(reader, writer, verb, "220 go ahead"):
                        return
                    if self.answers.get(verb, "220").startswith("220"):
                        await writer.start_tls(self.starttls)
                case "AUTH":
                    if not await self._say(reader, writer, verb, self._judges(words)):
                        return
                case "MAIL":
                    envelope = Envelope(sender=address)
                    if not await self._say(reader, writer, verb, "250 ok"):
                        return
                case "RCPT":
                    key = f"RCPT {address}" if f"RCPT {address}" in self.answers else verb
                    answer = self.answers.get(key, "250 ok")
                    (envelope.recipients if answer.startswith("2") else envelope.refused).append(address)
                    if not await self._say(reader, writer, key, answer):
                        return
                case "DATA":
                    if not await self._say(reader, writer, verb, "354 go on"):
                        return
                    if self.answers.get(verb, "354").startswith("354") and not await self._take(
                        reader, writer, envelope
                    ):
                        return
                case "QUIT":
                    await self._say(reader, writer, verb, "221 bye")
                    return
                case _:
                    if not await self._say(reader, writer, verb, "250 ok"):
                        return

    async def _take(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, envelope: Envelope
    ) -> bool:
        if "HALF" in self.answers:
            await reader.readuntil(b"\r\n\r\n")
            return await self._say(reader, writer, "HALF", "")
        letter = await reader.readuntil(b"\r\n.\r\n")
        self.letters.append(letter)
        if self.answers.get(".", "250").startswith("2"):
            self.taken.append((envelope, letter))
        return await self._say(reader, writer, ".", "250 kept")

    def _greets(self, writer: asyncio.StreamWriter) -> str:
        offers = ["SIZE 40000000", "8BITMIME"]
        if self.starttls is not None and writer.get_extra_info("ssl_object") is None:
            offers.append("STARTTLS")
        if self.users is not None:
            offers.append("AUTH PLAIN")
        return "\r\n".join([*(f"250-{one}" for one in ["relay.example", *offers[:-1]]), f"250 {offers[-1]}"])

    def _judges(self, words: list[str]) -> str:
        _, name, password = base64.b64decode(words[2]).decode().split("\0")
        good = (self.users or {}).get(name) == password
        return "235 welcome" if good else "535 5.7.8 authentication failed"

    async def _say(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, key: str, usual: str
    ) -> bool:
        answer = self.answers.get(key, usual)
        if answer == DROP:
            writer.close()
            return False
        if answer == HANG:
            self.reached.set()
            while await reader.read(65536):
                pass
            return False
        writer.write(answer.encode() + b"\r\n")
        await writer.drain()
        return True
