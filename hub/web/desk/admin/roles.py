"""Roles at the desk: what each allows, who has it, and the form of one."""

from dataclasses import dataclass

from aiohttp import web
from multidict import MultiMapping

from hub.actions.failures import ActionFailure, Conflict, NotFound, NotPossible
from hub.actions.people.roles import RoleInUse, add_role, change_role, holders_of, list_roles, remove_role
from hub.model.people import Role
from hub.model.permissions import Permission, Permissions, Sight
from hub.web.desk.say.roles import GROUPS, PERMISSIONS, SIGHTS
from hub.web.desk.say.words import say_failure
from hub.web.desk.staff.forms import number
from hub.web.desk.visit import Visit, go

PAGE = "/desk/roles"


@dataclass(frozen=True, slots=True, kw_only=True)
class RoleForm:
    """The form as it stands. `old` "": of a new role."""

    old: str = ""
    name: str = ""
    based_on: str = ""
    permissions: Permissions = frozenset()
    sight: Sight = Sight.ALL
    version: str = "0"

    @classmethod
    def read(cls, posted: MultiMapping[object], old: str) -> "RoleForm":
        """As it was sent; what is no permission is left out."""
        ticked = set(map(str, posted.getall("may", [])))
        sight = str(posted.get("sight", ""))
        return cls(
            old=old,
            name=str(posted.get("name", "")),
            based_on=str(posted.get("based_on", ""))[:100],
            permissions=frozenset(one for one in Permission if one in ticked),
            sight=Sight(sight) if sight in set(Sight) else Sight.OWN,
            version=str(posted.get("version", "")),
        )


async def show_roles(visit: Visit) -> web.StreamResponse:
    """Every permission by every role."""
    roles = await list_roles(visit.ctx)
    return visit.page(
        "roles.html",
        section="roles",
        roles=roles,
        changeable={one.name for one in roles if not one.built_in and one.within(visit.actor)},
        done=visit.query.get("done", ""),
        GROUPS=GROUPS,
        PERMISSIONS=PERMISSIONS,
        SIGHTS=SIGHTS,
    )


async def show_new(visit: Visit) -> web.StreamResponse:
    """The form of a new role, with what the one allows that `?from=` names."""
    roles = {one.name: one for one in await list_roles(visit.ctx)}
    base = roles.get(visit.query.get("from", ""), roles[Role.AGENT])
    form = RoleForm(
        based_on=base.name,
        permissions=base.permissions & visit.actor.allowed,
        sight=base.sight if base.sight.within(visit.actor.sight) else visit.actor.sight,
    )
    return await _show(visit, form, list(roles.values()))


async def show_role(visit: Visit) -> web.StreamResponse:
    """The form of one that was made. Raises NotFound."""
    roles = await list_roles(visit.ctx)
    role = _named(visit, roles)
    form = RoleForm(
        old=role.name,
        name=role.name,
        based_on=role.based_on,
        permissions=role.permissions,
        sight=role.sight,
        version=str(role.version),
    )
    return await _show(visit, form, roles)


async def post_new(visit: Visit) -> web.StreamResponse:
    """Add one."""
    form = RoleForm.read(await visit.form(), "")
    try:
        await add_role(
            visit.ctx,
            name=form.name,
            permissions=form.permissions,
            sight=form.sight,
            based_on=form.based_on,
            actor=visit.actor,
        )
    except ActionFailure as failure:
        return await _refuse(visit, form, failure)
    return go(visit, f"{PAGE}?done=added")


async def post_role(visit: Visit) -> web.StreamResponse:
    """What the form says."""
    form = RoleForm.read(await visit.form(), visit.request.match_info["name"])
    try:
        await change_role(
            visit.ctx,
            name=form.old,
            new_name=form.name,
            permissions=form.permissions,
            sight=form.sight,
            version=number(form.version),
            actor=visit.actor,
        )
    except (Conflict, NotPossible) as failure:
        return await _refuse(visit, form, failure)
    return go(visit, f"{PAGE}?done=saved")


async def post_remove(visit: Visit) -> web.StreamResponse:
    """There is no such role any more."""
    name = visit.request.match_info["name"]
    await remove_role(visit.ctx, name=name, actor=visit.actor)
    return go(visit, f"{PAGE}?done=removed")


async def _refuse(visit: Visit, form: RoleForm, failure: ActionFailure) -> web.StreamResponse:
    roles = await list_roles(visit.ctx)
    return await _show(visit, form, roles, trouble=say_failure(visit.voice, failure))


async def _show(
    visit: Visit, form: RoleForm, roles: list[RoleInUse], *, trouble: str = ""
) -> web.StreamResponse:
    role = next((one for one in roles if one.name == form.old), None)
    response = visit.page(
        "role.html",
        section="roles",
        form=form,
        role=role,
        roles=roles,
        holders=await holders_of(visit.ctx, form.old) if form.old else [],
        changes=role is None or (not role.built_in and role.within(visit.actor)),
        trouble=trouble,
        GROUPS=GROUPS,
        PERMISSIONS=PERMISSIONS,
        SIGHTS={one: words for one, words in SIGHTS.items() if one.within(visit.actor.sight)},
    )
    if trouble:
        response.set_status(409)
    return response


def _named(visit: Visit, roles: list[RoleInUse]) -> RoleInUse:
    name = visit.request.match_info["name"]
    role = next((one for one in roles if one.name == name), None)
    if role is None:
        raise NotFound(f"There is no role {name[:100]}.")
    return role
