"""What the hub hands to `send` (channels.adapter.Leaving), for tests of a channel alone."""

from collections.abc import Callable

from channels.adapter import NotOurs


async def free_to_leave() -> Callable[[], bool]:
    """Nothing stands in the way."""
    return lambda: True


class Gate:
    """Counts how often it was asked, and answers as the test says: `shut` is what a hub says that lost the message."""

    def __init__(self, *, shut: bool = False) -> None:
        self.asked = 0
        self.shut = shut

    async def __call__(self) -> Callable[[], bool]:
        self.asked += 1
        if self.shut:
            raise NotOurs("It was called back.")
        return lambda: True
