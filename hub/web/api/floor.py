"""The floor as the wallboard shows it: queues, who is here, what nobody can have, how today goes."""

from datetime import datetime
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field

from hub.actions.floor.wallboard import Board, read_board
from hub.model.codes import TICKET, show_code
from hub.web.api.answers import TicketNumber
from hub.web.api.operations import Answer, Call
from hub.web.api.requests import Moment
from routing.expect import Expected


class FloorQuery(BaseModel):
    model_config = ConfigDict(extra="forbid")

    since: Annotated[
        Moment,
        Field(description="when today began, with its offset: what was answered since is counted"),
    ]


class ExpectedAnswer(BaseModel):
    """For a ticket that would come now: `of` is how many would wait for the same people with it, `agents` how many of these are
    here. Minutes; null where nothing can be said."""

    of: int
    agents: int
    least: int | None
    most: int | None

    @classmethod
    def of_all(cls, expected: Expected) -> "ExpectedAnswer":
        return cls(of=expected.of, agents=expected.agents, least=expected.least, most=expected.most)


class QueueOnFloor(BaseModel):
    """`in_hand`: open, and somebody has it. `overdue`: an answer was due. `members` may work on it, `here` are those at work,
    `free` those with room. `open`: whether its hours are now, null where it has none."""

    name: str
    waiting: int
    oldest_waiting_since: datetime | None
    in_hand: int
    overdue: int
    next_due_at: datetime | None
    members: int
    here: int
    free: int
    open: bool | None
    changes_at: datetime | None
    expected: ExpectedAnswer


class AgentHere(BaseModel):
    """`oldest_waiting_since`: of the customers who wait for this agent, who has waited longest."""

    id: int
    name: str
    presence: str
    presence_since: datetime
    load: int
    capacity: int
    live_load: int
    live_capacity: int
    tickets: int
    wrap_until: datetime | None
    offered: TicketNumber | None
    oldest_waiting_since: datetime | None
    oldest_ticket: TicketNumber | None


class StuckAnswer(BaseModel):
    """Tickets that nobody here can have. `absent`: somebody who can is not here. `why`: the routing engine's reasons."""

    queue: str
    language: str
    skills: list[str]
    tickets: int
    oldest_ticket: TicketNumber
    absent: bool
    why: Any


class FloorAnswer(BaseModel):
    """`in_time`, `late`: promises of an answer that were kept, and that were not, since then."""

    queues: list[QueueOnFloor]
    agents: list[AgentHere]
    stuck: list[StuckAnswer]
    answered: int
    in_time: int
    late: int

    @classmethod
    def of(cls, board: Board) -> "FloorAnswer":
        return cls(
            queues=_queues(board),
            agents=_agents(board),
            stuck=[
                StuckAnswer(
                    queue=one.needs.queue,
                    language=one.needs.language,
                    skills=one.needs.skills,
                    tickets=one.needs.tickets,
                    oldest_ticket=show_code(TICKET, one.needs.oldest_code),
                    absent=one.absent,
                    why=one.why,
                )
                for one in board.stuck
            ],
            answered=board.today.answered,
            in_time=board.today.in_time,
            late=board.today.late,
        )


async def get_floor(call: Call) -> Answer:
    """The floor at this moment."""
    query: FloorQuery = call.query
    return Answer(document=FloorAnswer.of(await read_board(call.ctx, query.since)))


def _queues(board: Board) -> list[QueueOnFloor]:
    return [
        QueueOnFloor(
            name=one.now.name,
            waiting=one.now.waiting,
            oldest_waiting_since=one.now.oldest_since,
            in_hand=one.now.in_work,
            overdue=one.now.overdue,
            next_due_at=one.now.next_due,
            members=one.members,
            here=one.here,
            free=one.free,
            open=one.open,
            changes_at=one.changes_at,
            expected=ExpectedAnswer.of_all(one.expected),
        )
        for one in board.queues
    ]


def _agents(board: Board) -> list[AgentHere]:
    return [
        AgentHere(
            id=one.id,
            name=one.name,
            presence=one.presence,
            presence_since=one.presence_since,
            load=one.load,
            capacity=one.capacity,
            live_load=one.live_load,
            live_capacity=one.live_capacity,
            tickets=one.tickets,
            wrap_until=one.wrap_until,
            offered=None if one.offered_code is None else show_code(TICKET, one.offered_code),
            oldest_waiting_since=one.oldest_since,
            oldest_ticket=None if one.oldest_code is None else show_code(TICKET, one.oldest_code),
        )
        for one in board.agents
    ]
