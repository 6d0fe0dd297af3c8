"""Being woken by what happens to one live conversation."""

from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager

from channels.adapter import Heard
from hub.actions.context import Context


def watch_talk(ctx: Context, channel: str, thread_key: str) -> AbstractContextManager[Heard]:
    """Set when its lines or how it stands may have changed since this was entered; by which of the two is not said."""
    number = ctx.memo.get(("channel_id", channel))
    return _not_known_yet() if number is None else ctx.feed.watching(number, thread_key)


class _Now:
    async def wait(self, timeout: float, /) -> None:
        """Something may have happened: nothing was heard so far."""


@contextmanager
def _not_known_yet() -> Iterator[Heard]:
    """For a channel of which this process has asked nothing yet: whoever waits looks first."""
    yield _Now()
