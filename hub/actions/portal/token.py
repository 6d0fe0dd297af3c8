"""What is kept of the key in a link to the customer's own page. Pure."""

from hub.actions.signin.tokens import MOST, hash_token


def hash_link(token: str) -> bytes:
    """A name-space of its own: no other token of the house is good there."""
    return hash_token(f"portal:{token[:MOST]}")
