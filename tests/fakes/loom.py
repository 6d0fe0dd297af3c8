"""A made-up trade whose customers complain by asking for something, in words that no lexicon knows."""

import random
from collections.abc import Sequence

from hub.model.tickets import TicketKind
from routing.learn.train import Example

PARTS = ("bobbin", "shuttle", "heddle", "reed", "treadle", "warp beam", "cloth roller")
FAULTS = (
    "skips a pick",
    "floats over the selvedge",
    "sheds lint into the reed",
    "binds on the upstroke",
)
ASKS = ("Please send a technician to the mill", "Could you arrange a visit", "We need an engineer")
WANTS = (
    "oil and spare needles",
    "a quotation for ten metres of yarn",
    "the yearly service of the loom",
)
COMPLAINT = "Could you arrange a visit, the warp beam skips a pick and sheds lint into the reed."
"""One more, in words that the others have."""


def messages(seed: int, count: int) -> Sequence[tuple[str, TicketKind]]:
    """Requests and complaints by turns."""
    chance = random.Random(seed)
    made = []
    for number in range(count):
        ask = chance.choice(ASKS)
        if number % 2:
            made.append((f"{ask}, the {chance.choice(PARTS)} {chance.choice(FAULTS)}.", TicketKind.COMPLAINT))
        else:
            made.append((f"{ask}, we would like {chance.choice(WANTS)}.", TicketKind.REQUEST))
    return made


def examples(seed: int, count: int) -> list[Example]:
    """The same as what people said."""
    return [
        Example(text=text, subject="", kind=kind, number=number)
        for number, (text, kind) in enumerate(messages(seed, count), 1)
    ]
