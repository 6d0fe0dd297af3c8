"""How quickly this company's people work by their level, and what it is worth here to know the customer: from their answers."""

from hub.actions.floor.as_facts import EFFORT, needs_of
from hub.model.tickets import TicketKind
from routing.measure_pace import Answer, level_at, measure_pace
from routing.worth import Weights
from storage import work
from storage.database import Connection

DAYS, MOST = 28, 5000
"""So far back, and so many answers: a few weeks of a large company."""


async def own_weights(connection: Connection) -> Weights:
    """The engine's numbers with paces and owner's gain as measured here; near what most companies assume while there are few
    answers."""
    return measure_pace(
        (
            Answer(
                level=level_at(row.levels, needs_of(row.queue, row.language, tuple(row.skills))),
                known=row.known,
                effort=EFFORT[TicketKind(row.kind)],
                minutes=row.minutes,
            )
            for row in await work.answers_given(connection, DAYS, MOST)
        ),
        Weights(),
    )
