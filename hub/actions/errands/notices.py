"""The bell: what an agent is told beside their work. One row for each person and cause, however often it is said.

Nobody is told five hundred times of five hundred tickets: what comes in a crowd is told once, as so many.
"""

import hashlib
from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from hub.actions.announce import EVENTS, announce
from hub.actions.context import Context
from hub.actions.failures import NotFound, NotPossible
from hub.model.notices import NoticeKind
from hub.model.people import Role
from storage import notices as stored
from storage.database import Connection, as_json
from storage.notices import NoticeRow, StaffRow

CROWD = 4
"""More of one kind to one person at once become one."""
FRESH_SECONDS = 600.0
"""For so long one that stands for many takes in more of the same, unless it was read."""
NAMED = 20
"""So many of its tickets are named by one that stands for many."""
MOST_COUNTED = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class NewNotice:
    """`cause`: what it is about, the same for ever ("rule:17:event:4711"). `params`: what its sentence needs beside the ticket;
    names and codes, never a customer's words."""

    agent_id: int
    kind: NoticeKind
    cause: str
    ticket_id: int | None = None
    params: Mapping[str, Any] = field(default_factory=dict)


async def add_notices(
    connection: Connection, notices: Sequence[NewNotice], *, never_again: bool = False
) -> int:
    """Tell them when the running transaction commits; returns how many are new. Agents who have left, and those who do not want
    to hear of the kind, are left out. `never_again`: the caller says nothing twice, so that more of the same may be counted in
    with what was told a moment ago."""
    groups: defaultdict[tuple[int, str], list[NewNotice]] = defaultdict(list)
    for one in {(one.agent_id, one.cause): one for one in notices}.values():
        groups[one.agent_id, one.kind.value].append(one)
    folded: set[tuple[int, str]] = set()
    if never_again and groups:
        counted = [(agent_id, kind, len(group)) for (agent_id, kind), group in sorted(groups.items())]
        folded = await stored.fold(connection, counted, FRESH_SECONDS)
    rows = [row for key, group in sorted(groups.items()) if key not in folded for row in _rows(group)]
    added = await stored.add(connection, rows) if rows else 0
    if added or folded:
        await announce(connection, EVENTS)
    return added


async def overseers(connection: Connection, queue_id: int | None) -> list[int]:
    """To whom a trouble of this queue is told."""
    return overseers_of(await stored.staff(connection), queue_id)


def overseers_of(staff: Sequence[StaffRow], queue_id: int | None) -> list[int]:
    """The supervisors who are members of the queue; where there are none, all supervisors; where there are none either, the
    administrators."""
    supervisors = [one for one in staff if one.role == Role.SUPERVISOR]
    own = [one for one in supervisors if queue_id is not None and queue_id in one.queues]
    admins = [one for one in staff if one.role == Role.ADMIN]
    return [one.id for one in own or supervisors or admins]


async def admins(connection: Connection) -> list[int]:
    """To whom a trouble of the installation is told."""
    return [one.id for one in await stored.staff(connection) if one.role == Role.ADMIN]


def _rows(group: Sequence[NewNotice]) -> list[stored.NewRow]:
    """What is written for one kind and one person."""
    if len(group) <= CROWD:
        return [
            (one.agent_id, one.kind.value, one.cause, one.ticket_id, as_json(dict(one.params)), 1)
            for one in group
        ]
    first = group[0]
    # The same crowd, said again, is the same.
    causes = "\0".join(sorted(one.cause for one in group))
    tickets = sorted({one.ticket_id for one in group if one.ticket_id is not None})[:NAMED]
    cause = f"crowd:{hashlib.sha256(causes.encode()).hexdigest()}"
    return [(first.agent_id, first.kind.value, cause, None, as_json({"tickets": tickets}), len(group))]


async def list_notices(
    ctx: Context, *, agent_id: int, before: tuple[datetime, int], limit: int
) -> list[NoticeRow]:
    """The agent's own, newest first. `before`: (time, id) of the last one of the page before."""
    return await ctx.database.read(lambda c: stored.list_notices(c, agent_id, before, limit))


async def count_unread(ctx: Context, agent_id: int) -> int:
    """MOST_COUNTED at the most."""
    return await ctx.database.read(lambda c: stored.unread(c, agent_id, MOST_COUNTED))


async def mark_read(ctx: Context, *, agent_id: int, notice_id: int | None = None) -> None:
    """One of the agent's own notices, or all of them. Another's is left as it is, and so is one that there is not."""
    await ctx.database.run_one(lambda c: stored.mark_read(c, agent_id, notice_id, EVENTS))


async def mark_ticket_read(ctx: Context, *, agent_id: int, ticket_code: int) -> None:
    """Who looks at a ticket has seen what they were to be told of it."""
    await ctx.database.run_one(lambda c: stored.mark_ticket_read(c, agent_id, ticket_code, EVENTS))


async def muted_kinds(ctx: Context, agent_id: int) -> frozenset[NoticeKind]:
    """What the agent does not want to hear of."""
    known = {kind.value: kind for kind in NoticeKind}
    said = await ctx.database.read(lambda c: stored.muted(c, agent_id))
    return frozenset(known[kind] for kind in said if kind in known)


async def choose_kinds(ctx: Context, *, agent_id: int, wanted: Collection[str]) -> None:
    """From now on the agent hears of these kinds alone. Raises NotPossible (no_such_kind), NotFound."""
    known = {kind.value for kind in NoticeKind}
    if not known.issuperset(wanted):
        raise NotPossible("There is no such kind of notice.", code="no_such_kind")
    muted = sorted(known.difference(wanted))
    if not await ctx.database.run(lambda c: stored.mute(c, agent_id, muted)):
        raise NotFound(f"There is no agent {agent_id}.")
