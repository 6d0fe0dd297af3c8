"""The table of keys in words: the help, the palette and the page of preferences are made of it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from hub.actions.people.own_keys import KeysRefused
from hub.model.keys import BY_NAME, COMMANDS, are_off, caps, keys_in_use
from hub.model.pinyin import ways_to_type
from hub.web.desk.say.language import N_, Voice

GROUPS: Mapping[str, str] = {
    "list": N_("In the list"),
    "write": N_("Writing"),
    "ticket": N_("On the ticket"),
    "go": N_("Go to"),
    "screen": N_("The screen"),
}
NAMES: Mapping[str, str] = {
    "next": N_("Next ticket"),
    "previous": N_("Previous ticket"),
    "open": N_("Open the ticket"),
    "back": N_("Back to the list"),
    "select": N_("Select the ticket"),
    "select_range": N_("Select up to here"),
    "search": N_("Search"),
    "reply": N_("Write a reply"),
    "note": N_("Write an internal note"),
    "macro": N_("Run a macro"),
    "articles": N_("Look for an article"),
    "send": N_("Send"),
    "send_resolve_next": N_("Send, resolve, open the next"),
    "undo": N_("Undo"),
    "leave": N_("Leave the text, close a menu"),
    "assign": N_("Assign to a colleague"),
    "take": N_("Take the ticket"),
    "resolve": N_("Resolve the ticket"),
    "resolve_next": N_("Resolve, open the next"),
    "snooze": N_("Snooze the ticket"),
    "tag": N_("Put on a tag"),
    "priority": N_("Change the priority"),
    "kind": N_("Change the kind"),
    "kind_right": N_("Say that an uncertain kind is right"),
    "queue": N_("Move to another queue"),
    "follow": N_("Follow the ticket, or no longer"),
    "rating": N_("Invite a rating"),
    "copy_number": N_("Copy the ticket's number"),
    "accept_offer": N_("Accept what you are offered"),
    "decline_offer": N_("Decline what you are offered"),
    "go_inbox": N_("Go to my tickets"),
    "go_unassigned": N_("Go to unassigned tickets"),
    "go_all": N_("Go to all tickets"),
    "go_customers": N_("Go to customers"),
    "go_rules": N_("Go to rules"),
    "go_tasks": N_("Go to tasks"),
    "go_notices": N_("Go to notices"),
    "go_floor": N_("Go to the floor"),
    "go_knowledge": N_("Go to the knowledge base"),
    "palette": N_("Command palette"),
    "help": N_("Keyboard shortcuts"),
    "list_pane": N_("Hide or show the list"),
    "customer_pane": N_("Hide or show the customer"),
    "theme": N_("Theme: system, light, dark"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class SaidCommand:
    """`caps`: of each press in turn, what is written on the keys held together; empty where the command has no keys.
    `search`: what it is found by beside its name."""

    name: str
    title: str
    keys: str
    caps: Sequence[Sequence[str]]
    fixed: bool
    search: str


def key_table(voice: Voice, chosen: Mapping[str, Any]) -> list[tuple[str, list[SaidCommand]]]:
    """Every command under its heading, with the keys by which it goes for an agent who chose `chosen` (agent.keys)."""
    return [
        (voice.say(GROUPS[group]), [say_command(voice, one.name, chosen) for one in commands])
        for group, commands in COMMANDS.items()
    ]


def say_command(voice: Voice, name: str, chosen: Mapping[str, Any]) -> SaidCommand:
    command, keys, title = BY_NAME[name], keys_in_use(chosen)[name], voice.say(NAMES[name])
    return SaidCommand(
        name=name,
        title=title,
        keys=keys,
        caps=caps(keys),
        fixed=command.fixed,
        search=sought(title if title == NAMES[name] else f"{title} {NAMES[name]}"),
    )


def caps_of(chosen: Mapping[str, Any], name: str) -> list[list[str]]:
    """What is written on the keys of one command; nothing where the agent has switched single keys off."""
    return [] if are_off(chosen) else caps(keys_in_use(chosen)[name])


def say_keys_refused(voice: Voice, failure: KeysRefused) -> str:
    """Which two commands want the same keys."""
    reason = failure.reason
    keys = show_keys(reason.keys)
    if not reason.other:
        return voice.say(
            N_(
                "“%(command)s” cannot go by “%(keys)s”: a key, Shift and a key, or two keys one after the other."
            ),
            command=voice.say(NAMES[reason.command]),
            keys=keys,
        )
    return voice.say(
        N_("“%(command)s” cannot go by %(keys)s: that is what “%(other)s” begins with."),
        command=voice.say(NAMES[reason.command]),
        keys=keys,
        other=voice.say(NAMES[reason.other]),
    )


def show_keys(keys: str) -> str:
    """On one line, as a sentence names them.

    >>> show_keys("Shift+KeyE"), show_keys("KeyG KeyI")
    ('Shift+e', 'g i')
    """
    return " ".join("+".join(press) for press in caps(keys))


@lru_cache(maxsize=4096)
def sought(text: str) -> str:
    """By what a text is found: itself in small letters, and how it is typed in pinyin."""
    return " ".join((text.lower(), *ways_to_type(text)))
