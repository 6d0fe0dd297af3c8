"""The lines of the route table for tickets that are put off (hub.web.api.table)."""

from hub.model.people import Scope
from hub.web.api import snooze
from hub.web.api.operations import Operation

_WRITE = (Scope.WRITE,)

LISTS: tuple[Operation, ...] = (
    Operation(
        name="snoozeTicket",
        method="POST",
        path="/tickets/{number}/snooze",
        scopes=_WRITE,
        summary="Put the ticket off until a moment, or until the customer writes",
        summary_zh="暂缓工单，直到指定时间或客户回复",
        description="It leaves the working lists and comes back once. What was promised to the customer goes on counting. A "
        "ticket that nobody has is given to somebody first (409 `nobodys`).",
        handler=snooze.post_snooze,
        body=snooze.SnoozeRequest,
        idempotent=True,
        answers={200: snooze.SnoozeAnswer},
    ),
    Operation(
        name="wakeTicket",
        method="POST",
        path="/tickets/{number}/wake",
        scopes=_WRITE,
        summary="Have a snoozed ticket back at once",
        summary_zh="立即恢复暂缓的工单",
        handler=snooze.post_wake,
        idempotent=True,
        answers={200: snooze.SnoozeAnswer},
    ),
)
