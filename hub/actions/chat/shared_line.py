"""The line that visitors stand in, looked at once in a while for all of them: what each would ask for itself is the same."""

import asyncio
import time
from datetime import datetime

from hub.actions.context import Context
from hub.actions.floor.expect import LATELY_SECONDS, LineNow, expect_in, see_line, tempo
from routing.expect import Expected
from storage import wallboard, work
from storage.database import Connection
from storage.side_by_side import side_by_side
from storage.work import WaitingRow

SHARED_SECONDS = 3.0
"""A place that was told is good for so long."""
TEMPO_SECONDS = 60.0
"""How quickly work is done changes slowly, and costs most to find out."""


class SharedLine:
    """One for each hub process."""

    def __init__(self) -> None:
        self._seen: LineNow | None = None
        self._until = 0.0
        self._tempo: dict[str, float] = {}
        self._tempo_until = 0.0
        self._told: dict[int, Expected | None] = {}
        self._one_at_a_time = asyncio.Lock()

    async def where(self, ctx: Context, code: int, now: datetime) -> Expected | None:
        """Where a waiting ticket stands; None where it does not wait (any more), or is being offered. One trip to the database
        for each ticket and `SHARED_SECONDS`; now and then one more, to see how quickly work is done."""
        async with self._one_at_a_time:
            seen = self._seen
            if seen is None or time.monotonic() >= self._until:
                seen, row = await self._look(ctx, code, now)
                self._seen, self._until, self._told = seen, time.monotonic() + SHARED_SECONDS, {}
            elif code in self._told:
                return self._told[code]
            else:
                row = await ctx.database.read(lambda c: work.waiting_ticket(c, code))
            self._told[code] = None if row is None else expect_in(ctx, row, seen)
            return self._told[code]

    async def _look(self, ctx: Context, code: int, now: datetime) -> tuple[LineNow, WaitingRow | None]:
        async def read(connection: Connection) -> tuple[LineNow, WaitingRow | None]:
            if time.monotonic() >= self._tempo_until:
                # By itself, as expect_ticket has it.
                answered = await wallboard.answered_lately(connection, LATELY_SECONDS)
                self._tempo, self._tempo_until = tempo(answered), time.monotonic() + TEMPO_SECONDS
            async with side_by_side(connection) as also:
                rows = also.ask(wallboard.line_now(also.connection, now))
                present = also.ask(work.look_at_agents(also.connection))
                row = also.ask(work.waiting_ticket(also.connection, code))
            queues = {rule.name for rule in ctx.rules.queue}
            return see_line(ctx, rows.result(), present.result(), self._tempo, queues, now), row.result()

        return await ctx.database.read(read)


def shared_line(ctx: Context) -> SharedLine:
    """That of this process."""
    found: SharedLine = ctx.memo.setdefault("shared_line", SharedLine())
    return found
