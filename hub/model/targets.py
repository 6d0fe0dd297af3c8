"""What a ticket's customer was promised: the words for its clocks."""

from enum import StrEnum


class Target(StrEnum):
    """first_response: until somebody first answers. next_response: from the customer's next message until the next answer.
    resolution: until the ticket is resolved."""

    FIRST_RESPONSE = "first_response"
    NEXT_RESPONSE = "next_response"
    RESOLUTION = "resolution"


class ClockState(StrEnum):
    """running and paused go on. met and missed have ended. dropped has ended before it was due: nothing is owed any more."""

    RUNNING = "running"
    PAUSED = "paused"
    MET = "met"
    MISSED = "missed"
    DROPPED = "dropped"


LIVE = (ClockState.RUNNING, ClockState.PAUSED)


class Because(StrEnum):
    """Why a clock began to run, to rest, or ended, at a moment."""

    OPENED = "opened"
    CUSTOMER_WROTE = "customer_wrote"
    GOES_ON = "goes_on"
    WAITS_FOR_CUSTOMER = "waits_for_customer"
    ANSWERED = "answered"
    NOT_ANSWERED = "not_answered"
    RESOLVED = "resolved"
    MERGED = "merged"
    NOT_PROMISED = "not_promised"
