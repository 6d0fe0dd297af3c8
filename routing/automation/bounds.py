"""How much rules may do: they end each other's work nowhere, so something has to. Pure.

Two bounds. Rules that set each other off are stopped at the sixth of a row. A rule that comes back to a ticket by ways that
cannot be seen (a program that answers a webhook, routing that gives out again what it took away) is stopped at the twenty-first
visit within an hour. What people do does not count there: they get tired.
"""

from enum import StrEnum

from routing.automation.tables import By

MOST_DEPTH = 5
"""Rules, each set off by what the one before it did."""
MOST_VISITS = 20
"""Of one rule to one ticket within an hour, where no person caused them."""


class Stop(StrEnum):
    """Why a rule was stopped. Stored, so never renamed."""

    CHAIN = "chain"
    TOO_OFTEN = "too_often"


def must_stop(depth: int, visits: int) -> Stop | None:
    """Before a rule visits a ticket: `depth` of what happened, and how often it has been there in the last hour."""
    if depth >= MOST_DEPTH:
        return Stop.CHAIN
    return Stop.TOO_OFTEN if visits >= MOST_VISITS else None


def counts(by: By | None) -> bool:
    """Whether a visit counts, by whose doing it came about; None: the time had come."""
    return by not in (By.AGENT, By.CUSTOMER)
