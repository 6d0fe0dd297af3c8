"""The form of a question: read from what was posted, shown again as it came."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from routing.simulate.staff import load_staff

ROWS = 2
"""So many lines the form has for each sort of change of staff; more go into the field for further changes."""

EXAMPLE = """[[agent]]
name = "agent 3"
hours = ["07:00-15:00"]
capacity = 5

[[sick]]
name = "agent 1"
days = [2, 3]"""

RANGES: Mapping[str, tuple[int, int]] = {
    "days": (1, 92),
    "load": (10, 500),
    "level": (0, 5),
    "count": (1, 100),
}
"""What a question takes, in the units of the form: days, per cent, levels, agents."""

Posted = Mapping[str, Sequence[str]]


class HalfARow(Exception):
    """A line of the form names an agent and no change, or a change and no agent."""


class WrongNumber(Exception):
    """A field that takes a number holds something else, or one outside RANGES. `field` is a key of RANGES."""

    def __init__(self, field: str, text: str) -> None:
        super().__init__(f"{field}: {text}")
        self.field = field
        self.text = text


@dataclass(frozen=True, slots=True, kw_only=True)
class QuestionForm:
    """As it was typed. `add`: (how many, like whom); `learn`: (who, skill, level); `shift`: (who, calendar); `away`: names."""

    workload: str = "history"
    days: str = "28"
    load: str = "100"
    scenario: str = ""
    rules: str = ""
    seeds: str = "1-5"
    add: Sequence[tuple[str, str]] = field(default=(("", ""),) * ROWS)
    learn: Sequence[tuple[str, str, str]] = field(default=(("", "", ""),) * ROWS)
    shift: Sequence[tuple[str, str]] = field(default=(("", ""),) * ROWS)
    away: Sequence[str] = ("",) * ROWS
    further: str = ""

    @classmethod
    def read(cls, posted: Posted) -> "QuestionForm":
        def one(name: str, otherwise: str = "") -> str:
            return next(iter(posted.get(name, ())), otherwise).strip()

        def column(name: str) -> list[str]:
            given = [value.strip() for value in posted.get(name, ())]
            return (given + [""] * ROWS)[: max(ROWS, min(len(given), 50))]

        return cls(
            workload=one("workload", "history"),
            days=one("days"),
            load=one("load"),
            scenario=one("scenario"),
            rules=one("rules"),
            seeds=one("seeds"),
            add=list(zip(column("add_count"), column("add_like"), strict=True)),
            learn=list(zip(column("learn_who"), column("learn_skill"), column("learn_level"), strict=True)),
            shift=list(zip(column("shift_who"), column("shift_calendar"), strict=True)),
            away=column("away"),
            further=one("further"),
        )

    def document(self) -> dict[str, Any]:
        """The question without its rules. Raises CannotSimulate, HalfARow, WrongNumber."""
        load = _number(self.load, "load") / 100.0
        question: dict[str, Any] = {
            "workload": self.workload,
            "seeds": self.seeds,
            "load": load,
            "staff": self._staff(),
        }
        if self.workload == "history":
            question["days"] = int(_number(self.days, "days"))
        else:
            question["scenario"] = self.scenario
        return question

    def _staff(self) -> dict[str, Any]:
        further = load_staff(self.further.encode()).model_dump(mode="json", exclude_defaults=True)
        changes: dict[str, dict[str, Any]] = {one["name"]: one for one in further.get("agent", ())}
        for who, skill, level in self.learn:
            if _is_filled(who, skill):
                change = changes.setdefault(who, {"name": who})
                change["skills"] = {**change.get("skills", {}), skill: int(_number(level or "3", "level"))}
        for who, calendar in self.shift:
            if _is_filled(who, calendar):
                changes.setdefault(who, {"name": who})["calendar"] = calendar
        more = [
            {"like": like, "count": int(_number(count or "1", "count"))}
            for count, like in self.add
            if like or (count and _is_filled(like, count))
        ]
        away = [{"name": name} for name in self.away if name]
        return {
            "add": [*more, *further.get("add", ())],
            "agent": [*changes.values()],
            "sick": [*away, *further.get("sick", ())],
        }


def _is_filled(one: str, other: str) -> bool:
    if bool(one) != bool(other):
        raise HalfARow
    return bool(one)


def _number(text: str, name: str) -> float:
    try:
        number = float(text.replace(",", "."))
    except ValueError as error:
        raise WrongNumber(name, text) from error
    least, most = RANGES[name]
    if not least <= number <= most:
        raise WrongNumber(name, text)
    return number
