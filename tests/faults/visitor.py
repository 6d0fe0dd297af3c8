"""A visitor of the chat as its page is: says each line until it is kept, comes back to any hub, notes what it is shown."""

import asyncio
from collections import Counter
from collections.abc import Sequence
from typing import Any

import aiohttp
import orjson

from tests.faults.fleet import Seat
from tests.faults.front import Front
from tests.faults.ledger import Ledger, Operation
from tests.faults.world import KEY

LINE_SECONDS = 6.0


class Visitor:
    """Run `stay` as a task; `say` returns when the line is kept."""

    def __init__(
        self, number: int, client: aiohttp.ClientSession, seats: Sequence[Seat | Front], ledger: Ledger
    ) -> None:
        self._number, self._client, self._seats, self._ledger = number, client, seats, ledger
        self._session, self._last = "", 0
        self._waiting: dict[str, tuple[str, asyncio.Future[str]]] = {}
        self._socket: aiohttp.ClientWebSocketResponse | None = None
        self.shown: dict[str, str] = {}
        """Text by id: what the page shows, in the order in which it came."""
        self.keys: Counter[str] = Counter()
        """In how many of these lines each key of the ledger stands."""
        self.again: Counter[str] = Counter()
        """Lines that came more than once on one socket: the page would show those once, but the hub should not send them."""
        self.visits = 0

    @property
    def session(self) -> str:
        """What opens its conversation; "" before it was welcomed."""
        return self._session

    async def say(self, operation: Operation, text: str) -> None:
        kept: asyncio.Future[str] = asyncio.get_running_loop().create_future()
        self._waiting[operation.key] = (text, kept)
        if self._socket is not None and not self._socket.closed:
            await self._try(operation.key, text)
        operation.attempts += 1
        try:
            async with asyncio.timeout(200):
                ticket = await kept
        except TimeoutError:
            self._ledger.settle(operation, "info")
        else:
            self._ledger.settle(operation, "ok", ticket=ticket)
        finally:
            self._waiting.pop(operation.key, None)

    async def stay(self) -> None:
        """Until cancelled."""
        turn = self._number
        while True:
            seat = self._seats[turn % len(self._seats)]
            turn += 1
            try:
                async with (
                    asyncio.timeout(LINE_SECONDS) as limit,
                    self._client.ws_connect(
                        f"{seat.url}/chat/shop/socket", origin=seat.url, heartbeat=4, receive_timeout=None
                    ) as socket,
                ):
                    limit.reschedule(None)
                    await self._talk(socket)
            except (aiohttp.ClientError, OSError, TimeoutError):
                await asyncio.sleep(0.3)
            finally:
                self._socket = None

    async def _talk(self, socket: aiohttp.ClientWebSocketResponse) -> None:
        self.visits += 1
        here: set[str] = set()
        await socket.send_str(_frame(type="hello", session=self._session, after=str(self._last)))
        async for message in socket:
            if message.type is not aiohttp.WSMsgType.TEXT:
                return
            frame: dict[str, Any] = orjson.loads(message.data)
            match frame.get("type"):
                case "welcome":
                    self._session = frame["session"]
                    self._note(frame["lines"], here)
                    self._socket = socket
                    for key, (text, _) in tuple(self._waiting.items()):
                        await self._try(key, text)
                case "lines":
                    self._note(frame["lines"], here)
                case "kept":
                    waiting = self._waiting.get(frame["client_id"])
                    if waiting is not None and not waiting[1].done():
                        waiting[1].set_result(str(frame["ticket"]))
                case "error":
                    key = frame.get("client_id", "")
                    if key not in self._waiting or frame["code"] not in ("not_kept", "too_fast"):
                        self._ledger.surprises.append(f"chat: {frame}")
                        continue
                    await asyncio.sleep(0.5)
                    await self._try(key, self._waiting[key][0])

    async def _try(self, key: str, text: str) -> None:
        if self._socket is not None:
            try:
                await self._socket.send_str(_frame(type="message", client_id=key, text=text))
            except (ConnectionError, aiohttp.ClientError):
                return  # the line is over; it is said again on the next

    def _note(self, lines: Sequence[dict[str, Any]], here: set[str]) -> None:
        for line in lines:
            name = str(line["id"])
            if name in here:
                self.again[name] += 1
            here.add(name)
            if name not in self.shown:
                self.keys.update(set(KEY.findall(line["text"])))
            self.shown[name] = line["text"]
            self._last = max(self._last, int(name))


def _frame(**parts: Any) -> str:
    return orjson.dumps(parts).decode()
