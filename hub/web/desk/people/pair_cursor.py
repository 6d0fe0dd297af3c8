"""Where a page of the conflict list ends, as its address has it."""

from datetime import UTC, datetime

from hub.web.api.cursors import NotACursor
from storage.customer_pairs import PairPage, PairRow


def show_pair_cursor(last: PairRow) -> str:
    """Microseconds since 1970, and both ids."""
    since = last.found_at.astimezone(UTC) - datetime(1970, 1, 1, tzinfo=UTC)
    micros = (since.days * 86_400 + since.seconds) * 1_000_000 + since.microseconds
    return f"{micros}.{last.low_id}.{last.high_id}"


def read_pair_cursor(given: str) -> PairPage:
    """Raises NotACursor."""
    parts = given.split(".")
    if len(parts) != 3 or not all(one.isascii() and one.isdigit() and len(one) < 19 for one in parts):
        raise NotACursor(given)
    micros, low, high = (int(one) for one in parts)
    try:
        at = datetime.fromtimestamp(micros // 1_000_000, UTC).replace(microsecond=micros % 1_000_000)
    except (OverflowError, OSError, ValueError) as error:
        raise NotACursor(given) from error
    return at, low, high
