"""How work waits and is handed out: the settings of a queue, and what work on each kind of channel asks of an agent. Pure."""

from collections.abc import Mapping
from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from hub.model.tickets import Priority
from routing.tables import Name, PriorityName, Table, Word, Words

Minutes = Annotated[int, Field(ge=1, le=43_200)]
MinutesOrNever = Annotated[int, Field(ge=0, le=43_200)]


class Relax(Table):
    """What is asked of an agent no more, once a ticket has waited so many minutes. `levels`: a skill is enough, at whatever
    level; `skills`: none is needed; `language`: nor is the customer's language. Each includes those before it."""

    after: Minutes
    drop: Literal["levels", "skills", "language"]


class Overflow(Table):
    """Where a ticket goes on that has waited so many minutes in its queue, or, with `closed`, that comes while the queue's
    calendar is shut. It keeps its place in time."""

    queue: Name
    after: MinutesOrNever = 0
    closed: bool = False

    @model_validator(mode="after")
    def _says_when(self) -> Self:
        if (self.after > 0) == self.closed:
            raise ValueError("expected either after (minutes) or closed = true")
        return self


class QueueRule(Table):
    """A queue: its name in rules and addresses, its titles on screens, the priority to start with.

    `calendar`: when work is given out; "": always. `offer_seconds`: how long an agent may think before the ticket goes to the
    next one; 0: it is theirs at once. `stick_hours`: for so long after their last contact a customer is one agent's; 0: never.
    `wrap_up_seconds`: what an agent has after a live conversation before the next work comes. `leave_minutes`: when an agent
    has been off line for so long, open tickets go back to the queue; 0: they stay. `silent_minutes`: when a customer has
    waited so long for the agent who has the ticket, it goes to somebody else; 0: it stays.
    """

    name: Name
    title_en: Word
    title_zh: Word
    priority: PriorityName = Priority.NORMAL
    calendar: str = ""
    offer_seconds: Annotated[int, Field(ge=0, le=3600)] = 0
    stick_hours: Annotated[int, Field(ge=0, le=8760)] = 72
    wrap_up_seconds: Annotated[int, Field(ge=0, le=3600)] = 0
    leave_minutes: MinutesOrNever = 30
    silent_minutes: MinutesOrNever = 0
    relax: tuple[Relax, ...] = ()
    overflow: tuple[Overflow, ...] = ()


class Work(Table):
    """`live`: kinds of channel on which somebody sits at the other end; their conversations have places of their own, and are
    live until nobody wrote for `silence_minutes`. `weight`: units of an agent's capacity that a ticket of a kind of channel
    takes."""

    live: Words = ("webchat",)
    silence_minutes: Annotated[int, Field(ge=1, le=120)] = 5
    weight: Mapping[str, Annotated[int, Field(ge=1, le=100)]] = Field(default_factory=dict)

    def is_live(self, channel_kind: str) -> bool:
        return channel_kind in self.live

    def weight_of(self, channel_kind: str) -> int:
        """Units of capacity; 1 where nothing else is said."""
        return self.weight.get(channel_kind, 1)


def check_queues(queues: tuple[QueueRule, ...], calendars: list[str]) -> None:
    """Every name that a queue uses is known. Raises ValueError."""
    names = {queue.name for queue in queues}
    for queue in queues:
        if queue.calendar and queue.calendar not in calendars:
            raise ValueError(f"queue {queue.name!r}: no calendar is called {queue.calendar!r}")
        for step in queue.overflow:
            if step.queue not in names:
                raise ValueError(f"queue {queue.name!r}: overflow: no queue is called {step.queue!r}")
            if step.queue == queue.name:
                raise ValueError(f"queue {queue.name!r}: overflow: it cannot go on in itself")
            if step.closed and not queue.calendar:
                raise ValueError(f"queue {queue.name!r}: overflow: closed needs a calendar")
