"""The open API channel. What comes in is accepted by the JSON API itself; only answers leave from here."""

import asyncio
import ssl
from collections.abc import Mapping
from datetime import UTC, datetime

import aiohttp

from channels.adapter import (
    Accept,
    Capabilities,
    ChannelFailure,
    Leaving,
    Misconfigured,
    Ports,
    Receipt,
    Refused,
    TryLater,
    Unavailable,
    Unsure,
)
from channels.api.compose import compose_answer, sign
from channels.api.settings import ApiSettings
from hub.model.interactions import OutboundInteraction

_MOST_ANSWER = 16 * 1024
"""Bytes that are read of the other program's answer."""


class ApiAdapter:
    """One program (see channels.adapter.ChannelAdapter for what each method promises)."""

    def __init__(self, name: str, settings: ApiSettings, ports: Ports) -> None:
        self.name = name
        answers = bool(settings.callback_url)
        self.capabilities = Capabilities(
            subject=True, html=answers, attachments=answers, push=True, can_send=answers, repeatable=True
        )
        self._settings = settings
        self._ports = ports
        self._client: aiohttp.ClientSession | None = None

    async def check(self) -> None:
        """Ask the callback address for its options, which changes nothing there. Raises Misconfigured or
        Unavailable."""
        if not self._settings.callback_url:
            return
        try:
            async with self._session().options(self._settings.callback_url, allow_redirects=False) as answer:
                status = answer.status
        except (aiohttp.ClientSSLError, ssl.SSLError) as error:
            raise Misconfigured(f"{self._where()} shows a certificate that is not valid for it.") from error
        except aiohttp.InvalidURL as error:
            raise Misconfigured("callback_url is not an address.") from error
        except (aiohttp.ClientError, TimeoutError, OSError) as error:
            raise Unavailable(f"{self._where()} cannot be reached: {type(error).__name__}") from error
        if status in (401, 403, 404, 410) or 300 <= status < 400:
            raise Misconfigured(f"{self._where()} answers {status}. Check callback_url.")
        if status >= 500 and status != 501:
            raise Unavailable(f"{self._where()} answers {status}.")

    async def receive(self, accept: Accept) -> None:
        """Programs come to the JSON API; there is nothing to hear. Returns only when cancelled."""
        await asyncio.Event().wait()

    async def send(self, message: OutboundInteraction, leaving: Leaving) -> Receipt:
        """Post once."""
        if not self._settings.callback_url:
            raise Refused(
                "This API channel has no callback_url, so it cannot carry answers. Set one in hub.toml."
            )
        if not self._ports.alive():
            raise TryLater("Another hub has taken this channel over.")
        body = compose_answer(self.name, message)
        message_id = f"reply-{message.interaction_id}"
        headers = sign(body, message_id, datetime.now(UTC), self._settings.signing_key())
        await leaving()
        try:
            async with self._session().post(
                self._settings.callback_url,
                data=body,
                headers={**headers, "Content-Type": "application/json"},
                allow_redirects=False,
            ) as answer:
                if answer.ok and answer.status < 300:
                    return Receipt(external_id=message_id, detail=str(answer.status))
                failure = self._meaning(answer.status, await _said(answer), answer.headers)
        except (aiohttp.ClientConnectorError, aiohttp.ConnectionTimeoutError) as error:
            raise TryLater(f"{self._where()} cannot be reached: {type(error).__name__}") from error
        except (aiohttp.ClientError, TimeoutError, OSError) as error:
            raise Unsure(
                f"The line to {self._where()} failed when the answer may have arrived: {type(error).__name__}"
            ) from error
        raise failure

    async def close(self) -> None:
        client, self._client = self._client, None
        if client is not None:
            await client.close()

    def _session(self) -> aiohttp.ClientSession:
        if self._client is None:
            seconds = self._settings.timeout_seconds
            # No connection is used twice: a failure on one that was just closed would leave us in doubt.
            self._client = aiohttp.ClientSession(
                timeout=aiohttp.ClientTimeout(total=seconds, connect=min(seconds, 10)),
                connector=aiohttp.TCPConnector(force_close=True),
                cookie_jar=aiohttp.DummyCookieJar(),
            )
        return self._client

    def _where(self) -> str:
        """The callback's host; the path may hold a secret."""
        return self._settings.callback_url.partition("://")[2].partition("/")[0].rpartition("@")[2]

    def _meaning(self, status: int, said: str, headers: Mapping[str, str]) -> ChannelFailure:
        told = f"{self._where()} answered {status}: {' '.join(said.split())[:300]}"
        wait = headers.get("Retry-After", "")
        if status in (408, 425, 429) or status >= 500:
            return TryLater(told, retry_after=float(wait) if wait.isascii() and wait.isdigit() else None)
        return Refused(told)


async def _said(answer: aiohttp.ClientResponse) -> str:
    """The beginning of an answer's body; the status is certain whether or not it can be read."""
    try:
        return (await answer.content.read(_MOST_ANSWER)).decode("utf-8", "replace")
    except (aiohttp.ClientError, TimeoutError, OSError):
        return ""
