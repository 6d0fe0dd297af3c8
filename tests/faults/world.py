"""Everything outside the hub, for a fault run: a mail provider, a relay, a Telegram, each behind a proxy; and what each saw."""

import contextlib
import hashlib
import re
from collections import Counter
from dataclasses import dataclass, field
from email.parser import BytesHeaderParser
from email.policy import SMTP
from pathlib import Path
from typing import Any, Self

from hub.sandbox.mail_world import SUPPORT, SUPPORT_PASSWORD
from hub.sandbox.telegram_state import Faults
from hub.sandbox.world import SandboxWorld
from tests.fakes.mail_servers import serving
from tests.fakes.smtp_server import ScriptedRelay
from tests.faults.proxy import Proxy

KEY = re.compile(r"\b[a-z]+\d{6}z\b")
"""How the ledger's keys look in what was said."""


@dataclass
class Seen:
    """What peers saw: by Message-ID for letters, by key for the rest. `order`: in the order of arrival, by conversation."""

    letters: Counter[str] = field(default_factory=Counter)
    bodies: dict[str, set[bytes]] = field(default_factory=dict)
    """Digests of the letters that came by one name."""
    telegram: Counter[str] = field(default_factory=Counter)
    order: dict[str, list[str]] = field(default_factory=dict)


class DroppingRelay(ScriptedRelay):
    """Takes every letter; after the final dot it says nothing and closes as often as `unsure` says. Whether it kept such a
    letter is its own affair: here it did, so a second copy would be seen."""

    def __init__(self) -> None:
        super().__init__(users={SUPPORT: SUPPORT_PASSWORD})
        self.unsure = 0
        self.unheard: set[str] = set()
        """Names of the letters to whose end nothing was said."""
        self.seen = Seen()
        """Of each letter its name, its reader and a digest: a long run would not have room for all of them."""

    @property
    def dropped(self) -> int:
        """To how many letters nothing was said."""
        return len(self.unheard)

    async def _say(self, reader: Any, writer: Any, key: str, usual: str) -> bool:
        name = self._note(self.letters.pop()) if key == "." else ""
        if key == "." and self.unsure > 0:
            self.unsure -= 1
            self.unheard.add(name)
            writer.transport.abort()
            return False
        return await super()._say(reader, writer, key, usual)

    def _note(self, raw: bytes) -> str:
        """Its name."""
        for said in (self.taken, self.commands, self.verbs):
            said.clear()
        head = BytesHeaderParser(policy=SMTP).parsebytes(raw)
        name = str(head["Message-ID"]).strip("<>")
        self.seen.letters[name] += 1
        self.seen.bodies.setdefault(name, set()).add(hashlib.sha256(raw).digest())
        self.seen.order.setdefault(f"mail {head['To']}", []).append(name)
        return name


class CountedFaults(Faults):
    """Those of the sandbox's Telegram. `told`: how often it has told a bot to wait."""

    told = 0

    def __setattr__(self, name: str, value: object) -> None:
        if name == "flood" and value == getattr(self, "flood", 0) - 1:  # it counts down with each call
            self.told += 1
        super().__setattr__(name, value)

    def calm(self, calls: int | None = None) -> None:
        """So many calls less will be told, or none any more."""
        object.__setattr__(self, "flood", 0 if calls is None else max(0, self.flood - calls))


class Outside:
    """Use as `async with Outside(folder) as outside`."""

    def __init__(self, folder: Path, *, seed: int = 0) -> None:
        self._folder, self._seed = folder, seed
        self._stack = contextlib.AsyncExitStack()
        self.relay = DroppingRelay()

    async def __aenter__(self) -> Self:
        enter = self._stack.enter_async_context
        self.sandbox = await enter(SandboxWorld(self._folder))
        self.faults = self.sandbox.telegram.state.faults = CountedFaults()
        relay_port = await enter(serving(self.relay.talk))
        self.imap = await enter(Proxy(port=self.sandbox.mail.imap_port, seed=self._seed))
        self.smtp = await enter(Proxy(port=relay_port, seed=self._seed))
        self.bot = await enter(Proxy(port=self.sandbox.telegram.port, seed=self._seed))
        return self

    async def __aexit__(self, *_: object) -> None:
        for one in (self.imap, self.smtp, self.bot):
            one.heal()
        await self._stack.aclose()

    def channels(self) -> dict[str, dict[str, Any]]:
        """One of each kind, as fast as settings allow: what is tried is the hub, not its brakes."""
        return {
            "support": {
                "kind": "email", "address": SUPPORT, "burst_minutes": 0, "poll_seconds": 2, "timeout_seconds": 5,
                "imap_host": "127.0.0.1", "imap_port": self.imap.port, "imap_security": "none",
                "imap_password": SUPPORT_PASSWORD, "smtp_host": "127.0.0.1", "smtp_port": self.smtp.port,
                "smtp_security": "none", "smtp_user": SUPPORT, "smtp_password": SUPPORT_PASSWORD,
            },
            "feedback": {
                "kind": "webform", "fill_in_seconds": 0, "proof": "never", "address_posts": 10_000, "busy_posts": 10_000,
                "ticket_kind": "enquiry",
            },
            "shop": {
        "kind": "webchat", "burst": 1000, "messages_per_minute": 6000, "address_opens": 1_000_000,
                "address_messages": 10_000_000,
    },
            "bot": {
                "kind": "telegram", "token": self.sandbox.telegram.token, "poll_seconds": 2, "ask_rating": False,
                "base_url": f"http://127.0.0.1:{self.bot.port}/bot",
                "base_file_url": f"http://127.0.0.1:{self.bot.port}/file/bot",
            },
            "api": {"kind": "api"},
        }  # fmt: skip

    def seen(self) -> Seen:
        relay = self.relay.seen
        found = Seen(letters=relay.letters, bodies=relay.bodies, order=dict(relay.order))
        for chat, messages in self.sandbox.telegram.state.sent.items():
            for message in messages:
                for key in KEY.findall(message.get("text", "")):
                    found.telegram[key] += 1
                    found.order.setdefault(f"telegram {chat}", []).append(key)
        return found
