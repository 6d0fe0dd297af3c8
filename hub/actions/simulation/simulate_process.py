"""What runs in the simulating process: one question by stdin; how far it is and the answer by stdout, a line of JSON each.
Holds no secret and opens nothing; whoever works on the same machine comes first."""

import os
import pickle
import sys
import time
from typing import Any, BinaryIO, TypeAlias

import orjson

from routing.rules import load_rules
from routing.simulate.bygone import Usual
from routing.simulate.past import Past
from routing.simulate.question import Known, answer, read_question
from routing.simulate.trouble import CannotSimulate

NICE = 10
TELL_SECONDS = 0.5

Job: TypeAlias = tuple[dict[str, Any], dict[str, Any], Past | None, Usual]
"""A question as a document, the rules in use as one, what happened where that is asked about, and what is usual."""


def main() -> None:
    """Read the job, write lines until the last one."""
    source, sink = sys.stdin.buffer, os.fdopen(os.dup(sys.stdout.fileno()), "wb")
    # What a library prints goes to the log, not between the lines.
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())
    os.nice(NICE)
    job: Job = pickle.load(source)  # noqa: S301 - from our own parent
    question, in_use, past, usual = job
    told = float("-inf")

    def tell(share: float) -> None:
        nonlocal told
        if time.monotonic() - told >= TELL_SECONDS:
            told = time.monotonic()
            _write(sink, {"progress": share})

    try:
        known = Known(past=past, in_use=load_rules(in_use), usual=usual) if past is not None else None
        result = answer(read_question(question), known, tell=tell)
    except CannotSimulate as error:
        _write(sink, {"trouble": {"code": error.code, "params": dict(error.params)}})
    else:
        _write(sink, {"result": result})


def _write(sink: BinaryIO, line: dict[str, Any]) -> None:
    sink.write(orjson.dumps(line) + b"\n")
    sink.flush()


if __name__ == "__main__":
    main()
