"""What is wrong with rules that somebody wrote: in the reader's language, and beside which field of a form.

`routing` says it in English. A sentence that is not known here is shown as it is.
"""

import re
from collections.abc import Mapping, Sequence

from hub.actions.failures import ActionFailure
from hub.web.desk.rules.forms.calendar import shift_text, shifts_of
from hub.web.desk.rules.forms.fields import Fields
from hub.web.desk.say.language import N_, Voice
from hub.web.desk.say.rule_words import RuleWords
from hub.web.desk.say.words import say_failure
from routing.promises import WEEKDAYS
from routing.rules import RulesError, Wrong

_KINDS: Mapping[str, str] = {
    "int_parsing": N_("This is not a whole number."),
    "int_type": N_("This is not a whole number."),
    "int_parsing_size": N_("This number is too large."),
    "greater_than_equal": N_("At least %(ge)s."),
    "less_than_equal": N_("At the most %(le)s."),
    "string_too_short": N_("Something is missing here."),
    "string_too_long": N_("At the most %(max_length)s characters."),
    "missing": N_("Something is missing here."),
    "too_short": N_("Choose or write at least one."),
    "too_long": N_("At the most %(max_length)s."),
    "string_pattern_mismatch": N_(
        "Small letters a to z, digits, - and _ only, beginning with a letter; at the most 40."
    ),
    "literal_error": N_("Choose one of the list."),
    "enum": N_("Choose one of the list."),
    "date_parsing": N_("This is not a day."),
    "date_from_datetime_parsing": N_("This is not a day."),
    "extra_forbidden": N_("This key is not known here."),
}
"""By pydantic's name of the error."""

_SENTENCES: tuple[tuple[str, str, str], ...] = (
    # (as routing says it, as it is said here, beside which field)
    ("default_queue: no queue is called '(?P<queue>.*)'",
     N_("Everything else goes to “%(queue)s”: choose another queue for that first."), "default_queue"),
    ("rule '(?P<rule>.*)': no queue is called '(?P<queue>.*)'",
     N_("The routing rule “%(rule)s” sends tickets to “%(queue)s”: change that first."), "then.queue"),
    ("rule '(?P<rule>.*)': the skill '(?P<skill>.*)' is not listed in skills",
     N_("The routing rule “%(rule)s” asks for the skill “%(skill)s”: change that first."), "then.skills"),
    ("target '(?P<target>.*)': no queue is called '(?P<queue>.*)'",
     N_("The service target “%(target)s” speaks of the queue “%(queue)s”: change that first."), "when.queue"),
    ("target '(?P<target>.*)': no calendar is called '(?P<calendar>.*)'",
     N_("The service target “%(target)s” goes by the calendar “%(calendar)s”: change that first."), "calendar"),
    ("queue '(?P<queue>.*)': no calendar is called '(?P<calendar>.*)'",
     N_("The queue “%(queue)s” goes by the calendar “%(calendar)s”: change that first."), "calendar"),
    ("queue '(?P<other>.*)': overflow: no queue is called '(?P<queue>.*)'",
     N_("Tickets of “%(other)s” go on to “%(queue)s”: change that first."), "overflow"),
    ("queue '(?P<queue>.*)': overflow: it cannot go on in itself",
     N_("Tickets cannot go on to the queue that they are in."), "overflow"),
    ("queue '(?P<queue>.*)': overflow: closed needs a calendar",
     N_("A queue without a calendar is never shut: choose a calendar, or a time to wait."), "overflow"),
    (r"expected either after \(minutes\) or closed = true",
     N_("Say after how many minutes, or that it is while the queue is shut."), "overflow"),
    ("automation '(?P<rule>.*)': no calendar is called '(?P<calendar>.*)'",
     N_("The automation “%(rule)s” goes by the calendar “%(calendar)s”: change that first."), "calendar"),
    ("automation '(?P<rule>.*)': no queue is called '(?P<queue>.*)'",
     N_("The automation “%(rule)s” speaks of the queue “%(queue)s”: change that first."), "then"),
    ("must be the name of a field, or name = value",
     N_("Write the name of a field as the page Fields has it, or name = value."), ""),
    ("two (?:queue|rule|calendar|target|automation)s are called '(?P<name>.*)'",
     N_("There is another one called “%(name)s”."), "name"),
    ("expected at least one of queue, priority, skill, skills, prefer",
     N_("A rule decides something: a queue, a priority or a skill."), "then"),
    ("expected at least one of calendar, first_response, .*",
     N_("A target says something: a time, a calendar, a warning, or whether it raises the priority."), "first_response"),
    ("no target without conditions names the calendar that counts where no other is named",
     N_("One target without conditions must name the calendar that counts where no other is named."), "calendar"),
    ("there is no time zone '(?P<zone>.*)'; .*",
     N_("There is no time zone “%(zone)s”; one is called Asia/Shanghai."), "zone"),
    ("no holidays are known for '(?P<place>.*)'; .*",
     N_("No public holidays are known for “%(place)s”."), "country"),
    ("expected hours like 09:00-18:00; got '(?P<hours>.*)'",
     N_("“%(hours)s” are no hours: write from when to when, as in 09:00 to 18:00."), "hours"),
    ("there is no such time of day in '(?P<hours>.*)'",
     N_("There is no such time of day: “%(hours)s”."), "hours"),
    ("'(?P<hours>.*)' ends where it begins; a whole day is 00:00-24:00",
     N_("“%(hours)s” ends where it begins; a whole day is 00:00 to 24:00."), "hours"),
    ("there are no hours in the week", N_("There are no hours in the whole week."), "hours"),
    ("two shifts of the week overlap", N_("Two of these hours overlap."), "hours"),
    ("expected a day like 2027-02-05, .*; got '(?P<day>.*)'", N_("“%(day)s” is no day."), "off"),
    ("month must be in 1..12.*|day is out of range for month.*|day .* must be in range .*", N_("There is no such day."), "off"),
    ("'(?P<period>.*)' is no period of a year or less",
     N_("%(period)s: the last day comes before the first, or more than a year after it."), "off"),
    ("expected one of low, normal, high, urgent; got .*", N_("Choose one of the list."), ""),
    (r"expected either on \(events\), or after \(minutes\) and of \(since when\)",
     N_("Choose what it waits for: something that happens, or a time."), "begins"),
    (r"a time rule needs both after \(minutes\) and of \(since when\)",
     N_("Say how long, and counted from what."), "after"),
    ("(?:when|unless)[.](?P<key>[a-z_]+): has a meaning only where every event of on is one of .*",
     N_("A condition about the message needs events that bring one: a ticket is opened, somebody writes."), "{message}"),
    ("(?:when|unless)[.](?P<key>[a-z_]+): has a meaning only where every event of on is sla_warning or sla_breached",
     N_("A condition about the target needs events about targets alone."), "{message}"),
    (r"(?:when|unless)[.](?P<key>[a-z_]+): has a meaning only with events \(on\)",
     N_("A condition about who did it needs an event."), "{message}"),
    ("expected exactly one of queue, priority, .*", N_("Choose what is to be done."), "then"),
    ("then: a rule answers once", N_("A rule answers the customer once."), "then"),
    ("(?P<key>text|due_minutes|even_if_manual): has no meaning beside (?P<verb>.*)",
     N_("“%(key)s” has no meaning beside “%(verb)s”."), "then"),
    ("calendar: has a meaning beside after only", N_("Only a rule that waits for a time goes by a calendar."), "calendar"),
    ("note: expected a text", N_("Write the note."), "then"),
    ("task: expected text, which says what is to be done", N_("Write what is to be done."), "then"),
    ("expected a tag of 1 to (?P<limit>.*) characters; got .*", N_("A tag has 1 to %(limit)s characters."), "tags"),
    ("expected a tag without commas and control characters; got .*", N_("A tag has no commas in it."), "tags"),
)  # fmt: skip
_KNOWN = tuple((re.compile(pattern, re.DOTALL), said, field) for pattern, said, field in _SENTENCES)

_PATTERNS = {
    "assign": N_("Choose one of the list."),
    "notify": N_("Choose one of the list."),
}
_RENAMED = {"days_off": "off", "other_days": "other", "holidays": "country"}


def say_wrong(voice: Voice, wrong: Wrong) -> str:
    """What is wrong, without where."""
    if wrong.kind == "value_error":
        for pattern, said, _ in _KNOWN:
            if found := pattern.fullmatch(wrong.said):
                given = {key: value for key, value in found.groupdict().items() if f"%({key})s" in said}
                return voice.say(said, **given) if given else voice.say(said)
        return wrong.said
    said = _KINDS.get(wrong.kind, "")
    if wrong.kind == "string_pattern_mismatch" and _PATTERNS.keys() & {str(part) for part in wrong.where}:
        said = _PATTERNS["assign"]
    if not said:
        return wrong.said
    return voice.say(said, **wrong.limits) if "%(" in said else voice.say(said)


_SHIFTS = re.compile(r"These people's shifts would go: (.*)\. Give them others first\.")
_OCCUPIED = re.compile(r"These queues have tickets in work and cannot go: (.*)\. Move the tickets first\.")


def say_refusal(words: RuleWords, failure: ActionFailure) -> str:
    """Why the rules could not be changed."""
    if failure.code == "queue_in_use" and (found := _OCCUPIED.fullmatch(str(failure))):
        queues = [re.fullmatch(r"(.*) \((\d+)\)", part) for part in found[1].split(", ")]
        told = words.several(f"{words.queue(one[1])} ({one[2]})" for one in queues if one)
        return words.voice.say(
            N_("There is still work in queues that would go: %(queues)s. Move those tickets first."),
            queues=told,
        )
    if failure.code == "calendar_in_use" and (found := _SHIFTS.fullmatch(str(failure))):
        return words.voice.say(
            N_("These are the shifts of %(agents)s: give them others first."),
            agents=words.several(found[1].split(", ")),
        )
    if failure.code == "rules_wrong" and isinstance(failure.__cause__, RulesError):
        return " ".join(troubles_of(words.voice, failure.__cause__.wrong, "file", None, {}).values())
    return say_failure(words.voice, failure)


def troubles_of(
    voice: Voice, wrongs: Sequence[Wrong], section: str, index: int | None, fields: Fields
) -> dict[str, str]:
    """Each trouble by the field of this entry's form that it stands beside (`name:row` in a group of rows); what belongs to
    none of them is joined under "". `index`: the entry's place in its section, None for the form of what stands alone."""
    found: dict[str, str] = {}
    for wrong in _without_echoes(wrongs):
        field = _field(wrong, section, index, fields)
        said = say_wrong(voice, wrong)
        if not field and wrong.where and wrong.kind != "value_error":
            said = f"{'.'.join(map(str, wrong.where))}: {said}"
        found[field] = f"{found[field]} {said}" if field in found and said not in found[field] else said
    return found


def _without_echoes(wrongs: Sequence[Wrong]) -> list[Wrong]:
    """pydantic says of a list with a wrong entry that it is too short, too; and names every kind of hours that it tried."""
    ways = [wrong.where for wrong in wrongs]
    return [
        wrong
        for wrong in wrongs
        if not (wrong.kind == "too_short" and any(_leads(wrong.where, way) for way in ways))
        and not any("literal[" in str(part) and wrong.kind == "literal_error" for part in wrong.where)
    ]


def _leads(where: Sequence[int | str], way: Sequence[int | str]) -> bool:
    return len(way) > len(where) and way[: len(where)] == where


def _field(wrong: Wrong, section: str, index: int | None, fields: Fields) -> str:
    where = wrong.where
    if section == "file":
        return ""
    if index is not None and where:
        if where[:2] != (section, index):
            return ""
        where = where[2:]
    if wrong.kind != "value_error":
        return _path(where)
    field = next((field for pattern, _, field in _KNOWN if pattern.fullmatch(wrong.said)), "")
    if not wrong.where:
        return field if _is_about(wrong.said, section, fields) else ""
    if field == "hours":
        return _hours(wrong.said, fields)
    if field == "{message}":
        return wrong.said.partition(":")[0]
    # What is wrong with one key stands beside it; with the entry as a whole, beside what it speaks of.
    return _path(where) or field


def _path(where: Sequence[int | str]) -> str:
    """`relax.after:1` for ("relax", 1, "after"); names of models and places in lists of words are left out."""
    if not where:
        return ""
    first = _RENAMED.get(str(where[0]), str(where[0]))
    if first == "hours":
        return next((str(part) for part in where if part in WEEKDAYS), "hours")
    if first in ("when", "unless") and len(where) > 1:
        return f"{first}.{where[1]}"
    if first == "then":
        return (
            f"then:{where[1]}"
            if len(where) > 1 and isinstance(where[1], int)
            else ".".join(map(str, where[:2]))
        )
    rows = [part for part in where[1:] if isinstance(part, int)]
    if first in ("relax", "overflow") and rows:
        keys = [str(part) for part in where[2:] if isinstance(part, str)]
        return f"{first}.{keys[0]}:{rows[0]}" if keys else f"{first}:{rows[0]}"
    if first in ("languages", "work") and len(where) > 1:
        return str(where[1])
    return f"{first}:{rows[0]}" if first == "off" and rows else first


def _hours(said: str, fields: Fields) -> str:
    """The weekday in which these hours were typed."""
    for day in WEEKDAYS:
        if any(f"'{shift_text(*shift)}'" in said for shift in shifts_of(fields, day)):
            return day
    others = " ".join(fields.get("other.hours", ()))
    quoted = re.search(r"'(.*)'", said)
    return "other" if quoted and others and quoted[1].split("-")[0].strip("0:") in others else "hours"


def _is_about(said: str, section: str, fields: Fields) -> bool:
    """Whether a sentence about how tables go together names the entry of this form."""
    if section == "general":
        return True
    name = next(iter(fields.get("name", ())), "").strip()
    head = re.match(r"(\w+) '(.*?)':", said)
    if head:
        return head[1] == section and head[2] == name
    return (section == "target" and said.startswith("no target")) or said.startswith(
        f"two {section}s are called"
    )
