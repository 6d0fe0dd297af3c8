"""The lines of the route table for macros (hub.web.api.table)."""

from hub.model.people import Scope
from hub.web.api import macros
from hub.web.api.operations import Operation
from hub.web.api.requests import TemplateVersionQuery

WORDS: tuple[Operation, ...] = (
    Operation(
        name="listMacros",
        method="GET",
        path="/macros",
        scopes=(Scope.READ,),
        summary="Macros: several acts on a ticket at once",
        summary_zh="宏列表：一次完成多项操作",
        handler=macros.get_macros,
        answers={200: macros.MacroList},
    ),
    Operation(
        name="postMacro",
        method="POST",
        path="/macros",
        scopes=(Scope.WRITE,),
        summary="Add a macro",
        summary_zh="新建宏",
        description="For everybody or for a queue; agents' own ones are written at the desk.",
        handler=macros.post_macro,
        body=macros.NewMacro,
        idempotent=True,
        answers={201: macros.MacroAnswer},
    ),
    Operation(
        name="putMacro",
        method="PUT",
        path="/macros/{id}",
        scopes=(Scope.WRITE,),
        summary="Change a macro",
        summary_zh="修改宏",
        handler=macros.put_macro,
        body=macros.MacroChange,
        answers={200: macros.MacroAnswer},
    ),
    Operation(
        name="deleteMacro",
        method="DELETE",
        path="/macros/{id}",
        scopes=(Scope.WRITE,),
        summary="Offer a macro no more",
        summary_zh="停用宏",
        handler=macros.delete_macro,
        query=TemplateVersionQuery,
        answers={204: None},
    ),
    Operation(
        name="runMacro",
        method="POST",
        path="/tickets/{number}/macros/{id}",
        scopes=(Scope.WRITE,),
        summary="Run a macro on a ticket",
        summary_zh="对工单运行宏",
        description="Its reply is sent first: where that is refused nothing is done. Any other act that is refused is named in "
        "`failed` and does not stop the rest.",
        handler=macros.post_run,
        body=macros.MacroRun,
        idempotent=True,
        answers={200: macros.MacroRan},
    ),
)
