"""What a ticket is and how it may change. The whole transition table is here."""

from enum import IntEnum, StrEnum


class TicketKind(StrEnum):
    COMPLAINT = "complaint"
    FEEDBACK = "feedback"
    ENQUIRY = "enquiry"
    REQUEST = "request"


class TicketStatus(StrEnum):
    """open: the company owes an answer. pending: the customer does. resolved: done, reopens by itself when the
    customer writes. closed: done for good; a new message opens a new ticket."""

    OPEN = "open"
    PENDING = "pending"
    RESOLVED = "resolved"
    CLOSED = "closed"


class Priority(IntEnum):
    LOW = 1
    NORMAL = 2
    HIGH = 3
    URGENT = 4


_MOVES = {
    TicketStatus.OPEN: {TicketStatus.PENDING, TicketStatus.RESOLVED, TicketStatus.CLOSED},
    TicketStatus.PENDING: {TicketStatus.OPEN, TicketStatus.RESOLVED, TicketStatus.CLOSED},
    TicketStatus.RESOLVED: {TicketStatus.OPEN, TicketStatus.PENDING, TicketStatus.CLOSED},
    TicketStatus.CLOSED: {TicketStatus.OPEN},
}


def may_become(now: TicketStatus, then: TicketStatus) -> bool:
    """Whether a person may move a ticket from `now` to `then`."""
    return then in _MOVES[now]


def calls_back(status: TicketStatus, *, by_hand: bool) -> bool:
    """Whether a letter of ours that did not arrive opens its ticket again: one that waits for an answer to it, and one that was
    resolved although the customer was not told. `by_hand`: a person or a program wrote it; what the hub itself sends after the
    end, a question how they liked it, brings nobody back."""
    return status is TicketStatus.PENDING or (by_hand and status is TicketStatus.RESOLVED)


def held(status: TicketStatus, *, live: bool, weight: int) -> int:
    """What a ticket counts for whoever has it. A conversation with somebody who sits at the other end keeps one of the agent's
    places for those, also while they wait for the customer; any other ticket takes `weight` units of capacity while it waits
    for the company. The database works out the same for `ticket.held`."""
    if live:
        return int(status in (TicketStatus.OPEN, TicketStatus.PENDING))
    return weight if status is TicketStatus.OPEN else 0


class EventKind(StrEnum):
    """What the ledger and the live feed speak of. Ids only; never content."""

    TICKET_OPENED = "ticket_opened"
    INTERACTION_ADDED = "interaction_added"
    INTERACTION_REVISED = "interaction_revised"
    TICKET_ASSIGNED = "ticket_assigned"
    TICKET_RELEASED = "ticket_released"
    LIVE_ENDED = "live_ended"
    LIVE_AGAIN = "live_again"
    STATUS_CHANGED = "status_changed"
    DELIVERY_CHANGED = "delivery_changed"
    PRESENCE_CHANGED = "presence_changed"
    CHANNEL_CHANGED = "channel_changed"
    CHANNEL_GAP = "channel_gap"
    QUARANTINED = "quarantined"
    SESSION_ENDED = "session_ended"
    THREAD_TOKEN_INVALID = "thread_token_invalid"  # noqa: S105 - the name of an event
    IDENTITY_CONFLICT = "identity_conflict"
    RELATED = "related"
    ENTRIES_MOVED = "entries_moved"
    MOVE_UNDONE = "move_undone"
    PARTICIPANTS_CHANGED = "participants_changed"
    CUSTOMER_CHANGED = "customer_changed"
    LOOP_STOPPED = "loop_stopped"
    SLA_WARNING = "sla_warning"
    SLA_BREACHED = "sla_breached"
    SLA_RECOMPUTED = "sla_recomputed"
    PRIORITY_CHANGED = "priority_changed"
    KIND_CHANGED = "kind_changed"
    QUEUE_CHANGED = "queue_changed"
    CLASSIFIER_CHANGED = "classifier_changed"
    TICKET_OFFERED = "ticket_offered"
    OFFER_SETTLED = "offer_settled"
    TICKET_UNPLACEABLE = "ticket_unplaceable"
    RULES_CHANGED = "rules_changed"
    AGENT_ADDED = "agent_added"
    AGENT_CHANGED = "agent_changed"
    ROLES_CHANGED = "roles_changed"
    TAGS_CHANGED = "tags_changed"
    FIELDS_CHANGED = "fields_changed"
    TICKET_SNOOZED = "ticket_snoozed"
    TICKET_WOKE = "ticket_woke"
    RULE_STOPPED = "rule_stopped"
    RULE_RESUMED = "rule_resumed"
    FOLLOWERS_CHANGED = "followers_changed"
    MACRO_RUN = "macro_run"
    MACRO_UNDONE = "macro_undone"
    NOTICES_CHANGED = "notices_changed"
    TASK_ADDED = "task_added"
    TASK_CHANGED = "task_changed"
    WEBHOOKS_CHANGED = "webhooks_changed"
    SCHEDULE_CHANGED = "schedule_changed"
    LINKED = "linked"
    UNLINKED = "unlinked"
    CUSTOMERS_MERGED = "customers_merged"
    INCIDENT_CHANGED = "incident_changed"
    LISTENING_CHANGED = "listening_changed"
    TALK_SHUT = "talk_shut"
    TALK_OPENED = "talk_opened"
    SURVEY_SENT = "survey_sent"
    SURVEY_ANSWERED = "survey_answered"
    FILE_CHECKED = "file_checked"
    SIGNED_IN = "signed_in"
    SIGN_IN_FAILED = "sign_in_failed"
    SECOND_STEP_SET_UP = "second_step_set_up"
    SECOND_STEP_REMOVED = "second_step_removed"
    RECOVERY_CODE_USED = "recovery_code_used"
    RECOVERY_CODES_MADE = "recovery_codes_made"
    PASSWORD_CHANGED = "password_changed"  # noqa: S105 - the name of an event
    COMPANY_LOGIN_LINKED = "company_login_linked"
    COMPANY_LOGIN_UNLINKED = "company_login_unlinked"
    SIGN_IN_POLICY_CHANGED = "sign_in_policy_changed"
