"""A customer does not want to be asked any more: at the address at which they say so, whatever the survey."""

from hub.actions.context import Context
from hub.actions.surveys.question import CHANGE_SECONDS
from hub.actions.surveys.token import hash_token
from storage import surveys
from storage.database import Connection


async def stop_asking(ctx: Context, token: str) -> None:
    """Also by a link whose question is over. One that is none changes nothing, and nobody learns which."""

    async def run(connection: Connection) -> None:
        asked = await surveys.asked(connection, hash_token(token), CHANGE_SECONDS)
        if asked is not None and asked.address:
            await surveys.refuse(connection, asked.channel_id, asked.address)

    await ctx.database.run(run)
