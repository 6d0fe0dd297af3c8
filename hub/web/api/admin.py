"""Who did what, and who may do what. For keys of scope admin."""

from datetime import datetime
from typing import Annotated, Any

from pydantic import BaseModel, Field

from hub.actions.people.audit import AuditFilter, list_acts
from hub.actions.people.roles import RoleInUse, list_roles
from hub.model.audit import AuditKind
from hub.model.permissions import Permission, Sight
from hub.web.api.answers import BigId
from hub.web.api.cursors import show_id_cursor
from hub.web.api.operations import Answer, Call
from hub.web.api.people import page_before
from hub.web.api.requests import Moment, PageQuery, RowId
from storage.audit import LAST, AuditRow


class AuditQuery(PageQuery):
    agent: RowId | None = None
    kind: AuditKind | None = None
    since: Annotated[Moment | None, Field(description="from this moment on")] = None
    until: Annotated[Moment | None, Field(description="before this moment")] = None


class AuditAct(BaseModel):
    """One administrative act. `who`: a name as it was then; `agent` null: a program, the command line or the hub itself.
    `details.changed`: what was before and what after, by name."""

    id: BigId
    at: datetime
    kind: str
    agent: int | None
    who: str
    subject: str
    details: dict[str, Any]

    @classmethod
    def of(cls, row: AuditRow) -> "AuditAct":
        return cls(
            id=str(row.id),
            at=row.at,
            kind=row.kind,
            agent=row.agent_id,
            who=row.who,
            subject=row.subject,
            details=row.details,
        )


class AuditPage(BaseModel):
    """Newest first."""

    items: list[AuditAct]
    next_cursor: str | None


class RoleAnswer(BaseModel):
    """`built_in`: always there as it is. `sight`: which tickets there are for whoever has it. `people`: how many have it."""

    name: str
    built_in: bool
    permissions: list[Permission]
    sight: Sight
    based_on: str
    people: int

    @classmethod
    def of(cls, role: RoleInUse) -> "RoleAnswer":
        return cls(
            name=role.name,
            built_in=role.built_in,
            permissions=sorted(role.permissions),
            sight=role.sight,
            based_on=role.based_on,
            people=role.people,
        )


class RoleList(BaseModel):
    items: list[RoleAnswer]


async def get_audit(call: Call) -> Answer:
    """A page of the audit trail."""
    query: AuditQuery = call.query
    wanted = AuditFilter(agent_id=query.agent, kind=query.kind, since=query.since, until=query.until)
    rows = await list_acts(call.ctx, wanted, before=page_before(query) or LAST, limit=query.limit)
    return Answer(
        document=AuditPage(
            items=[AuditAct.of(row) for row in rows],
            next_cursor=show_id_cursor(rows[-1].id) if len(rows) == query.limit else None,
        )
    )


async def get_roles(call: Call) -> Answer:
    """Every role."""
    return Answer(document=RoleList(items=[RoleAnswer.of(role) for role in await list_roles(call.ctx)]))
