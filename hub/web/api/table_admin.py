"""The lines of the route table for those who run the hub (hub.web.api.table)."""

from hub.model.people import Scope
from hub.web.api import admin, attention
from hub.web.api.answers import AgentAnswer
from hub.web.api.operations import Operation

_ADMIN = (Scope.ADMIN,)

ADMIN: tuple[Operation, ...] = (
    Operation(
        name="listAudit",
        method="GET",
        path="/audit",
        scopes=_ADMIN,
        summary="Administrative acts, newest first",
        summary_zh="管理操作记录，最新的在前",
        description="Staff, roles, rules, channels, keys, webhooks, retention, exports: who did it, when, what was before.",
        handler=admin.get_audit,
        query=admin.AuditQuery,
        answers={200: admin.AuditPage},
    ),
    Operation(
        name="listRoles",
        method="GET",
        path="/roles",
        scopes=_ADMIN,
        summary="Roles and what they allow",
        summary_zh="角色及其权限",
        handler=admin.get_roles,
        answers={200: admin.RoleList},
    ),
    Operation(
        name="listListeners",
        method="GET",
        path="/tickets/{number}/listeners",
        scopes=(Scope.READ,),
        summary="Who listens to the conversation",
        summary_zh="正在监听会话的人",
        handler=attention.get_listeners,
        answers={200: attention.ListenerList},
    ),
    Operation(
        name="putListener",
        method="PUT",
        path="/tickets/{number}/listeners/{id}",
        scopes=_ADMIN,
        summary="Have an agent listen to a colleague's conversation",
        summary_zh="让某位客服监听同事的会话",
        description="As at the desk: their role must allow it, the colleague sees them, the ledger keeps it, the customer sees "
        "nothing.",
        handler=attention.put_listener,
        answers={200: attention.ListenerList},
    ),
    Operation(
        name="deleteListener",
        method="DELETE",
        path="/tickets/{number}/listeners/{id}",
        scopes=_ADMIN,
        summary="Have them listen no more",
        summary_zh="结束监听",
        handler=attention.delete_listener,
        answers={204: None},
    ),
    Operation(
        name="endWrapUp",
        method="POST",
        path="/agents/{id}/wrap-up/end",
        scopes=(Scope.WRITE,),
        summary="An agent has wrapped up their last conversation",
        summary_zh="结束客服的收尾时间",
        description="They get what comes from then on. Nothing happens where they are not wrapping up.",
        handler=attention.post_wrap_up,
        answers={200: AgentAnswer},
    ),
    Operation(
        name="endSessions",
        method="DELETE",
        path="/agents/{id}/sessions",
        scopes=_ADMIN,
        summary="Sign an agent out everywhere",
        summary_zh="结束某位客服的全部登录会话",
        description="Within seconds every page of theirs asks for the password again. It stands in the audit trail.",
        handler=attention.delete_sessions,
        answers={204: None},
    ),
)
