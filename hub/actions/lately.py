"""What is the same for everybody and dear to read where there is much of it: read once in a while for all who ask this hub."""

import time
from typing import Any

from hub.actions.context import Context


def seen_lately(ctx: Context, what: object) -> Any:
    """What was kept under this name, while it is good; None: it has to be read."""
    until, value = ctx.memo.get(what, (0.0, None))
    if time.monotonic() < until:
        return value
    ctx.memo.pop(what, None)
    return None


def keep_a_while(ctx: Context, what: object, value: object, seconds: float) -> None:
    """Good for so many seconds from now."""
    ctx.memo[what] = time.monotonic() + seconds, value
