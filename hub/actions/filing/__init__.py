"""Puts arrivals on the timeline: journal → customer → ticket → entry → queue, for many at once in one transaction.

The number of round trips does not depend on how many there are. Nothing outside the database is called. Arrivals of one
conversation keep their order. `journal` says what is new; `lookup` asks whose things are and locks; `place` decides, and
touches nothing; `write` writes. What they share lies in `state`.
"""

from collections.abc import Sequence

from channels.adapter import Acceptance
from hub.actions.arrivals import Arrival
from hub.actions.filing.journal import read_journal, write_journal
from hub.actions.filing.lookup import look_up
from hub.actions.filing.place import place
from hub.actions.filing.state import Batch, House
from hub.actions.filing.write import write_down
from storage.database import Connection

__all__ = ["House", "file_arrivals"]


async def file_arrivals(
    connection: Connection, house: House, arrivals: Sequence[Arrival]
) -> list[Acceptance]:
    """File them; one Acceptance each, in order. Everything is kept or, if this raises, nothing."""
    batch = Batch(house=house)
    answers = await read_journal(connection, batch, arrivals)
    readable = [case for case in batch.cases if case.read is not None]
    if readable:
        await look_up(connection, batch, readable)
        for case in readable:
            place(batch, case)
        await write_down(connection, batch, [case for case in readable if case.ticket is not None])
    await write_journal(connection, batch)
    return answers.in_order(batch, arrivals)
