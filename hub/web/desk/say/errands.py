"""Notices, tasks and calls to other programs, in words."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from hub.actions.errands.notices import MOST_COUNTED
from hub.actions.errands.post_call import Trouble
from hub.model.codes import TASK, TICKET, show_code
from hub.model.notices import NoticeKind
from hub.model.tasks import TaskState, TaskStep
from hub.web.desk.say.language import N_, Voice
from hub.web.desk.say.scheduled import CANCELLED
from hub.web.desk.say.targets import TARGETS, Due, when_due
from storage.notices import NoticeRow
from storage.tasks import TaskRow

NOTICE_KINDS: Mapping[str, str] = {
    NoticeKind.ASSIGNED_TO_YOU: N_("A ticket comes to you"),
    NoticeKind.MENTIONED: N_("A colleague names you or your team in a note"),
    NoticeKind.FOLLOWED_MESSAGE: N_("The customer writes on a ticket that you follow"),
    NoticeKind.FOLLOWED_ASSIGNED: N_("A ticket that you follow is given to somebody"),
    NoticeKind.FOLLOWED_RESOLVED: N_("A ticket that you follow is resolved"),
    NoticeKind.SLA_WARNING: N_("What was promised is due soon"),
    NoticeKind.SLA_BREACHED: N_("What was promised was missed"),
    NoticeKind.UNPLACEABLE: N_("A ticket that nobody can take"),
    NoticeKind.OFFER_EXPIRED: N_("An offer to you went by"),
    NoticeKind.AWAY: N_("A ticket of yours went back while you were away"),
    NoticeKind.SNOOZE_OVER: N_("The time of a snoozed ticket has come"),
    NoticeKind.TASK_GIVEN: N_("A task for you or your department"),
    NoticeKind.TASK_DUE: N_("The time of a task has come"),
    NoticeKind.TASK_DONE: N_("A task that you asked for is over"),
    NoticeKind.RULE: N_("A rule has something to tell you"),
    NoticeKind.RULE_STOPPED: N_("A rule was stopped"),
    NoticeKind.WEBHOOK_FAILING: N_("A webhook fails"),
    NoticeKind.SCHEDULE_CANCELLED: N_("A scheduled reply of yours did not leave"),
    NoticeKind.NOT_DELIVERED: N_("A reply did not reach the customer, or may not have"),
}

NOTICE_ICONS: Mapping[str, str] = {
    NoticeKind.ASSIGNED_TO_YOU: "take",
    NoticeKind.MENTIONED: "note",
    NoticeKind.FOLLOWED_MESSAGE: "follow",
    NoticeKind.FOLLOWED_ASSIGNED: "follow",
    NoticeKind.FOLLOWED_RESOLVED: "follow",
    NoticeKind.SLA_WARNING: "clock",
    NoticeKind.SLA_BREACHED: "alert",
    NoticeKind.UNPLACEABLE: "alert",
    NoticeKind.OFFER_EXPIRED: "hourglass",
    NoticeKind.AWAY: "release",
    NoticeKind.SNOOZE_OVER: "snooze",
    NoticeKind.TASK_GIVEN: "task",
    NoticeKind.TASK_DUE: "clock",
    NoticeKind.TASK_DONE: "check",
    NoticeKind.RULE: "why",
    NoticeKind.RULE_STOPPED: "alert",
    NoticeKind.WEBHOOK_FAILING: "alert",
    NoticeKind.SCHEDULE_CANCELLED: "clock",
    NoticeKind.NOT_DELIVERED: "alert",
}

# One thing; and the same for many at once.
_ONE: Mapping[str, str] = {
    NoticeKind.ASSIGNED_TO_YOU: N_("A ticket has come to you"),
    NoticeKind.UNPLACEABLE: N_("Nobody can take this ticket"),
    NoticeKind.OFFER_EXPIRED: N_("An offer to you went by unanswered"),
    NoticeKind.AWAY: N_("A ticket of yours went back to its queue while you were away"),
    NoticeKind.RULE_STOPPED: N_("The rule “%(rule)s” was stopped"),
    NoticeKind.RULE: N_("The rule “%(rule)s” points to this ticket"),
    NoticeKind.SNOOZE_OVER: N_("A ticket that was put off is there again"),
    NoticeKind.TASK_GIVEN: N_("%(by)s has a task for you: %(title)s"),
    NoticeKind.TASK_DUE: N_("The time of a task has come: %(title)s"),
    NoticeKind.TASK_DONE: N_("%(by)s has done the task: %(title)s"),
    NoticeKind.MENTIONED: N_("%(by)s names you in a note"),
    NoticeKind.FOLLOWED_MESSAGE: N_("The customer wrote on a ticket that you follow"),
    NoticeKind.FOLLOWED_ASSIGNED: N_("A ticket that you follow went to %(to)s"),
    NoticeKind.FOLLOWED_RESOLVED: N_("A ticket that you follow was resolved"),
    NoticeKind.WEBHOOK_FAILING: N_("The webhook %(webhook)s fails again and again; it is paused"),
    NoticeKind.SCHEDULE_CANCELLED: N_("Your scheduled reply did not leave"),
    NoticeKind.NOT_DELIVERED: N_("A reply was not delivered"),
}
_MANY: Mapping[str, str] = {
    NoticeKind.ASSIGNED_TO_YOU: N_("%(num)s tickets have come to you"),
    NoticeKind.MENTIONED: N_("You are named in %(num)s notes"),
    NoticeKind.FOLLOWED_MESSAGE: N_("Customers wrote on %(num)s tickets that you follow"),
    NoticeKind.FOLLOWED_ASSIGNED: N_("%(num)s tickets that you follow were given to somebody"),
    NoticeKind.FOLLOWED_RESOLVED: N_("%(num)s tickets that you follow were resolved"),
    NoticeKind.SLA_WARNING: N_("%(num)s promises are due soon"),
    NoticeKind.SLA_BREACHED: N_("%(num)s promises were missed"),
    NoticeKind.UNPLACEABLE: N_("%(num)s tickets that nobody can take"),
    NoticeKind.OFFER_EXPIRED: N_("%(num)s offers to you went by unanswered"),
    NoticeKind.AWAY: N_("%(num)s tickets of yours went back to their queues while you were away"),
    NoticeKind.SNOOZE_OVER: N_("%(num)s tickets that were put off are there again"),
    NoticeKind.TASK_GIVEN: N_("%(num)s new tasks for you"),
    NoticeKind.TASK_DUE: N_("The time of %(num)s tasks has come"),
    NoticeKind.TASK_DONE: N_("%(num)s tasks that you asked for are over"),
    NoticeKind.RULE: N_("Rules point to %(num)s tickets"),
    NoticeKind.RULE_STOPPED: N_("%(num)s rules were stopped"),
    NoticeKind.WEBHOOK_FAILING: N_("%(num)s webhooks fail"),
    NoticeKind.SCHEDULE_CANCELLED: N_("%(num)s scheduled replies of yours did not leave"),
    NoticeKind.NOT_DELIVERED: N_("%(num)s replies were not delivered, or may not have been"),
}

TASK_STATES: Mapping[str, str] = {
    TaskState.OPEN: N_("To do"),
    TaskState.DOING: N_("Under way"),
    TaskState.DONE: N_("Done"),
    TaskState.DROPPED: N_("Dropped"),
}
TASK_STATE_ICONS: Mapping[str, str] = {
    TaskState.OPEN: "task",
    TaskState.DOING: "hourglass",
    TaskState.DONE: "check",
    TaskState.DROPPED: "cross",
}
TASK_STEPS: Mapping[str, str] = {
    TaskStep.MADE: N_("asked for it"),
    TaskStep.TAKEN: N_("took it"),
    TaskStep.GIVEN: N_("gave it on"),
    TaskStep.PUT_BACK: N_("put it back"),
    TaskStep.CHANGED: N_("changed it"),
    TaskStep.COMMENTED: N_("wrote"),
    TaskStep.DONE: N_("has done it"),
    TaskStep.DROPPED: N_("dropped it"),
    TaskStep.REOPENED: N_("opened it again"),
}
TASK_ENTRIES: Mapping[str, str] = {
    TaskStep.MADE: N_("New task"),
    TaskStep.COMMENTED: N_("About the task"),
    TaskStep.DONE: N_("Task done"),
    TaskStep.DROPPED: N_("Task dropped"),
    TaskStep.REOPENED: N_("Task opened again"),
}
"""As the timeline of a ticket heads what it says of a task."""

CALL_STATES: Mapping[str, str] = {
    "queued": N_("Waits"),
    "sending": N_("On its way"),
    "sent": N_("Taken over"),
    "failed": N_("Failed"),
}
CALL_TROUBLES: Mapping[str, str] = {
    Trouble.TIMEOUT: N_("It did not answer in time."),
    Trouble.PRIVATE_ADDRESS: N_("Its name leads into a private network, where nothing is called."),
    Trouble.NO_SUCH_HOST: N_("There is no machine of this name."),
    Trouble.TLS: N_("Its certificate is not valid."),
    Trouble.CONNECTION: N_("No connection."),
    Trouble.REDIRECT: N_("It sends us on to another address, which is not followed."),
    Trouble.STATUS: N_("It refused the call."),
    "given_up": N_("Not taken over within a day; given up."),
    "retired": N_("The webhook was removed before it left."),
    "sealed_otherwise": N_("Its secret was sealed with another key; make a new one."),
}

_GRAVE = (
    NoticeKind.SLA_BREACHED, NoticeKind.UNPLACEABLE, NoticeKind.WEBHOOK_FAILING, NoticeKind.NOT_DELIVERED,
)  # fmt: skip
_SOON = 3600.0
"""Seconds before its time from which on a task is shown as due soon."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SaidNotice:
    """A notice as the desk shows it. `numbers`: tickets, of one that stands for many, and `more`: how many it does not name.
    `url`: where it leads, "" nowhere."""

    id: int
    icon: str
    text: str
    grave: bool
    ticket: str
    subject: str
    numbers: tuple[str, ...]
    more: int
    url: str
    at: datetime
    unread: bool


def say_notice(voice: Voice, row: NoticeRow) -> SaidNotice:
    ticket = "" if row.ticket_code is None else show_code(TICKET, row.ticket_code)
    return SaidNotice(
        id=row.id,
        icon=NOTICE_ICONS.get(row.kind, "bell"),
        text=_sentence(voice, row),
        grave=row.kind in _GRAVE,
        ticket=ticket,
        subject=row.subject,
        numbers=tuple(show_code(TICKET, code) for code in row.numbers),
        more=max(0, row.many - len(row.numbers)) if row.numbers else 0,
        url=_leads_to(row, ticket),
        at=row.at,
        unread=row.read_at is None,
    )


def say_unread(voice: Voice, number: int) -> str:
    """A figure beside the bell."""
    shown = voice.number(min(number, MOST_COUNTED - 1))
    return f"{shown}+" if number >= MOST_COUNTED else shown


def _sentence(voice: Voice, row: NoticeRow) -> str:
    said = row.params
    if row.many > 1:
        return voice.say(_MANY.get(row.kind, ""), num=voice.number(row.many))
    target = voice.say(TARGETS.get(said.get("target"), ""))
    match row.kind:
        case NoticeKind.SLA_WARNING:
            return voice.say(N_("%(target)s: due soon"), target=target)
        case NoticeKind.SLA_BREACHED:
            return voice.say(N_("%(target)s: missed"), target=target)
        case NoticeKind.ASSIGNED_TO_YOU if said.get("by"):
            return voice.say(N_("%(by)s gave you a ticket"), by=said["by"])
        case NoticeKind.RULE if said.get("text"):
            return str(said["text"])
        case NoticeKind.SCHEDULE_CANCELLED if said.get("why") in CANCELLED:
            return voice.say(
                N_("Your scheduled reply did not leave: %(why)s It is your draft again."),
                why=voice.say(CANCELLED[said["why"]]),
            )
        case NoticeKind.NOT_DELIVERED if said.get("state") == "uncertain":
            return voice.say(N_("Nobody knows whether a reply was delivered"))
        case NoticeKind.TASK_DONE if said.get("state") == TaskState.DROPPED:
            return voice.say(N_("%(by)s dropped the task: %(title)s"), by=said["by"], title=said["title"])
        case NoticeKind.WEBHOOK_FAILING if said.get("gone"):
            return voice.say(
                N_("The webhook %(webhook)s wants no more calls; it was switched off"),
                webhook=said["webhook"],
            )
    filled = {name: said.get(name, "") for name in ("by", "to", "title", "rule", "webhook")}
    return voice.say(_ONE.get(row.kind, ""), **filled)


def _leads_to(row: NoticeRow, ticket: str) -> str:
    if row.kind == NoticeKind.WEBHOOK_FAILING:
        return "/desk/webhooks"
    if row.many > 1:
        tasks = row.kind in (NoticeKind.TASK_GIVEN, NoticeKind.TASK_DUE)
        return "/desk/tasks?scope=departments" if tasks else ""
    if "task" in row.params:
        return f"/desk/tasks/{show_code(TASK, row.params['task'])}"
    return f"/desk/tickets/{ticket}?scope=all" if ticket else ""


def say_task_due(voice: Voice, task: TaskRow, now: datetime) -> Due | None:
    """By when it is to be done, as a badge; None for one that has no time, or is over."""
    if task.due_at is None or task.ended_at is not None:
        return None
    left = (task.due_at - now).total_seconds()
    look, icon = (
        ("over", "alert") if left <= 0 else ("soon", "clock") if left <= _SOON else ("ahead", "clock")
    )
    return Due(look=look, icon=icon, said=when_due(voice, task.due_at, now), due_at=task.due_at)


def task_words(voice: Voice, rows: Sequence[TaskRow], now: datetime) -> dict[str, object]:
    """What every template that shows tasks needs beside them."""
    return {
        "task_dues": {row.id: say_task_due(voice, row, now) for row in rows},
        "TASK_STATES": TASK_STATES,
        "TASK_STATE_ICONS": TASK_STATE_ICONS,
        "TASK_STEPS": TASK_STEPS,
    }
