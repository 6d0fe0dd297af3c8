"""The link to a case that stands in an answer: plain on the timeline, with a key in the letter that leaves.

The plain one leads to the case for whoever signs in. The key is put in when the answer is queued, for the one address that the
letter goes to; it opens that case alone, so that a letter which is passed on opens no more than it is about. Whoever works here
does not need a customer's key, and sees none: one that a customer quotes is taken out of what they wrote before it is kept.
"""

import re

from hub.actions.context import Context
from hub.actions.portal.place import case_link, link_address
from hub.actions.portal.token import hash_link
from hub.actions.signin.tokens import new_token
from hub.model.identities import normalise_identity
from hub.model.interactions import IdentityKind
from storage import portal
from storage.database import Connection

GOOD_FOR = 30 * 86_400.0
"""Seconds for which a key in a letter opens its case."""


async def with_key(
    ctx: Context, connection: Connection, text: str, *, ticket_id: int, ticket_code: int, address: str
) -> str:
    """The text as it leaves to this address alone: where it has the link to its own case, with a key."""
    link = case_link(ctx, ticket_code)
    owner = normalise_identity(IdentityKind.EMAIL, address)
    if not link or owner is None or link not in text:
        return text
    token = new_token()
    await portal.add_link(connection, hash_link(token), owner, ticket_id, GOOD_FOR)
    # Not the beginning of a longer address.
    return re.sub(rf"{re.escape(link)}(?![\w/-])", lambda _: link_address(ctx, token), text)


def without_keys(ctx: Context, text: str) -> str:
    """What somebody wrote, where it quotes a letter of ours: the addresses of keys lead to the door."""
    key = link_address(ctx, "")
    return re.sub(rf"{re.escape(key)}[\w-]+", f"{ctx.public_url}/portal", text) if key in text else text


def without_key(ctx: Context, text: str, ticket_code: int) -> str:
    """The text as it was written, of a letter that was taken back."""
    return re.sub(rf"{re.escape(link_address(ctx, ''))}[\w-]+", lambda _: case_link(ctx, ticket_code), text)
