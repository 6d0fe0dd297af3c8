"""Retention in words."""

from collections.abc import Mapping

from hub.model.retention import Depth, Kept
from hub.web.desk.say.language import N_, Voice
from hub.web.desk.say.roles import Words

POLICIES: Mapping[Kept, Words] = {
    Kept.MESSAGES: Words(
        name=N_("Messages and files of closed tickets"),
        means=N_(
            "Counted from the last change of the ticket. That there was a message, when and by which channel stays."
        ),
    ),
    Kept.CUSTOMERS: Words(
        name=N_("Customers who were not heard of"),
        means=N_("Name, addresses and everything said are taken away; nobody who has an open ticket."),
    ),
    Kept.RAW: Words(
        name=N_("Originals as they came in"),
        means=N_("Letters and messages byte for byte. What was read out of them stays on the ticket."),
    ),
    Kept.EVENTS: Words(
        name=N_("Step by step what happened"),
        means=N_("The ledger of closed tickets, by which simulation and reports look back."),
    ),
    Kept.WEBHOOK_CALLS: Words(
        name=N_("Calls to other programs"), means=N_("What webhooks sent, and what was answered.")
    ),
    Kept.NOTICES: Words(name=N_("Notices"), means=N_("What the bell told each agent.")),
    Kept.AUDIT: Words(
        name=N_("Audit trail"), means=N_("Administrative acts. Nothing younger than a year can go.")
    ),
    Kept.VOTES: Words(
        name=N_("What readers said of articles"),
        means=N_("Their words, and which visitor said what. How many were helped stays counted."),
    ),
    Kept.PICTURES: Words(
        name=N_("Pictures that no article shows"),
        means=N_(
            "Neither a text nor a version that was published. Counted from when the last one let go of it."
        ),
    ),
}

DEPTH_WORDS: Mapping[Depth, str] = {
    Depth.FILES: N_("Files and originals only"),
    Depth.WORDS: N_("Words and files"),
    Depth.ALL: N_("All of it"),
}


def say_days(voice: Voice, days: int) -> str:
    """In the largest unit that fits to a few days."""
    if days >= 365 and days % 365 <= days // 365:
        return voice.count("%(num)s year", "%(num)s years", days // 365)
    if days % 30 == 0 and days > 30:
        return voice.count("%(num)s month", "%(num)s months", days // 30)
    return voice.count("%(num)s day", "%(num)s days", days)
