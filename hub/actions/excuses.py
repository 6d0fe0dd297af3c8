"""Items whose reading the database broke off: the attempt is not held against them."""

from collections import Counter
from collections.abc import Iterable, Mapping

MOST = 20
"""Times that one process excuses one item. It may be the item itself that the database cannot bear."""
_MOST_REMEMBERED = 10_000


class Excuses:
    """One per hub process, and lost with it: then the attempt counts, as that of an item which kills its reader."""

    def __init__(self) -> None:
        self._times: Counter[int] = Counter()
        self._waiting: dict[int, int] = {}

    def add(self, attempts: Iterable[tuple[int, int]]) -> None:
        """(item, number of its attempt): the database was away before it was settled."""
        if len(self._times) > _MOST_REMEMBERED:
            self._times.clear()
        for item, number in attempts:
            self._times[item] += 1
            if self._times[item] <= MOST:
                self._waiting[item] = number

    def waiting(self) -> dict[int, int]:
        """What the database is to be told when it is back: the number of the attempt, by item."""
        return dict(self._waiting)

    def told(self, attempts: Mapping[int, int]) -> None:
        """It knows of these."""
        for item, number in attempts.items():
            if self._waiting.get(item) == number:
                del self._waiting[item]
