"""The lines of the route table for answers that leave later and for the ways to a customer (hub.web.api.table)."""

from hub.model.people import Scope
from hub.web.api import answers, writing
from hub.web.api.operations import Operation

WRITING: tuple[Operation, ...] = (
    Operation(
        name="listScheduledReplies",
        method="GET",
        path="/tickets/{number}/scheduled",
        scopes=(Scope.READ,),
        summary="Answers that leave later, and those that did not leave in the last three days",
        summary_zh="工单的定时回复，以及最近三天内取消的定时回复",
        handler=writing.list_scheduled,
        answers={200: answers.ScheduledList},
    ),
    Operation(
        name="cancelScheduledReply",
        method="POST",
        path="/scheduled/{id}/cancel",
        scopes=(Scope.WRITE,),
        summary="Keep a scheduled answer from leaving",
        summary_zh="取消定时回复",
        handler=writing.post_cancel,
        answers={200: answers.WithdrawnAnswer},
    ),
    Operation(
        name="listWays",
        method="GET",
        path="/tickets/{number}/ways",
        scopes=(Scope.READ,),
        summary="Every way to a ticket's customer, with what it still allows",
        summary_zh="可联系该工单客户的所有渠道及其限制",
        handler=writing.list_ways,
        answers={200: answers.WayList},
    ),
)
