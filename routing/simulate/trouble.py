"""Why a question about other days cannot be answered."""

from collections.abc import Mapping

from pydantic import ValidationError

_SAID: Mapping[str, str] = {
    "nothing_happened": "No customer wrote in that time.",
    "nobody_worked": "Nobody was on line in that time, and no agent has a calendar.",
    "too_much": "More than {detail} messages came in that time; expected fewer days.",
    "unknown_agent": "There is no agent {name}.",
    "unknown_calendar": "{name}: no calendar is called {calendar}.",
    "hours_only": "{name}: the reference workload knows no calendars; expected hours.",
    "hours_outside": "{name}: the reference workload works from 07:00 to 22:00.",
    "wrong_hours": "The hours cannot be read: {detail}",
    "wrong_key": "This cannot be used: {detail}",
    "not_toml": "The changes of staff are not valid TOML: {detail}",
    "wrong_rules": "The rules cannot be used: {detail}",
    "wrong_seeds": "Expected seeds like 1-5 or 1,4,9; 30 at the most, each below a billion.",
    "rules_need_history": "Rules can be tried on the hub's own history only; the reference workload has none.",
    "scenario_needs_reference": "Weeks that go wrong are weeks of the reference workload.",
    "stopped": "The simulation ended before it was done.",
}


class CannotSimulate(ValueError):
    """`code` is stable (screens translate it), `params` are what it speaks of; the text is English."""

    def __init__(self, code: str, **params: str) -> None:
        super().__init__(_SAID[code].format(**params))
        self.code = code
        self.params = params

    def __reduce__(self) -> tuple[object, ...]:
        return _again, (self.code, self.params)


def _again(code: str, params: Mapping[str, str]) -> CannotSimulate:
    return CannotSimulate(code, **params)


def told(error: ValidationError) -> CannotSimulate:
    """What is wrong with something that was handed in, the first of it."""
    first = error.errors()[0]
    cause = first.get("ctx", {}).get("error")
    if isinstance(cause, CannotSimulate):
        return cause
    where = ".".join(str(part) for part in first["loc"])
    return CannotSimulate("wrong_key", detail=f"{where}: {first['msg'].removeprefix('Value error, ')}")
