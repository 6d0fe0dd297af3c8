"""Stored particulars as people read them: who somebody is known as, what a form was filled in with, why something failed.

What the hub itself stored in English is said in the reader's language; what a server or a caller said stays as it is.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from hub.web.desk.say.language import N_, Voice
from hub.web.desk.say.mail_details import MAIL_DETAILS
from hub.web.desk.say.sending_details import SENDING_DETAILS
from hub.web.desk.say.words import FIELDS, KINDS
from storage.views import IdentityRow, TimelineRow

_CHAT = ("visitor", "webchat")
_INTERNAL_FIELDS = ("edit_of", "answers", "trial")

# The whole of what is stored, or its beginning: what a server said follows, and "%(said)s" is where it goes.
_DETAILS: tuple[tuple[re.Pattern[str], str], ...] = tuple(
    (re.compile(pattern, re.DOTALL), said)
    for pattern, said in (
        (r"It cannot be read: (?P<said>.*)", N_("It cannot be read: %(said)s")),
        (r"Reading it took longer than (?P<said>\S+) s\.", N_("Reading it took longer than %(said)s s.")),
        (r"The letter cannot be composed: (?P<said>.*)", N_("The letter cannot be composed: %(said)s")),
        (r"There was no answer within 30 seconds\.", N_("There was no answer within 30 seconds.")),
        (
            r"The name leads to (?P<said>\S+), which is no address of the public internet;.*",
            N_(
                "The name leads to %(said)s, which is no address of the public internet. An administrator of the"
                " server may allow that: desk_channels.allow_private."
            ),
        ),
        (
            r"Something is broken in the hub itself; its log says more\.",
            N_("Something is broken in the hub itself; its log says more."),
        ),
        (
            r"The database was put back from a copy: this may have been sent since\.",
            N_(
                "The database was put back from a copy: this may have been sent since. Make sure before you"
                " send it again."
            ),
        ),
        (r"The content is not JSON: (?P<said>.*)", N_("The content is not JSON: %(said)s")),
        (
            r"The letter has (?P<said>[\d,]+) bytes; at most [\d,]+ are read\.",
            N_("The letter is too large: %(said)s bytes."),
        ),
    )
)


def known_as(voice: Voice, kind: str, value: str) -> str:
    """An identity or a reply address as it is shown. `kind`: of the identity, or of the channel. A chat visitor has only
    a long random mark ("session." and the mark, as an address), of which the beginning is enough to tell two apart."""
    if kind not in _CHAT or not value:
        return value
    return voice.say(N_("Web chat visitor %(mark)s"), mark=value.removeprefix("session.")[:6])


def listed_once(identities: Iterable[IdentityRow]) -> Sequence[IdentityRow]:
    """Each address once, as verified where it is both claimed and verified."""
    shown: dict[tuple[str, str], IdentityRow] = {}
    for one in identities:
        key = (one.kind, one.value)
        if key not in shown or one.verified:
            shown[key] = one
    return list(shown.values())


def shown_fields(voice: Voice, entry: TimelineRow) -> list[tuple[str, str]]:
    """What came beside the text of an inbound entry, or of an answer to a survey: (what it is called, value)."""
    fields: Any = entry.fields
    if entry.kind == "survey" and isinstance(fields, Mapping):
        return say_answers(voice, fields.get("answers", ()))
    if entry.direction != "in" or not isinstance(fields, Mapping):
        return []
    known = [
        (voice.say(FIELDS.get(name, "")) or name, _value(voice, name, str(value)))
        for name, value in fields.items()
        if name not in _INTERNAL_FIELDS
    ]
    return [*known, *say_answers(voice, fields.get("answers", ()))]


def say_answers(voice: Voice, answers: Iterable[Mapping[str, Any]]) -> list[tuple[str, str]]:
    """Those of a form, in its order: (what was asked, what was said), as far as possible in the reader's language."""
    tongue, other = ("zh", "en") if voice.chinese else ("en", "zh")
    found = []
    for one in answers:
        labels, said = one["labels"], one["said"]
        value = said if isinstance(said, str) else said.get(tongue) or said.get(other, "")
        found.append((labels.get(tongue) or labels.get(other, ""), value))
    return found


def _value(voice: Voice, name: str, value: str) -> str:
    return voice.say(KINDS.get(value, "")) or value if name == "kind" else value


def say_detail(voice: Voice, detail: str) -> str:
    """Why something failed; what is told within it too."""
    for pattern, said in (*_DETAILS, *MAIL_DETAILS, *SENDING_DETAILS):
        if found := pattern.fullmatch(detail):
            return voice.say(
                said, **{name: say_detail(voice, told) for name, told in found.groupdict().items()}
            )
    return detail
