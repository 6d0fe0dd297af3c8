"""HTTP calls of the load, each tried until somebody knows what became of it, and what each answer means for the ledger."""

import asyncio
import random
import time
from collections.abc import Mapping, Sequence
from typing import Any

import aiohttp

from tests.faults.fleet import Seat
from tests.faults.ledger import Ledger, Operation

PATIENCE_SECONDS = 150.0
_NOBODY = (aiohttp.ClientError, TimeoutError, OSError)


class Caller:
    """Asks any hub. `again`: a program that repeats its request, with the same key, until it was answered; otherwise the first
    word counts, and where there is none nobody knows."""

    def __init__(
        self, client: aiohttp.ClientSession, seats: Sequence[Seat], ledger: Ledger, dice: random.Random
    ) -> None:
        self._client, self._seats, self._ledger, self._dice = client, seats, ledger, dice

    def seat(self) -> Seat:
        return self._dice.choice(self._seats)

    async def post(
        self,
        operation: Operation,
        path: str,
        body: Mapping[str, Any],
        headers: Mapping[str, str],
        *,
        again: bool = True,
    ) -> dict[str, Any] | None:
        """The document that says it is done; None where it is not, or nobody knows."""
        until = time.monotonic() + PATIENCE_SECONDS
        while True:
            operation.attempts += 1
            status, document = await self._once(path, body, headers)
            if 200 <= status < 300:
                self._ledger.settle(operation, "ok", status=status, answer=document)
                return document
            if status == 500 or status in (502, 504):
                self._ledger.surprises.append(f"{path}: {status} {document}")
            if 400 <= status < 500 and status not in (408, 425, 429):
                self._ledger.settle(operation, "fail", status=status, answer=document)
                return None
            if not again or time.monotonic() > until:
                self._ledger.settle(operation, "info", status=status)
                return None
            await asyncio.sleep(0.2 + self._dice.random() * 0.6)

    async def _once(
        self, path: str, body: Mapping[str, Any], headers: Mapping[str, str]
    ) -> tuple[int, dict[str, Any]]:
        """(status, document); status 0: no answer."""
        try:
            async with self._client.post(self.seat().url + path, json=body, headers=headers) as answer:
                if answer.status in (429, 503) and "Retry-After" not in answer.headers:
                    self._ledger.surprises.append(
                        f"{path}: {answer.status} that does not say when to come back"
                    )
                text = await answer.text()
                is_json = answer.content_type.endswith("json")
                return answer.status, (await answer.json(content_type=None)) if is_json else {
                    "text": text[:300]
                }
        except _NOBODY:
            return 0, {}
