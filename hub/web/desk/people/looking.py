"""Which part of a customer's timeline is looked at, as the address of the page has it."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta, tzinfo
from urllib.parse import urlencode

from storage.customer_timeline import TimelineFilter

KINDS: Mapping[str, tuple[str, ...]] = {
    "messages": ("message", "form"),
    "notes": ("note",),
    "calls": ("call",),
    "surveys": ("survey",),
    "events": ("event",),
}
"""What people call them, and what the timeline calls them."""
DIRECTIONS = ("in", "out", "internal")


@dataclass(frozen=True, slots=True, kw_only=True)
class TimelineLook:
    """As typed. `at`: the page begins at the end of this day; `before`: below this id."""

    channel: str = ""
    kind: str = ""
    direction: str = ""
    q: str = ""
    since: str = ""
    until: str = ""
    before: int | None = None

    @classmethod
    def read(cls, query: Mapping[str, str]) -> "TimelineLook":
        """What cannot be is taken for nothing."""
        given = query.get("before", "")
        return cls(
            channel=query.get("channel", "")[:100],
            kind=query.get("kind", "") if query.get("kind") in KINDS else "",
            direction=query.get("direction", "") if query.get("direction") in DIRECTIONS else "",
            q=query.get("q", "").strip()[:200],
            since=query.get("since", "") if _day(query.get("since", "")) else "",
            until=query.get("until", "") if _day(query.get("until", "")) else "",
            before=int(given) if given.isascii() and given.isdigit() and len(given) < 19 else None,
        )

    def wanted(self, zone: tzinfo) -> TimelineFilter:
        """Days are those of the reader."""
        since, until = _day(self.since), _day(self.until)
        return TimelineFilter(
            channel=self.channel,
            kinds=KINDS.get(self.kind, ()),
            direction=self.direction,
            text=self.q,
            since=datetime.combine(since, time(), zone) if since else None,
            until=datetime.combine(until + timedelta(days=1), time(), zone) if until else None,
        )

    def query(self, **more: object) -> str:
        """For an address."""
        said = {
            "channel": self.channel,
            "kind": self.kind,
            "direction": self.direction,
            "q": self.q,
            "since": self.since,
            "until": self.until,
            "before": self.before,
            **more,
        }
        return urlencode({name: value for name, value in said.items() if value not in ("", None)})


def _day(given: str) -> date | None:
    try:
        return date.fromisoformat(given)
    except ValueError:
        return None
