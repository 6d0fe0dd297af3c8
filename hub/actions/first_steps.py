"""The first steps of a new house: each knows from the database whether it is done. Nobody ticks anything; one that is not
needed here can be said not to be."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from hub.actions.context import Context
from hub.actions.failures import NotFound
from hub.model.people import Actor
from routing.rules import RoutingRules, RulesError, load_rules
from storage import first_steps as stored
from storage import rulebook
from storage.database import Connection

CARD = "all"
"""The card on the desk, put away as a whole."""


class Step(StrEnum):
    """In the order in which they are shown."""

    PASSWORD = "password"  # noqa: S105 - the name of a step
    COLLEAGUES = "colleagues"
    CHANNEL = "channel"
    MESSAGE = "message"
    HOURS = "hours"
    TARGETS = "targets"
    TEMPLATE = "template"
    SECOND_STEP = "second_step"
    ADDRESS = "address"
    BACKUP = "backup"


@dataclass(frozen=True, slots=True, kw_only=True)
class StepState:
    step: Step
    done: bool
    not_needed: bool

    @property
    def open(self) -> bool:
        return not (self.done or self.not_needed)


@dataclass(frozen=True, slots=True, kw_only=True)
class FirstSteps:
    """`put_away`: nobody wants to see the card any more."""

    steps: tuple[StepState, ...]
    put_away: bool

    @property
    def left(self) -> int:
        return sum(one.open for one in self.steps)

    @property
    def card(self) -> bool:
        """Whether the desk shows the card."""
        return bool(self.left) and not self.put_away


async def first_steps(ctx: Context, actor: Actor) -> FirstSteps:
    """How far this house is, for an administrator. Raises DatabaseUnavailable."""
    assert actor.agent_id is not None
    agent_id = actor.agent_id

    async def read(connection: Connection) -> FirstSteps:
        facts = await stored.facts(connection, agent_id)
        skipped = await stored.not_needed(connection)
        first = await rulebook.document(connection, 1)
        begun = _as_begun(first) if first is not None else ctx.rules
        done = {
            Step.PASSWORD: facts.own_password,
            Step.COLLEAGUES: facts.colleagues,
            Step.CHANNEL: facts.channel_up,
            Step.MESSAGE: facts.heard,
            Step.HOURS: begun is None or _hours(begun) != _hours(ctx.rules),
            Step.TARGETS: begun is None or _targets(begun) != _targets(ctx.rules),
            Step.TEMPLATE: facts.template,
            Step.SECOND_STEP: facts.second_step,
            Step.ADDRESS: ctx.settings.web.public_url.startswith("https://"),
            Step.BACKUP: facts.backed_up,
        }
        states = (StepState(step=step, done=done[step], not_needed=step in skipped) for step in Step)
        return FirstSteps(steps=tuple(states), put_away=CARD in skipped)

    return await ctx.database.read(read)


async def say_needed(ctx: Context, *, key: str, needed: bool, actor: Actor) -> None:
    """That a step is not needed here, or is after all; CARD: that the card is not, or is. Raises NotFound."""
    assert actor.agent_id is not None
    agent_id = actor.agent_id
    if key != CARD and key not in set(Step):
        raise NotFound("There is no such step.")
    if needed:
        await ctx.database.run(lambda c: stored.say_needed(c, key))
    else:
        await ctx.database.run(lambda c: stored.say_not_needed(c, key, agent_id))


def _as_begun(document: Mapping[str, Any]) -> RoutingRules | None:
    """The rules of the first day; None where they are so old that nobody reads them any more."""
    try:
        return load_rules(document)
    except RulesError:
        return None


def _hours(rules: RoutingRules) -> object:
    return rules.queue, rules.calendar


def _targets(rules: RoutingRules) -> object:
    return rules.target
