"""What runs in the reading process: jobs by stdin, outcomes by stdout, in order. Holds no secret and opens nothing."""

import math
import os
import pickle
import resource
import sys
from typing import BinaryIO

from channels.adapter import CannotTranslate
from channels.registry import load_kinds
from hub.actions.apart import GENTLE
from hub.actions.arrivals import understand
from hub.actions.reader import CPU_SECONDS, LENGTH
from routing.classify import classify


def main() -> None:
    """Read jobs until the input ends. A fault in one is its answer, as text."""
    # What a library prints goes to the log, not between the outcomes.
    source, sink = sys.stdin.buffer, os.fdopen(os.dup(sys.stdout.fileno()), "wb")
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())
    # Who is ended for taking too long leaves no copy of somebody's letter on the disk.
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    kinds = load_kinds()
    # Before the first item's time begins: on a busy machine it would be over before the first letter was looked at.
    for kind in kinds.values():
        kind.get_ready()
    classify("", "")
    os.nice(GENTLE)
    sink.write(LENGTH.pack(0))
    sink.flush()
    while head := _exactly(source, LENGTH.size):
        name, item, settings = pickle.loads(_exactly(source, LENGTH.unpack(head)[0]))  # noqa: S301 - from our own parent
        outcome: object
        _allow(CPU_SECONDS)
        try:
            outcome = understand(kinds[name].translate(item, settings))
        except CannotTranslate as error:
            outcome = error
        except Exception as error:  # noqa: BLE001 - the letter is quarantined with these words
            outcome = CannotTranslate(f"It cannot be read: {type(error).__name__}: {error}")
        answer = pickle.dumps(outcome, protocol=5)
        sink.write(LENGTH.pack(len(answer)) + answer)
        sink.flush()


def _allow(seconds: int) -> None:
    """So much of a processor's time from now on, and less than a second more; then the system ends the process, whatever it is
    in the middle of (setrlimit(2), SIGXCPU)."""
    spent = resource.getrusage(resource.RUSAGE_SELF)
    _, most = resource.getrlimit(resource.RLIMIT_CPU)
    until = math.ceil(spent.ru_utime + spent.ru_stime) + seconds
    resource.setrlimit(
        resource.RLIMIT_CPU, (until if most == resource.RLIM_INFINITY else min(until, most), most)
    )


def _exactly(source: BinaryIO, size: int) -> bytes:
    return source.read(size)


if __name__ == "__main__":
    main()
