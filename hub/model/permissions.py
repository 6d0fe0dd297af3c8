"""What a person at the desk may do: a closed list, three roles that are always there, and how much of the work they see.

Programs have scopes instead (hub.model.people.Scope). Other roles are made by administrators and kept in the database.
"""

from enum import StrEnum


class Permission(StrEnum):
    """Each opens something; nothing is opened by the name of a role. What everybody at the desk may do has no permission: look
    at tickets in sight, take what nobody has, their own presence, preferences, notices, drafts, views and sign-in."""

    # Tickets
    ANSWER = "answer"
    WORK = "work"
    ASSIGN_OTHERS = "assign_others"
    RUN_TASKS = "run_tasks"
    LISTEN_IN = "listen_in"
    MANAGE_INCIDENTS = "manage_incidents"
    # Customers
    SEE_CUSTOMERS = "see_customers"
    CHANGE_CUSTOMERS = "change_customers"
    MERGE_CUSTOMERS = "merge_customers"
    EXPORT_CUSTOMERS = "export_customers"
    ANONYMISE_CUSTOMERS = "anonymise_customers"
    # Service
    MANAGE_TEMPLATES = "manage_templates"
    WRITE_KNOWLEDGE = "write_knowledge"
    SEE_FLOOR = "see_floor"
    SEE_RULES = "see_rules"
    MANAGE_RULES = "manage_rules"
    MANAGE_TAGS = "manage_tags"
    MANAGE_FIELDS = "manage_fields"
    REVIEW_CLASSIFICATION = "review_classification"
    SIMULATE = "simulate"
    SEE_SURVEYS = "see_surveys"
    MANAGE_SURVEYS = "manage_surveys"
    # Staff
    MANAGE_STAFF = "manage_staff"
    MANAGE_ROLES = "manage_roles"
    # System
    SEE_SYSTEM = "see_system"
    SEE_RAW = "see_raw"
    OPEN_INFECTED = "open_infected"
    REPAIR = "repair"
    MANAGE_CHANNELS = "manage_channels"
    MANAGE_WEBHOOKS = "manage_webhooks"
    MANAGE_KEYS = "manage_keys"
    MANAGE_SIGN_IN = "manage_sign_in"
    SEE_AUDIT = "see_audit"
    MANAGE_RETENTION = "manage_retention"


class Sight(StrEnum):
    """Which tickets a person can see, and so do anything with. own: those that they have or are offered. queues: those too, and
    all in the queues that they work on."""

    OWN = "own"
    QUEUES = "queues"
    ALL = "all"

    def within(self, other: "Sight") -> bool:
        """Whether whoever sees `other` sees all of this.

        >>> Sight.OWN.within(Sight.QUEUES), Sight.ALL.within(Sight.QUEUES)
        (True, False)
        """
        order = list(Sight)
        return order.index(self) <= order.index(other)


Permissions = frozenset[Permission]

_AGENT: Permissions = frozenset(
    {
        Permission.ANSWER,
        Permission.WORK,
        Permission.ASSIGN_OTHERS,
        Permission.RUN_TASKS,
        Permission.SEE_CUSTOMERS,
        Permission.CHANGE_CUSTOMERS,
        Permission.MANAGE_TEMPLATES,
        Permission.WRITE_KNOWLEDGE,
        Permission.SEE_FLOOR,
        Permission.SEE_RULES,
        Permission.SEE_SYSTEM,
        Permission.SEE_RAW,
    }
)
_SUPERVISOR: Permissions = _AGENT | {
    Permission.LISTEN_IN,
    Permission.MANAGE_INCIDENTS,
    Permission.MERGE_CUSTOMERS,
    Permission.MANAGE_RULES,
    Permission.MANAGE_TAGS,
    Permission.MANAGE_FIELDS,
    Permission.REVIEW_CLASSIFICATION,
    Permission.SIMULATE,
    Permission.SEE_SURVEYS,
    Permission.MANAGE_SURVEYS,
    Permission.MANAGE_STAFF,
    Permission.REPAIR,
}

BUILT_IN: dict[str, Permissions] = {
    "agent": _AGENT,
    "supervisor": _SUPERVISOR,
    "admin": frozenset(Permission),
}
"""The roles that are always there, by name; they see every ticket, and nobody changes them."""
