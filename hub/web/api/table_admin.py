"""The lines of the route table for those who run the hub (hub.web.api.table)."""

from hub.model.people import Scope
from hub.web.api import admin
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
)
