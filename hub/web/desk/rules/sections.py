"""The sections of the rules that are lists of entries: where each has its pages, and how its entries become forms."""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from hub.actions.failures import NotFound
from hub.web.desk.rules.forms import automation, calendar, queue, rule, target
from hub.web.desk.rules.forms.fields import Fields
from hub.web.desk.say.language import N_
from routing.rules import RoutingRules


@dataclass(frozen=True, slots=True, kw_only=True)
class Section:
    """`page`: in addresses; `key`: in documents and rules; `ordered`: entries are asked from top to bottom; `named`: entries
    have a short name of their own beside their titles, which stays once it is given."""

    page: str
    key: str
    title: str
    add: str
    icon: str
    fields_of: Callable[[Any], Fields]
    read: Callable[[Fields], dict[str, Any]]
    new: Callable[[], Fields]
    ordered: bool = False
    named: bool = False

    def entries(self, rules: RoutingRules) -> Sequence[Any]:
        found: Sequence[Any] = getattr(rules, self.key)
        return found

    def entry(self, rules: RoutingRules, name: str) -> Any:
        """Raises NotFound."""
        for entry in self.entries(rules):
            if entry.name == name:
                return entry
        raise NotFound(f"There is no {self.key} {name!r}.")


SECTIONS: Mapping[str, Section] = {
    section.page: section
    for section in (
        Section(
            page="queues", key="queue", title=N_("Queues"), add=N_("New queue"), icon="queue",
            fields_of=queue.fields_of, read=queue.read, new=queue.new, named=True,
        ),
        Section(
            page="routing", key="rule", title=N_("Routing rules"), add=N_("New rule"), icon="why",
            fields_of=rule.fields_of, read=rule.read, new=rule.new, ordered=True,
        ),
        Section(
            page="calendars", key="calendar", title=N_("Calendars"), add=N_("New calendar"), icon="calendar",
            fields_of=calendar.fields_of, read=calendar.read, new=calendar.new, named=True,
        ),
        Section(
            page="targets", key="target", title=N_("Service targets"), add=N_("New target"), icon="clock",
            fields_of=target.fields_of, read=target.read, new=target.new, ordered=True,
        ),
        Section(
            page="automation", key="automation", title=N_("Automation"), add=N_("New automation"), icon="repeat",
            fields_of=automation.fields_of, read=automation.read, new=automation.new, ordered=True,
        ),
    )
}  # fmt: skip


def put(document: dict[str, Any], key: str, was: str, table: Mapping[str, Any], place: int = 0) -> int:
    """Put an entry in the place of the one that was called so, or a new one ("") before the entry at `place`; returns where
    it is now. Raises NotFound."""
    entries = list(document.get(key, ()))
    if was:
        place = _place(entries, key, was)
        entries[place] = dict(table)
    else:
        place = max(0, min(place, len(entries)))
        entries.insert(place, dict(table))
    document[key] = entries
    return place


def take_out(document: dict[str, Any], key: str, name: str) -> None:
    """Raises NotFound."""
    entries = list(document.get(key, ()))
    del entries[_place(entries, key, name)]
    document[key] = entries


def move(document: dict[str, Any], key: str, name: str, step: int) -> None:
    """Up (-1) or down (1); at the end of the list it stays. Raises NotFound."""
    entries = list(document.get(key, ()))
    place = _place(entries, key, name)
    entries.insert(max(0, min(place + step, len(entries) - 1)), entries.pop(place))
    document[key] = entries


def short_name(title: str, taken: Sequence[str], usual: str) -> str:
    """A name for addresses and files, made of a title; "queue-2" where nothing of it can be used."""
    made = re.sub(r"[^a-z0-9]+", "-", title.lower()).strip("-0123456789")[:34].strip("-") or usual
    name, number = made, 2
    while name in taken:
        name, number = f"{made}-{number}", number + 1
    return name


def _place(entries: Sequence[Mapping[str, Any]], key: str, name: str) -> int:
    for place, entry in enumerate(entries):
        if entry["name"] == name:
            return place
    raise NotFound(f"There is no {key} {name!r}.")
