"""The hub needs no more of Postgres than a database of its own: it sets it up, works in it and tidies it as a role that may do
nothing else."""

from hub.actions.answers.reply import queue_reply
from hub.actions.housekeeping import tidy
from storage import house
from storage.database import Database
from storage.migrate import migrate, missing_migrations
from tests.fakes.scene import MAIL, SYSTEM, a_hub, one, ticket, write


async def test_a_role_that_owns_its_database_and_may_do_nothing_else_is_enough(plain_dsn: str) -> None:
    database = await Database.open(plain_dsn, max_size=2)
    await migrate(database)
    assert await missing_migrations(database) == []
    assert await database.read(house.rights) == (False, False)
    await database.close()
    async with a_hub(plain_dsn, {"support": MAIL}) as ctx:
        opened = await ticket(ctx, await write(ctx, "li@example.cn"))
        await queue_reply(ctx, ticket_code=opened["code"], actor=SYSTEM, text="We look.")
        await tidy(ctx)
        assert await one(ctx, "SELECT count(*) FROM outbox") == 1
        assert await ctx.database.read(house.database_bytes) > 0
        assert await one(ctx, "SELECT NOT rolsuper FROM pg_roles WHERE rolname = current_user")
