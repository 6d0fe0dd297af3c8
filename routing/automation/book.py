"""All automations of a rulebook, ready to be asked. Pure."""

import hashlib
from collections.abc import Sequence
from functools import cached_property

import orjson

from routing.automation.facts import LISTENED, Told
from routing.automation.judge import Calendars
from routing.automation.tables import AutomationRule
from routing.automation.waits import watched
from routing.promises import CalendarTable, Policies


class Book:
    """Those that are enabled, in their order. `calendars`: by which hours count."""

    def __init__(
        self, rules: Sequence[AutomationRule], tables: Sequence[CalendarTable], policies: Policies
    ) -> None:
        enabled = [rule for rule in rules if rule.enabled]
        self._tables = tables
        self.calendars: Calendars = policies.calendars
        self.listening = tuple(rule for rule in enabled if rule.on)
        self._heard = frozenset(happening for rule in self.listening for happening in rule.on)
        self.timed = tuple(rule for rule in enabled if rule.timed)

    @cached_property
    def listened(self) -> list[str]:
        """Entries of the ledger that somebody has to look at (`facts.LISTENED`, `waits.watched`)."""
        heard = {LISTENED[happening] for rule in self.listening for happening in rule.on}
        return sorted(heard | watched(self.timed))

    def hearing(self, told: Told) -> list[AutomationRule]:
        """Those that listen to what happened, in their order."""
        heard = told.happenings
        return (
            [rule for rule in self.listening if not heard.isdisjoint(rule.on)] if heard & self._heard else []
        )

    @cached_property
    def counts_open(self) -> bool:
        """Whether any rule asks how many open tickets a customer has."""
        return any(
            rule.when.open_tickets or rule.unless.open_tickets for rule in (*self.listening, *self.timed)
        )

    @cached_property
    def reads_fields(self) -> bool:
        """Whether any rule asks for fields of the company's own."""
        return any(
            rule.when.asks("fields") or rule.unless.asks("fields") for rule in (*self.listening, *self.timed)
        )

    @cached_property
    def reads_words(self) -> bool:
        """Whether any rule asks for words in what was said."""
        return any(rule.when.words or rule.unless.words for rule in self.listening)

    @cached_property
    def fingerprint(self) -> str:
        """The same for rules that wait for the same; "" where none waits."""
        if not self.timed:
            return ""
        said = [one.model_dump(mode="json") for one in (*self.timed, *self._tables)]
        return hashlib.sha256(orjson.dumps(said, option=orjson.OPT_SORT_KEYS)).hexdigest()

    def waiting(self, name: str) -> AutomationRule | None:
        """The time rule of this name."""
        return next((rule for rule in self.timed if rule.name == name), None)
