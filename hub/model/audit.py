"""What is written down of those who run this hub: administrative acts, each with who did it and what was before."""

from enum import StrEnum


class AuditKind(StrEnum):
    """Closed list; screens call each by a name (hub.web.desk.say.audit)."""

    AGENT_ADDED = "agent_added"
    AGENT_CHANGED = "agent_changed"
    PASSWORD_RESET = "password_reset"  # noqa: S105 - the name of an act
    SIGN_IN_CHANGED = "sign_in_changed"
    SESSIONS_ENDED = "sessions_ended"
    ROLE_ADDED = "role_added"
    ROLE_CHANGED = "role_changed"
    ROLE_REMOVED = "role_removed"
    RULES_CHANGED = "rules_changed"
    CLASSIFIER_USED = "classifier_used"
    CHANNEL_CHANGED = "channel_changed"
    FIELDS_CHANGED = "fields_changed"
    TAGS_CHANGED = "tags_changed"
    ARTICLE_PUBLISHED = "article_published"
    ARTICLE_WITHDRAWN = "article_withdrawn"
    ARTICLE_CHANGED = "article_changed"
    KNOWLEDGE_CHANGED = "knowledge_changed"
    KEY_ADDED = "key_added"
    KEY_CHANGED = "key_changed"
    KEY_REVOKED = "key_revoked"
    WEBHOOK_ADDED = "webhook_added"
    WEBHOOK_CHANGED = "webhook_changed"
    WEBHOOK_SECRET = "webhook_secret"  # noqa: S105 - the name of an act
    WEBHOOK_REMOVED = "webhook_removed"
    RAW_SEEN = "raw_seen"
    ITEM_REPLAYED = "item_replayed"
    ITEM_DISCARDED = "item_discarded"
    CUSTOMERS_MERGED = "customers_merged"
    CUSTOMERS_PARTED = "customers_parted"
    IDENTITY_CHANGED = "identity_changed"
    CUSTOMER_EXPORTED = "customer_exported"
    CUSTOMER_ANONYMISED = "customer_anonymised"
    HOLD_SET = "hold_set"
    HOLD_LIFTED = "hold_lifted"
    RETENTION_CHANGED = "retention_changed"
    AUDIT_EXPORTED = "audit_exported"
