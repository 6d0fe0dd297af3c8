"""Filters of tickets (hub.model.filters) as SQL: pure, with a text of our own for each field, and every value a parameter.

The fragment speaks of `ticket t`. It says what hub.model.filters.holds says, which a property test sees to.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from hub.model.filters import ME, NOBODY, Condition, Filter, Group, How
from hub.model.permissions import Sight
from hub.model.tickets import TicketStatus
from storage.sight import in_sight


@dataclass(slots=True, kw_only=True)
class Reader:
    """For whom and when: "me" and "in the last hour" mean something then; nothing outside their sight is found. `values`: the
    parameters so far, in order."""

    agent_id: int
    now: datetime
    sight: Sight = Sight.ALL
    values: list[Any] = field(default_factory=list)

    def add(self, value: Any) -> str:
        """The place that stands for the value."""
        self.values.append(value)
        return f"${len(self.values)}"


def compile_filter(given: Filter, reader: Reader) -> str:
    """A condition in SQL: true where the filter holds, else false or null; nothing stands around a column that an index could
    answer for. Its values are added to `reader`."""
    if isinstance(given, Group):
        word, none = (" AND ", "true") if given.joined == "all" else (" OR ", "false")
        return f"({word.join(compile_filter(one, reader) for one in given.members) or none})"
    if given.field in _MOMENTS:
        return _MOMENTS[given.field](given, reader)
    said = _assignee(given, reader) if given.field == "assignee" else _WRITTEN[given.field](given, reader)
    return f"NOT coalesce({said}, false)" if _is_denied(given) else said


def compile_where(given: Filter, reader: Reader) -> str:
    """The same of what the reader may see at all."""
    found = compile_filter(given, reader)
    if reader.sight is Sight.ALL:
        return found
    return f"{found} AND {in_sight(reader.sight, agent=reader.add(reader.agent_id) + '::bigint')}"


def _is_denied(given: Condition) -> bool:
    return given.test is How.IS_NOT or given.values == ("no",)


def _texts(written: str) -> Callable[[Condition, Reader], str]:
    return lambda given, reader: written.format(reader.add(list(given.values)) + "::text[]")


def _of_reader(written: str) -> Callable[[Condition, Reader], str]:
    return lambda _given, reader: written.format(reader.add(reader.agent_id) + "::bigint")


# Braces: where a parameter's place comes.
_UNREAD = """(t.status IN ('open', 'pending') AND coalesce(t.assignee_id = {0}, true) AND EXISTS (
    SELECT 1 FROM event fe WHERE fe.ticket_id = t.id AND fe.kind IN ('ticket_opened', 'interaction_added')
    AND fe.agent_id IS DISTINCT FROM {0} AND fe.data->>'direction' IN ('in', 'internal') AND fe.seq > coalesce((
        SELECT fs.seq FROM ticket_seen fs WHERE fs.agent_id = {0} AND fs.ticket_id = t.id), 0)))"""

_DUE = """EXISTS (SELECT 1 FROM sla_clock fk
    WHERE fk.ticket_id = t.id AND fk.state = 'running' AND fk.due_at <= {}::timestamptz)"""

# An empty draft is none; its row stays for the count of its versions.
_DRAFT = """(t.id IN (SELECT fd.ticket_id FROM draft fd
                 WHERE fd.agent_id = {0} AND (fd.text <> '' OR fd.cc <> '' OR fd.bcc <> ''))
    OR t.id IN (SELECT fl.ticket_id FROM draft_file fl WHERE fl.agent_id = {0} AND fl.scheduled_id IS NULL))"""

_IN_WORK = frozenset((TicketStatus.OPEN, TicketStatus.PENDING))
_OVER = frozenset((TicketStatus.RESOLVED, TicketStatus.CLOSED))

_CUSTOMER = (
    "EXISTS (SELECT 1 FROM customer fc LEFT JOIN organisation fo ON fo.id = fc.organisation_id"
    " WHERE fc.id = t.customer_id AND {})"
)

_WRITTEN: Mapping[str, Callable[[Condition, Reader], str]] = {
    "status": lambda given, reader: _status(given, reader),
    # Looked up first, so that an index of the ticket's own columns can be used.
    "queue": _texts("t.queue_id = ANY(ARRAY(SELECT fq.id FROM queue fq WHERE fq.name = ANY({})))"),
    "channel": _texts("t.channel_id = ANY(ARRAY(SELECT fh.id FROM channel fh WHERE fh.name = ANY({})))"),
    "kind": _texts("t.kind = ANY({})"),
    "priority": lambda given, reader: (
        f"t.priority = ANY({reader.add([int(one) for one in given.values])}::int[])"
    ),
    # The index of tags holds those tickets alone that have any.
    "tag": _texts("(t.tags <> '{{}}' AND t.tags && {})"),
    "language": _texts("t.language = ANY({})"),
    "segment": _texts(_CUSTOMER.format("coalesce(nullif(fc.segment, ''), fo.segment, '') = ANY({})")),
    "key_account": lambda _given, _reader: _CUSTOMER.format(
        "(fc.key_account OR coalesce(fo.key_account, false))"
    ),
    "snoozed": lambda _given, _reader: "t.snoozed_until IS NOT NULL",
    "followed": _of_reader(
        "EXISTS (SELECT 1 FROM ticket_follower ff WHERE ff.ticket_id = t.id AND ff.agent_id = {})"
    ),
    # An empty draft is none; its row stays for the count of its versions.
    "draft": _of_reader(_DRAFT),
    "mentioned": _of_reader(
        "EXISTS (SELECT 1 FROM notice fn WHERE fn.ticket_id = t.id AND fn.agent_id = {} AND fn.kind = 'mentioned')"
    ),
    "unread": lambda _given, reader: unread_by(reader.add(reader.agent_id) + "::bigint"),
}


def unread_by(agent: str) -> str:
    """Whether somebody else said something in a ticket in work that this agent has not looked at since. What a colleague looks
    after is theirs to read. `agent`: a parameter's place."""
    return _UNREAD.format(agent)


def _status(given: Condition, reader: Reader) -> str:
    said = f"t.status = ANY({reader.add(list(given.values))}::text[])"
    # Said in words too where it is so: indexes of what is in work, or is over, are found by that, whatever the values are.
    if _IN_WORK.issuperset(given.values):
        return f"({said} AND t.status IN ('open', 'pending'))"
    if _OVER.issuperset(given.values):
        return f"({said} AND t.status IN ('resolved', 'closed'))"
    return said


def _assignee(given: Condition, reader: Reader) -> str:
    ids = [int(one) for one in given.values if one not in (ME, NOBODY)]
    if ME in given.values:
        ids.append(reader.agent_id)
    parts = []
    if NOBODY in given.values:
        parts.append("t.assignee_id IS NULL")
    if len(ids) == 1:
        # Plainly, so that what is somebody's comes from its index.
        parts.append(f"t.assignee_id = {reader.add(ids[0])}::bigint")
    elif ids:
        parts.append(f"t.assignee_id = ANY({reader.add(ids)}::bigint[])")
    return f"({' OR '.join(parts)})"


def _waiting(given: Condition, reader: Reader) -> str:
    since = reader.add(reader.now - timedelta(minutes=given.minutes))
    return f"(t.status = 'open' AND t.waiting_since <= {since}::timestamptz)"


def _due(given: Condition, reader: Reader) -> str:
    until = reader.add(reader.now + timedelta(minutes=given.minutes))
    return _DUE.format(until)


def _since(column: str) -> Callable[[Condition, Reader], str]:
    def write(given: Condition, reader: Reader) -> str:
        at = reader.add(reader.now - timedelta(minutes=given.minutes))
        return f"(t.{column} {'>=' if given.test is How.WITHIN else '<'} {at}::timestamptz)"

    return write


_MOMENTS: Mapping[str, Callable[[Condition, Reader], str]] = {
    "waiting": _waiting,
    "due": _due,
    "created": _since("created_at"),
    "updated": _since("updated_at"),
}
