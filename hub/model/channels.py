"""Names of channels."""

from collections.abc import Container

_FIRST = {
    "email": "support",
    "webform": "contact",
    "webchat": "chat",
    "telegram": "telegram",
    "api": "api",
    "portal": "portal",
}


def free_name(kind: str, taken: Container[str]) -> str:
    """A name to begin with for a new channel of this kind.

    >>> free_name("email", ["support"]), free_name("fax", [])
    ('support-2', 'fax')
    """
    first = _FIRST.get(kind, kind)
    name, number = first, 1
    while name in taken:
        number += 1
        name = f"{first}-{number}"
    return name
