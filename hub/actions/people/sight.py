"""What there is for an agent: tickets in sight, and the roles from which that follows.

A ticket out of sight is answered like one that does not exist. Steps of work check it under the ticket's lock
(hub.actions.ticket_work); pages check it before they read; lists put `storage.sight.in_sight` into their query.
"""

from hub.model.people import Actor
from hub.model.permissions import BUILT_IN, Permission, Sight
from storage import roles, sight, ticket_lists
from storage.database import Connection
from storage.views import AgentRow


async def actor_of(connection: Connection, agent: AgentRow) -> Actor:
    """The agent with everything that their role allows now. Roles that are always there need no look."""
    if agent.role in BUILT_IN:
        return Actor(name=agent.name, agent_id=agent.id, role=agent.role)
    row = await roles.role(connection, agent.role)
    return Actor(
        name=agent.name,
        agent_id=agent.id,
        role=agent.role,
        permissions=known_permissions(row.permissions) if row else frozenset(),
        sight=Sight(row.sight) if row else Sight.OWN,
    )


def known_permissions(names: tuple[str, ...]) -> frozenset[Permission]:
    """Those of these that there are: what a later version of the hub wrote means nothing to this one."""
    return frozenset(one for one in Permission if one.value in names)


async def may_see(connection: Connection, actor: Actor, ticket_code: int) -> bool:
    """Whether there is a ticket of this number for them. Programs and the hub itself see all there are."""
    if actor.agent_id is None or actor.sight is Sight.ALL:
        return True
    return await sight.sees_code(connection, actor.sight, actor.agent_id, ticket_code)


async def may_see_id(connection: Connection, actor: Actor, ticket_id: int) -> bool:
    if actor.agent_id is None or actor.sight is Sight.ALL:
        return True
    return await sight.sees_id(connection, actor.sight, actor.agent_id, ticket_id)


async def may_see_customer(connection: Connection, actor: Actor, customer_code: int) -> bool:
    """Who sees not every ticket sees the customers of those that they do."""
    if actor.agent_id is None or actor.sight is Sight.ALL:
        return True
    return await sight.sees_customer(connection, actor.sight, actor.agent_id, customer_code)


async def may_see_organisation(connection: Connection, actor: Actor, organisation_code: int) -> bool:
    """Those of whose people they see a ticket, and those that have no people yet."""
    if actor.agent_id is None or actor.sight is Sight.ALL:
        return True
    return await sight.sees_organisation(connection, actor.sight, actor.agent_id, organisation_code)


async def may_see_task(connection: Connection, actor: Actor, task_code: int) -> bool:
    """Their own and those that they have made, those of their departments, and those on a ticket in sight."""
    if actor.agent_id is None or actor.sight is Sight.ALL:
        return True
    return await sight.sees_task(connection, actor.sight, actor.agent_id, task_code)


async def seen_of(connection: Connection, actor: Actor, ticket_ids: list[int]) -> set[int]:
    """Those of these tickets that are in sight."""
    if actor.agent_id is None:
        return set(ticket_ids)
    return await sight.seen_of(connection, actor.sight, actor.agent_id, ticket_ids)


async def seen_codes(connection: Connection, actor: Actor, ticket_codes: list[int]) -> set[int]:
    """The same by their numbers."""
    if actor.agent_id is None or actor.sight is Sight.ALL:
        return set(ticket_codes)
    ids = await ticket_lists.ids_of(connection, ticket_codes)
    seen = await seen_of(connection, actor, list(ids.values()))
    return {code for code, number in ids.items() if number in seen}


async def seen_customers(connection: Connection, actor: Actor, customer_ids: list[int]) -> set[int]:
    """Those of these customers of whom they see a ticket."""
    if actor.agent_id is None:
        return set(customer_ids)
    return await sight.seen_customers(connection, actor.sight, actor.agent_id, customer_ids)
