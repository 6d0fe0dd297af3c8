"""What the bell of the desk rings for."""

from enum import StrEnum


class NoticeKind(StrEnum):
    """Why an agent is told something. They may leave out what they do not want to hear."""

    ASSIGNED_TO_YOU = "assigned_to_you"
    MENTIONED = "mentioned"
    FOLLOWED_MESSAGE = "followed_message"
    FOLLOWED_ASSIGNED = "followed_assigned"
    FOLLOWED_RESOLVED = "followed_resolved"
    SLA_WARNING = "sla_warning"
    SLA_BREACHED = "sla_breached"
    UNPLACEABLE = "unplaceable"
    OFFER_EXPIRED = "offer_expired"
    AWAY = "away"
    SNOOZE_OVER = "snooze_over"
    TASK_GIVEN = "task_given"
    TASK_DUE = "task_due"
    TASK_DONE = "task_done"
    RULE = "rule"
    RULE_STOPPED = "rule_stopped"
    WEBHOOK_FAILING = "webhook_failing"
    SCHEDULE_CANCELLED = "schedule_cancelled"
    NOT_DELIVERED = "not_delivered"
