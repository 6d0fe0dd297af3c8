"""Fetches a picture that a letter asks for, so that the agent's browser never does: its host learns that somebody at the
company looked, not who or from where, and nobody can use it to look into the company's own network.

Where it may go is public_net's to say, at each connection.
"""

import asyncio
from collections.abc import Sequence

import aiohttp
import structlog
from yarl import URL

from hub.actions.errands.public_net import Guard, Network, open_session, read_whole

log = structlog.get_logger(__name__)

MOST_BYTES = 5 * 1024 * 1024
WITHIN_SECONDS = 10.0
MOST_HOPS = 3
AT_ONCE = 8


class NoPicture(Exception):
    """It was not fetched: the address is none to go to, or what lies there is too large, too slow or absent."""


class PictureFetcher:
    """One per hub. `allowed` are networks that may be asked although they are not public."""

    def __init__(self, allowed: Sequence[Network] = ()) -> None:
        self._allowed = allowed
        self._turns = asyncio.Semaphore(AT_ONCE)

    async def fetch(self, address: str) -> bytes:
        """The bytes at a web address, at most MOST_BYTES; whether they are a picture is the caller's to see. No cookies, no
        referrer, no proxy of the environment. Raises NoPicture."""
        try:
            async with (
                self._turns,
                asyncio.timeout(WITHIN_SECONDS),
                open_session(
                    Guard(self._allowed),
                    auto_decompress=False,
                    headers={"Accept": "image/*", "Accept-Encoding": "identity", "User-Agent": "Mozilla/5.0"},
                ) as session,
            ):
                return await _follow(session, address)
        except (TimeoutError, aiohttp.ClientError, OSError, ValueError) as error:
            log.info("picture.not_fetched", why=type(error).__name__)
            raise NoPicture(str(error)) from error


async def _follow(session: aiohttp.ClientSession, address: str) -> bytes:
    url = _web_address(URL(address))
    for _ in range(MOST_HOPS + 1):
        async with session.get(url, allow_redirects=False) as answer:
            if answer.status in (301, 302, 303, 307, 308) and "Location" in answer.headers:
                url = _web_address(url.join(URL(answer.headers["Location"])))
                continue
            if answer.status != 200 or answer.headers.get("Content-Encoding", "identity") != "identity":
                raise NoPicture(f"the answer was {answer.status}")
            return await _read(answer)
    raise NoPicture("sent on too often")


async def _read(answer: aiohttp.ClientResponse) -> bytes:
    if (answer.content_length or 0) > MOST_BYTES:
        raise NoPicture("too large")
    data = await read_whole(answer, MOST_BYTES)
    if data is None:
        raise NoPicture("too large")
    return data


def _web_address(url: URL) -> URL:
    if url.scheme not in ("http", "https") or not url.host:
        raise NoPicture("not a web address")
    return url.with_user(None).with_fragment(None)
