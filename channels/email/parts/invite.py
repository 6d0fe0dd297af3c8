"""A calendar invitation: what, when, where, from whom (RFC 5545, RFC 5546). Pure; bounded; never raises.

Only the first event is told. Repetitions and the other people of it stay in the file, which is always kept.
"""

from datetime import date, datetime, timedelta
from typing import Any

from channels.email.characters.charsets import decode
from channels.email.parts.headers import one_line
from hub.model.interactions import Invite

_MAX_BYTES = 200_000
_MAX_LINES = 4000
_MOST = 300
"""Characters of one field."""


def read_invite(data: bytes, charset: str = "") -> Invite | None:
    """The invitation that a calendar file is; None when it holds no event, is broken, or far larger than an invitation."""
    if (
        len(data) > _MAX_BYTES
        or data.count(b"\n") + data.count(b"\r") > 2 * _MAX_LINES
        or b"BEGIN:VEVENT" not in data.upper()
    ):
        return None
    # Loaded only where a letter needs it: it brings a table of the world's time zones.
    from icalendar import Calendar

    try:
        calendars = Calendar.from_ical(decode(data, charset or "utf-8"), multiple=True)
        for calendar in calendars:
            for event in calendar.walk("VEVENT"):
                return _invite(event, str(calendar.get("METHOD", "")))
    except Exception:  # noqa: BLE001 - it raises whatever a broken calendar provokes; the file itself is kept and shown
        return None
    return None


def _invite(event: Any, method: str) -> Invite:
    starts, ends = _moment(event.get("DTSTART")), _moment(event.get("DTEND"))
    duration = getattr(event.get("DURATION"), "dt", None)
    if starts is not None and ends is None and isinstance(duration, timedelta):
        ends = starts + duration
    return Invite(
        method=_line(method).upper(),
        summary=_line(event.get("SUMMARY")),
        starts_at=starts.isoformat() if starts is not None else "",
        ends_at=ends.isoformat() if ends is not None else "",
        place=_line(event.get("LOCATION")),
        organiser=_organiser(event.get("ORGANIZER")),
    )


def _moment(value: Any) -> date | datetime | None:
    found = getattr(value[0] if isinstance(value, list) else value, "dt", None)
    return found if isinstance(found, date) else None


def _organiser(value: Any) -> str:
    first = value[0] if isinstance(value, list) else value
    if first is None:
        return ""
    address = _line(first)
    if address.lower().startswith("mailto:"):
        address = address[7:]
    name = _line(getattr(first, "params", {}).get("CN", "")).strip("\"' ")
    return f"{name} <{address}>" if name and name != address else address


def _line(value: Any) -> str:
    first = value[0] if isinstance(value, list) and value else value
    return one_line(str(first or ""))[:_MOST].strip()
