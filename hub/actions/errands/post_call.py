"""One call to an address that an administrator wrote down: no redirection is followed, nothing is waited for long, little is
read of the answer, and unless the settings say otherwise it goes to the public internet alone.
"""

import asyncio
import time
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

import aiohttp
from yarl import URL

from hub.actions.errands.public_net import PRIVATE, Guard, open_session

WITHIN_SECONDS = 10.0
MOST_ANSWER = 64 * 1024
"""Bytes of an answer that are read, so that its connection ends in order; nobody looks at them."""
LONGEST_ASKED = 3600.0
"""Seconds of silence that the other side may ask for (Retry-After, RFC 9110 section 10.2.3)."""


class Trouble(StrEnum):
    """Why there was no answer that would do. The desk has a sentence for each."""

    TIMEOUT = "timeout"
    PRIVATE_ADDRESS = "private_address"
    NO_SUCH_HOST = "no_such_host"
    TLS = "tls"
    CONNECTION = "connection"
    REDIRECT = "redirect"
    STATUS = "status"


@dataclass(frozen=True, slots=True, kw_only=True)
class CallResult:
    """`trouble` is None where the other side took it over."""

    status: int | None
    trouble: Trouble | None
    took_ms: int
    retry_after: float | None = None


async def post_call(
    url: str, body: bytes, headers: Mapping[str, str], *, private: bool, within: float = WITHIN_SECONDS
) -> CallResult:
    """POST it once. `private`: also to a company's own network and this machine. Raises nothing but a fault of ours."""
    began = time.monotonic()
    guard = Guard(PRIVATE if private else ())
    status: int | None = None
    retry_after: float | None = None
    trouble: Trouble | None
    try:
        async with asyncio.timeout(within):
            async with (
                open_session(
                    guard,
                    auto_decompress=False,
                    headers={"Accept-Encoding": "identity", "User-Agent": "Contact-Hub"},
                ) as session,
                session.post(
                    URL(url, encoded=True), data=body, headers=headers, allow_redirects=False
                ) as answer,
            ):
                status = answer.status
                retry_after = _seconds(answer.headers.get("Retry-After", ""))
                await _read_some(answer)
        trouble = _judge(status)
    except TimeoutError:
        # What it said before it fell silent counts.
        trouble = Trouble.TIMEOUT if status is None else _judge(status)
    except (aiohttp.ClientError, OSError) as error:
        trouble = _judge(status) if status is not None else _why(error, guard)
    except UnicodeError:  # two dots in a row, say: such a name cannot even be asked for
        trouble = Trouble.NO_SUCH_HOST
    took = round((time.monotonic() - began) * 1000)
    return CallResult(status=status, trouble=trouble, took_ms=took, retry_after=retry_after)


async def _read_some(answer: aiohttp.ClientResponse) -> None:
    seen = 0
    async for chunk in answer.content.iter_chunked(8192):
        seen += len(chunk)
        if seen >= MOST_ANSWER:
            answer.close()
            return


def _judge(status: int) -> Trouble | None:
    if 200 <= status < 300:
        return None
    return Trouble.REDIRECT if 300 <= status < 400 else Trouble.STATUS


def _why(error: Exception, guard: Guard) -> Trouble:
    if guard.refused:
        return Trouble.PRIVATE_ADDRESS
    if isinstance(error, aiohttp.ClientConnectorDNSError):
        return Trouble.NO_SUCH_HOST
    if isinstance(error, aiohttp.ClientConnectorSSLError | aiohttp.ClientConnectorCertificateError):
        return Trouble.TLS
    return Trouble.CONNECTION


def _seconds(said: str) -> float | None:
    """Seconds alone are understood; a date is not worth its trouble."""
    if not (said.isascii() and said.isdigit()):
        return None
    return min(float(said[:10]), LONGEST_ASKED)
