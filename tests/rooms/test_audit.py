"""The audit trail: written with the act, sealed row by row, changed by nobody."""

from collections.abc import AsyncIterator

import asyncpg
import pytest

from hub.actions.context import Context
from hub.actions.failures import NotPossible
from hub.actions.people.audit import AuditFilter, broken_seals, list_acts, record
from hub.actions.people.change_agent import AgentChange, change_agent
from hub.actions.people.keys import create_api_key
from hub.model.audit import AuditKind
from hub.model.people import Actor, Role, Scope
from storage.database import Connection
from tests.fakes.scene import a_hub, an_agent, one, rows

ADMIN = Actor(name="Ada", role=Role.ADMIN)


@pytest.fixture
async def ctx(database_dsn: str) -> AsyncIterator[Context]:
    async with a_hub(database_dsn) as hub:
        yield hub


async def test_an_act_is_written_down_with_what_was_before_and_who_did_it(ctx: Context) -> None:
    lin = await an_agent(ctx, "lin")
    ada = await an_agent(ctx, "ada")
    actor = Actor(name="Ada", agent_id=ada, role=Role.ADMIN)
    await change_agent(ctx, agent_id=lin, change=AgentChange(capacity=3, name="Lin"), actor=actor)
    (act,) = await list_acts(ctx, AuditFilter())
    assert (act.kind, act.who, act.agent_id, act.subject) == ("agent_changed", "Ada", ada, "lin")
    assert act.details == {"changed": {"capacity": [8, 3], "name": ["lin", "Lin"]}}


async def test_what_was_refused_is_not_written_down(ctx: Context) -> None:
    lin = await an_agent(ctx, "lin")
    with pytest.raises(NotPossible):
        await change_agent(ctx, agent_id=lin, change=AgentChange(capacity=-1), actor=ADMIN)
    with pytest.raises(NotPossible):
        await change_agent(ctx, agent_id=lin, change=AgentChange(capacity=2), actor=Actor(name="Eve"))
    assert await list_acts(ctx, AuditFilter()) == []


async def test_acts_are_found_by_person_kind_and_day(ctx: Context) -> None:
    lin = await an_agent(ctx, "lin")
    await create_api_key(ctx, name="erp", scopes=[Scope.READ], actor=ADMIN)
    await change_agent(
        ctx,
        agent_id=lin,
        change=AgentChange(capacity=3),
        actor=Actor(name="L", agent_id=lin, role=Role.ADMIN),
    )
    newest, oldest = await list_acts(ctx, AuditFilter())
    assert (newest.kind, oldest.kind) == ("agent_changed", "key_added")
    assert await list_acts(ctx, AuditFilter(agent_id=lin)) == [newest]
    assert await list_acts(ctx, AuditFilter(kind=AuditKind.KEY_ADDED)) == [oldest]
    assert await list_acts(ctx, AuditFilter(since=newest.at)) == [newest]
    assert await list_acts(ctx, AuditFilter(until=newest.at)) == [oldest]
    assert await list_acts(ctx, AuditFilter(), before=newest.id) == [oldest]


@pytest.mark.parametrize(
    "attempt",
    [
        "UPDATE audit SET who = 'nobody'",
        "DELETE FROM audit",
        "TRUNCATE audit",
        "INSERT INTO audit SELECT * FROM audit ON CONFLICT (id) DO UPDATE SET who = 'x'",
        "SELECT set_config('hub.audit_ends', 'yes', false); DELETE FROM audit",
    ],
)
async def test_nobody_changes_a_row_or_takes_one_away(ctx: Context, database_dsn: str, attempt: str) -> None:
    await create_api_key(ctx, name="erp", scopes=[Scope.READ], actor=ADMIN)
    was = await rows(ctx, "SELECT * FROM audit")
    intruder = await asyncpg.connect(database_dsn)
    try:
        await intruder.execute(attempt)
    except asyncpg.InsufficientPrivilegeError:
        pass
    finally:
        await intruder.close()
    assert (await rows(ctx, "SELECT * FROM audit"))[:1] == was
    assert (await broken_seals(ctx))[1] == []


async def test_what_the_owner_of_the_database_changed_behind_the_hub_is_seen(
    ctx: Context, database_dsn: str
) -> None:
    for name in ("one", "two", "three", "four"):
        await create_api_key(ctx, name=name, scopes=[Scope.READ], actor=ADMIN)
    ids = [row["id"] for row in await rows(ctx, "SELECT id FROM audit ORDER BY id")]
    assert await broken_seals(ctx) == (4, [])
    owner = await asyncpg.connect(database_dsn)
    await owner.execute("ALTER TABLE audit DISABLE TRIGGER ALL")
    await owner.execute("UPDATE audit SET who = 'nobody' WHERE id = $1", ids[0])
    assert (await broken_seals(ctx))[1] == [ids[0]]
    await owner.execute("UPDATE audit SET who = 'Ada' WHERE id = $1", ids[0])
    await owner.execute("DELETE FROM audit WHERE id = $1", ids[2])
    assert (await broken_seals(ctx))[1] == [ids[3]]
    await owner.close()


async def test_acts_at_once_are_one_row_after_the_other(ctx: Context) -> None:
    import asyncio

    async def act(number: int) -> None:
        await ctx.database.run(lambda c: record(c, AuditKind.TAGS_CHANGED, actor=ADMIN, subject=str(number)))

    await asyncio.gather(*(act(n) for n in range(20)))
    assert await broken_seals(ctx) == (20, [])
    assert await one(ctx, "SELECT count(*) = count(DISTINCT seal) FROM audit")


async def test_an_act_that_comes_to_nothing_leaves_no_row(ctx: Context) -> None:
    async def work(connection: Connection) -> None:
        await record(connection, AuditKind.TAGS_CHANGED, actor=ADMIN, subject="x")
        raise NotPossible("after all")

    with pytest.raises(NotPossible):
        await ctx.database.run(work)
    assert await list_acts(ctx, AuditFilter()) == []
