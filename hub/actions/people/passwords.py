"""Hashing and checking passwords, in a thread: it takes tens of milliseconds on purpose."""

import asyncio
from functools import lru_cache

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError
from argon2.profiles import RFC_9106_LOW_MEMORY

from hub.actions.failures import NotPossible

SHORTEST, LONGEST = 10, 256
HASHER = PasswordHasher.from_parameters(RFC_9106_LOW_MEMORY)
"""What one guess costs: argon2id over 64 MiB (RFC 9106, section 4, the second recommended option)."""


async def hash_password(password: str) -> str:
    """Raises NotPossible for one that is too short or too long."""
    if not SHORTEST <= len(password) <= LONGEST or not password.strip():
        raise NotPossible(f"The password needs {SHORTEST} to {LONGEST} characters.", code="weak_password")
    if not _is_text(password):
        raise NotPossible("The password holds bytes that are no characters.", code="weak_password")
    return await asyncio.to_thread(HASHER.hash, password)


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
