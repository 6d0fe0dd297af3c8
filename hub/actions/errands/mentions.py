"""Whom a text names with @: a colleague by login or name, or everybody who works on a queue; and who of them may know of it."""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from hub.model.permissions import Sight
from storage import notices, work
from storage.database import Connection
from storage.notices import QueueNamed, StaffRow, ToldTicket

_BEGINS = re.compile(r"(?<![A-Za-z0-9_@.])@")
"""Not within an address. Chinese leaves no blank before a name."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Named:
    """`agents` and `queues` by id, each once, in the order in which they are named."""

    agents: tuple[int, ...] = ()
    queues: tuple[int, ...] = ()

    def everybody(self, staff: Sequence[StaffRow]) -> list[int]:
        """The agents, and those who work on the queues: their members; where there are none, whoever works on every queue."""
        told = list(self.agents)
        for queue in self.queues:
            members = [one.id for one in staff if queue in one.queues]
            told += members or [one.id for one in staff if not one.queues]
        return list(dict.fromkeys(told))


def find_mentions(text: str, staff: Sequence[StaffRow], queues: Sequence[QueueNamed] = ()) -> Named:
    """The longest name that stands after each @. A login goes before a name, and both before a queue; a name that two
    colleagues have names both.

    >>> find_mentions("Ask @lin.", [StaffRow(id=7, login="lin", name="Lin", role="agent", queues=[])]).agents
    (7,)
    """
    if "@" not in text:
        return Named()
    known = _known(staff, queues)
    agents: list[int] = []
    teams: list[int] = []
    lower = text.lower()
    for found in _BEGINS.finditer(lower):
        name = _longest(lower, found.end(), known)
        if name:
            agents += known[name][0]
            teams += known[name][1]
    return Named(agents=tuple(dict.fromkeys(agents)), queues=tuple(dict.fromkeys(teams)))


def sees(agent: StaffRow, ticket: ToldTicket) -> bool:
    """Whether there is this ticket for them, as storage.sight says it of a query. Whoever does not see it is told nothing of
    it."""
    if agent.sight == Sight.ALL or agent.id in (ticket.assignee_id, ticket.offered_to):
        return True
    return agent.sight == Sight.QUEUES and (not agent.queues or ticket.queue_id in agent.queues)


async def named_in_vain(connection: Connection, ticket_code: int, text: str) -> list[str]:
    """The names of those whom the text names by themselves, and who do not see the ticket."""
    if "@" not in text:
        return []
    staff = await notices.staff(connection)
    found = await work.peek(connection, ticket_code)
    if found is None:
        return []
    ticket = (await notices.tickets(connection, [found[0]]))[found[0]]
    named = find_mentions(text, staff).agents
    return [one.name for one in staff if one.id in named and not sees(one, ticket)]


_Known = Mapping[str, tuple[list[int], list[int]]]


def _known(staff: Sequence[StaffRow], queues: Sequence[QueueNamed]) -> _Known:
    """Name in small letters → (agents, queues)."""
    known: dict[str, tuple[list[int], list[int]]] = {}
    for queue in queues:
        for name in (queue.name, queue.title_en, queue.title_zh):
            known[name.lower()] = ([], [queue.id])
    by_name: dict[str, list[int]] = {}
    for one in staff:
        by_name.setdefault(one.name.lower(), []).append(one.id)
    known |= {name: (ids, []) for name, ids in by_name.items()}
    known |= {one.login: ([one.id], []) for one in staff}
    return known


def _longest(text: str, at: int, known: Iterable[str]) -> str:
    fits = (name for name in known if name and text.startswith(name, at) and _ends(text, at + len(name)))
    return max(fits, key=len, default="")


_GOES_ON = re.compile(r"[a-z0-9_]|[.@-][a-z0-9]")


def _ends(text: str, at: int) -> bool:
    """Whether a name that stops here is whole. Chinese goes on without a blank; a full stop after a login ends the sentence."""
    if not text[at - 1].isascii():
        return True
    return _GOES_ON.match(text, at) is None
