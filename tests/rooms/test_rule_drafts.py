"""Drafts of rules, and trying them, in a real database: what two windows, two tries or another release do to one another."""

import asyncio
from typing import Any
from uuid import uuid4

import pytest

from hub.actions.context import Context
from hub.actions.failures import Conflict, NotPossible
from hub.actions.people.staff import add_agent
from hub.actions.rules import try_rules
from hub.actions.rules.rule_drafts import (
    discard_draft,
    edit_draft,
    overlap_of,
    publish_draft,
    rebase_draft,
    see_rules,
)
from hub.actions.rules.rulebook import as_document, change_rules
from hub.actions.rules.try_rules import begin_trial, end_trials, last_trial
from hub.model.people import HUB, Actor, Role
from routing.rules import RulesError
from storage import rule_drafts as stored
from storage.database import Connection


@pytest.fixture
async def ann(ctx: Context) -> Actor:
    agent_id = await add_agent(
        ctx, login="ann", name="Ann", password="correct horse battery", role=Role.SUPERVISOR
    )
    return Actor(name="Ann", agent_id=agent_id, role=Role.SUPERVISOR)


def me(actor: Actor) -> int:
    assert actor.agent_id is not None
    return actor.agent_id


async def edit(ctx: Context, actor: Actor, **sections: Any) -> None:
    await edit_draft(ctx, agent_id=me(actor), edit=lambda document: {**document, **sections})


async def test_two_windows_of_one_person_lose_nothing(ctx: Context, ann: Actor) -> None:
    skills = [f"skill-{n}" for n in range(8)]

    def add(skill: str) -> Any:
        return lambda document: {**document, "skills": [*document["skills"], skill]}

    await asyncio.gather(*(edit_draft(ctx, agent_id=me(ann), edit=add(one)) for one in skills))
    assert set(skills) <= set((await see_rules(ctx, me(ann))).rules.skills)


async def test_what_cannot_be_used_is_not_kept(ctx: Context, ann: Actor) -> None:
    await edit(ctx, ann, default_queue="service")
    with pytest.raises(RulesError):
        await edit(ctx, ann, default_queue="nowhere")
    assert (await see_rules(ctx, me(ann))).rules.default_queue == "service"


async def test_a_draft_that_this_release_cannot_read_is_none(ctx: Context, ann: Actor) -> None:
    await edit(ctx, ann, default_queue="service")
    strange = {**as_document(ctx.rules), "from_the_future": 1}
    await ctx.database.run(lambda c: stored.keep(c, me(ann), 1, strange))
    seen = await see_rules(ctx, me(ann))
    assert (seen.changes, seen.rules) == ((), ctx.rules)
    await edit(ctx, ann, default_queue="feedback")
    (change,) = (await see_rules(ctx, me(ann))).changes
    assert (change.section, change.after) == ("default_queue", "feedback")


async def test_without_a_draft_there_is_nothing_to_publish(ctx: Context, ann: Actor) -> None:
    for attempt in (
        publish_draft(ctx, actor=ann, note=""),
        publish_draft(ctx, actor=HUB, note=""),
        overlap_of(ctx, me(ann)),
        rebase_draft(ctx, agent_id=me(ann), newest_version=1, keep={}),
    ):
        with pytest.raises(NotPossible) as refused:
            await attempt
        assert refused.value.code == "no_draft"
    await discard_draft(ctx, agent_id=me(ann))


async def test_what_was_changed_while_publishing_is_kept(ctx: Context, ann: Actor) -> None:
    await edit(ctx, ann, default_queue="service")
    draft = await ctx.database.read(lambda c: stored.draft(c, me(ann)))
    assert draft is not None
    await edit(ctx, ann, default_queue="feedback")
    await ctx.database.run(lambda c: stored.drop_published(c, me(ann), draft.updated_at))
    assert (await see_rules(ctx, me(ann))).rules.default_queue == "feedback"


async def test_a_draft_on_top_of_the_same_change_is_gone(ctx: Context, ann: Actor) -> None:
    await edit(ctx, ann, default_queue="service")
    document = {**as_document(ctx.rules), "default_queue": "service"}
    version = await change_rules(ctx, document=document, base_version=1, actor=HUB)
    assert (await see_rules(ctx, me(ann))).behind
    with pytest.raises(Conflict):
        await publish_draft(ctx, actor=ann, note="")
    await rebase_draft(ctx, agent_id=me(ann), newest_version=version, keep={})
    assert await ctx.database.read(lambda c: stored.draft(c, me(ann))) is None


async def test_the_last_try_counts_and_the_one_before_ends(ctx: Context, ann: Actor) -> None:
    await begin_trial(ctx, agent_id=me(ann), days=30)
    await begin_trial(ctx, agent_id=me(ann), days=7)
    async with asyncio.timeout(20):
        while (row := await last_trial(ctx, me(ann))) is None or row.result is None:
            await asyncio.sleep(0.02)
    assert (row.days, row.result["days"], row.error) == (7, 7, "")
    await end_trials(ctx)
    assert (await last_trial(ctx, me(ann))) is not None


async def test_a_try_that_ends_late_writes_over_nothing(ctx: Context, ann: Actor) -> None:
    first, second = uuid4(), uuid4()

    async def work(c: Connection) -> tuple[bool, bool]:
        await stored.begin_trial(c, me(ann), first, "f", 30)
        await stored.begin_trial(c, me(ann), second, "f", 30)
        told = [await stored.tell_trial(c, me(ann), token, 1, 2) for token in (first, second)]
        await stored.end_trial(c, me(ann), first, {"days": 1}, "")
        return told[0], told[1]

    assert await ctx.database.run(work) == (False, True)
    row = await last_trial(ctx, me(ann))
    assert row is not None
    assert (row.result, row.done, row.total) == (None, 1, 2)


async def test_a_hub_that_ends_takes_its_tries_with_it(ctx: Context, ann: Actor) -> None:
    await begin_trial(ctx, agent_id=me(ann))
    await end_trials(ctx)
    assert not try_rules._tasks(ctx)
