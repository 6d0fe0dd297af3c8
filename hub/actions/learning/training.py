"""Learning from examples, in a process of its own: it takes seconds of a processor, which nobody who waits shall notice."""

from collections.abc import Sequence
from dataclasses import dataclass

from hub.actions.apart import work_apart
from routing.learn.judge import Judgement
from routing.learn.train import Example

LONGEST_SECONDS = 900.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """`in_use`: the model that has a say now, as it is kept, b"" for none, and up to which correction it learned."""

    examples: Sequence[Example]
    methods: Sequence[str]
    in_use: bytes = b""
    learned_until: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Trained:
    """What one method made of the examples."""

    method: str
    document: bytes
    judgement: Judgement
    seconds: float


async def train_apart(job: Job) -> list[Trained]:
    """Run it and wait. Raises ApartFailed."""
    trained: list[Trained] = await work_apart(
        "hub.actions.learning.training_process", job, longest_seconds=LONGEST_SECONDS
    )
    return trained
