"""What is to happen, in the order of time; what falls on the same moment, in the order in which it was put down."""

from collections.abc import Callable
from heapq import heappop, heappush
from itertools import count
from typing import Any

_Entry = tuple[float, int, Callable[..., None], tuple[Any, ...]]


class Agenda:
    """`now` is where it stands, in minutes."""

    def __init__(self) -> None:
        self.now = 0.0
        self._entries: list[_Entry] = []
        self._serial = count()

    def __len__(self) -> int:
        return len(self._entries)

    def at(self, moment: float, act: Callable[..., None], *about: Any) -> None:
        """Do this then; at once, where that is over."""
        heappush(self._entries, (max(moment, self.now), next(self._serial), act, about))

    def after(self, minutes: float, act: Callable[..., None], *about: Any) -> None:
        """Do this in so many minutes."""
        self.at(self.now + minutes, act, *about)

    def step(self) -> bool:
        """Let the next thing happen; False when nothing is left to do."""
        if not self._entries:
            return False
        self.now, _, act, about = heappop(self._entries)
        act(*about)
        return True
