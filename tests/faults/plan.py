"""Which fault when: made from a seed beforehand, the same every time."""

import random
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

Kind = Literal[
    "kill",
    "crash",
    "stop",
    "sessions_end",
    "silence",
    "late",
    "mail_cut",
    "dot",
    "flood",
    "torn",
    "bot_cut",
    "restart",
]
ROW: dict[Kind, str] = {
    "kill": "F1", "crash": "F1", "stop": "F6", "sessions_end": "F15", "silence": "F17", "late": "F18", "mail_cut": "F32",
    "dot": "F46", "flood": "F53", "torn": "F58", "bot_cut": "F54", "restart": "F16",
}  # fmt: skip
"""The row of docs/faults.md that each belongs to."""
SHORT: tuple[Kind, ...] = (
    "kill", "crash", "sessions_end", "silence", "stop", "mail_cut", "dot", "flood", "torn",
)  # fmt: skip
LONG: tuple[Kind, ...] = (*SHORT, "kill", "crash", "late", "bot_cut", "restart")


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """`at`: seconds from the start; `lasts`: how long it goes on; `hub`: whose it is, where it is one hub's; `amount`: bytes,
    letters or calls, by kind; `point`: where a hub dies by itself."""

    at: float
    kind: Kind
    hub: int = 0
    lasts: float = 0.0
    amount: int = 0
    point: str = ""


def make_plan(
    seed: int,
    *,
    seconds: float,
    every: float,
    hubs: int,
    points: Sequence[str],
    kinds: Sequence[Kind] = LONG,
    longest_stop: float = 60.0,
    spared: int = -1,
) -> list[Fault]:
    """One about every so many seconds; each kind comes before any comes twice. `spared`: a hub that is never killed."""
    dice = random.Random(f"plan {seed}")
    plan: list[Fault] = []
    at, bag = every, list[Kind]()
    while at < seconds:
        if not bag:
            bag = list(kinds)
            dice.shuffle(bag)
        plan.append(_fault(dice, bag.pop(), at, hubs, points, longest_stop, spared))
        at += every * dice.uniform(0.7, 1.3)
    return plan


def _fault(
    dice: random.Random,
    kind: Kind,
    at: float,
    hubs: int,
    points: Sequence[str],
    longest_stop: float,
    spared: int,
) -> Fault:
    hub = dice.randrange(hubs)
    lasts, amount, point = 0.0, 0, ""
    match kind:
        case "kill" | "crash":
            hub = dice.choice([n for n in range(hubs) if n != spared])
            point = dice.choice(points) if kind == "crash" else ""
        case "stop":
            lasts = dice.uniform(0.3, 1.0) * longest_stop
        case "silence":
            lasts = dice.uniform(0.2, 0.6) * longest_stop
        case "late":
            lasts = dice.uniform(0.2, 0.5) * longest_stop
        case "mail_cut" | "bot_cut":
            amount = dice.randrange(1, 4000)
        case "dot":
            amount = dice.randrange(1, 3)
        case "flood":
            amount, lasts = dice.randrange(1, 4), dice.choice((1.0, 2.0, 3.0))
    return Fault(at=at, kind=kind, hub=hub, lasts=lasts, amount=amount, point=point)
