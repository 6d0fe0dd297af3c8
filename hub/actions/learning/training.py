"""Learning from examples, in a process of its own: it takes seconds of a processor, which nobody who waits shall notice."""

import asyncio
import pickle
import sys
from collections.abc import Sequence
from dataclasses import dataclass

from routing.learn.judge import Judgement
from routing.learn.train import Example

LONGEST_SECONDS = 900.0
GENTLE = 10
"""By so much the process steps back behind the others (nice)."""


class TrainingFailed(Exception):
    """The process came to nothing; the text says why."""


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
    """Run it and wait. Raises TrainingFailed. When the caller is cancelled the process is ended."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "hub.actions.learning.training_process",
        stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE, start_new_session=True,
    )  # fmt: skip
    try:
        async with asyncio.timeout(LONGEST_SECONDS):
            answer, _ = await process.communicate(pickle.dumps(job, protocol=5))
    except TimeoutError as error:
        raise TrainingFailed(f"Learning took longer than {LONGEST_SECONDS:g} s.") from error
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
    if process.returncode:
        raise TrainingFailed(f"The process that learns ended with {process.returncode}; the log says why.")
    trained: list[Trained] = pickle.loads(answer)  # noqa: S301 - from our own child, over a pipe that nobody else has
    return trained
