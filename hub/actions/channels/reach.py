"""Where a channel that is set up at the desk may go, tried and at work: the public internet, unless the settings allow the
company's own network.

Whoever may set up channels chooses a host name; the hub stands inside the company's network, and they perhaps do not. Every
connection is looked at when it is made, on the address that it is made to, whichever library makes it (PEP 578: a hook that
raises stops what it was told of). So a name that led elsewhere a second ago ends at the same door, and so does a server that
sends the hub on.
"""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass

from hub.actions.errands.public_net import PRIVATE, is_allowed, is_global

OUT_OF_BOUNDS = (
    "The name leads to {address}, which is no address of the public internet;"
    " the setting desk_channels.allow_private says whether it may."
)
_watching = False


@dataclass(slots=True, kw_only=True)
class Bounds:
    """`private`: also a company's own networks and this machine, but no link-local addresses. `refused`: where no connection
    was made because of them, "" as long as there was none."""

    private: bool
    refused: str = ""

    def allow(self, address: str) -> bool:
        return is_global(address) or (self.private and is_allowed(address, PRIVATE))


_bounds: ContextVar[Bounds | None] = ContextVar("bounds of a channel", default=None)


@contextmanager
def within(bounds: Bounds) -> Iterator[None]:
    """Connections that this task, and whatever it begins, makes inside keep within these bounds; others raise
    PermissionError."""
    global _watching
    if not _watching:
        sys.addaudithook(
            _look
        )  # it stays for good, there is no way back; outside of bounds it lets everything pass
        _watching = True
    mark = _bounds.set(bounds)
    try:
        yield
    finally:
        _bounds.reset(mark)


@contextmanager
def at_home() -> Iterator[None]:
    """Inside, the hub speaks to its own database again."""
    mark = _bounds.set(None)
    try:
        yield
    finally:
        _bounds.reset(mark)


def _look(event: str, args: tuple[object, ...]) -> None:
    if event != "socket.connect":
        return
    bounds, where = _bounds.get(), args[1]
    if bounds is None or not isinstance(where, tuple) or bounds.allow(str(where[0])):
        return
    bounds.refused = str(where[0])
    raise PermissionError(f"{bounds.refused} is no address of the public internet")
