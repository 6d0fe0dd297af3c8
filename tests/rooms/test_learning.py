"""The hub learns from what its people say: versions are made apart, judged, used or only kept, and taken back."""

import asyncio
import itertools
import os
import random
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from hub.actions.answers.reply import queue_reply
from hub.actions.apart import ApartFailed
from hub.actions.context import Context
from hub.actions.failures import NotFound
from hub.actions.learning.correct import change_ticket
from hub.actions.learning.learn import learn, learn_if_due, methods_here, use_version
from hub.actions.learning.learned import reload_learned
from hub.actions.learning.training import Job, train_apart
from hub.actions.status import change_status
from hub.model.people import Actor
from hub.model.tickets import TicketKind
from routing.learn.train import Example
from storage import classifiers
from tests.fakes import loom
from tests.fakes.invariants import assert_invariants
from tests.fakes.scene import a_hub, one, rows, say, ticket

ANN = Actor(name="Ann")
_visitors = itertools.count()


@pytest.fixture
async def ctx(database_dsn: str) -> AsyncIterator[Context]:
    async with a_hub(database_dsn) as hub:
        yield hub
        await assert_invariants(hub.database)


async def _opened(ctx: Context, text: str) -> dict[str, Any]:
    who = f"v{next(_visitors)}"
    return await ticket(ctx, await say(ctx, text=text, who=[("visitor", who, True)], reply_address=who))


async def _teach(ctx: Context, count: int, *, seed: int = 1) -> None:
    """Customers of a mill write, and Ann says of each what it is: every second one complains by asking for something."""
    for text, kind in loom.messages(seed, count):
        await change_ticket(ctx, ticket_code=(await _opened(ctx, text))["code"], actor=ANN, kind=kind)


async def _why(ctx: Context, opened: dict[str, Any]) -> dict[str, Any]:
    why: dict[str, Any] = await one(
        ctx, "SELECT why FROM routing_decision WHERE ticket_id = $1 AND step = 'classified'", opened["id"]
    )
    return why["classification"]  # type: ignore[no-any-return]


async def test_what_people_said_is_learned_used_by_every_hub_and_explained(
    ctx: Context, database_dsn: str
) -> None:
    before = await _opened(ctx, loom.COMPLAINT)
    assert (before["kind"], (await _why(ctx, before))["model"]) == ("request", 0)
    await _teach(ctx, 40)
    (made,) = await learn(ctx, actor=ANN)
    assert (made.version, made.in_use, made.trained.judgement.verdict.value) == (1, True, "better")
    after = await _opened(ctx, loom.COMPLAINT)
    assert (after["kind"], after["queue"]) == ("complaint", "complaints")
    why = await _why(ctx, after)
    assert why["model"] == 1
    assert any(e["rule"] == "learned" and e["matched"] in loom.COMPLAINT.lower() for e in why["evidence"])
    (event,) = await rows(ctx, "SELECT data FROM event WHERE kind = 'classifier_changed'")
    assert event["data"] == {"version": 1}
    # A hub that begins now, and one that was there, go by it too.
    async with a_hub(database_dsn) as other:
        assert other.learned.version == 1
        await use_version(ctx, version=0, actor=ANN)
        assert await reload_learned(other.database, other.learned) == 1
        assert (other.learned.version, other.learned.model) == (0, None)
        assert await reload_learned(other.database, other.learned) == 0
        back = await _opened(other, loom.COMPLAINT)
        assert (back["kind"], (await _why(other, back))["model"]) == ("request", 0)
    # What a person says of a ticket is put down to the version that had sorted it.
    await change_ticket(ctx, ticket_code=after["code"], actor=ANN, kind="complaint")
    assert await one(ctx, "SELECT model FROM correction ORDER BY id DESC LIMIT 1") == 1


async def test_too_little_is_kept_and_shown_but_not_used_unless_a_person_wants_it(ctx: Context) -> None:
    await _teach(ctx, 8)
    (made,) = await learn(ctx, actor=ANN)
    assert (made.in_use, made.trained.judgement.verdict.value, ctx.learned.version) == (False, "too_few", 0)
    (shown,) = await ctx.database.read(classifiers.list_models)
    assert (shown.version, shown.verdict, shown.author, shown.examples) == (
        1, "too_few", "Ann", {"said": 8, "unsaid": 0},
    )  # fmt: skip
    assert {"learned", "rules"} <= set(shown.scores)
    await use_version(ctx, version=1, actor=ANN)
    assert ctx.learned.version == 1
    uses = await ctx.database.read(classifiers.list_uses)
    assert [(use.version, use.author) for use in uses] == [(1, "Ann")]
    await use_version(ctx, version=1, actor=ANN)
    assert len(await ctx.database.read(classifiers.list_uses)) == 1
    with pytest.raises(NotFound):
        await use_version(ctx, version=9, actor=ANN)


async def test_what_would_be_right_more_often_but_miss_complaints_is_not_used(ctx: Context) -> None:
    """Nothing tells these complaints from these requests: to call all of them requests is right in four of five cases."""
    chance = random.Random(3)
    for number in range(60):
        text = f"The {chance.choice(loom.PARTS)} of the loom in hall {chance.choice('ABCDEFGH')} is broken."
        kind = "request" if number % 5 else "complaint"
        await change_ticket(ctx, ticket_code=(await _opened(ctx, text))["code"], actor=ANN, kind=kind)
    (made,) = await learn(ctx, actor=ANN)
    judged = made.trained.judgement
    assert judged.rules.recall == 1.0 > judged.learned.recall
    assert judged.learned.accuracy > judged.rules.accuracy
    assert (judged.verdict.value, made.in_use, ctx.learned.version) == ("worse", False, 0)
    assert await ctx.database.read(classifiers.list_uses) == []


async def test_tickets_that_nobody_questioned_count_a_little(ctx: Context) -> None:
    await _teach(ctx, 2)
    opened = await _opened(ctx, "What are your opening hours on Sunday?")
    await queue_reply(ctx, ticket_code=opened["code"], actor=ANN, text="Ten to six.")
    await change_status(ctx, ticket_code=opened["code"], status="resolved", actor=ANN)
    unanswered = await _opened(ctx, "Do you ship to Canada, and how much does it cost?")
    await change_status(ctx, ticket_code=unanswered["code"], status="resolved", actor=ANN)
    (made,) = await learn(ctx, actor=ANN)
    (shown,) = await ctx.database.read(classifiers.list_models)
    assert shown.examples == {"said": 2, "unsaid": 1}
    assert made.trained.judgement.rules.examples == pytest.approx(2.25)


async def test_it_learns_by_itself_when_enough_was_said_and_once_however_many_hubs_there_are(
    ctx: Context, database_dsn: str
) -> None:
    after = ctx.settings.classification.learn_after_corrections
    await _teach(ctx, after - 1)
    assert await learn_if_due(ctx) == 0
    await _teach(ctx, 1, seed=2)
    async with a_hub(database_dsn) as other:
        made = await asyncio.gather(learn_if_due(ctx), learn_if_due(other))
    assert sorted(made) == [0, 1]
    (version,) = await ctx.database.read(classifiers.list_models)
    assert version.author == "Contact Hub"
    assert await learn_if_due(ctx) == 0


async def test_nothing_was_said_and_nothing_is_learned(ctx: Context) -> None:
    await _opened(ctx, loom.COMPLAINT)
    assert await learn(ctx, actor=ANN) == []


async def test_both_ways_of_learning_are_judged_on_the_same_and_the_better_one_is_used(ctx: Context) -> None:
    await _teach(ctx, 40)
    assert methods_here() == ["words", "tfidf"]
    made = await learn(ctx, actor=ANN, methods=methods_here())
    assert [outcome.trained.method for outcome in made] == ["words", "tfidf"]
    assert [outcome.version for outcome in made] == [1, 2]
    (used,) = [outcome for outcome in made if outcome.in_use]
    assert used.trained.judgement.learned.recall == max(o.trained.judgement.learned.recall for o in made)
    assert made[0].trained.judgement.rules == made[1].trained.judgement.rules
    after = await _opened(ctx, loom.COMPLAINT)
    assert after["kind"] == "complaint"


async def test_a_version_that_this_program_cannot_read_leaves_things_as_they_are(ctx: Context) -> None:
    await one(
        ctx,
        """INSERT INTO classifier_model (version, method, lexicon, last_correction, examples, scores, verdict, document)
           VALUES (1, 'newer', 'x', 0, '{}', '{}', 'better', 'not to be read') RETURNING 1""",
    )
    await one(ctx, "INSERT INTO classifier_use (version) VALUES (1) RETURNING 1")
    assert await reload_learned(ctx.database, ctx.learned) == 0
    assert ctx.learned.version == 0
    assert (await _opened(ctx, loom.COMPLAINT))["kind"] == "request"


_EXAMPLES = [
    Example(text=f"word{n % 7} other{n % 5} thing", subject="", kind=list(TicketKind)[n % 4], number=n + 1)
    for n in range(400)
]


async def test_a_process_that_comes_to_nothing_is_told(capfd: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(ApartFailed, match="ended with 1"):
        await train_apart(Job(examples=_EXAMPLES, methods=["no such method"]))
    assert "KeyError" in capfd.readouterr().err


async def test_whoever_stops_waiting_leaves_no_process_behind() -> None:
    waiting = asyncio.create_task(train_apart(Job(examples=_EXAMPLES * 10, methods=["words"] * 50)))
    while not (ours := _learning()):
        await asyncio.sleep(0.02)
    waiting.cancel()
    with pytest.raises(asyncio.CancelledError):
        await waiting
    assert not ours & _learning()


def _learning() -> set[int]:
    """The processes that learn for this one."""
    found = set()
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            parent = (folder / "stat").read_text().rpartition(")")[2].split()[1]
            if (
                int(parent) == os.getpid()
                and b"hub.actions.learning.training_process" in (folder / "cmdline").read_bytes()
            ):
                found.add(int(folder.name))
        except OSError:  # it ended meanwhile
            continue
    return found
