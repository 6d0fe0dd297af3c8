"""Roles, permissions and what somebody sees, in words."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from hub.model.permissions import Permission, Sight
from hub.web.desk.say.language import N_, Voice
from hub.web.desk.say.words import ROLES

P = Permission


@dataclass(frozen=True, slots=True, kw_only=True)
class Words:
    """One permission on screen: what it is called and what it opens."""

    name: str
    means: str


PERMISSIONS: Mapping[Permission, Words] = {
    P.ANSWER: Words(name=N_("Answer customers"), means=N_("Write replies, send them again, take them back.")),
    P.WORK: Words(
        name=N_("Work on tickets"), means=N_("Notes, status, type, tags, snoozing, moving and merging.")
    ),
    P.ASSIGN_OTHERS: Words(
        name=N_("Give tickets to others"), means=N_("Assign any ticket in sight to a colleague or a queue.")
    ),
    P.RUN_TASKS: Words(name=N_("Tasks"), means=N_("Ask departments for something, and do what is asked.")),
    P.LISTEN_IN: Words(
        name=N_("Listen in"), means=N_("Follow a colleague's live conversation and whisper to them.")
    ),
    P.MANAGE_INCIDENTS: Words(
        name=N_("Incidents"), means=N_("Gather tickets of one trouble and tell all their customers at once.")
    ),
    P.SEE_CUSTOMERS: Words(
        name=N_("See customers"), means=N_("The customers' pages, with everything they said.")
    ),
    P.CHANGE_CUSTOMERS: Words(
        name=N_("Change customers"), means=N_("Segment, key account, who looks after them.")
    ),
    P.MERGE_CUSTOMERS: Words(name=N_("Merge customers"), means=N_("Make one of two, and two of one again.")),
    P.EXPORT_CUSTOMERS: Words(
        name=N_("Export customers"), means=N_("Everything about a customer as a file to take away.")
    ),
    P.ANONYMISE_CUSTOMERS: Words(
        name=N_("Anonymise customers"), means=N_("Take away for good who they are and what they said.")
    ),
    P.MANAGE_TEMPLATES: Words(
        name=N_("Templates and macros"), means=N_("Write and withdraw what everybody uses.")
    ),
    P.WRITE_KNOWLEDGE: Words(
        name=N_("Write articles"),
        means=N_("Write and publish what the knowledge base says, also to customers."),
    ),
    P.SEE_FLOOR: Words(name=N_("See the floor"), means=N_("Queues, who is there, how long people wait.")),
    P.SEE_RULES: Words(name=N_("See the rules"), means=N_("How work is sorted, promised and automated.")),
    P.MANAGE_RULES: Words(
        name=N_("Change the rules"), means=N_("Queues, calendars, promises, routing, automation.")
    ),
    P.MANAGE_TAGS: Words(name=N_("Manage tags"), means=N_("Rename, merge and remove tags.")),
    P.MANAGE_FIELDS: Words(name=N_("Custom fields"), means=N_("What is asked of tickets and customers.")),
    P.REVIEW_CLASSIFICATION: Words(
        name=N_("Review classification"), means=N_("Confirm doubtful types; choose the model in use.")
    ),
    P.SIMULATE: Words(name=N_("Simulation"), means=N_("Try other staffing on past days.")),
    P.SEE_SURVEYS: Words(
        name=N_("See survey results"),
        means=N_("What customers think of agents, queues and channels, in figures and words."),
    ),
    P.MANAGE_SURVEYS: Words(
        name=N_("Surveys"), means=N_("What customers are asked after a resolution, and when.")
    ),
    P.MANAGE_STAFF: Words(
        name=N_("Manage staff"), means=N_("Add agents, change skills and queues, new passwords, hand over.")
    ),
    P.MANAGE_ROLES: Words(
        name=N_("Manage roles"), means=N_("Make roles and give them, up to what one may oneself.")
    ),
    P.SEE_SYSTEM: Words(
        name=N_("See the system"), means=N_("Channels, mailboxes, what could not be read or sent.")
    ),
    P.SEE_RAW: Words(
        name=N_("Raw items"), means=N_("Download what came in exactly as it came, also from quarantine.")
    ),
    P.OPEN_INFECTED: Words(
        name=N_("Open files with viruses"),
        means=N_("Download a file although the virus scanner found something in it."),
    ),
    P.REPAIR: Words(
        name=N_("Repair"), means=N_("Read items again, discard them, send failed replies, restart rules.")
    ),
    P.MANAGE_CHANNELS: Words(name=N_("Channels"), means=N_("Set up, test and switch off channels.")),
    P.MANAGE_WEBHOOKS: Words(name=N_("Webhooks"), means=N_("Which programs are told of what happens here.")),
    P.MANAGE_KEYS: Words(name=N_("API keys"), means=N_("Which programs may call, and for what.")),
    P.MANAGE_SIGN_IN: Words(
        name=N_("Sign-in"), means=N_("Two-step sign-in, single sign-on, other people's sessions.")
    ),
    P.SEE_AUDIT: Words(name=N_("Audit trail"), means=N_("Who changed what, and when; also as a file.")),
    P.MANAGE_RETENTION: Words(
        name=N_("Retention"), means=N_("How long what is kept, and what must not be touched.")
    ),
}

GROUPS: Sequence[tuple[str, tuple[Permission, ...]]] = (
    (
        N_("Tickets"),
        (P.ANSWER, P.WORK, P.ASSIGN_OTHERS, P.RUN_TASKS, P.LISTEN_IN, P.MANAGE_INCIDENTS),
    ),
    (
        N_("Customers"),
        (
            P.SEE_CUSTOMERS,
            P.CHANGE_CUSTOMERS,
            P.MERGE_CUSTOMERS,
            P.EXPORT_CUSTOMERS,
            P.ANONYMISE_CUSTOMERS,
        ),
    ),
    (
        N_("Service"),
        (
            P.MANAGE_TEMPLATES,
            P.WRITE_KNOWLEDGE,
            P.SEE_FLOOR,
            P.SEE_RULES,
            P.MANAGE_RULES,
            P.MANAGE_TAGS,
            P.MANAGE_FIELDS,
            P.REVIEW_CLASSIFICATION,
            P.SIMULATE,
            P.SEE_SURVEYS,
            P.MANAGE_SURVEYS,
        ),
    ),
    (N_("Staff"), (P.MANAGE_STAFF, P.MANAGE_ROLES)),
    (
        N_("System"),
        (
            P.SEE_SYSTEM,
            P.SEE_RAW,
            P.OPEN_INFECTED,
            P.REPAIR,
            P.MANAGE_CHANNELS,
            P.MANAGE_WEBHOOKS,
            P.MANAGE_KEYS,
            P.MANAGE_SIGN_IN,
            P.SEE_AUDIT,
            P.MANAGE_RETENTION,
        ),
    ),
)

SIGHTS: Mapping[Sight, Words] = {
    Sight.ALL: Words(name=N_("All tickets"), means=N_("Every ticket of every queue.")),
    Sight.QUEUES: Words(
        name=N_("Tickets of their queues"), means=N_("What is in the queues they work on, and their own.")
    ),
    Sight.OWN: Words(
        name=N_("Only their own tickets"),
        means=N_("What they have or are offered; nothing else is there for them."),
    ),
}


def role_name(voice: Voice, name: str) -> str:
    """What a role is called: one that was made as people called it."""
    return voice.say(ROLES[name]) if name in ROLES else name
