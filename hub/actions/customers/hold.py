"""Nothing of a customer's is filed while something is done to all that they are."""

from collections.abc import Sequence

from hub.actions.lock_name import lock_number
from storage import inbound, merge_customers
from storage.database import Connection


async def hold_people(connection: Connection, customer_ids: Sequence[int]) -> set[int]:
    """Nothing of these people is filed until we are done: the same keys as those under which letters are (filing.lookup).
    Returns the ids of the identities that are held. Comes before every other lock."""
    known = await merge_customers.identities(connection, customer_ids)
    await inbound.lock_conversations(
        connection, sorted({lock_number(f"{one.kind}:{one.value}") for one in known})
    )
    return {one.id for one in known}
