"""A supervisor listens to a colleague's conversation: nothing of it reaches the customer, all of it is in the ledger."""

from collections.abc import AsyncIterator

import pytest

from hub.actions.cases.listen import listen_in, stop_listening, take_over, whisper
from hub.actions.context import Context
from hub.actions.failures import NotPossible
from hub.actions.floor.assign import assign_ticket
from hub.actions.housekeeping import tidy
from hub.actions.status import change_status
from hub.model.people import Actor, Role
from storage import listening
from tests.fakes.inboxes import TWO_INBOXES
from tests.fakes.invariants import assert_invariants
from tests.fakes.scene import SYSTEM, a_hub, an_agent, ledger, one, rows, ticket, write


@pytest.fixture
async def ctx(database_dsn: str) -> AsyncIterator[Context]:
    async with a_hub(database_dsn, TWO_INBOXES) as hub:
        yield hub
        await assert_invariants(hub.database, by_hand=True)


async def test_listening_whispering_taking_over(ctx: Context) -> None:
    row = await ticket(ctx, await write(ctx, "li@example.cn"))
    code, lin, sup = row["code"], await an_agent(ctx, "lin"), await an_agent(ctx, "sup")
    boss = Actor(name="Sup", agent_id=sup, role=Role.SUPERVISOR)

    async def refused(work: object) -> str:
        with pytest.raises(NotPossible) as why:
            await work  # type: ignore[misc]
        return why.value.code

    assert await refused(listen_in(ctx, ticket_code=code, actor=boss)) == "nobody_talks"
    await assign_ticket(ctx, ticket_code=code, agent_id=lin, actor=SYSTEM)
    assert await refused(whisper(ctx, ticket_code=code, text="Psst", actor=boss)) == "not_listening"
    assert await refused(take_over(ctx, ticket_code=code, actor=boss)) == "not_listening"
    await listen_in(ctx, ticket_code=code, actor=boss)
    await listen_in(ctx, ticket_code=code, actor=boss)
    there = await ctx.database.read(lambda c: listening.listeners(c, row["id"]))
    assert [who.agent_id for who in there] == [sup]
    entry = await whisper(ctx, ticket_code=code, text="Offer a new one.", actor=boss)
    (said,) = await rows(ctx, "SELECT direction, kind, fields FROM interaction WHERE id = $1", entry)
    assert (said["direction"], said["kind"], said["fields"]) == ("internal", "note", {"whisper": True})
    assert await one(ctx, "SELECT count(*) FROM outbox") == 0
    await take_over(ctx, ticket_code=code, actor=boss)
    assert await one(ctx, "SELECT assignee_id FROM ticket WHERE id = $1", row["id"]) == sup
    assert await ctx.database.read(lambda c: listening.listeners(c, row["id"])) == []
    assert (await ledger(ctx, row["id"])).count("listening_changed") == 2


async def test_who_goes_is_gone_and_what_is_over_is_over(ctx: Context) -> None:
    row = await ticket(ctx, await write(ctx, "li@example.cn"))
    code, lin, sup = row["code"], await an_agent(ctx, "lin"), await an_agent(ctx, "sup")
    boss = Actor(name="Sup", agent_id=sup, role=Role.SUPERVISOR)
    await assign_ticket(ctx, ticket_code=code, agent_id=lin, actor=SYSTEM)
    await listen_in(ctx, ticket_code=code, actor=boss)
    await stop_listening(ctx, ticket_code=code, actor=boss)
    await stop_listening(ctx, ticket_code=code, actor=boss)
    await listen_in(ctx, ticket_code=code, actor=boss)
    await change_status(ctx, ticket_code=code, status="resolved", actor=SYSTEM)
    assert await ctx.database.read(lambda c: listening.listeners(c, row["id"])) == []
    await tidy(ctx)
    ends = await rows(ctx, "SELECT how_ended FROM listening ORDER BY id")
    assert [end["how_ended"] for end in ends] == ["left", "over"]
