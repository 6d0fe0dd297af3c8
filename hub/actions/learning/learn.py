"""Learns from what people said tickets are: makes versions, judges them, and puts one in use or takes it back."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import structlog

from hub.actions.announce import EVENTS, LEARNED, announce
from hub.actions.context import Context
from hub.actions.failures import NotFound
from hub.actions.learning.learned import reload_learned
from hub.actions.learning.training import Job, Trained, train_apart
from hub.actions.people.audit import record
from hub.model.audit import AuditKind
from hub.model.people import HUB, Actor
from hub.model.tickets import EventKind, TicketKind
from routing.learn import tfidf
from routing.learn.judge import Judgement, Verdict
from routing.learn.train import METHOD, MOST_EXAMPLES, Example
from routing.lexicon import load_lexicon
from storage import classifiers, corrections, events
from storage.database import Connection

log = structlog.get_logger(__name__)

UNSAID_WEIGHT = 0.25
"""What a ticket counts that was answered and settled without a word about its kind, beside one of which a person spoke."""
MOST_UNSAID = 1000


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """One version that was made, and whether it is in use now."""

    version: int
    trained: Trained
    in_use: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class _Material:
    examples: Sequence[Example]
    newest: int
    in_use: int
    document: bytes
    learned_until: int


async def learn(ctx: Context, *, actor: Actor = HUB, methods: Sequence[str] = (METHOD,)) -> list[Outcome]:
    """Make a version by each method, in a process of its own. The best of those that are not worse than the rules alone
    and than the version in use, in complaints found and in what is right, is in use from then on; the others are kept
    and shown.

    Empty where there is nothing to learn from, or where another hub was faster. Raises ApartFailed.
    """
    material = await ctx.database.read(_gather)
    if not any(one.said for one in material.examples):
        return []
    trained = await train_apart(
        Job(
            examples=material.examples,
            methods=methods,
            in_use=material.document,
            learned_until=material.learned_until,
        )
    )

    async def keep(connection: Connection) -> list[Outcome]:
        await classifiers.lock(connection)
        if actor is HUB and await classifiers.last_correction(connection) >= material.newest:
            return []
        made = [(await _add(connection, one, material, actor), one) for one in trained]
        best = _best(made)
        if best and await classifiers.in_use(connection) == material.in_use:
            await _put_in_use(connection, best, actor)
        else:
            best = 0
        return [Outcome(version=version, trained=one, in_use=version == best) for version, one in made]

    outcomes = await ctx.database.run(keep)
    await reload_learned(ctx.database, ctx.learned)
    for one in outcomes:
        log.info(
            "learned.made",
            version=one.version,
            method=one.trained.method,
            verdict=one.trained.judgement.verdict.value,
            in_use=one.in_use,
            seconds=round(one.trained.seconds, 1),
        )
    return outcomes


async def learn_if_due(ctx: Context) -> int:
    """Learn where enough was said since the last time; returns how many versions were made. Safe on every hub."""
    after = ctx.settings.classification.learn_after_corrections
    if not after:
        return 0

    async def look(connection: Connection) -> int:
        # Counted, not reckoned from numbers: a transaction that was given up leaves a gap in those.
        last = await classifiers.last_correction(connection)
        return len(await corrections.list_answers(connection, after=last, limit=after))

    if await ctx.database.read(look) < after:
        return 0
    return len(await learn(ctx))


async def use_version(ctx: Context, *, version: int, actor: Actor) -> None:
    """Give this version a say from now on, on every hub; 0: none, the rules alone. Raises NotFound."""

    async def work(connection: Connection) -> None:
        await classifiers.lock(connection)
        if version and await classifiers.learned_until(connection, version) is None:
            raise NotFound(f"There is no version {version} of what was learned.")
        if await classifiers.in_use(connection) != version:
            await _put_in_use(connection, version, actor)
            await record(connection, AuditKind.CLASSIFIER_USED, actor=actor, subject=str(version))

    await ctx.database.run(work)
    await reload_learned(ctx.database, ctx.learned)


def methods_here() -> list[str]:
    """What can be learned with on this machine."""
    return [METHOD, *([tfidf.METHOD] if tfidf.is_installed() else [])]


async def _gather(connection: Connection) -> _Material:
    said = await corrections.list_answers(connection, after=0, limit=MOST_EXAMPLES - MOST_UNSAID)
    unsaid = await corrections.list_unquestioned(connection, MOST_UNSAID)
    in_use = await classifiers.in_use(connection)
    examples = [
        Example(
            text=one.text,
            subject=one.subject,
            kind=TicketKind(one.kind),
            hint=one.hint or "",
            number=one.id,
        )
        for one in reversed(said)
    ]
    examples += [
        Example(
            text=row.text,
            subject=row.subject,
            kind=TicketKind(row.kind),
            hint=row.hint or "",
            said=False,
            weight=UNSAID_WEIGHT,
        )
        for row in reversed(unsaid)
    ]
    return _Material(
        examples=examples,
        newest=said[0].id if said else 0,
        in_use=in_use,
        document=(await classifiers.document(connection, in_use) or b"") if in_use else b"",
        learned_until=(await classifiers.learned_until(connection, in_use) or 0) if in_use else 0,
    )


async def _add(connection: Connection, one: Trained, material: _Material, actor: Actor) -> int:
    said = sum(example.said for example in material.examples)
    return await classifiers.add_model(
        connection,
        method=one.method,
        lexicon=load_lexicon().fingerprint,
        last_correction=material.newest,
        examples={"said": said, "unsaid": len(material.examples) - said},
        scores=_scores(one.judgement),
        verdict=one.judgement.verdict.value,
        document=one.document,
        author=actor.name,
    )


def _scores(judgement: Judgement) -> dict[str, Any]:
    scores: dict[str, Any] = {"learned": judgement.learned.to_data(), "rules": judgement.rules.to_data()}
    if judgement.unseen is not None:
        ours, theirs = judgement.unseen
        scores["unseen"] = {"learned": ours.to_data(), "in_use": theirs.to_data()}
    return scores


def _best(made: Sequence[tuple[int, Trained]]) -> int:
    """The version to be used; 0 where none is good enough."""
    good = [
        (one.judgement.learned.recall, one.judgement.learned.accuracy, -version)
        for version, one in made
        if one.judgement.verdict in (Verdict.BETTER, Verdict.NO_WORSE)
    ]
    return -max(good)[2] if good else 0


async def _put_in_use(connection: Connection, version: int, actor: Actor) -> None:
    await classifiers.use(connection, version, by_agent=actor.agent_id, author=actor.name)
    await events.add_event(
        connection, EventKind.CLASSIFIER_CHANGED, agent_id=actor.agent_id, data={"version": version}
    )
    await announce(connection, LEARNED, EVENTS)
