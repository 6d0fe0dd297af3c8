"""Which tickets an agent can see, as a condition of a query: the one place that says it.

Their own are those that they have or are offered. The queues they work on are those they are a member of; whoever is a member
of none works on all.
"""

from collections.abc import Callable

from hub.model.permissions import Sight
from storage.database import Connection
from storage.queries import load_queries

SQL = load_queries("sight")

_OWN = "({ticket}.assignee_id = {agent} OR {ticket}.offered_to = {agent})"
_QUEUES = (
    "({ticket}.assignee_id = {agent} OR {ticket}.offered_to = {agent}"
    " OR {ticket}.queue_id IN (SELECT sight.queue_id FROM queue_member sight WHERE sight.agent_id = {agent})"
    " OR NOT EXISTS (SELECT 1 FROM queue_member sight WHERE sight.agent_id = {agent}))"
)

_ORGANISATION = (
    "(EXISTS (SELECT 1 FROM customer folk JOIN ticket t ON t.customer_id = folk.id"
    " WHERE folk.organisation_id = {organisation}.id AND {condition})"
    " OR NOT EXISTS (SELECT 1 FROM customer folk WHERE folk.organisation_id = {organisation}.id))"
)
_TASK = "({task}.assignee_id = {agent} OR {task}.made_by = {agent} OR {ticket}.id IS NOT NULL AND {condition}"
_DEPARTMENTS = (
    " OR {task}.queue_id IN (SELECT works.queue_id FROM queue_member works WHERE works.agent_id = {agent})"
    " OR NOT EXISTS (SELECT 1 FROM queue_member works WHERE works.agent_id = {agent})"
)


def in_sight(sight: Sight, *, agent: str, ticket: str = "t") -> str:
    """SQL that is true for the tickets in sight. `agent`: the parameter that holds the agent's id, "$3::bigint" say; `ticket`:
    what the query calls the ticket. "true" for who sees all: then the parameter need not be there."""
    form = {Sight.OWN: _OWN, Sight.QUEUES: _QUEUES, Sight.ALL: "true"}[sight]
    return form.format(agent=agent, ticket=ticket)


def organisation_in_sight(sight: Sight, *, agent: str, organisation: str = "o") -> str:
    """The same for organisations: those of whose people they see a ticket, and those that have no people yet."""
    if sight is Sight.ALL:
        return "true"
    return _ORGANISATION.format(organisation=organisation, condition=in_sight(sight, agent=agent))


def task_in_sight(sight: Sight, *, agent: str, task: str = "t", ticket: str = "k") -> str:
    """The same for tasks: one's own and those that one has made, those of one's departments, and those on a ticket in sight;
    `ticket`: what the query calls that one, joined from the left."""
    if sight is Sight.ALL:
        return "true"
    form = _TASK + (_DEPARTMENTS if sight is Sight.QUEUES else "") + ")"
    condition = in_sight(sight, agent=agent, ticket=ticket)
    return form.format(task=task, ticket=ticket, agent=agent, condition=condition)


def _asked(name: str, condition: Callable[..., str] = in_sight) -> dict[Sight, str]:
    """The query for each who sees not all."""
    return {
        sight: f"{SQL[name]}\nAND {condition(sight, agent='$2::bigint')}"
        for sight in (Sight.OWN, Sight.QUEUES)
    }


BY_CODE = _asked("by_code")
BY_ID = _asked("by_id")
OF_CUSTOMER = _asked("of_customer")
OF_THESE = _asked("of_these")
OF_THESE_CUSTOMERS = _asked("of_these_customers")
ORGANISATION = _asked("organisation", organisation_in_sight)
TASK = _asked("task", task_in_sight)
QUERIES = tuple(
    query
    for queries in (BY_CODE, BY_ID, OF_CUSTOMER, OF_THESE, OF_THESE_CUSTOMERS, ORGANISATION, TASK)
    for query in queries.values()
)
"""Every query that is put together here, for the test that prepares them."""


async def sees_code(connection: Connection, sight: Sight, agent_id: int, code: int) -> bool:
    """Whether there is a ticket of this number for them."""
    return sight is Sight.ALL or bool(await connection.fetchval(BY_CODE[sight], code, agent_id))


async def sees_id(connection: Connection, sight: Sight, agent_id: int, ticket_id: int) -> bool:
    return sight is Sight.ALL or bool(await connection.fetchval(BY_ID[sight], ticket_id, agent_id))


async def sees_customer(connection: Connection, sight: Sight, agent_id: int, code: int) -> bool:
    """Whether they see any ticket of the customer of this number."""
    return sight is Sight.ALL or bool(await connection.fetchval(OF_CUSTOMER[sight], code, agent_id))


async def sees_organisation(connection: Connection, sight: Sight, agent_id: int, code: int) -> bool:
    return sight is Sight.ALL or bool(await connection.fetchval(ORGANISATION[sight], code, agent_id))


async def sees_task(connection: Connection, sight: Sight, agent_id: int, code: int) -> bool:
    return sight is Sight.ALL or bool(await connection.fetchval(TASK[sight], code, agent_id))


async def seen_of(connection: Connection, sight: Sight, agent_id: int, ticket_ids: list[int]) -> set[int]:
    """Those of these tickets that they see."""
    if sight is Sight.ALL:
        return set(ticket_ids)
    return {row["id"] for row in await connection.fetch(OF_THESE[sight], ticket_ids, agent_id)}


async def seen_customers(
    connection: Connection, sight: Sight, agent_id: int, customer_ids: list[int]
) -> set[int]:
    """Those of these customers of whom they see a ticket."""
    if sight is Sight.ALL:
        return set(customer_ids)
    rows = await connection.fetch(OF_THESE_CUSTOMERS[sight], customer_ids, agent_id)
    return {row["customer_id"] for row in rows}
