"""How many letters about chats go to one address: whoever types somebody else's into a chat has us write to them. Counted for
all hubs, also where it is one too many."""

from storage import house
from storage.database import Connection

_HOUR, _DAY = 3600.0, 86_400.0
COPIES_PER_ADDRESS = 3
"""In a day, from whatever conversations."""
COPIES_PER_TALK = 5
"""In a day, of one conversation, to whatever addresses."""
COPIES_PER_DOMAIN = 20
COPIES_PER_HOUSE = 500
"""In an hour: letters that go wherever strangers say."""
MISSED_PER_ADDRESS = 10
"""In a day, from whatever conversations: somebody of the house has answered in each, so there is no limit beside it."""


async def has_room_for_copy(connection: Connection, number: int, thread_key: str, address: str) -> bool:
    """Whether the copy of this conversation may go there."""
    for key, seconds, most in (
        (f"chat-copy:{number}:{thread_key}", _HOUR, 1),
        (f"chat-copy:day:{number}:{thread_key}", _DAY, COPIES_PER_TALK),
        (f"chat-copy:address:{mailbox_of(address)}", _DAY, COPIES_PER_ADDRESS),
        (f"chat-copy:domain:{address.lower().rpartition('@')[2]}", _HOUR, COPIES_PER_DOMAIN),
        ("chat-copy:house", _HOUR, COPIES_PER_HOUSE),
    ):
        if (await house.hit(connection, key, seconds))[0] > most:
            return False
    return True


async def seconds_until_room(connection: Connection, address: str) -> float:
    """Until what was missed may go to an address that nobody has shown to be the visitor's; 0: now."""
    hits, ends_in = await house.hit(connection, f"chat-missed:address:{mailbox_of(address)}", _DAY)
    return max(1.0, ends_in) if hits > MISSED_PER_ADDRESS else 0.0


def mailbox_of(address: str) -> str:
    """li+1, li+2 … are one person's (RFC 5233).

    >>> mailbox_of("Li+shop@Example.cn")
    'li@example.cn'
    """
    mailbox, _, domain = address.lower().rpartition("@")
    return f"{mailbox.partition('+')[0]}@{domain}"
