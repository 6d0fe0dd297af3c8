"""How long a ticket is put off, in words."""

from datetime import datetime

from hub.web.desk.say.language import N_, Voice
from storage.snooze import UNTIL_WRITTEN


def say_until(voice: Voice, until: datetime | None, now: datetime) -> str:
    """ "" for what is not put off."""
    if until is None:
        return ""
    if until >= UNTIL_WRITTEN:
        return voice.say(N_("until the customer writes"))
    return voice.say(N_("until %(time)s"), time=voice.stamp(until, now))
