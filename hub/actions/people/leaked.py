"""Whether a password stands in a list of leaked ones: in a file of this machine, or asked of a service that is not told which.

The file is that of Pwned Passwords (https://haveibeenpwned.com/Passwords) as its downloader writes it: a line for each, the
SHA-1 in hexadecimal, a colon and how often it was seen, in order of the hash. A service is asked as that one is: for all that
begin with the first five characters of the hash. What cannot be looked up is let through, and logged.
"""

import asyncio
import hashlib
import mmap
import re
from pathlib import Path

import aiohttp
import structlog

from hub.actions.errands.public_net import PRIVATE, Guard, open_session, read_whole
from hub.settings import Passwords

log = structlog.get_logger(__name__)

WITHIN_SECONDS = 3.0
MOST_ANSWER = 2 * 1024 * 1024
_LINE = re.compile(rb"([0-9A-Fa-f]{40})(?::(\d+))?")
_REST = re.compile(rb"([0-9A-Fa-f]{35}):(\d+)")
_PREFIX = 5


class NotAList(Exception):
    """The file is none of the form that is known."""


async def is_leaked(settings: Passwords, password: str) -> bool:
    """Whether a list that the settings name has it. False, with a warning in the log, where a list cannot be asked."""
    digest = hashlib.sha1(password.encode(), usedforsecurity=False).hexdigest().upper().encode()
    if settings.leaked_file is not None:
        try:
            if await asyncio.to_thread(is_in_file, settings.leaked_file, digest):
                return True
        except (OSError, ValueError, NotAList) as error:
            log.warning("leaked_passwords.not_read", error=str(error)[:200])
    if settings.leaked_url:
        try:
            return await _is_known_there(settings.leaked_url, digest, private=settings.leaked_url_private)
        except (TimeoutError, aiohttp.ClientError, OSError, NotAList) as error:
            log.warning("leaked_passwords.not_asked", error=f"{type(error).__name__}: {error}"[:200])
    return False


def is_in_file(path: Path, digest: bytes) -> bool:
    """By halving: some thirty looks into a file of forty gigabytes. Raises OSError, ValueError (it is empty), NotAList."""
    with path.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as lines:
        low, high = 0, len(lines)
        while low < high:
            begin = lines.rfind(b"\n", low, (low + high) // 2) + 1 or low
            end = lines.find(b"\n", begin)
            end = len(lines) if end < 0 else end
            seen = _LINE.fullmatch(lines[begin : min(end, begin + 80)].strip())
            if seen is None:
                raise NotAList(f"{path}: at byte {begin} stands no SHA-1 with a count")
            if seen[1].upper() == digest:
                return True
            if seen[1].upper() < digest:
                low = end + 1
            else:
                high = begin
    return False


async def _is_known_there(url: str, digest: bytes, *, private: bool) -> bool:
    """Asks for a range, padded so that its length tells nothing either (a count of 0 is padding)."""
    guard = Guard(PRIVATE if private else ())
    async with (
        asyncio.timeout(WITHIN_SECONDS),
        open_session(guard, headers={"Add-Padding": "true", "User-Agent": "Contact-Hub"}) as session,
        session.get(f"{url}/{digest[:_PREFIX].decode()}", allow_redirects=False) as answer,
    ):
        if answer.status != 200:
            raise NotAList(f"the service answered {answer.status}")
        said = await read_whole(answer, MOST_ANSWER)
    if said is None:
        raise NotAList("the service answers without end")
    for line in said.splitlines():
        seen = _REST.fullmatch(line.strip())
        if seen is None:
            raise NotAList("the service answered with something else than a range")
        if seen[1].upper() == digest[_PREFIX:] and int(seen[2]):
            return True
    return False
