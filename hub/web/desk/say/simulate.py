"""Simulations in words: figures, what was tried, what is wrong with a question."""

from collections.abc import Iterator, Mapping
from typing import Any

from hub.web.desk.say.language import N_, Voice
from routing.simulate.trouble import CannotSimulate

# Name and unit of each figure, in the order in which they are shown.
FIGURES: Mapping[str, tuple[str, str]] = {
    "in_time_weighted": (N_("In time, by importance"), "%"),
    "in_time": (N_("In time"), "%"),
    "live_in_time": (N_("Chats joined in time"), "%"),
    "live_lost": (N_("Chats lost"), "%"),
    "live_wait_mean": (N_("Wait in a chat, mean"), "s"),
    "live_wait_p95": (N_("Wait in a chat, 95 in 100 below"), "s"),
    "wait_mean": (N_("Wait until work begins, mean"), "min"),
    "wait_p95": (N_("Wait, 95 in 100 below"), "min"),
    "wait_longest": (N_("Longest wait"), "min"),
    "late": (N_("Late, by importance"), "min"),
    "unserved": (N_("Never answered"), ""),
    "fairness": (N_("Evenness of work"), ""),
    "owner_kept": (N_("Same agent again"), "%"),
    "put_back": (N_("Put back to a queue"), "%"),
    "used": (N_("Time at work"), "%"),
    "overtime": (N_("Overtime"), "h"),
}
UNITS: Mapping[str, str] = {"%": "%", "s": N_("s"), "min": N_("min"), "h": N_("h"), "": ""}
HEADLINES = ("in_time_weighted", "live_lost", "wait_longest", "used")

VERDICTS: Mapping[str, str] = {
    "better": N_("better"),
    "worse": N_("worse"),
    "same": N_("the same"),
    "unclear": N_("not clear"),
    "other": "",
}
STATES: Mapping[str, str] = {
    "waiting": N_("Waits"),
    "running": N_("Runs"),
    "done": N_("Done"),
    "failed": N_("Failed"),
    "cancelled": N_("Cancelled"),
}
SCENARIOS: Mapping[str, str] = {
    "": N_("A usual week"),
    "misread": N_("8 in 100 messages are taken for another kind"),
    "sick": N_("A third of the early shift calls in sick"),
    "storm": N_("Ten times the e-mail for an hour"),
    "import": N_("1,500 old e-mails at once"),
}
LABELS: Mapping[str, str] = {
    "channel": N_("Channel"),
    "kind": N_("Kind"),
    "queue": N_("Queue"),
    "priority": N_("Priority"),
    "key_account": N_("Key account"),
}
VALUES: Mapping[str, Mapping[str, str]] = {
    "channel": {"chat": N_("Chat"), "email": N_("E-mail"), "form": N_("Form")},
    "kind": {
        "complaint": N_("Complaint"),
        "question": N_("Question"),
        "enquiry": N_("Enquiry"),
        "request": N_("Request"),
        "feedback": N_("Feedback"),
    },
    "priority": {"low": N_("Low"), "normal": N_("Normal"), "high": N_("High"), "urgent": N_("Urgent")},
    "key_account": {"yes": N_("Yes"), "no": N_("No")},
}

FIELDS: Mapping[str, str] = {
    "days": N_("How many days"),
    "load": N_("Customers, in per cent of those who came"),
    "level": N_("Level"),
    "count": N_("How many more"),
}
"""The form's fields that take a number, as its labels call them."""

_TROUBLES: Mapping[str, str] = {
    "nothing_happened": N_("No customer wrote in that time."),
    "nobody_worked": N_("Nobody was on line in that time, and no agent has shifts."),
    "too_much": N_("More than %(detail)s messages came in that time. Try fewer days."),
    "unknown_agent": N_("There is no agent %(name)s."),
    "unknown_calendar": N_("%(name)s: no calendar is called %(calendar)s."),
    "hours_only": N_("%(name)s: the reference week knows no calendars. Give hours, under further changes."),
    "hours_outside": N_("%(name)s: the reference week works from 07:00 to 22:00."),
    "wrong_hours": N_("The hours cannot be read: %(detail)s"),
    "wrong_key": N_("This cannot be used: %(detail)s"),
    "not_toml": N_("The further changes are not valid TOML: %(detail)s"),
    "wrong_rules": N_("The rules cannot be used: %(detail)s"),
    "wrong_seeds": N_("Expected runs like 1-5 or 1,4,9, 30 at the most."),
    "rules_need_history": N_("Rules can be tried on this hub's own days only; the reference week has none."),
    "scenario_needs_reference": N_("Weeks that go wrong are reference weeks."),
    "stopped": N_("It ended before it was done. Try again, perhaps with fewer days."),
    "wrong_number": N_("%(field)s: a number from %(least)s to %(most)s is expected."),
    "half_a_row": N_("A change of staff is only half filled in: name the agent, and what is to change."),
}


def say_trouble(voice: Voice, code: str, params: Mapping[str, str]) -> str:
    """What is wrong, for whoever asked."""
    return voice.say(_TROUBLES[code], **params)


def say_error(voice: Voice, error: CannotSimulate) -> str:
    return say_trouble(voice, error.code, error.params)


def tell_question(voice: Voice, question: Mapping[str, Any], rules_called: str = "") -> list[str]:
    """What was asked, in a few short phrases: the days first, then what was tried."""
    days = int(question.get("days", 28))
    own = question.get("workload") == "history"
    told = [
        voice.count("the last %(num)s day", "the last %(num)s days", days)
        if own
        else voice.say(N_("reference week"))
    ]
    load = float(question.get("load", 1.0))
    if load != 1.0:
        told.append(voice.say(N_("%(share)s of the customers"), share=voice.percent(load)))
    if question.get("scenario"):
        told.append(voice.say(SCENARIOS[question["scenario"]]))
    if question.get("rules") is not None:
        told.append(rules_called or question.get("rules_called", "") or voice.say(N_("other rules")))
    told += _tell_staff(voice, question.get("staff", {}))
    return told


def _tell_staff(voice: Voice, staff: Mapping[str, Any]) -> Iterator[str]:
    for more in staff.get("add", ()):
        number = int(more.get("count", 1))
        yield voice.say(N_("%(num)s more like %(name)s"), num=voice.number(number), name=more["like"])
    for change in staff.get("agent", ()):
        for skill, level in change.get("skills", {}).items():
            if level:
                yield voice.say(
                    N_("%(name)s: %(skill)s %(level)s"),
                    name=change["name"],
                    skill=skill,
                    level=voice.number(level),
                )
            else:
                yield voice.say(N_("%(name)s: no %(skill)s"), name=change["name"], skill=skill)
        if change.get("hours") or change.get("calendar"):
            when = ", ".join(change.get("hours", ())) or change["calendar"]
            yield voice.say(N_("%(name)s: works %(when)s"), name=change["name"], when=when)
        if set(change) - {"name", "skills", "hours", "calendar"}:
            yield voice.say(N_("%(name)s: other room, queues or languages"), name=change["name"])
    for away in staff.get("sick", ()):
        yield voice.say(N_("%(name)s is away"), name=away["name"])
