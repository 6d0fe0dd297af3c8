"""Members of staff are changed: by whom, from what, into what; and routing goes by it at once."""

import asyncio
from typing import Any

import pytest

from hub.actions.announce import EVENTS, ROUTE
from hub.actions.context import Context
from hub.actions.failures import Conflict, LoginRefused, NotFound, NotPossible
from hub.actions.floor.presence import set_presence
from hub.actions.people.change_agent import (
    AgentChange,
    change_agent,
    get_agent,
    reset_password,
    set_members,
    set_membership,
    set_skill,
)
from hub.actions.people.sessions import agent_of_session
from hub.actions.people.staff import add_agent
from hub.model.people import HUB, Actor, Role
from hub.workers import routing
from storage import views
from storage.database import Connection
from tests.fakes.desk import PASSWORD, customer_writes, serving_desk
from tests.fakes.signin import sign_in

ADMIN = Actor(name="Ada", role=Role.ADMIN)
LEAD = Actor(name="Leo", role=Role.SUPERVISOR)
ONE = Actor(name="Una", role=Role.AGENT)


@pytest.fixture
async def una(ctx: Context) -> int:
    return await add_agent(ctx, login="una", name="Una", password=PASSWORD, languages=("en",))


async def last_event(ctx: Context) -> dict[str, Any]:
    async def look(c: Connection) -> dict[str, Any]:
        return dict(await c.fetchrow("SELECT kind, agent_id, data FROM event ORDER BY id DESC LIMIT 1") or {})

    return await ctx.database.read(look)


async def test_everything_can_be_changed_and_the_ledger_says_what_it_was_and_who_did_it(
    ctx: Context, una: int
) -> None:
    change = AgentChange(
        name=" Una  Ohm ", languages=("zh", "en"), skills={"billing": 3}, capacity=5, live_capacity=2,
        calendar="office", queues=("service",), locale="zh_CN",
    )  # fmt: skip
    changed = await change_agent(ctx, agent_id=una, change=change, actor=LEAD, version=1)
    assert changed == await get_agent(ctx, una)
    assert (changed.name, changed.languages, changed.skills) == ("Una Ohm", ("zh", "en"), {"billing": 3})
    assert (changed.capacity, changed.live_capacity, changed.calendar) == (5, 2, "office")
    assert (changed.queues, changed.locale, changed.version) == (("service",), "zh_CN", 2)
    told = await last_event(ctx)
    assert (told["kind"], told["agent_id"], told["data"]["who"]) == ("agent_changed", una, "Leo")
    assert told["data"]["changed"]["capacity"] == [8, 5]
    assert told["data"]["changed"]["queues"] == [[], ["service"]]


async def test_what_changes_nothing_is_no_change(ctx: Context, una: int) -> None:
    before = await last_event(ctx)
    same = await change_agent(ctx, agent_id=una, change=AgentChange(name="Una", queues=()), actor=LEAD)
    assert same.version == 1 and await last_event(ctx) == before


async def test_whoever_looked_at_an_older_version_changes_nothing(ctx: Context, una: int) -> None:
    await change_agent(ctx, agent_id=una, change=AgentChange(capacity=5), actor=LEAD, version=1)
    with pytest.raises(Conflict) as refused:
        await change_agent(ctx, agent_id=una, change=AgentChange(capacity=9), actor=ADMIN, version=1)
    assert (refused.value.code, refused.value.current_seq) == ("agent_changed", 2)
    assert (await get_agent(ctx, una)).capacity == 5


@pytest.mark.parametrize(
    ("change", "code"),
    [
        (AgentChange(name=" "), "bad_name"),
        (AgentChange(capacity=1001), "bad_capacity"),
        (AgentChange(live_capacity=-1), "bad_capacity"),
        (AgentChange(skills={"cooking": 1}), "unknown_skill"),
        (AgentChange(skills={"billing": 6}), "bad_level"),
        (AgentChange(skills={"billing": 0}), "bad_level"),
        (AgentChange(languages=("tlh",)), "unknown_language"),
        (AgentChange(calendar="never"), "unknown_calendar"),
        (AgentChange(queues=("nowhere",)), "unknown_queue"),
        (AgentChange(locale="xx"), "bad_locale"),
    ],
)
async def test_what_cannot_be_is_refused_and_nothing_of_it_is_kept(
    ctx: Context, una: int, change: AgentChange, code: str
) -> None:
    before = await get_agent(ctx, una)
    with pytest.raises(NotPossible) as refused:
        await change_agent(ctx, agent_id=una, change=change, actor=ADMIN)
    assert refused.value.code == code
    assert await get_agent(ctx, una) == before


async def test_nobody_below_a_supervisor_changes_anybody_and_roles_are_for_administrators(
    ctx: Context, una: int
) -> None:
    boss = await add_agent(ctx, login="boss", name="Boss", password=PASSWORD, role=Role.ADMIN)
    await add_agent(ctx, login="vice", name="Vice", password=PASSWORD, role=Role.ADMIN)
    for actor, agent_id, change in (
        (ONE, una, AgentChange(capacity=99)),
        (LEAD, una, AgentChange(role=Role.ADMIN)),
        (LEAD, boss, AgentChange(active=False)),
        (LEAD, boss, AgentChange(role=Role.AGENT)),
    ):
        with pytest.raises(NotPossible) as refused:
            await change_agent(ctx, agent_id=agent_id, change=change, actor=actor)
        assert refused.value.code == "not_allowed"
    for actor, agent_id in ((ONE, una), (LEAD, boss)):
        with pytest.raises(NotPossible, match="administrator"):
            await reset_password(ctx, agent_id=agent_id, actor=actor)
    await change_agent(ctx, agent_id=boss, change=AgentChange(capacity=3), actor=LEAD)
    promoted = await change_agent(ctx, agent_id=una, change=AgentChange(role=Role.SUPERVISOR), actor=ADMIN)
    assert promoted.role == "supervisor"


async def test_the_last_administrator_stays_also_when_two_leave_at_once(ctx: Context, una: int) -> None:
    boss = await add_agent(ctx, login="boss", name="Boss", password=PASSWORD, role=Role.ADMIN)
    vice = await add_agent(ctx, login="vice", name="Vice", password=PASSWORD, role=Role.ADMIN)
    done = await asyncio.gather(
        change_agent(ctx, agent_id=boss, change=AgentChange(role=Role.AGENT), actor=ADMIN),
        change_agent(ctx, agent_id=vice, change=AgentChange(active=False), actor=ADMIN),
        return_exceptions=True,
    )
    refused = [one for one in done if isinstance(one, NotPossible)]
    assert [one.code for one in refused] == ["last_admin"]


async def test_who_is_shut_out_is_logged_out_and_off_line_and_nobody_shuts_themselves_out(
    ctx: Context, una: int
) -> None:
    token = await sign_in(ctx, "una")
    gone = await change_agent(ctx, agent_id=una, change=AgentChange(active=False), actor=LEAD)
    assert not gone.active and (await get_agent(ctx, una)).presence == "offline"
    assert await agent_of_session(ctx, token) is None
    with pytest.raises(LoginRefused):
        await sign_in(ctx, "una")
    leo = await add_agent(ctx, login="leo", name="Leo", password=PASSWORD, role=Role.SUPERVISOR)
    with pytest.raises(NotPossible) as refused:
        await change_agent(
            ctx,
            agent_id=leo,
            change=AgentChange(active=False),
            actor=Actor(name="Leo", agent_id=leo, role=Role.SUPERVISOR),
        )
    assert refused.value.code == "own_account"
    back = await change_agent(ctx, agent_id=una, change=AgentChange(active=True), actor=LEAD)
    assert back.active


async def test_a_new_password_is_shown_once_and_ends_what_the_old_one_opened(ctx: Context, una: int) -> None:
    token = await sign_in(ctx, "una")
    password = await reset_password(ctx, agent_id=una, actor=LEAD)
    assert await agent_of_session(ctx, token) is None
    with pytest.raises(LoginRefused):
        await sign_in(ctx, "una")
    assert await sign_in(ctx, "una", password)
    told = await ctx.database.read(
        lambda c: c.fetchval("SELECT data::text FROM event WHERE kind = 'agent_changed'")
    )
    assert password not in told and "password" in told


async def test_a_cell_of_the_skills_goes_by_what_was_seen_in_it(ctx: Context, una: int) -> None:
    seen = await set_skill(ctx, agent_id=una, skill="billing", was=0, level=3, actor=LEAD)
    assert seen.skills == {"billing": 3}
    await set_skill(ctx, agent_id=una, skill="product", was=0, level=1, actor=ADMIN)
    with pytest.raises(Conflict):
        await set_skill(ctx, agent_id=una, skill="billing", was=0, level=5, actor=ADMIN)
    gone = await set_skill(ctx, agent_id=una, skill="billing", was=3, level=0, actor=ADMIN)
    assert gone.skills == {"product": 1}


async def test_the_last_queue_is_not_taken_away_by_itself(ctx: Context, una: int) -> None:
    await set_membership(ctx, agent_id=una, queue="service", member=True, actor=LEAD)
    both = await set_membership(ctx, agent_id=una, queue="feedback", member=True, actor=LEAD)
    assert set(both.queues) == {"service", "feedback"}
    await set_membership(ctx, agent_id=una, queue="service", member=False, actor=LEAD)
    with pytest.raises(NotPossible) as refused:
        await set_membership(ctx, agent_id=una, queue="feedback", member=False, actor=LEAD)
    assert refused.value.code == "last_queue"
    everywhere = await set_membership(ctx, agent_id=una, queue="", member=True, actor=LEAD)
    assert everywhere.queues == ()


async def test_the_members_of_a_queue_are_replaced_together_or_not_at_all(ctx: Context, una: int) -> None:
    bo = await add_agent(ctx, login="bo", name="Bo", password=PASSWORD, queues=("service", "feedback"))
    cy = await add_agent(ctx, login="cy", name="Cy", password=PASSWORD, queues=("service",))
    changed = await set_members(ctx, queue="service", logins=("una", "cy"), actor=LEAD)
    assert {one.login: set(one.queues) for one in changed} == {"una": {"service"}, "bo": {"feedback"}}
    with pytest.raises(NotPossible) as refused:
        await set_members(ctx, queue="service", logins=("bo",), actor=LEAD)
    assert refused.value.code == "last_queue"
    assert (await get_agent(ctx, bo)).queues == ("feedback",) and (await get_agent(ctx, cy)).queues == (
        "service",
    )
    for logins in (("nobody",), ("una", "cy", "ghost")):
        with pytest.raises(NotFound):
            await set_members(ctx, queue="service", logins=logins, actor=LEAD)
    with pytest.raises(NotFound):
        await set_members(ctx, queue="nowhere", logins=(), actor=LEAD)


async def test_routing_goes_by_what_changed_without_waiting_for_its_next_look(
    ctx: Context, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(routing, "POLL_SECONDS", 3600.0)
    async with serving_desk(ctx) as desk:
        lin = next(one.id for one in await ctx.database.read(views.list_agents) if one.login == "lin")
        # Whoever begins to listen looks at everything once: that must be over.
        listening = desk.ctx.listener.expect(EVENTS)
        await set_presence(desk.ctx, agent_id=lin, presence="online", actor=HUB)
        await listening.wait(20)
        code = await customer_writes(desk.ctx, "Where is my parcel? It should have come by now.")
        halt, looked = asyncio.Event(), asyncio.Event()
        work = asyncio.create_task(routing.give_out(desk.ctx, halt, looked.set))
        async with asyncio.timeout(20):
            await looked.wait()
        with desk.ctx.feed.subscribe() as told:
            await change_agent(desk.ctx, agent_id=lin, change=AgentChange(languages=("zh", "en")), actor=LEAD)
            async with asyncio.timeout(20):
                async for event in told:
                    if event.kind == "ticket_assigned":
                        break
        halt.set()
        desk.ctx.listener.wake(ROUTE)
        await work
        ticket = await desk.ctx.database.read(lambda c: views.get_ticket(c, code))
        assert ticket is not None and ticket.assignee_id == lin
