"""The lines of the route table for fields of the company's own (hub.web.api.table)."""

from hub.model.people import Scope
from hub.web.api import own_fields
from hub.web.api.operations import Operation

_READ, _WRITE = (Scope.READ,), (Scope.WRITE,)

FIELDS: tuple[Operation, ...] = (
    Operation(
        name="listFields",
        method="GET",
        path="/fields",
        scopes=_READ,
        summary="Fields of the company's own",
        summary_zh="自定义字段列表",
        handler=own_fields.list_fields,
        answers={200: own_fields.FieldList},
    ),
    Operation(
        name="getTicketFields",
        method="GET",
        path="/tickets/{number}/fields",
        scopes=_READ,
        summary="What stands in a ticket's own fields",
        summary_zh="工单自定义字段的内容",
        handler=own_fields.get_of_ticket,
        answers={200: own_fields.FieldValuesAnswer},
    ),
    Operation(
        name="postTicketFields",
        method="POST",
        path="/tickets/{number}/fields",
        scopes=_WRITE,
        summary="Write into a ticket's own fields",
        summary_zh="填写工单的自定义字段",
        handler=own_fields.post_of_ticket,
        body=own_fields.FieldValues,
        idempotent=True,
        answers={200: own_fields.FieldValuesAnswer},
    ),
    Operation(
        name="getCustomerFields",
        method="GET",
        path="/customers/{customer}/fields",
        scopes=_READ,
        summary="What stands in a customer's own fields",
        summary_zh="客户自定义字段的内容",
        handler=own_fields.get_of_customer,
        answers={200: own_fields.FieldValuesAnswer},
    ),
    Operation(
        name="postCustomerFields",
        method="POST",
        path="/customers/{customer}/fields",
        scopes=_WRITE,
        summary="Write into a customer's own fields",
        summary_zh="填写客户的自定义字段",
        handler=own_fields.post_of_customer,
        body=own_fields.FieldValues,
        idempotent=True,
        answers={200: own_fields.FieldValuesAnswer},
    ),
)
