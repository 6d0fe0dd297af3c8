"""The keys of the desk: every command, by which keys it goes unless an agent chose others, and what may be chosen. Pure.

A key is named by its place (the `code` of a KeyboardEvent, UI Events 2024), so that it is the same under every layout and
input method; pressed one after the other they are parted by a space. `$mod` is Ctrl, or ⌘.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Command:
    """`fixed`: it stays where it is, for it belongs to a text field, to a dialog, or to what every program does."""

    name: str
    keys: str
    fixed: bool = False


COMMANDS: Mapping[str, tuple[Command, ...]] = {
    "list": (
        Command("next", "KeyJ"),
        Command("previous", "KeyK"),
        Command("open", "KeyO"),
        Command("back", "KeyU"),
        Command("select", "KeyX"),
        Command("select_range", "Shift+KeyX"),
        Command("search", "Slash"),
    ),
    "write": (
        Command("reply", "KeyR"),
        Command("note", "KeyN"),
        Command("macro", "KeyM"),
        Command("articles", "Shift+KeyK"),
        Command("send", "$mod+Enter", fixed=True),
        Command("send_resolve_next", "$mod+Shift+Enter", fixed=True),
        Command("undo", "$mod+KeyZ", fixed=True),
        Command("leave", "Escape", fixed=True),
    ),
    "ticket": (
        Command("assign", "KeyA"),
        Command("take", "KeyI"),
        Command("resolve", "KeyE"),
        Command("resolve_next", "Shift+KeyE"),
        Command("snooze", "KeyZ"),
        Command("tag", "KeyT"),
        Command("priority", "KeyP"),
        Command("kind", "Shift+KeyC"),
        Command("kind_right", "Shift+KeyY"),
        Command("queue", "Shift+KeyQ"),
        Command("follow", "Shift+KeyF"),
        Command("rating", "Shift+KeyR"),
        Command("copy_number", "Period"),
        Command("accept_offer", "Shift+KeyA"),
        Command("decline_offer", "Shift+KeyD"),
    ),
    "go": (
        Command("go_inbox", "KeyG KeyI"),
        Command("go_unassigned", "KeyG KeyU"),
        Command("go_all", "KeyG KeyA"),
        Command("go_customers", "KeyG KeyC"),
        Command("go_rules", "KeyG KeyR"),
        Command("go_tasks", "KeyG KeyT"),
        Command("go_notices", "KeyG KeyN"),
        Command("go_floor", "KeyG KeyF"),
        Command("go_knowledge", "KeyG KeyK"),
    ),
    "screen": (
        Command("palette", "$mod+KeyK", fixed=True),
        Command("help", "Shift+Slash"),
        Command("list_pane", "BracketLeft"),
        Command("customer_pane", "BracketRight"),
        Command("theme", "KeyD"),
    ),
}
"""By what they are about. A letter alone, and g with a letter, is what agents of other desks know; whatever else there is goes
with Shift."""

BY_NAME: Mapping[str, Command] = {one.name: one for group in COMMANDS.values() for one in group}

_PLACE = (
    r"(?:Key[A-Z]|Digit[0-9]|F(?:[2-9]|10)|Slash|Backslash|Period|Comma|Semicolon|Quote|Minus|Equal"
    r"|BracketLeft|BracketRight|Backquote)"
)
_CHOICE = re.compile(rf"(?:Shift\+)?{_PLACE}(?: (?:Shift\+)?{_PLACE})?")
_SIGNS = {
    "Slash": "/", "Backslash": "\\", "Period": ".", "Comma": ",", "Semicolon": ";", "Quote": "'", "Minus": "-", "Equal": "=",
    "BracketLeft": "[", "BracketRight": "]", "Backquote": "`", "Escape": "Esc",
}  # fmt: skip


class BadKeys(ValueError):
    """A choice that cannot be. `command` wants `keys`, which `other` has too; `other` is "" where they are no keys at all."""

    def __init__(self, command: str, keys: str, other: str = "") -> None:
        super().__init__(f"{command}: {keys} {'is what ' + other + ' has' if other else 'are no keys'}")
        self.command, self.keys, self.other = command, keys, other


def keys_in_use(chosen: Mapping[str, Any]) -> dict[str, str]:
    """Every command's keys, as an agent's own choice (the column agent.keys) has them; "" for a command without keys."""
    own = chosen.get("keys", {})
    return {name: one.keys if one.fixed else str(own.get(name, one.keys)) for name, one in BY_NAME.items()}


def are_off(chosen: Mapping[str, Any]) -> bool:
    """Whether the agent wants no command on a bare key. Those with Ctrl or ⌘, and Esc, stay."""
    return bool(chosen.get("off"))


def choose_keys(wanted: Mapping[str, str], *, off: bool) -> dict[str, Any]:
    """What is kept of a choice: only what differs from the usual. Raises BadKeys.

    >>> choose_keys({"reply": "KeyY"}, off=False)
    {'keys': {'reply': 'KeyY'}}
    """
    own: dict[str, str] = {}
    for name, keys in wanted.items():
        command = BY_NAME.get(name)
        if command is None or command.fixed:
            continue
        if keys and not _CHOICE.fullmatch(keys):
            raise BadKeys(name, keys)
        if keys != command.keys:
            own[name] = keys
    _check_alone(keys_in_use({"keys": own}), own)
    return {**({"off": True} if off else {}), **({"keys": own} if own else {})}


def _check_alone(in_use: Mapping[str, str], own: Mapping[str, str]) -> None:
    """No two commands share their keys, and none is the beginning of another."""
    known: dict[str, str] = {}
    # Those that were changed come last: it is they that are wrong.
    for name in sorted((one for one in in_use if in_use[one]), key=lambda one: one in own):
        for keys, other in known.items():
            mine = in_use[name]
            if keys == mine or keys.startswith(f"{mine} ") or mine.startswith(f"{keys} "):
                raise BadKeys(name, mine, other)
        known[in_use[name]] = name


def caps(keys: str) -> list[list[str]]:
    """What is written on the keys: of each press, the keys that are held together.

    >>> caps("KeyG KeyI"), caps("Shift+KeyE"), caps("Shift+Slash")
    ([['g'], ['i']], [['Shift', 'e']], [['?']])
    """
    return [_cap(press) for press in keys.split()]


def _cap(press: str) -> list[str]:
    if press == "Shift+Slash":
        return ["?"]
    return [_sign(part) for part in press.split("+")]


def _sign(part: str) -> str:
    if part == "$mod":
        return "Ctrl/⌘"
    if part.startswith(("Key", "Digit")):
        return part[-1].lower()
    return _SIGNS.get(part, part)
