"""What a letter says beside its text, as people read it: who else was on it, when an invitation is, whom ours went to."""

import re
from collections.abc import Iterable, Mapping
from datetime import UTC, date, datetime
from typing import Any

from babel.dates import format_date, format_datetime

from hub.model.details import read_details
from hub.model.interactions import Invite, LetterDetails, Mailbox
from hub.web.desk.say.language import N_, Voice
from storage.views import AttachmentRow, TimelineRow

NOTHING = LetterDetails()

INVITES: Mapping[str, str] = {
    "CANCEL": N_("Cancelled appointment"),
    "REPLY": N_("Answer to an invitation"),
    "COUNTER": N_("Other time proposed"),
    "PUBLISH": N_("Appointment"),
}

SECURITY: Mapping[str, str] = {
    "signed": N_("Signed. The hub does not check signatures."),
    "encrypted": N_(
        "This letter is encrypted and the hub cannot read it. What came is kept as a file; ask for it in plain text."
    ),
}

# What the form's reader takes for marks of its own, and what stands between two people in it.

_PICTURES = ("image/png", "image/jpeg", "image/gif", "image/webp")
MOST_PREVIEW = 8_000_000
"""Bytes of a picture that is shown small beside its name."""


def letter_of(entry: TimelineRow) -> LetterDetails:
    """The letter's own particulars; empty ones for what was no letter."""
    return read_details(entry.details) or NOTHING


def mailbox_text(mailbox: Mailbox) -> str:
    """Name and address, or the address alone."""
    named = mailbox.name and mailbox.name.lower() != mailbox.address.lower()
    return f"{mailbox.name} <{mailbox.address}>" if named else mailbox.address


def mailboxes_of(stored: Iterable[Mapping[str, Any]]) -> list[Mailbox]:
    """Of the copies of a letter of ours."""
    return [Mailbox(address=one["address"], name=one.get("name", "")) for one in stored]


def is_picture(file: AttachmentRow) -> bool:
    """Whether to try showing it; what it is really is seen when it is asked for."""
    return file.content_type in _PICTURES and file.size <= MOST_PREVIEW


def invite_title(voice: Voice, invite: Invite) -> str:
    """What kind of invitation it is."""
    return voice.say(INVITES.get(invite.method, N_("Invitation")))


def invite_when(voice: Voice, invite: Invite) -> str:
    """From when to when in the reader's zone. A time without an offset is shown as it was written, for it is anybody's guess;
    whole days have no zone."""
    starts, ends = _time(invite.starts_at), _time(invite.ends_at)
    if starts is None:
        return invite.starts_at
    shown = _shown(voice, starts)
    if ends is None or ends == starts or not isinstance(ends, datetime):
        return shown
    same_day = isinstance(starts, datetime) and _local(voice, starts).date() == _local(voice, ends).date()
    until = _clock(voice, ends) if same_day else _shown(voice, ends)
    return f"{shown} – {until}"


def _time(text: str) -> datetime | date | None:
    try:
        return (
            date.fromisoformat(text)
            if re.fullmatch(r"\d{4}-\d\d-\d\d", text)
            else datetime.fromisoformat(text)
        )
    except ValueError:
        return None


def _local(voice: Voice, at: datetime) -> datetime:
    return at.astimezone(voice.zone) if at.tzinfo else at


def _shown(voice: Voice, at: datetime | date) -> str:
    if not isinstance(at, datetime):
        return str(format_date(at, "full" if voice.chinese else "EEEE, d MMMM y", locale=voice.babel))
    pattern = "y年M月d日 EEEE HH:mm" if voice.chinese else "EEEE, d MMMM y, HH:mm"
    return str(format_datetime(_naive(voice, at), pattern, locale=voice.babel))


def _clock(voice: Voice, at: datetime) -> str:
    return str(format_datetime(_naive(voice, at), "HH:mm", locale=voice.babel))


def _naive(voice: Voice, at: datetime) -> datetime:
    return _local(voice, at).replace(tzinfo=UTC)
