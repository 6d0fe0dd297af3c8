"""The lines of the route table for macros (hub.web.api.table)."""

from hub.model.people import Scope
from hub.web.api import macros
from hub.web.api.operations import Operation

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
