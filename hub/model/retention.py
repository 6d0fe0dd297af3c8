"""What is kept for how long. Nothing is taken away that no policy names, and nearly nothing before somebody switched one on."""

from collections.abc import Mapping
from enum import StrEnum


class Kept(StrEnum):
    """What a policy is about. Those that are switched on from the first day forget that calls and notices were made, and take
    pictures that no article shows."""

    MESSAGES = "messages"
    CUSTOMERS = "customers"
    RAW = "raw"
    EVENTS = "events"
    WEBHOOK_CALLS = "webhook_calls"
    NOTICES = "notices"
    AUDIT = "audit"
    VOTES = "votes"
    PICTURES = "pictures"


class Depth(StrEnum):
    """How much of a closed ticket goes: its files, or its words too."""

    FILES = "files"
    WORDS = "words"
    ALL = "all"


LEAST_DAYS: Mapping[Kept, int] = {
    Kept.MESSAGES: 30,
    Kept.CUSTOMERS: 90,
    Kept.RAW: 30,
    Kept.EVENTS: 90,
    Kept.WEBHOOK_CALLS: 7,
    Kept.NOTICES: 90,
    Kept.AUDIT: 366,
    Kept.VOTES: 30,
    Kept.PICTURES: 7,
}
"""Shorter would take away what the hub still works with: a reply that is looked for, a notice that must not come twice, a
picture of a text that is still being written. The audit trail lets go of nothing younger than a year."""

MOST_DAYS = 36_500

DEPTHS: Mapping[Kept, tuple[Depth, ...]] = {
    kept: (Depth.FILES, Depth.WORDS) if kept is Kept.MESSAGES else (Depth.ALL,) for kept in Kept
}
