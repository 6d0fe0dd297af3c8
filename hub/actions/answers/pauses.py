"""How long a reply that could not be sent waits for its next attempt."""

import random

FIRST_PAUSE, LONGEST_PAUSE = 5.0, 1800.0


def pause_after(attempts: int) -> float:
    """Seconds: full jitter over a doubling pause."""
    return random.uniform(1.0, min(LONGEST_PAUSE, FIRST_PAUSE * 2.0 ** min(attempts, 12)))  # noqa: S311 - jitter
