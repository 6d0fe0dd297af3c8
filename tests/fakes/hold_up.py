"""Work that blocks the loop of a hub, put there from outside: a hub that tests have forked sleeps at SIGUSR1, in the thread of
its loop, for as long as the file is there that TESTS_HOLD_UP names."""

import os
import signal
import time
from pathlib import Path

HOLD_UP = "TESTS_HOLD_UP"


def let_it_be_held_up() -> None:
    """From now on, in this process. Without the name of a file the signal ends it, as ever."""
    if path := os.environ.get(HOLD_UP):
        signal.signal(signal.SIGUSR1, lambda *_: _sleep(Path(path)))


def _sleep(path: Path) -> None:
    while path.exists():
        time.sleep(0.05)
