"""The floor at one moment, read together: queues, who is here, what nobody can have, how today goes. Reads only."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any

from hub.actions.context import Context
from hub.actions.floor.as_facts import WEIGHT, as_agents, needs_of
from hub.actions.floor.expect import LATELY_SECONDS, effort_of, tempo
from hub.model.tickets import Priority, TicketKind
from routing.calendars import is_open, next_change
from routing.expect import Crowd, Expected, Sort, expect_new
from routing.explain import to_data
from routing.fit import fits, has_room
from routing.floor import Floor
from routing.rules import RoutingRules
from routing.select import Waiting, choose_agent
from routing.situation import AgentState, Needs, ReasonCode, WaitingTicket
from storage import wallboard as stored
from storage import work
from storage.database import Connection
from storage.wallboard import AgentOnFloor, AnsweredRow, NeedsNow, QueueNow, Today
from storage.work import AgentNow

_NOBODY_FITS = {
    ReasonCode.NO_MEMBERS,
    ReasonCode.NOBODY_SPEAKS,
    ReasonCode.NOBODY_HAS_SKILL,
    ReasonCode.NO_COMBINATION,
}
_ABSENT = {ReasonCode.FIT_BUT_ABSENT, ReasonCode.FIT_BUT_OFF_SHIFT}


@dataclass(frozen=True, slots=True, kw_only=True)
class QueueOnBoard:
    """`members`: who may work on it; `here`: those on line, `free` those with room. `open`: whether its calendar is open now,
    None where it has none; `changes_at`: when that changes. `expected`: for what would come now."""

    now: QueueNow
    members: int
    here: int
    free: int
    open: bool | None
    changes_at: datetime | None
    expected: Expected


@dataclass(frozen=True, slots=True, kw_only=True)
class Stuck:
    """Tickets that nobody on line can have, and why: data of routing.explain. `absent`: some who can are not on line."""

    needs: NeedsNow
    why: Mapping[str, Any]
    absent: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Board:
    queues: Sequence[QueueOnBoard]
    agents: Sequence[AgentOnFloor]
    stuck: Sequence[Stuck]
    today: Today

    @property
    def waiting(self) -> int:
        return sum(queue.now.waiting for queue in self.queues)

    @property
    def overdue(self) -> int:
        return sum(queue.now.overdue for queue in self.queues)

    @property
    def in_time_share(self) -> float | None:
        """Of the promises of an answer that ended today, those that were kept; None where there was none."""
        ended = self.today.in_time + self.today.late
        return self.today.in_time / ended if ended else None


@dataclass(frozen=True, slots=True, kw_only=True)
class _Read:
    queues: Sequence[QueueNow]
    needs: Sequence[NeedsNow]
    agents: Sequence[AgentOnFloor]
    people: Sequence[AgentNow]
    today: Today
    answered: Sequence[AnsweredRow]


async def read_board(ctx: Context, since: datetime) -> Board:
    """Everything that the wallboard shows; today began at `since`."""

    async def look(connection: Connection) -> _Read:
        return _Read(
            queues=await stored.queues_now(connection),
            needs=await stored.needs_now(connection),
            agents=await stored.agents_now(connection),
            people=await work.look_at_agents(connection),
            today=await stored.today(connection, since),
            answered=await stored.answered_lately(connection, LATELY_SECONDS),
        )

    read = await ctx.database.read(look)
    now = read.people[0].now if read.people else datetime.now(UTC)
    people = as_agents(read.people, {queue.name for queue in read.queues}, now, ctx.rules)
    return Board(
        queues=_queues(read, Floor(people, weights=ctx.outlook.weights), ctx.rules, now),
        agents=read.agents,
        stuck=_stuck(read.needs, people),
        today=read.today,
    )


def _queues(read: _Read, floor: Floor, rules: RoutingRules, now: datetime) -> list[QueueOnBoard]:
    waiting: Counter[Sort] = Counter()
    for row in read.needs:
        waiting[_sort(_needs(row), row.kind, row.live)] += row.tickets
    speed = tempo(read.answered)
    people, crowd = list(floor.agents.values()), Crowd(floor)
    board = []
    for queue in in_order(read.queues, rules):
        needs = Needs(queue.name)
        members = [agent for agent in people if fits(agent, needs)]
        here = [agent for agent in members if agent.here]
        usual = _usual(queue.name, waiting)
        opened, changes_at = hours_of(rules, queue.name, now)
        board.append(
            QueueOnBoard(
                now=queue,
                members=len(members),
                here=len(here),
                free=sum(has_room(agent, live=False) for agent in here),
                open=opened,
                changes_at=changes_at,
                expected=expect_new(usual, waiting, crowd, tempo=speed),
            )
        )
    return board


def _sort(needs: Needs, kind: str, live: bool) -> Sort:
    return Sort(needs, live, WEIGHT[Priority.NORMAL], effort_of(kind, live))


def _usual(queue: str, waiting: Mapping[Sort, int]) -> Sort:
    """What comes to a queue: for all we know, what most of those ask for that wait in it."""
    there = [
        (tickets, sort) for sort, tickets in waiting.items() if sort.needs.queue == queue and not sort.live
    ]
    nothing = _sort(Needs(queue), TicketKind.ENQUIRY, live=False)
    return max(there, key=lambda one: one[0], default=(0, nothing))[1]


def in_order(queues: Sequence[QueueNow], rules: RoutingRules) -> list[QueueNow]:
    """As the rules have them; one that they have no more comes last."""
    place = {rule.name: number for number, rule in enumerate(rules.queue)}
    return sorted(queues, key=lambda queue: place.get(queue.name, len(place)))


def hours_of(rules: RoutingRules, queue: str, now: datetime) -> tuple[bool | None, datetime | None]:
    """Whether the queue's calendar is open, and when that changes; (None, None) for a queue without one."""
    name = next((one.calendar for one in rules.queue if one.name == queue), "")
    if not name:
        return None, None
    calendar = rules.policies.calendars[name]
    return is_open(calendar, now), next_change(calendar, now)


def _stuck(needs: Sequence[NeedsNow], people: Sequence[AgentState]) -> list[Stuck]:
    """Where one ticket of a sort finds nobody, none of them does."""
    sorts: dict[tuple[Needs, bool], NeedsNow] = {}
    for row in needs:
        key = (_needs(row), row.live)
        known = sorts.get(key)
        sorts[key] = row if known is None else _together(known, row)
    found = []
    for (wanted, live), row in sorts.items():
        if any(agent.here and fits(agent, wanted) for agent in people):
            continue
        decision = choose_agent(WaitingTicket(id=0, needs=wanted, since=0.0, due=0.0, live=live), people, 0.0)
        if isinstance(decision, Waiting):
            codes = {reason.code for reason in decision.reasons}
            if codes & _NOBODY_FITS:
                # That the others are busy is no reason for those who cannot have it anyway.
                reasons = tuple(one for one in decision.reasons if one.code in _NOBODY_FITS | _ABSENT)
                why = to_data(replace(decision, reasons=reasons))
                found.append(Stuck(needs=row, why=why, absent=bool(codes & _ABSENT)))
    found.sort(key=lambda one: (one.absent, -one.needs.tickets))
    return found


def _together(one: NeedsNow, other: NeedsNow) -> NeedsNow:
    """Two sorts that differ in nothing that an agent must have."""
    first, second = sorted((one, other), key=lambda row: (row.oldest_since is None, row.oldest_since))
    return replace(first, tickets=first.tickets + second.tickets)


def _needs(row: NeedsNow) -> Needs:
    return needs_of(row.queue, row.language, tuple(row.skills))
