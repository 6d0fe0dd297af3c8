"""Work that takes a processor for seconds, in a process of its own, so that nobody who waits notices: one job by stdin, what
came of it by stdout. The process holds no secret and opens nothing."""

import asyncio
import os
import pickle
import sys
from collections.abc import Callable
from typing import Any

GENTLE = 10
"""By so much the process steps back behind the others (nice)."""


class ApartFailed(Exception):
    """The process came to nothing; the text says why."""


async def work_apart(module: str, job: object, *, longest_seconds: float) -> Any:
    """Have `python -m module` do the job, wait, and return what it answers. Raises ApartFailed. When the caller is cancelled
    the process is ended."""
    # A group and not a session of its own: Linux weighs niceness within a session only (sched(7), "The autogroup feature").
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", module,
        stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE, process_group=0,
    )  # fmt: skip
    try:
        async with asyncio.timeout(longest_seconds):
            answer, _ = await process.communicate(pickle.dumps(job, protocol=5))
    except TimeoutError as error:
        raise ApartFailed(f"{module} took longer than {longest_seconds:g} s.") from error
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
    if process.returncode:
        raise ApartFailed(f"{module} ended with {process.returncode}; the log says why.")
    return pickle.loads(answer)  # noqa: S301 - from our own child, over a pipe that nobody else has


def serve_apart(work: Callable[[Any], object]) -> None:
    """The other end, in the process's `main`: do the job that comes. A fault ends the process with its trace in the log."""
    # What a library prints goes to the log, not into the answer.
    source, sink = sys.stdin.buffer, os.fdopen(os.dup(sys.stdout.fileno()), "wb")
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())
    os.nice(GENTLE)
    job = pickle.loads(source.read())  # noqa: S301 - from our own parent
    sink.write(pickle.dumps(work(job), protocol=5))
    sink.flush()
