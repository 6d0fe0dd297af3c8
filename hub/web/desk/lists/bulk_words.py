"""What can be done to many tickets, and how it went, in words."""

from collections.abc import Mapping

from hub.actions.lists.bulk import MOST, Done
from hub.web.desk.say.language import N_, Voice
from hub.web.desk.say.words import FAILURES
from hub.web.refusals import note_told

BULK: Mapping[str, tuple[str, str]] = {
    "assign": (N_("Assign"), "assign"),
    "status": (N_("Status"), "check"),
    "tags": (N_("Tags"), "filter"),
    "queue": (N_("Queue"), "queue"),
    "priority": (N_("Priority"), "flag"),
    "snooze": (N_("Snooze"), "snooze"),
    "merge": (N_("Merge"), "merge"),
    "incident": (N_("Incident"), "incident"),
}
"""Name and icon."""
BULK_MOST = MOST

_REASONS: Mapping[str, str] = {
    "not_found": N_("no permission"),
    "not_allowed": N_("no permission"),
    "closed": N_("closed tickets"),
    "wrong_status": N_("not possible from their status"),
    "done_already": N_("done already"),
    "too_many_tags": N_("too many tags"),
    "other_customer": N_("of another customer"),
    "merged_already": N_("merged already"),
    "changed_since": N_("changed since"),
    "added_since": N_("changed since"),
    "moved_on": N_("changed since"),
    "fields_missing": N_("a field that is asked for is empty"),
}
"""Why a ticket was left out, in a few words; the others are told as where they happen to one ticket."""


def say_done(voice: Voice, done: Done, *, back: bool = False) -> str:
    """ "12 changed, 2 skipped: no permission". `back`: it was taken back."""
    said = [
        voice.count("%(num)s taken back", "%(num)s taken back", done.changed)
        if back
        else voice.count("%(num)s changed", "%(num)s changed", done.changed)
    ]
    if done.same:
        said.append(voice.count("%(num)s was so already", "%(num)s were so already", done.same))
    said += _left_out(voice, done)
    return _in_a_row(voice, said)


def say_resolved(voice: Voice, done: Done) -> str:
    """ "7 tickets are resolved, 2 skipped: a field is empty"."""
    said = [voice.count("%(num)s ticket is resolved", "%(num)s tickets are resolved", done.changed)]
    return _in_a_row(voice, said + _left_out(voice, done))


def _left_out(voice: Voice, done: Done) -> list[str]:
    skipped = sum(done.skipped.values())
    if not skipped:
        return []
    counted = voice.count("%(num)s skipped", "%(num)s skipped", skipped)
    return [voice.say(N_("%(skipped)s: %(reasons)s"), skipped=counted, reasons=_reasons(voice, done.skipped))]


def _in_a_row(voice: Voice, said: list[str]) -> str:
    text = said[0]
    for more in said[1:]:
        text = voice.say(N_("%(done)s, %(more)s"), done=text, more=more)
    return text


def _reasons(voice: Voice, skipped: Mapping[str, int]) -> str:
    counted: dict[str, int] = {}
    for code, number in skipped.items():
        note_told(code)
        words = voice.say(_REASONS.get(code) or FAILURES.get(code) or N_("not possible")).rstrip(".。")
        counted[words] = counted.get(words, 0) + number
    if len(counted) == 1:
        return next(iter(counted))
    return voice.say(N_(", ")).join(
        voice.say(N_("%(words)s (%(num)s)"), words=words, num=voice.number(number))
        for words, number in counted.items()
    )
