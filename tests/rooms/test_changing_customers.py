"""Customers and organisations as people add and change them; what is proven and what is only said."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from hub.actions.context import Context
from hub.actions.customers.change import (
    add_customer,
    add_identity,
    change_customer,
    put_identity_back,
    remove_identity,
    unverify_identity,
    verify_identity,
)
from hub.actions.customers.organisations import add_organisation, change_organisation, list_organisations
from hub.actions.failures import NotPossible
from hub.actions.note import add_note
from hub.model.people import Actor
from hub.model.permissions import Sight
from storage import change_customers, customer_pairs, customer_timeline, views
from storage.change_customers import OrganisationSaid
from storage.customer_timeline import TimelineFilter
from tests.fakes.inboxes import TWO_INBOXES
from tests.fakes.invariants import assert_invariants
from tests.fakes.scene import SYSTEM, a_hub, an_agent, one, rows, ticket, write

LI, WANG = "li@example.cn", "wang@example.cn"


@pytest.fixture
async def ctx(database_dsn: str) -> AsyncIterator[Context]:
    async with a_hub(database_dsn, TWO_INBOXES) as hub:
        yield hub
        await assert_invariants(hub.database, by_hand=True)


async def _identity(ctx: Context, customer_id: int, value: str) -> int:
    known = await ctx.database.read(lambda c: change_customers.own_identities(c, customer_id))
    return next(each.id for each in known if each.value == value)


async def test_a_claim_is_vouched_for_and_finds_the_customer(ctx: Context) -> None:
    agent = Actor(name="Ann", agent_id=await an_agent(ctx, "ann"))
    code = await add_customer(
        ctx,
        name=" Li  Wei ",
        actor=agent,
        identities=(("email", " LI@example.cn "), ("phone", "13800138000")),
    )
    (row,) = await rows(ctx, "SELECT id, name FROM customer WHERE code = $1", code)
    assert row["name"] == "Li Wei"
    identity = await _identity(ctx, row["id"], LI)
    await verify_identity(ctx, customer_code=code, identity_id=identity, actor=agent)
    with pytest.raises(NotPossible) as refused:
        await verify_identity(ctx, customer_code=code, identity_id=identity, actor=agent)
    assert refused.value.code == "verified_already"
    assert (await ticket(ctx, await write(ctx, LI)))["customer_id"] == row["id"]
    await unverify_identity(ctx, customer_code=code, identity_id=identity, actor=agent)
    claim = await _identity(ctx, row["id"], LI)
    gone = await remove_identity(ctx, customer_code=code, identity_id=claim, actor=agent)
    kind, value, verified, proof = gone
    assert (kind, value, verified) == ("email", LI, False)
    # The way back leads to what was removed, and by whoever removed it; it proves nothing and moves nothing.
    other = Actor(name="Lin", agent_id=await an_agent(ctx, "lin"))
    for changed, by in (
        ({"verified": True}, agent),
        ({"value": WANG}, agent),
        ({"proof": ""}, agent),
        ({}, other),
    ):
        given: dict[str, Any] = {
            "kind": kind,
            "value": value,
            "verified": verified,
            "proof": proof,
            **changed,
        }
        with pytest.raises(NotPossible) as refused:
            await put_identity_back(ctx, customer_code=code, actor=by, **given)
        assert refused.value.code == "bad_identity"
    await put_identity_back(
        ctx, customer_code=code, kind=kind, value=value, verified=verified, proof=proof, actor=agent
    )
    assert await one(ctx, "SELECT count(*) FROM audit WHERE kind = 'identity_changed'") == 3


async def test_what_proves_somebody_else_is_asked_about(ctx: Context) -> None:
    theirs = await ticket(ctx, await write(ctx, WANG))
    code = await add_customer(ctx, name="Li", actor=SYSTEM, identities=(("email", WANG),))
    mine = await one(ctx, "SELECT id FROM customer WHERE code = $1", code)
    with pytest.raises(NotPossible) as refused:
        await verify_identity(
            ctx, customer_code=code, identity_id=await _identity(ctx, mine, WANG), actor=SYSTEM
        )
    assert refused.value.code == "identity_taken"
    (pair,) = await ctx.database.read(lambda c: customer_pairs.open_pairs(c, None, 10))
    assert {pair.low_id, pair.high_id} == {theirs["customer_id"], mine}
    proven = await _identity(ctx, theirs["customer_id"], WANG)
    customer = await one(ctx, "SELECT code FROM customer WHERE id = $1", theirs["customer_id"])
    with pytest.raises(NotPossible) as refused:
        await unverify_identity(ctx, customer_code=customer, identity_id=proven, actor=SYSTEM)
    assert refused.value.code == "not_vouched"
    for kind, value, why in (("email", "nothing", "bad_identity"), ("email", WANG, "identity_known")):
        with pytest.raises(NotPossible) as refused:
            await add_identity(ctx, customer_code=code, kind=kind, value=value, actor=SYSTEM)
        assert refused.value.code == why


async def test_two_who_change_at_once_are_told(ctx: Context) -> None:
    code = await add_customer(ctx, name="Li", actor=SYSTEM)
    said: dict[str, Any] = {"language": "zh", "organisation_id": None, "note": "Rings at noon."}
    await change_customer(ctx, customer_code=code, actor=SYSTEM, version=1, name="Li Wei", **said)
    with pytest.raises(NotPossible) as refused:
        await change_customer(ctx, customer_code=code, actor=SYSTEM, version=1, name="Li W.", **said)
    assert refused.value.code == "customer_changed"


async def test_an_organisation_that_is_not_there_or_not_in_sight_is_nobodys(ctx: Context) -> None:
    """Ids come from a form: a number that somebody made up is refused, and tells no name of a house that they do not see."""
    await add_organisation(ctx, said=OrganisationSaid(name="安吉贸易"), actor=SYSTEM)
    number = await one(ctx, "SELECT id FROM organisation")
    seen = {"language": "zh", "organisation_id": number, "note": ""}
    member = await add_customer(ctx, name="Wang", actor=SYSTEM, organisation_id=number)
    agent = Actor(name="Ann", agent_id=await an_agent(ctx, "ann"), sight=Sight.OWN)
    code = await add_customer(ctx, name="Li", actor=SYSTEM)
    for actor, asked in ((SYSTEM, 253402300800), (agent, number)):
        with pytest.raises(NotPossible) as refused:
            await add_customer(ctx, name="Li", actor=actor, organisation_id=asked)
        assert refused.value.code == "no_such_organisation"
        said = {**seen, "organisation_id": asked}
        with pytest.raises(NotPossible) as refused:
            await change_customer(ctx, customer_code=code, actor=actor, version=1, name="Li", **said)
        assert refused.value.code == "no_such_organisation"
    # Where it stands already, it may stay.
    await change_customer(ctx, customer_code=member, actor=agent, version=1, name="Wang Fang", **seen)
    assert await one(ctx, "SELECT organisation_id FROM customer WHERE code = $1", member) == number


async def test_organisations_stand_by_pinyin(ctx: Context) -> None:
    for name in ("中原电器", "Bauer GmbH", "安吉贸易", "重庆机械"):
        await add_organisation(ctx, said=OrganisationSaid(name=name), actor=SYSTEM)
    await ctx.database.run(lambda c: c.execute("INSERT INTO organisation (name) VALUES ('北京电器')"))
    found = await list_organisations(ctx, actor=SYSTEM)
    assert [row.name for row in found] == ["安吉贸易", "Bauer GmbH", "北京电器", "重庆机械", "中原电器"]
    rest = await list_organisations(ctx, actor=SYSTEM, after=(found[1].sorted_as, found[1].id))
    assert [row.name for row in rest] == ["北京电器", "重庆机械", "中原电器"]
    assert [row.name for row in await list_organisations(ctx, actor=SYSTEM, query="beij")] == ["北京电器"]
    assert [row.name for row in await list_organisations(ctx, actor=SYSTEM, query="电器")] == [
        "北京电器",
        "中原电器",
    ]
    with pytest.raises(NotPossible) as refused:
        await add_organisation(ctx, said=OrganisationSaid(name="BAUER gmbh"), actor=SYSTEM)
    assert refused.value.code == "organisation_named"
    changed = OrganisationSaid(name="Bauer AG", key_account=True)
    await change_organisation(ctx, organisation_code=found[1].code, version=1, said=changed, actor=SYSTEM)
    with pytest.raises(NotPossible) as refused:
        await change_organisation(ctx, organisation_code=found[1].code, version=1, said=changed, actor=SYSTEM)
    assert refused.value.code == "organisation_changed"
    row = await ctx.database.read(lambda c: change_customers.organisation(c, found[1].code))
    assert row is not None and (row.name, row.key_account) == ("Bauer AG", True)


async def test_a_timeline_through_filters_in_pages(ctx: Context) -> None:
    row = await ticket(ctx, await write(ctx, LI, "Where is my parcel?", message_id="a@example.cn"))
    for n in range(3):
        await write(ctx, LI, f"Line {n} 包裹", answers="a@example.cn")
    await add_note(ctx, ticket_code=row["code"], actor=SYSTEM, text="He rang, too.")
    customer = row["customer_id"]

    async def seen(
        wanted: TimelineFilter, before: int | None = None, limit: int = 50
    ) -> list[views.TimelineRow]:
        return await ctx.database.read(
            lambda c: customer_timeline.filtered(c, customer, wanted, before=before, limit=limit)
        )

    assert len(await seen(TimelineFilter())) == 5
    assert [entry.kind for entry in await seen(TimelineFilter(kinds=("note",)))] == ["note"]
    assert len(await seen(TimelineFilter(direction="in", channel="support"))) == 4
    assert await seen(TimelineFilter(channel="sales")) == []
    assert len(await seen(TimelineFilter(text="包裹"))) == 3
    assert len(await seen(TimelineFilter(text="PARCEL"))) >= 1
    now = datetime.now(UTC)
    assert await seen(TimelineFilter(since=now + timedelta(days=1))) == []
    assert await seen(TimelineFilter(until=now - timedelta(days=1))) == []
    first = await seen(TimelineFilter(text="包裹"), limit=2)
    rest = await seen(TimelineFilter(text="包裹"), before=first[-1].id, limit=2)
    assert (len(first), len(rest)) == (2, 1)
