"""Another program's door for calls, over a real socket: it checks what was signed as a receiver has to, and answers as told."""

import asyncio
import base64
import hashlib
import hmac
import json
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from typing import Any

from aiohttp import web

from hub.actions.context import Context
from hub.settings import Webhooks
from tests.fakes.ports import serving_routes

HANG = 0
"""In place of a status: no answer is given until the caller goes away."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Heard:
    name: str
    at: int
    signature: str
    content: bytes
    headers: dict[str, str]

    @property
    def said(self) -> Any:
        return json.loads(self.content)

    def is_signed_by(self, secret: str) -> bool:
        """As the receivers' side of https://www.standardwebhooks.com has it."""
        key = base64.b64decode(secret.removeprefix("whsec_"))
        signed = b".".join((self.name.encode(), str(self.at).encode(), self.content))
        made = base64.b64encode(hmac.new(key, signed, hashlib.sha256).digest()).decode()
        return f"v1,{made}" in self.signature.split(" ") and abs(time.time() - self.at) < 300


@dataclass(slots=True, kw_only=True)
class Receiver:
    """`answers` are given in order, then 200: a status, or (status, headers)."""

    answers: list[int | tuple[int, dict[str, str]]] = field(default_factory=list)
    heard: list[Heard] = field(default_factory=list)
    arrived: asyncio.Event = field(default_factory=asyncio.Event)
    url: str = ""
    endless: bool = False
    """Its answers have no end."""

    async def hear(self, request: web.Request) -> web.StreamResponse:
        headers = {name.lower(): value for name, value in request.headers.items()}
        self.heard.append(
            Heard(
                name=headers["webhook-id"],
                at=int(headers["webhook-timestamp"]),
                signature=headers["webhook-signature"],
                content=await request.read(),
                headers=headers,
            )
        )
        self.arrived.set()
        answer = self.answers.pop(0) if self.answers else 200
        status, more = (answer, {}) if isinstance(answer, int) else answer
        if status == HANG:
            await asyncio.Event().wait()
        if self.endless:
            stream = web.StreamResponse(status=status)
            await stream.prepare(request)
            while True:
                await stream.write(b"x" * 4096)
        return web.Response(status=status, headers=more, body=b"ok")

    def names(self) -> Sequence[str]:
        return [one.name for one in self.heard]


@asynccontextmanager
async def receiving(*answers: int | tuple[int, dict[str, str]], port: int = 0) -> AsyncIterator[Receiver]:
    """`port` 0: any."""
    receiver = Receiver(answers=list(answers))
    async with serving_routes([web.post("/hook", receiver.hear)], port) as base:
        receiver.url = f"{base}/hook"
        yield receiver


def allowing_private(ctx: Context) -> Context:
    """The same hub, whose settings let it call its own machine."""
    return replace(ctx, settings=ctx.settings.model_copy(update={"webhooks": Webhooks(allow_private=True)}))
