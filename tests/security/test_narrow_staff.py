"""Who manages the staff and sees a part of the tickets does not come to see more by it: neither by saying who works on which
queues, themselves too, nor by handing what a colleague has over to themselves."""

from collections.abc import AsyncIterator

import pytest

from hub.actions.context import Context
from hub.actions.failures import NotPossible
from hub.actions.floor.assign import assign_ticket
from hub.actions.people.change_agent import (
    AgentChange,
    change_agent,
    get_agent,
    reset_password,
    set_members,
    set_membership,
)
from hub.actions.people.hand_over import hand_over_all
from hub.actions.people.roles import add_role
from hub.actions.signin.of_others import end_sessions_of, reset_second_step
from hub.model.people import HUB, Actor, Role
from hub.model.permissions import BUILT_IN, Permission, Sight
from storage import agents
from tests.fakes.desk import Desk, customer_writes, serving_desk
from tests.fakes.scene import one

ADMIN = Actor(name="Ada", role=Role.ADMIN)
MAY = BUILT_IN["supervisor"] | {Permission.MANAGE_ROLES}
IN_FULL = "Only somebody who sees every ticket may do this"


@pytest.fixture
async def desk(ctx: Context) -> AsyncIterator[Desk]:
    async with serving_desk(ctx) as desk:
        yield desk


async def _id(desk: Desk, login: str) -> int:
    found = await desk.ctx.database.read(lambda c: agents.id_of_login(c, login))
    assert found is not None
    return found


async def _narrow(
    desk: Desk, sight: Sight, login: str = "ann", queues: tuple[str, ...] = ("service",)
) -> Actor:
    """They lead, and see as much; in the queue "service"."""
    number, name = await _id(desk, login), f"Leads, sees {sight}"
    if not await one(desk.ctx, "SELECT count(*) FROM role WHERE name = $1", name):
        await add_role(desk.ctx, name=name, permissions=MAY, sight=sight, based_on="supervisor", actor=ADMIN)
    await change_agent(desk.ctx, agent_id=number, change=AgentChange(role=name, queues=queues), actor=ADMIN)
    return Actor(name=login, agent_id=number, role=name, permissions=MAY, sight=sight)


@pytest.mark.parametrize("sight", [Sight.QUEUES, Sight.OWN])
async def test_nobody_widens_their_own_sight_or_anothers_by_queues(desk: Desk, sight: Sight) -> None:
    ann = await _narrow(desk, sight)
    assert ann.agent_id is not None
    lin = await _id(desk, "lin")
    for work in (
        change_agent(desk.ctx, agent_id=ann.agent_id, change=AgentChange(queues=()), actor=ann),
        change_agent(
            desk.ctx, agent_id=ann.agent_id, change=AgentChange(queues=("service", "complaints")), actor=ann
        ),
        change_agent(desk.ctx, agent_id=lin, change=AgentChange(queues=("service",)), actor=ann),
        set_membership(desk.ctx, agent_id=ann.agent_id, queue="", member=True, actor=ann),
        set_membership(desk.ctx, agent_id=ann.agent_id, queue="complaints", member=True, actor=ann),
        set_members(desk.ctx, queue="complaints", logins=["ann"], actor=ann),
    ):
        with pytest.raises(NotPossible) as refused:
            await work
        assert refused.value.code == "narrow_sight"
    assert (await get_agent(desk.ctx, ann.agent_id)).queues == ("service",)
    # What gives no sight is theirs to change.
    changed = await change_agent(desk.ctx, agent_id=lin, change=AgentChange(capacity=3, queues=()), actor=ann)
    assert changed.capacity == 3


@pytest.mark.parametrize("sight", [Sight.QUEUES, Sight.OWN])
async def test_nobody_hands_over_to_themselves_what_they_do_not_see(desk: Desk, sight: Sight) -> None:
    ann, lin = await _narrow(desk, sight), await _id(desk, "lin")
    code = await customer_writes(desk.ctx, "Not for Ann.")
    await assign_ticket(desk.ctx, ticket_code=code, agent_id=lin, actor=HUB)
    for to in (ann.agent_id, None):
        with pytest.raises(NotPossible) as refused:
            await hand_over_all(desk.ctx, from_agent=lin, to_agent=to, actor=ann)
        assert refused.value.code == "narrow_sight"
    assert await one(desk.ctx, "SELECT assignee_id FROM ticket WHERE code = $1", code) == lin
    supervisor = Actor(name="Sue", role=Role.SUPERVISOR)
    assert (
        await hand_over_all(desk.ctx, from_agent=lin, to_agent=ann.agent_id, actor=supervisor)
    ).tickets == 1


async def test_a_sight_by_queues_is_as_wide_as_the_queues_are(desk: Desk) -> None:
    """Two have the same role; whoever works on more queues sees more by it."""
    ann = await _narrow(desk, Sight.QUEUES)
    for queues, allowed in ((("service",), True), (("complaints",), False), ((), False)):
        lin = await _narrow(desk, Sight.QUEUES, "lin", queues)
        assert lin.agent_id is not None
        for act in (reset_password, end_sessions_of, reset_second_step):
            if allowed:
                await act(desk.ctx, agent_id=lin.agent_id, actor=ann)
                continue
            with pytest.raises(NotPossible) as refused:
                await act(desk.ctx, agent_id=lin.agent_id, actor=ann)
            assert refused.value.code == "not_allowed"
    # The role that they have themselves, for somebody who works on every queue.
    await add_role(desk.ctx, name="Own", permissions=(), sight=Sight.OWN, based_on="agent", actor=ADMIN)
    lin_id = await _id(desk, "lin")
    await change_agent(desk.ctx, agent_id=lin_id, change=AgentChange(role="Own"), actor=ADMIN)
    with pytest.raises(NotPossible) as refused:
        await change_agent(desk.ctx, agent_id=lin_id, change=AgentChange(role=ann.role), actor=ann)
    assert refused.value.code == "not_allowed"


async def test_the_pages_offer_nothing_of_it(desk: Desk) -> None:
    ann = await _narrow(desk, Sight.QUEUES)
    lin = await _id(desk, "lin")
    code = await customer_writes(desk.ctx, "Not for Ann.")
    await assign_ticket(desk.ctx, ticket_code=code, agent_id=lin, actor=HUB)
    await desk.log_in("ann")
    page = (await desk.get(f"/desk/staff?agent={lin}")).text
    assert "hand-over" not in page and "agent=new" not in page and 'type="radio" name="where"' not in page
    matrix = (await desk.get("/desk/staff/queues")).text
    assert matrix.count('type="checkbox"') == matrix.count(" disabled") > 0

    async def version(number: int | None) -> str:
        return str(await one(desk.ctx, "SELECT version FROM agent WHERE id = $1", number))

    # The form that they have changes what it may, and leaves the queues as they are: one's own among them.
    for number, login, where in (
        (lin, "lin", {}),
        (ann.agent_id, "ann", {"where": "some", "queue": "service"}),
    ):
        own = (await desk.get(f"/desk/staff?agent={number}")).text
        assert all(f'type="hidden" name="{name}" value="{value}"' in own for name, value in where.items())
        form = {
            "name": f"The {login}",
            "locale": "en",
            "language": "en",
            "capacity": "4",
            "live_capacity": "1",
            "version": await version(number),
            **where,
        }
        assert (await desk.post(f"/desk/staff/{number}", form)).status == 303
        assert await one(desk.ctx, "SELECT capacity FROM agent WHERE id = $1", number) == 4
    refused = await desk.post(
        f"/desk/staff/{ann.agent_id}", {**form, "where": "all", "version": await version(ann.agent_id)}
    )
    assert refused.status == 409 and IN_FULL in refused.text
    refused = await desk.post(f"/desk/staff/{lin}/hand-over", {"to": str(ann.agent_id)})
    assert refused.status == 409 and IN_FULL in refused.text
    refused = await desk.post("/desk/staff", {**form, "login": "eve", "where": "all", "role": ann.role})
    assert refused.status == 409 and IN_FULL in refused.text
    assert await one(desk.ctx, "SELECT count(*) FROM agent WHERE login = 'eve'") == 0
