"""Who calls: the API key in the Authorization header, looked up once in two seconds and not once a request.

A revoked key is refused after REMEMBERED_SECONDS at the latest. Keys are remembered by their digest only.

Nobody guesses a key, but each guess costs a look-up: an address has MOST_UNKNOWN of them at once and as many again over a
minute, counted in this process's memory. A key that opened something here is looked up whoever else is at its address.
"""

import asyncio
import hashlib
import math
import time

from aiohttp import web

from channels.doors import network_of, peer_of_request
from hub.actions.context import Context
from hub.actions.metrics import REFUSED
from hub.actions.people.keys import actor_of_key
from hub.model.people import Actor
from hub.web.api.problems import Problem
from hub.web.doorstep import Doorstep
from storage.database import DatabaseUnavailable

REMEMBERED_SECONDS = 2.0
MOST_UNKNOWN = 60
"""Keys of one address that are unknown."""
_MOST_REMEMBERED = 1000
_MOST_CHARACTERS = 200
CHALLENGE = 'Bearer realm="contact-hub"'


class Keyring:
    """One per application."""

    def __init__(self, ctx: Context) -> None:
        self._ctx = ctx
        self._known: dict[bytes, tuple[float, asyncio.Task[Actor | None]]] = {}
        self._good: dict[bytes, Actor] = {}
        self._strangers = Doorstep(MOST_UNKNOWN, MOST_UNKNOWN)

    async def actor(self, request: web.Request) -> Actor:
        """Whose key it is. Raises Problem 401, 429; DatabaseUnavailable when nobody can say."""
        actor = await self.actor_or_none(request)
        if actor is None:
            raise _unknown("This API key is unknown or was revoked.", 'error="invalid_token"')
        return actor

    async def actor_or_none(self, request: web.Request) -> Actor | None:
        """Whose key it is, None for an unknown key. Raises Problem 401 where there is none to look at, 429 after too many that
        are unknown."""
        key = _key_of(request)
        if len(key) > _MOST_CHARACTERS or not (key.isascii() and key.isprintable()):
            return None
        digest = _digest_of(key)
        now = time.monotonic()
        until, asked = self._known.get(digest, (0.0, None))
        if asked is None or until < now:
            asked = self._ask(key, digest, network_of(peer_of_request(request)))
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

    def last_known(self, request: web.Request) -> Actor:
        """Whose key it was when it last opened something here: for what may be told while the database is away. Raises
        DatabaseUnavailable where nobody can say."""
        known = self._good.get(_digest_of(_key_of(request)))
        if known is None:
            raise DatabaseUnavailable("nobody can say whose API key this is")
        return known

    def _ask(self, key: str, digest: bytes, who: str) -> "asyncio.Task[Actor | None]":
        counted = digest not in self._good
        if counted and (wait := self._strangers.enter(who)):
            REFUSED.labels("key").inc()
            raise _too_many(wait)
        if len(self._known) >= _MOST_REMEMBERED:
            self._known.clear()
        return asyncio.create_task(self._look_up(key, digest, who if counted else None))

    async def _look_up(self, key: str, digest: bytes, counted: str | None) -> Actor | None:
        """`counted`: for whom it is, where the key never opened anything here."""
        unknown = False
        try:
            actor = await actor_of_key(self._ctx, key)
            unknown = actor is None
        finally:
            if counted is not None:
                self._strangers.leave(counted, free=not unknown)
        if actor is None:
            self._good.pop(digest, None)
        else:
            self._good[digest] = actor
        return actor

    def _forget(self, digest: bytes, asked: "asyncio.Task[Actor | None]") -> None:
        if self._known.get(digest, (0.0, None))[1] is asked:
            del self._known[digest]


def _key_of(request: web.Request) -> str:
    """What stands in the header. Raises Problem 401."""
    scheme, _, key = request.headers.get("Authorization", "").partition(" ")
    key = key.strip()
    if scheme.lower() != "bearer" or not key:
        raise _unknown("Send an API key: Authorization: Bearer <key>. contact-hub api-key create makes one.")
    return key


def _digest_of(key: str) -> bytes:
    return hashlib.sha256(key.encode(errors="surrogateescape")).digest()


def _too_many(wait: float) -> Problem:
    detail = "Too many unknown API keys came from this address. Wait a little."
    return Problem(429, "too_many_tries", detail, headers={"Retry-After": str(math.ceil(wait))})


def _unknown(detail: str, more: str = "") -> Problem:
    challenge = f"{CHALLENGE}, {more}" if more else CHALLENGE
    return Problem(401, "unauthorized", detail, headers={"WWW-Authenticate": challenge})
