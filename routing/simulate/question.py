"""What somebody wants to know, and the answer: the same days as they are, and with the changes."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Any, Literal, Self

from pydantic import Field, ValidationError, field_validator, model_validator

from routing.rules import RoutingRules, RulesError, load_rules
from routing.simulate.bygone import Bygone, Usual
from routing.simulate.case import Case
from routing.simulate.past import Past
from routing.simulate.reference import changed_staff, make_reference
from routing.simulate.scenarios import SCENARIOS
from routing.simulate.staff import StaffChanges
from routing.simulate.trouble import CannotSimulate, told
from routing.simulate.tryout import Make, Tell, read_seeds, try_out
from routing.tables import Table

Scenario = Literal["", "misread", "sick", "storm", "import"]


class Question(Table):
    """`workload`: made-up weeks, or the hub's own last `days`. What is to be tried: other `staff`, `rules` (a document),
    `load` times the customers, weeks that go wrong (`scenario`). Load and scenario hold for both sides where something else is
    tried, so that one may ask whether two more people would do if a tenth more customers came; where nothing else is, they are
    the change."""

    workload: Literal["reference", "history"] = "reference"
    days: Annotated[int, Field(ge=1, le=92)] = 28
    load: Annotated[float, Field(ge=0.1, le=5.0)] = 1.0
    seeds: Annotated[str, Field(max_length=200)] = "1-5"
    scenario: Scenario = ""
    staff: StaffChanges = Field(default_factory=StaffChanges)
    rules: Mapping[str, Any] | None = None
    rules_called: Annotated[str, Field(max_length=120)] = ""

    @field_validator("seeds")
    @classmethod
    def _are_seeds(cls, text: str) -> str:
        read_seeds(text)
        return text

    @model_validator(mode="after")
    def _fits_the_workload(self) -> Self:
        if self.workload == "reference" and self.rules is not None:
            raise CannotSimulate("rules_need_history")
        if self.workload == "history" and self.scenario:
            raise CannotSimulate("scenario_needs_reference")
        return self

    @property
    def tries_something(self) -> bool:
        """Something beside load and scenario."""
        return bool(self.staff) or self.rules is not None

    @property
    def compares(self) -> bool:
        """Whether there are two sides."""
        return self.tries_something or self.load != 1.0 or bool(self.scenario)


def read_question(document: Mapping[str, Any]) -> Question:
    """Raises CannotSimulate."""
    try:
        question = Question.model_validate(document)
    except ValidationError as error:
        raise told(error) from error
    if question.rules is not None:
        read_rules(question.rules)
    if question.workload == "reference":
        changed_staff(question.staff)
    return question


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """What a hub knows of its own past: what happened, the rules in use, what it goes by where nothing else is known."""

    past: Past
    in_use: RoutingRules
    usual: Usual


def answer(question: Question, known: Known | None = None, *, tell: Tell | None = None) -> dict[str, Any]:
    """The result (routing.simulate.tryout.try_out). History needs `known`. Raises CannotSimulate."""
    if question.workload == "history":
        assert known is not None
        sides = _of_history(question, known)
    else:
        sides = _of_reference(question)
    return try_out(*sides, read_seeds(question.seeds), tell)


def _of_reference(question: Question) -> tuple[Make, Make | None]:
    tries = question.tries_something

    def before(seed: int) -> Case:
        if not tries:
            return make_reference(seed)
        return make_reference(seed, load=question.load, goes_wrong=SCENARIOS.get(question.scenario))

    def after(seed: int) -> Case:
        goes_wrong = SCENARIOS.get(question.scenario)
        return make_reference(seed, load=question.load, goes_wrong=goes_wrong, staff=question.staff)

    return before, after if question.compares else None


def _of_history(question: Question, known: Known) -> tuple[Make, Make | None]:
    past, usual, in_use = known.past, known.usual, known.in_use
    load = question.load if question.tries_something else 1.0
    before = Bygone(past, usual, rules=in_use, in_use=in_use, staff=StaffChanges(), load=load)
    if not question.compares:
        return before.case, None
    rules = in_use if question.rules is None else read_rules(question.rules)
    after = Bygone(past, usual, rules=rules, in_use=in_use, staff=question.staff, load=question.load)
    return before.case, after.case


def read_rules(document: Mapping[str, Any]) -> RoutingRules:
    """The rules of a document. Raises CannotSimulate."""
    try:
        return load_rules(document)
    except RulesError as error:
        raise CannotSimulate("wrong_rules", detail=str(error)) from error
