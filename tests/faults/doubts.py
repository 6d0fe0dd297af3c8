"""Which answers were under way when something broke: so many may be in doubt afterwards, and no others (I5)."""

from collections.abc import AsyncIterator, Collection, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

import asyncpg

from tests.faults.timelines import rows

NOBODY_KNOWS = ("email", "telegram")
"""Kinds of channel on which an answer whose sender died may have left and may not; a chat shows each once, however often it is
sent."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Moment:
    """When something broke, in seconds since 1970, and for which of these channels. As short as can be said: what began later,
    or had come to its end, has nothing to do with it."""

    since: float
    until: float
    kinds: tuple[str, ...] = NOBODY_KNOWS


@dataclass(frozen=True, slots=True, kw_only=True)
class Sending:
    """One attempt at an answer, as the ledger of its ticket tells: from when to when, and as what it ended ("": it did not)."""

    answer: int
    kind: str
    message_id: str
    since: float
    until: float
    ended: str


@dataclass(slots=True)
class Doubts:
    """`may`: attempts that were under way when something broke, or at whose end the relay said nothing. `unexplained`: answers
    in doubt that are none of those."""

    may: int = 0
    unexplained: list[Sending] = field(default_factory=list)


async def read_sendings(connection: "asyncpg.Connection[Any]") -> AsyncIterator[Sending]:
    """Every attempt, of those channels on which one may be in doubt."""
    query = """
        SELECT o.id, ch.kind, o.message_id, e.since, e.until, e.ended
        FROM (SELECT (data->>'interaction')::bigint AS interaction, data->>'state' AS state,
                     extract(epoch FROM at)::float8 AS since, extract(epoch FROM lead(at) OVER w)::float8 AS until,
                     lead(data->>'state') OVER w AS ended
              FROM event WHERE kind = 'delivery_changed'
              WINDOW w AS (PARTITION BY ticket_id, data->>'interaction' ORDER BY seq)) e
        JOIN outbox o ON o.interaction_id = e.interaction JOIN channel ch ON ch.id = o.channel_id
        WHERE e.state = 'sending' AND ch.kind = ANY($1::text[])"""
    async for row in rows(connection, query, list(NOBODY_KNOWS)):
        yield Sending(
            answer=row["id"],
            kind=row["kind"],
            message_id=row["message_id"],
            since=row["since"],
            until=float("inf") if row["until"] is None else row["until"],
            ended=row["ended"] or "",
        )


def account(sendings: Iterable[Sending], moments: Sequence[Moment], unheard: Collection[str]) -> Doubts:
    """`unheard`: names of the letters to whose end the relay said nothing."""
    found = Doubts()
    for one in sendings:
        explained = one.message_id in unheard or any(_meets(one, moment) for moment in moments)
        found.may += explained
        if one.ended == "uncertain" and not explained:
            found.unexplained.append(one)
    return found


def _meets(one: Sending, moment: Moment) -> bool:
    return one.kind in moment.kinds and one.since <= moment.until and moment.since <= one.until
