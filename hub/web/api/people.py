"""Customers and their timelines; agents and their presence; queues."""

from collections.abc import Awaitable, Callable

from hub.actions.failures import NotFound
from hub.actions.floor.presence import set_presence
from hub.actions.people.care import change_care
from hub.actions.search.find import look_up_customers
from hub.model.codes import CUSTOMER, NotACode, read_code
from hub.web.api.answers import (
    AgentAnswer,
    AgentList,
    CustomerAnswer,
    CustomerPage,
    QueueAnswer,
    QueueList,
    TimelineEntry,
    TimelinePage,
)
from hub.web.api.cursors import NotACursor, read_id_cursor, read_time_cursor, show_id_cursor, show_time_cursor
from hub.web.api.operations import Answer, Call
from hub.web.api.problems import wrong_field
from hub.web.api.requests import BIGINT, CareRequest, CustomersQuery, PageQuery, PresenceRequest
from storage import views
from storage.database import Connection


async def list_customers(call: Call) -> Answer:
    """A page of customers, last seen first."""
    query: CustomersQuery = call.query
    try:
        before = read_time_cursor(query.cursor) if query.cursor else None
    except NotACursor as error:
        raise wrong_field("cursor", "not a cursor of this list") from error
    rows, following = await look_up_customers(
        call.ctx, query.query, call.actor, after=before, limit=query.limit
    )
    return Answer(
        document=CustomerPage(
            items=[CustomerAnswer.of(row) for row in rows],
            next_cursor=show_time_cursor(*following) if following else None,
        )
    )


async def get_customer_timeline(call: Call) -> Answer:
    """Everything one customer said and was told, newest first."""
    query: PageQuery = call.query
    find = find_customer(call)
    before = page_before(query)

    async def work(c: Connection) -> list[views.TimelineRow] | None:
        customer = await find(c)
        if customer is None:
            return None
        return await views.customer_timeline(c, customer.id, before=before, limit=query.limit)

    rows = await call.ctx.database.read(work)
    if rows is None:
        raise NotFound(f"There is no customer {call.params['customer'][:40]}.")
    return Answer(
        document=TimelinePage(
            items=[TimelineEntry.of(row) for row in rows],
            next_cursor=show_id_cursor(rows[-1].id) if len(rows) == query.limit else None,
        )
    )


async def patch_customer(call: Call) -> Answer:
    """Say what a customer is to the company: key account, segment, who looks after them."""
    body: CareRequest = call.body
    find = find_customer(call)
    customer = await call.ctx.database.read(find)
    if customer is None:
        raise NotFound(f"There is no customer {call.params['customer'][:40]}.")
    await change_care(
        call.ctx,
        customer_code=customer.code,
        actor=call.actor,
        key_account=body.key_account,
        segment=body.segment,
        owner_id=body.owner,
        nobody="owner" in body.model_fields_set and body.owner is None,
    )
    changed = await call.ctx.database.read(find)
    assert changed is not None  # customers are never deleted
    return Answer(document=CustomerAnswer.of(changed))


async def list_agents(call: Call) -> Answer:
    """Every agent, with presence and load."""
    rows = await call.ctx.database.read(views.list_agents)
    return Answer(document=AgentList(items=[AgentAnswer.of(row) for row in rows]))


async def post_presence(call: Call) -> Answer:
    """Say that an agent is online, busy, away or offline."""
    body: PresenceRequest = call.body
    agent_id = path_id(call, "agent")
    await set_presence(call.ctx, agent_id=agent_id, presence=body.presence.value, actor=call.actor)
    for row in await call.ctx.database.read(views.list_agents):
        if row.id == agent_id:
            return Answer(document=AgentAnswer.of(row))
    raise NotFound(f"There is no agent {agent_id}.")


async def list_queues(call: Call) -> Answer:
    """The queues in use, with what waits in each."""
    rows = await call.ctx.database.read(views.list_queues)
    return Answer(document=QueueList(items=[QueueAnswer.of(row) for row in rows]))


def find_customer(call: Call) -> Callable[[Connection], Awaitable[views.CustomerRow | None]]:
    """Looks up the customer in the path. Digits alone are an id, C- and digits a code. Raises NotFound."""
    given = call.params["customer"]
    if given[:1] not in ("C", "c"):
        customer_id = path_id(call, "customer", name="customer")
        return lambda c: views.get_customer(c, customer_id)
    try:
        code = read_code(CUSTOMER, given)
    except NotACode as error:
        raise NotFound(f"{error}.") from error
    return lambda c: views.get_customer_by_code(c, code)


def path_id(call: Call, what: str, *, name: str = "id") -> int:
    """The number in the path. Raises NotFound where it can be no id."""
    given = call.params[name]
    if not (given.isascii() and given.isdigit() and len(given) < 20 and int(given) <= BIGINT):
        raise NotFound(f"{given[:40]!r} is not the id of a {what}.")
    return int(given)


def page_before(query: PageQuery) -> int | None:
    """The id after which a page ordered by falling id goes on."""
    try:
        return read_id_cursor(query.cursor) if query.cursor else None
    except NotACursor as error:
        raise wrong_field("cursor", "not a cursor of this list") from error
