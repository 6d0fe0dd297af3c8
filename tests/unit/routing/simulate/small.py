"""Small floors: errands and workers with everything left out that a test does not speak of."""

from collections.abc import Sequence
from typing import Any

from routing.simulate.case import Case, Errand, Habits, Worker
from routing.simulate.course import Course
from routing.situation import Needs, WaitingTicket

ALL_DAY = ((0.0, 480.0),)
AT_ONCE = Habits(accept_live=0.0, accept_deferred=0.0)
"""Accepting takes no time, so that figures are round."""


def errand(
    number: int, at: float, work: float, *, live: bool = False, needs: Needs | None = None, **more: Any
) -> Errand:
    due = more.pop("due", at + (1.0 if live else 240.0))
    ticket = WaitingTicket(
        id=number,
        needs=needs or Needs("service"),
        since=at,
        due=due,
        weight=more.get("weight", 2.0),
        effort=more.pop("effort", 6.0),
        live=live,
        owner=more.pop("owner", None),
    )
    return Errand(ticket=ticket, work=work, due=due, **{"weight": 2.0, **more})


def worker(number: int, **more: Any) -> Worker:
    given = {"queues": frozenset({"service"}), "shifts": ALL_DAY, **more}
    return Worker(id=number, name=f"agent {number}", **given)


def course(errands: Sequence[Errand], workers: Sequence[Worker], **more: Any) -> Course:
    """Run to the end."""
    return Course(Case(errands=tuple(errands), workers=tuple(workers), **{"habits": AT_ONCE, **more})).run()
