"""Which tickets somebody wants to see: a tree of conditions, read from data, tried on one ticket, shown as groups.

storage.filters says the same in SQL; a property test holds the two against each other.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any, Literal

from hub.model.tickets import Priority, TicketKind, TicketStatus

ME, NOBODY = "me", "nobody"
"""Values of "assignee" beside the ids of agents."""

MOST_CONDITIONS = 40
MOST_DEPTH = 4
MOST_VALUES = 50
MOST_LENGTH = 100
MOST_MINUTES = 60 * 24 * 366


class BadFilter(ValueError):
    """What was given is no filter; the message says why."""


class How(StrEnum):
    """How a value is compared. `is` and `is_not`: any, or none, of these. `over`: for more minutes than this. `within`: in the
    next, or the last, so many minutes. `before`: longer ago than so many minutes."""

    IS = "is"
    IS_NOT = "is_not"
    OVER = "over"
    WITHIN = "within"
    BEFORE = "before"


_SETS = (How.IS, How.IS_NOT)

TESTS: Mapping[str, tuple[How, ...]] = {
    "status": _SETS,
    "queue": _SETS,
    "assignee": _SETS,
    "kind": _SETS,
    "priority": _SETS,
    "tag": _SETS,
    "channel": _SETS,
    "language": _SETS,
    "segment": _SETS,
    "key_account": (How.IS,),
    "waiting": (How.OVER,),
    "due": (How.WITHIN,),
    "snoozed": (How.IS,),
    "unread": (How.IS,),
    "followed": (How.IS,),
    "draft": (How.IS,),
    "mentioned": (How.IS,),
    "created": (How.WITHIN, How.BEFORE),
    "updated": (How.WITHIN, How.BEFORE),
}
"""Every field and how it may be compared. What is compared over minutes takes a number; what can only be `is`, yes or no."""

_CLOSED: Mapping[str, frozenset[str]] = {
    "status": frozenset(TicketStatus),
    "kind": frozenset(TicketKind),
    "priority": frozenset(str(int(one)) for one in Priority),
}
"""Fields with values of their own; the others take whatever the installation calls its things."""


@dataclass(frozen=True, slots=True)
class Condition:
    """One comparison. `values`: words for `is` and `is_not`, ("yes",) or ("no",) for what is so or not; where they are empty,
    `minutes` counts."""

    field: str
    test: How
    values: tuple[str, ...] = ()
    minutes: int = 0

    @property
    def yes(self) -> bool:
        return self.values == ("yes",)


@dataclass(frozen=True, slots=True)
class Group:
    """All of these hold, or any of them. Of none: all holds, any does not."""

    joined: Literal["all", "any"]
    members: "tuple[Filter, ...]"


Filter = Condition | Group


def every(*members: Filter) -> Group:
    return Group("all", members)


def either(*members: Filter) -> Group:
    return Group("any", members)


def one_of(field: str, *values: str) -> Condition:
    return Condition(field, How.IS, values)


def is_so(field: str, *, yes: bool = True) -> Condition:
    return Condition(field, How.IS, ("yes" if yes else "no",))


# ── as data ─────────────────────────────────────────────────────────────────────────────────────────────────────────────
def read_filter(data: Any, *, depth: int = MOST_DEPTH) -> Filter:
    """From what `filter_data` made, or somebody wrote. Raises BadFilter.

    >>> read_filter({"field": "status", "test": "is", "values": ["open"]})
    Condition(field='status', test=<How.IS: 'is'>, values=('open',), minutes=0)
    """
    found = _read(data, depth)
    if sum(1 for _ in conditions(found)) > MOST_CONDITIONS:
        raise BadFilter(f"A filter has {MOST_CONDITIONS} conditions at most.")
    return found


def _read(data: Any, depth: int) -> Filter:
    if not isinstance(data, Mapping):
        raise BadFilter("A filter is a condition or a group of them.")
    if "field" in data:
        return _read_condition(data)
    joined, members = data.get("joined"), data.get("members")
    if joined not in ("all", "any") or not isinstance(members, list):
        raise BadFilter('A group is {"joined": "all" or "any", "members": [...]}.')
    if depth <= 1:
        raise BadFilter(f"Groups stand {MOST_DEPTH} deep at most.")
    return Group(joined, tuple(_read(one, depth - 1) for one in members))


def _read_condition(data: Mapping[Any, Any]) -> Condition:
    field, test = data.get("field"), data.get("test")
    if not isinstance(field, str) or field not in TESTS:
        raise BadFilter("There is no such field.")
    if test not in TESTS[field]:
        raise BadFilter(f"{field} cannot be compared like that.")
    if test in (How.IS, How.IS_NOT):
        return Condition(field, How(test), _read_values(field, data.get("values")))
    minutes = data.get("minutes")
    if isinstance(minutes, bool) or not isinstance(minutes, int) or not 0 < minutes <= MOST_MINUTES:
        raise BadFilter(f"{field} is compared with 1 to {MOST_MINUTES} minutes.")
    return Condition(field, How(test), minutes=minutes)


def _read_values(field: str, given: Any) -> tuple[str, ...]:
    if not isinstance(given, list) or not all(isinstance(one, str) for one in given):
        raise BadFilter(f"{field} is compared with a list of words.")
    values = tuple(dict.fromkeys(given))
    if not 0 < len(values) <= MOST_VALUES:
        raise BadFilter(f"{field} is compared with 1 to {MOST_VALUES} words.")
    if any(not 0 < len(one) <= MOST_LENGTH or "\x00" in one for one in values):
        raise BadFilter(f"Each word has 1 to {MOST_LENGTH} characters.")
    if len(TESTS[field]) == 1 and values not in (("yes",), ("no",)):
        raise BadFilter(f"{field} is yes or no.")
    if field in _CLOSED and not _CLOSED[field].issuperset(values):
        raise BadFilter(f"{field} has no such value.")
    if field == "assignee" and not all(one in (ME, NOBODY) or _is_id(one) for one in values):
        raise BadFilter("assignee is me, nobody or the number of an agent.")
    return values


def _is_id(word: str) -> bool:
    return word.isascii() and word.isdigit() and len(word) < 19


def filter_data(given: Filter) -> dict[str, Any]:
    """As JSON; `read_filter` reads it."""
    if isinstance(given, Group):
        return {"joined": given.joined, "members": [filter_data(one) for one in given.members]}
    if given.minutes:
        return {"field": given.field, "test": given.test.value, "minutes": given.minutes}
    return {"field": given.field, "test": given.test.value, "values": list(given.values)}


def conditions(given: Filter) -> Iterable[Condition]:
    """Every condition, wherever it stands."""
    if isinstance(given, Condition):
        yield given
        return
    for member in given.members:
        yield from conditions(member)


def speaks_of(given: Filter, field: str) -> bool:
    """Whether this field is asked for anywhere."""
    return any(one.field == field for one in conditions(given))


def as_groups(given: Filter) -> Sequence[Group]:
    """Flat groups that all have to hold together, which say the same: what a form can show. Raises BadFilter for a tree that is
    not of this kind ("any" of something that is "all" of several).

    >>> as_groups(every(is_so("unread"), either(is_so("draft"), is_so("snoozed"))))[1].joined
    'any'
    """
    alone: list[Filter] = []
    groups: list[Group] = []

    def add(one: Filter) -> None:
        if isinstance(one, Condition):
            alone.append(one)
        elif one.joined == "all":
            for member in one.members:
                add(member)
        elif any(isinstance(member, Group) for member in one.members):
            raise BadFilter("This filter is too deep for the form.")
        else:
            groups.append(one)

    add(given)
    return [*([Group("all", tuple(alone))] if alone else []), *groups]


# ── one ticket ──────────────────────────────────────────────────────────────────────────────────────────────────────────
@dataclass(frozen=True, slots=True, kw_only=True)
class TicketFacts:
    """What conditions ask of a ticket. `due_at`: of its next running promise. `unread`, `followed`, `draft`, `mentioned`: for
    whoever looks."""

    status: str = "open"
    queue: str = ""
    assignee_id: int | None = None
    kind: str = "enquiry"
    priority: int = 2
    tags: frozenset[str] = frozenset()
    channel: str = ""
    language: str = ""
    segment: str = ""
    key_account: bool = False
    waiting_since: datetime | None = None
    due_at: datetime | None = None
    snoozed: bool = False
    unread: bool = False
    followed: bool = False
    draft: bool = False
    mentioned: bool = False
    created_at: datetime
    updated_at: datetime


def holds(given: Filter, ticket: TicketFacts, *, agent_id: int, now: datetime) -> bool:
    """Whether the ticket is one of those, for this agent and moment."""
    if isinstance(given, Group):
        join = all if given.joined == "all" else any
        return join(holds(one, ticket, agent_id=agent_id, now=now) for one in given.members)
    span = timedelta(minutes=given.minutes)
    match given.field:
        case "waiting":
            since = ticket.waiting_since
            return ticket.status == TicketStatus.OPEN and since is not None and since <= now - span
        case "due":
            return ticket.due_at is not None and ticket.due_at <= now + span
        case "created" | "updated":
            at = ticket.created_at if given.field == "created" else ticket.updated_at
            return at >= now - span if given.test is How.WITHIN else at < now - span
        case "key_account" | "snoozed" | "unread" | "followed" | "draft" | "mentioned":
            return bool(getattr(ticket, given.field)) is given.yes
        case _:
            return _has(given, ticket, agent_id) is (given.test is How.IS)


def _has(given: Condition, ticket: TicketFacts, agent_id: int) -> bool:
    if given.field == "tag":
        return not ticket.tags.isdisjoint(given.values)
    if given.field == "assignee":
        if ticket.assignee_id is None:
            return NOBODY in given.values
        return str(ticket.assignee_id) in given.values or (
            ME in given.values and ticket.assignee_id == agent_id
        )
    return str(getattr(ticket, given.field)) in given.values
