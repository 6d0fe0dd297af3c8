"""Administrative acts, scopes of keys and retention, in words."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from hub.actions.scanning.open_file import NOT_LOOKED_INTO
from hub.model.audit import AuditKind
from hub.model.people import Scope
from hub.model.permissions import Permission, Sight
from hub.web.desk.say.channel_settings import WORDS as SETTINGS
from hub.web.desk.say.language import LANGUAGES, N_, Voice
from hub.web.desk.say.roles import PERMISSIONS, SIGHTS, Words, role_name
from hub.web.desk.say.setup import FIELD_KINDS
from hub.web.desk.say.surveys import KINDS as SURVEY_KINDS
from hub.web.desk.say.words import KINDS

A = AuditKind

SCOPES: Mapping[Scope, Words] = {
    Scope.READ: Words(name=N_("Read access"), means=N_("Tickets, customers, queues, reports.")),
    Scope.WRITE: Words(name=N_("Write access"), means=N_("Answer, note, assign, change tickets and tasks.")),
    Scope.INGEST: Words(name=N_("Hand in"), means=N_("Bring in what customers said elsewhere.")),
    Scope.ADMIN: Words(name=N_("Everything"), means=N_("All of these, and all that an administrator may.")),
}

ACTS: Mapping[AuditKind, str] = {
    A.AGENT_ADDED: N_("Agent added"),
    A.AGENT_CHANGED: N_("Agent changed"),
    A.PASSWORD_RESET: N_("New password given"),
    A.SIGN_IN_CHANGED: N_("Sign-in changed"),
    A.SESSIONS_ENDED: N_("Sessions ended"),
    A.ROLE_ADDED: N_("Role added"),
    A.ROLE_CHANGED: N_("Role changed"),
    A.ROLE_REMOVED: N_("Role removed"),
    A.RULES_CHANGED: N_("Rules published"),
    A.CLASSIFIER_USED: N_("Classification model chosen"),
    A.CHANNEL_CHANGED: N_("Channel changed"),
    A.FIELDS_CHANGED: N_("Custom fields changed"),
    A.TAGS_CHANGED: N_("Tags changed"),
    A.ARTICLE_PUBLISHED: N_("Article published"),
    A.ARTICLE_WITHDRAWN: N_("Article withdrawn"),
    A.ARTICLE_CHANGED: N_("Article changed"),
    A.KNOWLEDGE_CHANGED: N_("Categories of articles changed"),
    A.SURVEY_CHANGED: N_("Survey changed"),
    A.SURVEYS_EXPORTED: N_("Survey results exported"),
    A.SURVEY_REFUSAL_LIFTED: N_("Surveys allowed again"),
    A.SURVEY_REFUSAL_RESTORED: N_("Surveys refused again"),
    A.KEY_ADDED: N_("API key made"),
    A.KEY_CHANGED: N_("API key changed"),
    A.KEY_REVOKED: N_("API key revoked"),
    A.WEBHOOK_ADDED: N_("Webhook added"),
    A.WEBHOOK_CHANGED: N_("Webhook changed"),
    A.WEBHOOK_SECRET: N_("Webhook: new secret"),
    A.WEBHOOK_REMOVED: N_("Webhook removed"),
    A.SECRETS_RESEALED: N_("Secrets sealed with a new key"),
    A.FILE_OPENED_ANYWAY: N_("File downloaded past the virus scanner"),
    A.RAW_SEEN: N_("Raw item downloaded"),
    A.ITEM_REPLAYED: N_("Quarantine: read again"),
    A.ITEM_DISCARDED: N_("Quarantine: discarded"),
    A.CUSTOMERS_MERGED: N_("Customers merged"),
    A.CUSTOMERS_PARTED: N_("Merge of customers undone"),
    A.IDENTITY_CHANGED: N_("Identity vouched for or removed"),
    A.CUSTOMER_EXPORTED: N_("Customer exported"),
    A.CUSTOMER_ANONYMISED: N_("Customer anonymised"),
    A.HOLD_SET: N_("Legal hold set"),
    A.HOLD_LIFTED: N_("Legal hold lifted"),
    A.RETENTION_CHANGED: N_("Retention changed"),
    A.AUDIT_EXPORTED: N_("Audit trail exported"),
}

ABOUT: Mapping[str, str] = {
    "name": N_("Name"),
    "role": N_("Role"),
    "queues": N_("Queues"),
    "permissions": N_("Permissions"),
    "sight": N_("Sees"),
    "based_on": N_("Based on"),
    "scopes": N_("Scopes"),
    "expires_at": N_("Ends"),
    "version": N_("Version"),
    "note": N_("Note"),
    "url": N_("Address"),
    "enabled": N_("Switched on"),
    "locale": N_("Language of the screen"),
    "languages": N_("Languages"),
    "skills": N_("Skills"),
    "capacity": N_("Tickets at once"),
    "live_capacity": N_("Live conversations at once"),
    "calendar": N_("Shifts"),
    "active": N_("May sign in"),
    "days": N_("Days kept"),
    "depth": N_("What is taken away"),
    "reason": N_("Reason"),
    "kind": N_("Kind"),
    "agent": N_("By whom"),
    "since": N_("First day"),
    "until": N_("Last day"),
    "tickets": N_("Tickets"),
    "files": N_("Files"),
    "file": N_("File"),
    "ticket": N_("Ticket"),
    "found": N_("What the virus scanner found"),
    "language": N_("Language"),
    "visibility": N_("Who reads it"),
    "category": N_("Category"),
    "tags": N_("Tags"),
    "archived": N_("Archived"),
    "title_en": N_("Label in English"),
    "title_zh": N_("Label in Chinese"),
    "retired": N_("Retired"),
    "on": N_("Switched on"),
    "address": N_("Address"),
    "label": N_("Name"),
    "required": N_("Needed"),
    "secrets_renewed": N_("Passwords renewed"),
    "form": N_("Form"),
    "ticket_kind": N_("Every post is"),
    "added": N_("Added"),
    "moved": N_("Moved"),
}
"""What a detail of an act is called; others are shown by the word that the trail has for them."""


_MOMENTS = ("expires_at", "since", "until")
_KINDS: Mapping[str, str] = {**FIELD_KINDS, **SURVEY_KINDS, **KINDS}
_SETTINGS: Mapping[str, str] = {name: words.label for (_, name), words in SETTINGS.items()}
"""Of a channel: what its page calls them."""
_MOVED = {"up": N_("Up"), "down": N_("Down")}


def say_about(voice: Voice, name: str) -> str:
    known = ABOUT.get(name) or _SETTINGS.get(name)
    return voice.say(known) if known else name


def say_value(voice: Voice, name: str, value: Any) -> str:
    """A detail's value, as short as it can be."""
    if value is None or value == "" or value == [] or value == {}:
        return "–"
    if isinstance(value, bool):
        return voice.say(N_("yes")) if value else voice.say(N_("no"))
    if isinstance(value, list):
        return voice.say(N_(", ")).join(say_value(voice, name, one) for one in value)
    if isinstance(value, dict):
        return voice.say(N_(", ")).join(f"{key} {say_value(voice, '', one)}" for key, one in value.items())
    if name in _MOMENTS and isinstance(value, str):
        return voice.moment(datetime.fromisoformat(value))
    if name == "permissions" and value in set(Permission):
        return voice.say(PERMISSIONS[Permission(value)].name)
    if name == "sight" and value in set(Sight):
        return voice.say(SIGHTS[Sight(value)].name)
    if name in ("role", "based_on"):
        return role_name(voice, str(value))
    if name == "kind" and value in set(AuditKind):
        return voice.say(ACTS[AuditKind(value)])
    if name in ("kind", "ticket_kind") and value in _KINDS:
        return voice.say(_KINDS[value])
    if name == "language" and value in LANGUAGES:
        return LANGUAGES[value]
    if name == "found" and value == NOT_LOOKED_INTO:
        return voice.say(N_("not looked into"))
    if name == "moved":
        return voice.say(_MOVED.get(str(value), str(value)))
    if name == "scopes" and value in set(Scope):
        return voice.say(SCOPES[Scope(value)].name)
    return str(value)
