"""The line to the Bot API, and what its failures mean. The token stays inside: no message, no exception and
no log line of ours or of the libraries below carries it.

python-telegram-bot puts the token into the text of some of its exceptions, so none of them is ever chained.
"""

import json
import logging
import os
import re
import time
from collections.abc import Coroutine
from datetime import timedelta
from enum import Enum
from typing import Any, TypeVar

import httpx
from telegram import Bot
from telegram.error import (
    BadRequest,
    ChatMigrated,
    Conflict,
    EndPointNotFound,
    Forbidden,
    InvalidToken,
    NetworkError,
    RetryAfter,
    TelegramError,
    TimedOut,
)
from telegram.request import HTTPXRequest, RequestData

from channels.adapter import ChannelFailure, Misconfigured, Refused, TryLater, Unavailable, Unsure
from channels.telegram.files import MOST_BYTES
from channels.telegram.settings import TelegramSettings
from channels.telegram.updates import ALLOWED

# The library's own way to choose its next major version's type for durations; without it each 429 warns.
os.environ.setdefault("PTB_TIMEDELTA", "true")

_T = TypeVar("_T")
_TOKEN = re.compile(r"\d{1,20}:[A-Za-z0-9_-]{3,100}")
_CERTAIN = (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout, httpx.UnsupportedProtocol)
"""What httpx raises when no byte of the request has left."""


class Doing(Enum):
    """What a call is for: the same answer means another thing while a message is sent."""

    ASKING = "asking"
    ARRANGING = "arranging"
    FETCHING = "fetching"
    SENDING = "sending"


class TooLarge(Refused):
    """A file that is larger than a bot may fetch."""

    def __init__(self) -> None:
        super().__init__(f"larger than the {MOST_BYTES // 2**20} MB that a bot may fetch")


class _MoreComes(TelegramError):
    """More bytes of a file than there may be."""


class _Redacting(logging.Filter):
    """httpx logs every address at INFO, and the Bot API has the token in the address."""

    def filter(self, record: logging.LogRecord) -> bool:
        text = record.getMessage()
        if _TOKEN.search(text):
            record.msg, record.args = _TOKEN.sub("…", text), ()
        return True


def keep_tokens_out_of_logs() -> None:
    """Before the first line is opened. May be called again."""
    for name in ("httpx", "httpcore", "httpcore.connection", "httpcore.http11", "telegram.Bot"):
        logger = logging.getLogger(name)
        if not any(isinstance(f, _Redacting) for f in logger.filters):
            logger.addFilter(_Redacting())


class _Request(HTTPXRequest):
    """The library's transport, except that an answer which is no JSON is not written into the log whole, and of a file no more
    is held than it may have: what is said of its size whoever writes the update says."""

    async def do_request(
        self, url: str, method: str, request_data: RequestData | None = None, *args: Any, **more: Any
    ) -> tuple[int, bytes]:
        if method != "GET":  # a file: whatever else is asked of the Bot API is posted
            return await super().do_request(url, method, request_data, *args, **more)
        data = bytearray()
        try:
            async with self._client.stream(method, url, headers={"User-Agent": self.USER_AGENT}) as answer:
                async for piece in answer.aiter_bytes():
                    data += piece
                    if len(data) > MOST_BYTES:
                        raise _MoreComes("larger than a file may be")
        except httpx.TimeoutException as error:
            raise TimedOut from error
        except httpx.HTTPError as error:
            raise NetworkError(f"httpx.{type(error).__name__}: {error}") from error
        return answer.status_code, bytes(data)

    @staticmethod
    def parse_json_payload(payload: bytes) -> dict[str, Any]:
        try:
            answer = json.loads(payload)
        except (ValueError, RecursionError):
            answer = None
        if not isinstance(answer, dict):
            raise TelegramError("the server answered what is no answer of the Bot API")
        return answer


class Line:
    """One bot's connections."""

    def __init__(self, settings: TelegramSettings) -> None:
        keep_tokens_out_of_logs()
        seconds = settings.timeout_seconds
        self._requests = [
            _Request(
                connection_pool_size=8,
                connect_timeout=min(seconds, 10),
                read_timeout=seconds,
                write_timeout=seconds,
                media_write_timeout=max(seconds, 120),
                pool_timeout=seconds,
            )
            for _ in range(2)
        ]
        self.bot = Bot(
            settings.token.get_secret_value(),
            base_url=settings.base_url,
            base_file_url=settings.base_file_url,
            get_updates_request=self._requests[0],
            request=self._requests[1],
        )
        self._silent_until = 0.0

    async def updates(self, offset: int | None, *, wait: int, read_timeout: float) -> list[dict[str, Any]]:
        """The unconfirmed updates as Telegram wrote them, after waiting up to `wait` seconds for the first.

        They are not made into the library's objects: one that it cannot read would hold up all behind it.
        The name's capital letter makes the library leave them alone; the Bot API minds no case.
        """
        asked: dict[str, Any] = {"timeout": wait, "allowed_updates": list(ALLOWED)}
        if offset is not None:
            asked["offset"] = offset
        answer: Any = await self.call(
            self.bot.do_api_request("GetUpdates", api_kwargs=asked, read_timeout=wait + read_timeout)
        )
        if not isinstance(answer, list):
            raise Unavailable("Telegram answered something other than a list of updates.")
        return [
            update for update in answer if isinstance(update, dict) and type(update.get("update_id")) is int
        ]

    async def call(self, asked: Coroutine[Any, Any, _T], doing: Doing = Doing.ASKING) -> _T:
        """The answer, or what its failure means in the words of channels.adapter. While Telegram wants silence nothing that
        speaks is even tried, to whomever it is: its pause is the whole bot's, and grows for who goes on."""
        left = self._silent_until - time.monotonic()
        if doing is Doing.SENDING and left > 0:
            asked.close()
            raise _silence(left)
        failure: ChannelFailure
        try:
            return await asked
        except TelegramError as error:
            if doing is not Doing.SENDING:
                failure = _meaning_while_asking(error, doing)
            elif isinstance(error, RetryAfter):
                seconds = _seconds(error)
                self._silent_until = time.monotonic() + seconds
                failure = _silence(seconds)
            else:
                failure = _meaning_while_sending(error)
        # Raised outside the handler, so that the library's exception is not its context.
        raise failure

    async def close(self) -> None:
        for request in self._requests:
            await request.shutdown()


def _meaning_while_asking(error: TelegramError, doing: Doing) -> ChannelFailure:
    if isinstance(error, _MoreComes):
        return TooLarge()
    if doing is Doing.FETCHING and isinstance(error, (InvalidToken, BadRequest, Forbidden)):
        # The file server says 404 for a file that is gone, which the library takes for a wrong token.
        return Refused(f"Telegram does not give this file: {_said(error)}")
    if isinstance(error, (InvalidToken, EndPointNotFound)):
        return _wrong_token()
    if isinstance(error, Conflict):
        return Unavailable(
            f"Telegram gives the updates to somebody else: {_said(error)}. Stop the other program, delete "
            "its webhook, or set webhook = true here."
        )
    if doing is Doing.ARRANGING and isinstance(error, BadRequest):
        return Misconfigured(f"Telegram does not take the webhook: {_said(error)}. Check public_url.")
    return Unavailable(f"Telegram does not answer as it should: {_said(error)}")


def _meaning_while_sending(error: TelegramError) -> ChannelFailure:
    if isinstance(error, (InvalidToken, EndPointNotFound)):
        return _wrong_token()
    if isinstance(error, Forbidden):
        said = f"Telegram does not deliver to this person (bot blocked?): {_said(error)}"
        return Refused(said, shut=True)
    if isinstance(error, (BadRequest, ChatMigrated, Conflict)):
        return Refused(f"Telegram refused the message: {_said(error)}")
    if isinstance(error.__cause__, _CERTAIN):
        return TryLater(f"Telegram cannot be reached: {type(error.__cause__).__name__}", whole_channel=True)
    return Unsure(f"The line to Telegram failed when the message may have left: {_said(error)}")


def _seconds(error: RetryAfter) -> float:
    wait = error.retry_after
    return wait.total_seconds() if isinstance(wait, timedelta) else float(wait)


def _silence(seconds: float) -> TryLater:
    said = f"Telegram asks for a pause of {seconds:.0f} s (too many messages)."
    return TryLater(said, retry_after=seconds, whole_channel=True)


def _wrong_token() -> Misconfigured:
    return Misconfigured("Telegram does not know this token. Copy it again from @BotFather.")


def _said(error: TelegramError) -> str:
    return _TOKEN.sub("…", error.message)[:300]
