"""The hub's own past as the simulator takes it, read in batches, so that no statement takes long and none holds up the desk."""

import asyncio
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from datetime import datetime, timedelta
from typing import Any

from hub.actions.as_facts import EFFORT, LIVE_EFFORT, PATIENCE, PROMISED, SOON, WEIGHT
from hub.actions.context import Context
from hub.model.tickets import Priority, TicketKind
from routing.rules import RoutingRules
from routing.simulate.bygone import Usual
from routing.simulate.past import Past, PastAgent, PastTurn
from routing.simulate.trouble import CannotSimulate
from storage import history
from storage.database import Database
from storage.history import PresenceRow, StaffRow, TurnRow

BATCH = 500
MOST_TURNS = 200_000
"""More would take an hour and a gigabyte."""

USUAL = Usual(
    promised=PROMISED,
    weight=WEIGHT,
    effort=EFFORT,
    live_effort=LIVE_EFFORT,
    live_promised=PATIENCE,
    soon=SOON,
)


async def read_past(ctx: Context, days: int) -> Past:
    """The last days, to this moment. Raises CannotSimulate where too much happened in them, DatabaseUnavailable."""
    until = await ctx.database.read(history.now)
    since = until - timedelta(days=days)
    staff = await ctx.database.read(history.staff_of_now)
    agents = [
        _as_agent(row, name, await ctx.database.read(_presence(row.id, since, until)))
        for row, name in zip(staff, _called(staff), strict=True)
    ]
    turns = [turn async for turn in _turns(ctx.database, ctx.rules, since, until)]
    return Past(since=since, until=until, turns=tuple(turns), agents=tuple(agents))
