"""What came of trying rules on the past, in words."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from hub.actions.rules.try_rules import GONE_SECONDS
from hub.web.desk.say.language import N_
from hub.web.desk.say.rule_words import RuleWords
from routing.rules import read_skill
from storage.rule_drafts import TrialRow

_ERRORS: Mapping[str, str] = {
    "database": N_("The database did not answer. Begin it again."),
    "fault": N_("Something is broken in the hub. Its log says more."),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class ToldTicket:
    """A ticket that would have gone elsewhere. `turns`: what of it, before and after."""

    ticket: str
    subject: str
    at: datetime
    turns: Sequence[tuple[str, str, str]]


@dataclass(frozen=True, slots=True, kw_only=True)
class ToldRun:
    """Something that would have happened by itself."""

    ticket: str
    subject: str
    at: datetime
    rule: str
    because: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ToldTrial:
    """`state`: running, gone (with its hub), failed, done; `old`: the draft was changed since it began. The counts are those of
    `hub.actions.rules.dry_run.DryRun`."""

    state: str
    old: bool
    days: int
    done: int
    total: int
    error: str
    counts: Mapping[str, int]
    tickets: Sequence[ToldTicket]
    runs: Sequence[ToldRun]
    rules: Sequence[tuple[str, int, int]]
    automations: Sequence[tuple[str, int, int]]
    capped: bool


def tell_trial(words: RuleWords, row: TrialRow | None, fingerprint: str) -> ToldTrial | None:
    """`fingerprint`: of the rules as they are now."""
    if row is None:
        return None
    found: Mapping[str, Any] = row.result or {}
    return ToldTrial(
        state=_state(row),
        old=row.fingerprint != fingerprint,
        days=row.days,
        done=row.done,
        total=row.total,
        error=words.voice.say(_ERRORS.get(row.error, "")) or row.error,
        counts={key: int(found.get(key, 0)) for key in ("total", "changed", "unknown", "automated")},
        tickets=[_ticket(words, one) for one in found.get("tickets", ())],
        runs=[_run(words, one) for one in found.get("runs", ())],
        rules=[
            (one["name"], one["now"], one["then"])
            for one in found.get("rules", ())
            if one["now"] != one["then"]
        ],
        automations=[(one["name"], one["tickets"], one["runs"]) for one in found.get("automations", ())],
        capped=bool(found.get("capped", False)),
    )


def _state(row: TrialRow) -> str:
    if row.error:
        return "failed"
    if row.result is not None:
        return "done"
    return "gone" if row.silent_seconds > GONE_SECONDS else "running"


def _ticket(words: RuleWords, one: Mapping[str, Any]) -> ToldTicket:
    before, after = one["before"], one["after"]
    turns = [
        (words.key(key), _told(words, key, before[key]), _told(words, key, after[key]))
        for key in ("queue", "priority", "skills")
        if before[key] != after[key]
    ]
    return ToldTicket(
        ticket=one["ticket"], subject=one["subject"], at=datetime.fromisoformat(one["opened_at"]), turns=turns
    )


def _told(words: RuleWords, key: str, value: Any) -> str:
    return words.skills(dict(map(read_skill, value))) or "–" if key == "skills" else words.value(key, value)


def _run(words: RuleWords, one: Mapping[str, Any]) -> ToldRun:
    happening = words.value("on", one["because"])
    return ToldRun(
        ticket=one["ticket"],
        subject=one["subject"],
        at=datetime.fromisoformat(one["at"]),
        rule=one["rule"],
        because=happening if happening != one["because"] else words.value("of", one["because"]),
    )
