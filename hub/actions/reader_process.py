"""What runs in the reading process: jobs by stdin, outcomes by stdout, in order. Holds no secret and opens nothing."""

import os
import pickle
import sys
from typing import BinaryIO

from channels.adapter import CannotTranslate
from channels.registry import load_kinds
from hub.actions.arrivals import understand
from hub.actions.reader import LENGTH
from routing.classify import classify


def main() -> None:
    """Read jobs until the input ends. A fault in one is its answer, as text."""
    # What a library prints goes to the log, not between the outcomes.
    source, sink = sys.stdin.buffer, os.fdopen(os.dup(sys.stdout.fileno()), "wb")
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())
    kinds = load_kinds()
    # Before the first item's time begins: on a busy machine it would be over before the first letter was looked at.
    for kind in kinds.values():
        kind.get_ready()
    classify("", "")
    sink.write(LENGTH.pack(0))
    sink.flush()
    while head := _exactly(source, LENGTH.size):
        name, item, settings = pickle.loads(_exactly(source, LENGTH.unpack(head)[0]))  # noqa: S301 - from our own parent
        outcome: object
        try:
            outcome = understand(kinds[name].translate(item, settings))
        except CannotTranslate as error:
            outcome = error
        except Exception as error:  # noqa: BLE001 - the letter is quarantined with these words
            outcome = CannotTranslate(f"It cannot be read: {type(error).__name__}: {error}")
        answer = pickle.dumps(outcome, protocol=5)
        sink.write(LENGTH.pack(len(answer)) + answer)
        sink.flush()


def _exactly(source: BinaryIO, size: int) -> bytes:
    return source.read(size)


if __name__ == "__main__":
    main()
