"""Filters in words."""

from collections.abc import Mapping

from hub.model.filters import How
from hub.web.desk.say.language import N_

FIELD_NAMES: Mapping[str, str] = {
    "status": N_("Status"),
    "queue": N_("Queue"),
    "assignee": N_("Agent"),
    "kind": N_("Kind"),
    "priority": N_("Priority"),
    "tag": N_("Tag"),
    "channel": N_("Channel"),
    "language": N_("Language (en, zh…)"),
    "segment": N_("Customer segment"),
    "key_account": N_("Key account"),
    "waiting": N_("Customer waits"),
    "due": N_("Promise due"),
    "snoozed": N_("Snoozed"),
    "unread": N_("Not read by me"),
    "followed": N_("Followed by me"),
    "draft": N_("My draft on it"),
    "mentioned": N_("I am mentioned"),
    "created": N_("Opened"),
    "updated": N_("Last changed"),
}
TEST_NAMES: Mapping[str, str] = {
    How.IS: N_("is one of"),
    How.IS_NOT: N_("is none of"),
    How.OVER: N_("longer than"),
    How.WITHIN: N_("within"),
    How.BEFORE: N_("longer ago than"),
}
UNIT_NAMES: Mapping[str, str] = {"minutes": N_("minutes"), "hours": N_("hours"), "days": N_("days")}
YES_NO: Mapping[str, str] = {"yes": N_("Yes"), "no": N_("No")}
ARRANGED: Mapping[str, str] = {
    "waiting": N_("Longest waiting first"),
    "due": N_("Next due first"),
    "newest": N_("Newest first"),
    "updated": N_("Last changed first"),
}
SHARED_NAMES: Mapping[str, str] = {
    "nobody": N_("Only me"),
    "queue": N_("The people of a queue"),
    "everybody": N_("Everybody"),
}
ME_NAME, NOBODY_NAME = N_("Me (whoever looks)"), N_("Nobody")
