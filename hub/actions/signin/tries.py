"""How often somebody may try, counted in the database, so that it holds across hubs."""

from collections.abc import Mapping

from hub.actions.context import Context
from hub.actions.failures import LoginRefused
from storage import house
from storage.database import Connection

WINDOW_SECONDS = 900.0


async def count_try(ctx: Context, keys: Mapping[str, int]) -> None:
    """One more try under each key, of which so many are allowed in a window. Counted before anything is looked at, so that many
    at once are counted too. Raises LoginRefused with `retry_after`."""

    async def work(connection: Connection) -> float:
        wait = 0.0
        for key, most in sorted(keys.items()):
            tries, ends_in = await house.hit(connection, key, WINDOW_SECONDS)
            if tries > most:
                wait = max(wait, ends_in)
        return wait

    wait = await ctx.database.run(work)
    if wait:
        raise LoginRefused("Too many tries. Wait a little.", retry_after=max(1, round(wait)))


async def forgive(connection: Connection, own: str, *shared: str) -> None:
    """This try was none of the bad ones. Only one's own are forgiven; of what is counted for everybody this one alone is given
    back, or whoever has an account could go on for ever with other people's."""
    await house.forgive(connection, own)
    for key in shared:
        await house.give_back(connection, key)
