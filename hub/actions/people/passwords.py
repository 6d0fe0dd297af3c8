"""Hashing and checking passwords, in a thread: it takes tens of milliseconds on purpose. And which may be chosen."""

import asyncio
from collections.abc import Iterable
from functools import lru_cache

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError
from argon2.profiles import RFC_9106_LOW_MEMORY

from hub.actions.context import Context
from hub.actions.failures import NotPossible
from hub.actions.people.guessable import holds_word, is_common
from hub.actions.people.leaked import is_leaked

SHORTEST, LONGEST = 10, 256
_PRODUCT = ("contact hub",)
HASHER = PasswordHasher.from_parameters(RFC_9106_LOW_MEMORY)
"""What one guess costs: argon2id over 64 MiB (RFC 9106, section 4, the second recommended option)."""


async def hash_password(password: str) -> str:
    """What is kept of it. Whether it may be chosen is asked elsewhere: one that was kept before stays good."""
    return await asyncio.to_thread(HASHER.hash, password)


async def hash_chosen(ctx: Context, password: str, *, login: str, name: str) -> str:
    """The same of one that somebody has just chosen for the agent of this login and name.

    Raises NotPossible: weak_password (too short or too long), common_password (others would try it soon), telling_password (it
    holds the login, a part of the name, the product's name, a domain of our inboxes or a word of the house), leaked_password
    (it stands in a list of leaked ones).
    """
    if not SHORTEST <= len(password) <= LONGEST or not password.strip():
        raise NotPossible(f"The password needs {SHORTEST} to {LONGEST} characters.", code="weak_password")
    if not _is_text(password):
        raise NotPossible("The password holds bytes that are no characters.", code="weak_password")
    of_house = (*_PRODUCT, *_domains(ctx), *ctx.settings.passwords.house_words)
    if holds_word(password, [login, login.partition("@")[0], name, *name.split(), *of_house]):
        raise NotPossible(
            "The password holds the login, the name, the product's name, the domain of an inbox or a word of the company. "
            "Leave that out.",
            code="telling_password",
        )
    if await asyncio.to_thread(is_common, password):
        raise NotPossible(
            "The password is easy to guess: it is a common one, or made of common words, dates or rows of keys. Take four "
            "words that have nothing to do with each other.",
            code="common_password",
        )
    if await is_leaked(ctx.settings.passwords, password):
        raise NotPossible(
            "The password stands in a list of leaked ones, from somewhere else. Choose one that was never used.",
            code="leaked_password",
        )
    return await hash_password(password)


def _domains(ctx: Context) -> Iterable[str]:
    """Of our inboxes, whole and by the label that is the company's own."""
    for one in map(ctx.channel, ctx.channels):
        if one.kind.inbox is not None:
            domain = one.kind.inbox(one.settings).address.rpartition("@")[2]
            yield domain
            yield max(domain.split(".")[:-1], key=len, default="")


async def fits(password: str, known: str | None) -> bool:
    """Whether it is the password. Takes as long for an unknown login (`known` None) as for a known one."""
    given = password[: LONGEST + 1] if _is_text(password) else ""
    right = await asyncio.to_thread(_verify, given, known)
    return right and known is not None


def is_dated(known: str) -> bool:
    """Whether a hash was made under weaker parameters than today's."""
    return HASHER.check_needs_rehash(known)


def _is_text(password: str) -> bool:
    return not any("\ud800" <= c <= "\udfff" for c in password)


@lru_cache(maxsize=1)
def _nobodys(hasher: PasswordHasher) -> str:
    """What an unknown login is compared with. Made at the first need: most commands ask for no password at all."""
    return hasher.hash("a password that nobody has")


def _verify(password: str, known: str | None) -> bool:
    try:
        return HASHER.verify(known or _nobodys(HASHER), password)
    except (VerificationError, InvalidHashError):
        return False
