"""What rules did to a ticket, in words."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from hub.web.desk.say.language import N_, Voice
from hub.web.desk.say.rule_names import HAPPENINGS, RUN_OUTCOMES, SINCE, VERBS
from hub.web.desk.say.rule_words import RuleWords
from routing.rules import RoutingRules
from storage.automation import RunRow

REFUSALS: Mapping[str, str] = {
    "no_agent": N_("there is no such agent"),
    "closed": N_("the ticket is closed"),
    "unknown_queue": N_("there is no such queue"),
    "nobody": N_("nobody is there to be told"),
    "no_webhook": N_("no such webhook is switched on"),
    "no_template": N_("there is no such template"),
    "no_way_back": N_("there is no way back to the customer"),
    "answered_before": N_("this rule has answered in this ticket before"),
    "machine": N_("nothing that machines wrote is answered"),
    "too_old": N_("the message is more than a day old"),
    "too_many": N_("too many automatic answers"),
    "wrong_status": N_("the status cannot be changed so"),
    "too_many_tags": N_("the ticket has too many tags"),
}
"""Why an action was refused. What is not among them is told as it is."""

STOPS: Mapping[str, str] = {
    "chain": N_("rules set each other off in a circle"),
    "too_often": N_("it came back to one ticket again and again"),
}

_PARTLY = N_("partly done")


@dataclass(frozen=True, slots=True, kw_only=True)
class ToldAction:
    """`note`: what is to be said beside it, "" where it was simply done."""

    said: str
    note: str
    done: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class ToldRun:
    """One time that a rule's conditions held. `trouble`: something was not done that should have been."""

    rule: str
    because: str
    outcome: str
    trouble: bool
    actions: Sequence[ToldAction]
    error: str
    version: int
    at: datetime


def tell_runs(voice: Voice, rules: RoutingRules, runs: Sequence[RunRow]) -> list[ToldRun]:
    """Newest first. `rules`: where titles are looked up."""
    words = RuleWords(voice=voice, rules=rules)
    return [
        ToldRun(
            rule=words.automation(run.rule),
            because=voice.say(HAPPENINGS.get(run.because) or SINCE.get(run.because) or run.because),
            outcome=voice.say(_PARTLY if _partly(run) else RUN_OUTCOMES[run.outcome]),
            trouble=run.outcome in ("failed", "stopped"),
            actions=[_action(voice, words, one) for one in run.did if one.get("verb") in VERBS],
            error=voice.say(STOPS.get(run.error, "")) or run.error,
            version=run.rules_version,
            at=run.at,
        )
        for run in runs
    ]


def _partly(run: RunRow) -> bool:
    return run.outcome == "failed" and any(one.get("outcome") == "done" for one in run.did)


def _action(voice: Voice, words: RuleWords, did: Mapping[str, object]) -> ToldAction:
    outcome, code = str(did["outcome"]), str(did.get("code", ""))
    notes = {
        "same": voice.say(N_("it was so already")),
        "by_hand": voice.say(N_("left alone: a person decided otherwise")),
        "refused": voice.say(N_("not possible: %(why)s"), why=voice.say(REFUSALS.get(code, "")) or code),
    }
    return ToldAction(
        said=words.action({str(did["verb"]): did["value"]}),
        note=notes.get(outcome, ""),
        done=outcome == "done",
    )
