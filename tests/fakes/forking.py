"""A process that has imported the hub once and forks for each hub and each command that tests start, so that none of them pays
for the imports again. What comes of a fork is what `python -m hub` would be: a process of its own with its own arguments,
environment, folder, pipes and end. Started by tests.fakes.forked; ends with whoever started it.

One message asks for one process: its arguments, folder and environment as JSON, and four descriptors: standard input, output
and error, and where a line with its number and at its end a line with its exit code are written."""

import contextlib
import gc
import json
import os
import runpy
import selectors
import signal
import socket
import sys
from typing import Any

from tests.fakes.hold_up import let_it_be_held_up

LONGEST = 2**20


def serve(door: socket.socket) -> dict[str, Any] | None:
    """Fork when asked, until the other side is gone. Returns None here, and in each new process what was asked of it."""
    signal.signal(
        signal.SIGINT, signal.SIG_IGN
    )  # Ctrl-C is for whoever started this, whose end is heard at the door
    signal.signal(signal.SIGCHLD, lambda *_: None)
    woken, wakes = os.pipe()
    os.set_blocking(woken, False)
    os.set_blocking(wakes, False)
    signal.set_wakeup_fd(wakes)
    living: dict[int, int] = {}
    with selectors.DefaultSelector() as waits:
        waits.register(door, selectors.EVENT_READ)
        waits.register(woken, selectors.EVENT_READ)
        while True:
            ready = [key.fileobj for key, _ in waits.select()]
            if woken in ready:
                os.read(woken, 4096)
                _tell_ends(living)
            if door not in ready:
                continue
            message, descriptors, _, _ = socket.recv_fds(door, LONGEST, 4)
            if not message:
                for number in living:
                    os.kill(number, signal.SIGKILL)
                return None
            number = os.fork()
            if number == 0:
                signal.set_wakeup_fd(-1)
                _become(descriptors, [door.detach(), woken, wakes, *living.values()])
                return dict(json.loads(message))
            for one in descriptors[:3]:
                os.close(one)
            living[number] = descriptors[3]
            _tell(descriptors[3], number)


def _tell_ends(living: dict[int, int]) -> None:
    while living:
        number, status = os.waitpid(-1, os.WNOHANG)
        if not number:
            return
        _tell(living[number], os.waitstatus_to_exitcode(status))
        os.close(living.pop(number))


def _tell(descriptor: int, value: int) -> None:
    with contextlib.suppress(BrokenPipeError):  # whoever asked does not listen any more
        os.write(descriptor, f"{value}\n".encode())


def _become(descriptors: list[int], of_the_parent: list[int]) -> None:
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    signal.signal(signal.SIGINT, signal.default_int_handler)
    for place, one in enumerate(descriptors[:3]):
        os.dup2(one, place)
    for one in (*descriptors, *of_the_parent):
        os.close(one)


def main() -> None:
    import rich.console  # noqa: F401
    import typer  # noqa: F401

    import hub.wiring  # noqa: F401 - nearly everything; what speaks to the terminal is imported by each

    gc.collect()
    gc.freeze()  # so that what is shared stays shared: collecting in each would copy it
    asked = serve(socket.socket(fileno=int(sys.argv[1])))
    if asked is None:
        return
    os.chdir(asked["cwd"])
    os.environ.clear()
    os.environ.update(asked["env"])
    sys.path[0] = asked["cwd"]
    sys.argv = ["hub", *asked["arguments"]]
    let_it_be_held_up()
    runpy.run_module("hub", run_name="__main__", alter_sys=True)


if __name__ == "__main__":
    main()
