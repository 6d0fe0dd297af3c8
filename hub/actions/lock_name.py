"""Names to the 64-bit numbers that Postgres locks by."""

import hashlib


def lock_number(name: str) -> int:
    """The same on every hub."""
    return int.from_bytes(
        hashlib.blake2b(name.encode("utf-8", "replace"), digest_size=8).digest(), "big", signed=True
    )
