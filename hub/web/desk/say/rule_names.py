"""What the keys of the rules and their codes are called."""

from collections.abc import Mapping

from hub.web.desk.say.language import N_

SECTIONS: Mapping[str, str] = {
    "queue": N_("Queue"),
    "rule": N_("Routing rule"),
    "calendar": N_("Calendar"),
    "target": N_("Service target"),
    "automation": N_("Automation"),
    "default_queue": N_("Where everything else goes"),
    "skills": N_("Skills"),
    "honour": N_("Hints that are obeyed"),
    "languages": N_("Languages"),
    "work": N_("Work in hand"),
}

KEYS: Mapping[str, str] = {
    "title_en": N_("Title in English"),
    "title_zh": N_("Title in Chinese"),
    "priority": N_("Priority"),
    "calendar": N_("Calendar"),
    "offer_seconds": N_("Time to accept an offer"),
    "stick_hours": N_("Stays with the customer's last agent"),
    "wrap_up_seconds": N_("Time to finish after a chat"),
    "leave_minutes": N_("Goes back when its agent has been off line"),
    "silent_minutes": N_("Goes to somebody else when the agent is silent"),
    "relax": N_("Asks for less"),
    "overflow": N_("Goes on"),
    "default_queue": N_("Everything else goes to"),
    "skills": N_("Skills"),
    "honour": N_("Hints that are obeyed"),
    "offered": N_("Languages that we answer in"),
    "fallback": N_("Other languages go to agents who speak"),
    "live": N_("Live channels"),
    "silence_minutes": N_("A chat has ended after silence of"),
    "weight": N_("Weight"),
    "when": N_("Conditions"),
    "unless": N_("Exceptions"),
    "then": N_("What it does"),
    "kind": N_("Type"),
    "channel": N_("Channel"),
    "channel_kind": N_("Kind of channel"),
    "language": N_("Language"),
    "topic": N_("Topic"),
    "subject": N_("Subject has"),
    "key_account": N_("Key account"),
    "uncertain": N_("Type is uncertain"),
    "hint": N_("Hint"),
    "queue": N_("Queue"),
    "skill": N_("Skill"),
    "prefer": N_("Preferred skills"),
    "zone": N_("Time zone"),
    "hours": N_("Hours"),
    "holidays": N_("Public holidays"),
    "make_up_day": N_("Days that make up for holidays are like"),
    "days_off": N_("Days off"),
    "other_days": N_("Days with other hours"),
    "first_response": N_("First answer"),
    "next_response": N_("Next answer"),
    "resolution": N_("Solution"),
    "warn_at": N_("Warning after"),
    "escalate": N_("Raises the priority when missed"),
    "enabled": N_("Switched on"),
    "note": N_("Note"),
    "on": N_("When this happens"),
    "after": N_("After"),
    "of": N_("Counted from"),
    "status": N_("Status"),
    "tags": N_("Tags"),
    "assigned": N_("Has an agent"),
    "organisation": N_("Organisation"),
    "segment": N_("Segment"),
    "customer_language": N_("Language of the customer"),
    "open_tickets": N_("Open tickets of the customer, at least"),
    "ticket_fields": N_("Custom fields of the ticket"),
    "customer_fields": N_("Custom fields of the customer"),
    "words": N_("Message has"),
    "attachment": N_("Has a file"),
    "direction": N_("Direction"),
    "automatic": N_("Written by a machine"),
    "target": N_("Service target"),
    "by": N_("Done by"),
    "during": N_("While open"),
    "outside": N_("While shut"),
    "weekday": N_("Day of the week"),
}
"""What the keys of the rules are called, in whatever table they stand."""

PRIORITY_NAMES: Mapping[str, str] = {
    "low": N_("Low"),
    "normal": N_("Normal"),
    "high": N_("High"),
    "urgent": N_("Urgent"),
}

TOPICS: Mapping[str, str] = {
    "billing": N_("Billing"),
    "delivery": N_("Delivery"),
    "technical": N_("Technical"),
    "account": N_("Account"),
    "product": N_("Product"),
}
"""Topics that the lexicon knows, and skills of the rules as they are shipped."""

HINTS: Mapping[str, str] = {
    "queue": N_("Queue"),
    "priority": N_("Priority"),
    "skill": N_("Skill"),
    "language": N_("Language"),
}

DROPS: Mapping[str, str] = {
    "levels": N_("skills at any level"),
    "skills": N_("no skills"),
    "language": N_("no skills and no language"),
}
"""What is still asked of an agent, by what is dropped."""

HAPPENINGS: Mapping[str, str] = {
    "opened": N_("A ticket is opened"),
    "customer_wrote": N_("The customer writes again"),
    "machine_wrote": N_("An automatic letter comes"),
    "agent_replied": N_("An agent answers"),
    "note_added": N_("A note is written"),
    "status_changed": N_("The status changes"),
    "assigned": N_("Somebody gets the ticket"),
    "released": N_("The ticket goes back to its queue"),
    "kind_changed": N_("The type changes"),
    "priority_changed": N_("The priority changes"),
    "queue_changed": N_("The queue changes"),
    "tag_added": N_("A tag is put on"),
    "tag_removed": N_("A tag is taken off"),
    "sla_warning": N_("A target is about to be missed"),
    "sla_breached": N_("A target is missed"),
    "offer_expired": N_("Nobody accepts an offer"),
    "delivery_failed": N_("An answer cannot be delivered"),
    "rated": N_("The customer gives a score"),
    "rated_low": N_("The customer gives a low score"),
}

SINCE: Mapping[str, str] = {
    "unassigned": N_("nobody has the ticket"),
    "unanswered": N_("the customer waits for an answer"),
    "pending": N_("we wait for the customer"),
    "resolved": N_("the ticket is resolved"),
    "opened": N_("the ticket was opened"),
}

GROUPS: Mapping[str, str] = {
    "ticket": N_("About the ticket"),
    "customer": N_("About the customer"),
    "fields": N_("About custom fields"),
    "message": N_("About the message"),
    "event": N_("About what happened"),
    "time": N_("About the time"),
}

RUN_OUTCOMES: Mapping[str, str] = {
    "done": N_("done"),
    "nothing": N_("nothing to do"),
    "failed": N_("failed"),
    "stopped": N_("stopped"),
}

DIRECTIONS: Mapping[str, str] = {
    "in": N_("from the customer"),
    "out": N_("to the customer"),
    "internal": N_("internal note"),
}

DOERS: Mapping[str, str] = {
    "agent": N_("an agent"),
    "customer": N_("the customer"),
    "rule": N_("a rule"),
    "hub": N_("the hub"),
}

VERBS: Mapping[str, str] = {
    "queue": N_("Move to the queue"),
    "priority": N_("Set the priority"),
    "kind": N_("Set the type"),
    "status": N_("Set the status"),
    "assign": N_("Give to"),
    "add_tags": N_("Put on tags"),
    "remove_tags": N_("Take off tags"),
    "notify": N_("Tell"),
    "reply": N_("Answer with the template"),
    "note": N_("Write a note"),
    "task": N_("Make a task for"),
    "webhook": N_("Call the webhook"),
    "incident": N_("Put on the incident"),
}

TARGETS: Mapping[str, str] = {
    "first_response": N_("First answer"),
    "next_response": N_("Next answer"),
    "resolution": N_("Solution"),
}

PEOPLE: Mapping[str, str] = {
    "assignee": N_("the agent who has the ticket"),
    "overseers": N_("the supervisors of its queue"),
    "owner": N_("whoever looks after the customer, or had them last"),
    "nobody": N_("nobody: back to the queue"),
}

EVERY: Mapping[str, str] = {
    "agent": N_("all agents"),
    "supervisor": N_("all supervisors"),
    "admin": N_("all administrators"),
}
