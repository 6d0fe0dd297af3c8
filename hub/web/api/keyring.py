"""Who calls: the API key in the Authorization header, looked up once in two seconds and not once a request.

A revoked key is refused after REMEMBERED_SECONDS at the latest. Keys are remembered by their digest only.
"""

import asyncio
import hashlib
import time

from aiohttp import web

from hub.actions.context import Context
from hub.actions.people.keys import actor_of_key
from hub.model.people import Actor
from hub.web.api.problems import Problem

REMEMBERED_SECONDS = 2.0
_MOST_REMEMBERED = 1000
_MOST_CHARACTERS = 200
CHALLENGE = 'Bearer realm="contact-hub"'


class Keyring:
    """One per application."""

    def __init__(self, ctx: Context) -> None:
        self._ctx = ctx
        self._known: dict[bytes, tuple[float, asyncio.Task[Actor | None]]] = {}

    async def actor(self, request: web.Request) -> Actor:
        """Whose key it is. Raises Problem 401; DatabaseUnavailable when nobody can say."""
        actor = await self.actor_or_none(request)
        if actor is None:
            raise _unknown("This API key is unknown or was revoked.", 'error="invalid_token"')
        return actor

    async def actor_or_none(self, request: web.Request) -> Actor | None:
        """Whose key it is, None for an unknown key. Raises Problem 401 where there is none to look at."""
        scheme, _, key = request.headers.get("Authorization", "").partition(" ")
        key = key.strip()
        if scheme.lower() != "bearer" or not key:
            raise _unknown(
                "Send an API key: Authorization: Bearer <key>. contact-hub api-key create makes one."
            )
        if len(key) > _MOST_CHARACTERS or not (key.isascii() and key.isprintable()):
            return None
        return await self._look_up(key)

    async def _look_up(self, key: str) -> Actor | None:
        digest = hashlib.sha256(key.encode()).digest()
        now = time.monotonic()
        until, asked = self._known.get(digest, (0.0, None))
        if asked is None or until < now:
            if len(self._known) >= _MOST_REMEMBERED:
                self._known.clear()
            asked = asyncio.create_task(actor_of_key(self._ctx, key))
            self._known[digest] = (now + REMEMBERED_SECONDS, asked)
        try:
            # Many requests share one look-up; one that goes away must not take it from the others.
            actor = await asyncio.shield(asked)
        except BaseException:
            self._forget(digest, asked)
            raise
        if actor is None:
            self._forget(digest, asked)
        return actor

    def _forget(self, digest: bytes, asked: "asyncio.Task[Actor | None]") -> None:
        if self._known.get(digest, (0.0, None))[1] is asked:
            del self._known[digest]


def _unknown(detail: str, more: str = "") -> Problem:
    challenge = f"{CHALLENGE}, {more}" if more else CHALLENGE
    return Problem(401, "unauthorized", detail, headers={"WWW-Authenticate": challenge})
