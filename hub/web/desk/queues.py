"""The queues: who works on each, its hours, how it hands out work, in words; what waits."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from aiohttp import web

from hub.actions.floor.wallboard import hours_of, in_order
from hub.web.desk.say.rule_words import RuleWords
from hub.web.desk.staff.pages import titles_of
from hub.web.desk.visit import Visit
from routing.queues import QueueRule
from routing.rules import RoutingRules
from storage import agents, wallboard
from storage.agents import AgentDetails
from storage.database import Connection
from storage.wallboard import QueueNow

_SETTINGS = (
    "priority", "calendar", "offer_seconds", "stick_hours", "wrap_up_seconds", "leave_minutes", "silent_minutes",
    "relax", "overflow",
)  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class QueueShown:
    """`named`: members by name; `everywhere`: those who work on every queue. `settings`: what each is called and says."""

    now: QueueNow
    named: Sequence[AgentDetails]
    everywhere: Sequence[AgentDetails]
    open: bool | None
    changes_at: datetime | None
    settings: Sequence[tuple[str, str]]


async def show_queues(visit: Visit) -> web.StreamResponse:
    """The page."""
    return visit.page("queues.html", section="queues", **await _read(visit))


async def show_state(visit: Visit) -> web.StreamResponse:
    """Its changing part."""
    return visit.page("_queues.html", **await _read(visit))


async def _read(visit: Visit) -> dict[str, object]:
    async def look(c: Connection) -> tuple[list[QueueNow], list[AgentDetails]]:
        return await wallboard.queues_now(c), await agents.list_details(c)

    queues, everybody = await visit.ctx.database.read(look)
    active = [one for one in everybody if one.active]
    rules = visit.ctx.rules
    words = RuleWords(voice=visit.voice, rules=rules)
    return {
        "shown": [_shown(queue, active, rules, words, visit.now) for queue in in_order(queues, rules)],
        "titles": titles_of(visit, rules.queue),
    }


def _shown(
    queue: QueueNow, active: Sequence[AgentDetails], rules: RoutingRules, words: RuleWords, now: datetime
) -> QueueShown:
    opened, changes_at = hours_of(rules, queue.name, now)
    rule = rules.queue_named(queue.name)
    return QueueShown(
        now=queue,
        named=[one for one in active if queue.name in one.queues],
        everywhere=[one for one in active if not one.queues],
        open=opened,
        changes_at=changes_at,
        settings=_settings(rule, words) if rule is not None else (),
    )


def _settings(rule: QueueRule, words: RuleWords) -> list[tuple[str, str]]:
    said = rule.model_dump(mode="json")
    return [
        (words.key(name), words.value(name, said[name]))
        for name in _SETTINGS
        if said[name] or name not in ("relax", "overflow", "wrap_up_seconds", "silent_minutes")
    ]
