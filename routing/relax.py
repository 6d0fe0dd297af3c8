"""What is asked of an agent no more once a ticket has waited long enough. Pure."""

from collections.abc import Iterable, Sequence

from routing.fit import needed_language
from routing.queues import Relax
from routing.situation import Needs, Reason, ReasonCode

_ORDER = ("levels", "skills", "language")


def relaxed(needs: Needs, steps: Sequence[Relax], waited: float) -> tuple[Needs, tuple[Reason, ...]]:
    """What is left of `needs` after so many minutes, and what was dropped, when. A step that would drop what was never asked
    for drops nothing."""
    reasons: list[Reason] = []
    language, skills = needs.language, needs.skills
    if skills and (after := _since(steps, "skills", waited)) is not None:
        skills = frozenset()
        reasons.append(Reason(code=ReasonCode.NO_SKILL_NEEDED, params={"minutes": after}))
    elif any(least > 1 for _, least in skills) and (after := _since(steps, "levels", waited)) is not None:
        skills = frozenset((name, 1) for name, _ in skills)
        reasons.append(Reason(code=ReasonCode.ANY_LEVEL_WILL_DO, params={"minutes": after}))
    if needed_language(needs) and (after := _since(steps, "language", waited)) is not None:
        language = ""
        reasons.append(Reason(code=ReasonCode.ANY_LANGUAGE_WILL_DO, params={"minutes": after}))
    return Needs(needs.queue, language, skills), tuple(reasons)


def next_step(steps: Iterable[Relax], waited: float) -> int | None:
    """After how many minutes of waiting, more than `waited`, less is asked for again; None: never."""
    return min((step.after for step in steps if step.after > waited), default=None)


def _since(steps: Iterable[Relax], what: str, waited: float) -> int | None:
    """From which minute on this is not asked for; None: it still is."""
    enough = _ORDER[_ORDER.index(what) :]
    return min((step.after for step in steps if step.after <= waited and step.drop in enough), default=None)
