"""One rule at one ticket, for one reason: what its actions are handed. And what each of them made of it."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC
from enum import StrEnum
from typing import Any

from hub.actions.answers.placeholders import fill_in
from hub.actions.answers.templates import placeholder_values
from hub.actions.context import Context
from hub.model.people import Actor
from routing.automation.tables import Action, AutomationRule
from storage import templates
from storage.automation import DueRow, FactsRow
from storage.database import Connection


class Outcome(StrEnum):
    """What became of an action. `same`: it was so already; `by_hand`: a person decided otherwise, and stands."""

    DONE = "done"
    SAME = "same"
    BY_HAND = "by_hand"
    REFUSED = "refused"


@dataclass(frozen=True, slots=True, kw_only=True)
class Did:
    """One action, done or not. `code`: why it was refused."""

    action: Action
    outcome: Outcome
    code: str = ""

    def as_data(self) -> dict[str, Any]:
        """As the run log keeps it."""
        data: dict[str, Any] = {
            "verb": self.action.verb,
            "value": self.action.value,
            "outcome": self.outcome.value,
        }
        return {**data, "code": self.code} if self.code else data


@dataclass(frozen=True, slots=True, kw_only=True)
class RuleCase:
    """The ticket is locked, and so are the agents whom it concerns; what runs in `joining(connection)` is one transaction."""

    ctx: Context
    connection: Connection
    rule: AutomationRule
    due: DueRow
    ticket_id: int
    facts: FactsRow
    actor: Actor
    agents: Mapping[str, int | None]
    """Whom the rule may give the ticket to, by the name that it gives them."""

    def cause(self, place: int) -> str:
        """What this action, the `place`-th of its rule, is about: the same whenever it is tried again."""
        reason = str(self.due.seq)
        if self.due.anchor is not None:
            reason = self.due.anchor.astimezone(UTC).isoformat()
        return f"rule:{self.rule.name}:{self.ticket_id}:{reason}:{place}"

    async def filled(self, text: str, language: str = "") -> str:
        """A text of the rule with what its placeholders stand for."""
        if "{{" not in text:
            return text
        said = await templates.facts_of_ticket(self.connection, self.facts.code)
        assert said is not None, "the ticket is locked"
        return fill_in(text, placeholder_values(self.ctx, said, "", language))
