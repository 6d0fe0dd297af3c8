"""What runs in the simulating process: one question by stdin; how far it is and the answer by stdout, a line of JSON each. Holds no
secret and opens nothing; whoever works at the desk of the same machine comes first."""

import os
import pickle
import sys
import time
from dataclasses import dataclass
from typing import Any, BinaryIO

import orjson

from routing.rules import load_rules
from routing.simulate.bygone import Usual
from routing.simulate.past import Past
from routing.simulate.question import answer, read_question
from routing.simulate.trouble import CannotSimulate

NICE = 10
TELL_SECONDS = 0.5


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """A question as a document, the rules in use as one, and for history what happened."""

    question: dict[str, Any]
    in_use: dict[str, Any]
    past: Past | None
    usual: Usual


def main() -> None:
    """Read the job, write lines until the last one."""
    source, sink = sys.stdin.buffer, os.fdopen(os.dup(sys.stdout.fileno()), "wb")
    # What a library prints goes to the log, not between the lines.
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())
    os.nice(NICE)
    job: Job = pickle.load(source)  # noqa: S301 - from our own parent
    told = float("-inf")

    def tell(share: float) -> None:
        nonlocal told
        if time.monotonic() - told >= TELL_SECONDS:
            told = time.monotonic()
            _write(sink, {"progress": share})

    try:
        result = answer(
            read_question(job.question),
            in_use=load_rules(job.in_use),
            past=job.past,
            usual=job.usual,
            tell=tell,
        )
    except CannotSimulate as error:
        _write(sink, {"trouble": {"code": error.code, "params": dict(error.params)}})
    else:
        _write(sink, {"result": result})


def _write(sink: BinaryIO, line: dict[str, Any]) -> None:
    sink.write(orjson.dumps(line) + b"\n")
    sink.flush()


if __name__ == "__main__":
    main()
