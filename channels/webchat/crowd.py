"""How many pages are joined to one hub process at once, by socket or by a question that waits."""

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager

from channels.doors import network_of

_SHARE, _FEW = 4, 100
"""One network has this part of the places at the most, or so many: whoever takes them all leaves none for anybody else."""


class Full(Exception):
    """There is no place now."""


class Crowd:
    """`most` places, for one chat."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._of_one = max(min(most, _FEW), most // _SHARE)
        self._here: Counter[str] = Counter()

    @contextmanager
    def place(self, peer: str) -> Iterator[None]:
        """Taken while it is open. Raises Full."""
        network = network_of(peer)
        if self._here.total() >= self._most or self._here[network] >= self._of_one:
            raise Full
        self._here[network] += 1
        try:
            yield
        finally:
            self._here[network] -= 1
            if not self._here[network]:
                del self._here[network]
