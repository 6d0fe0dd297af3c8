"""Whether a command may work on this database."""

from hub.actions.channels.desk_channels import reload_channels
from hub.actions.context import Context
from hub.actions.installation import set_up
from hub.actions.rules.rulebook import reload_rules
from hub.cli.speak import say
from hub.settings import WrongSetting
from storage.migrate import known_migrations, migrate, missing_migrations


async def make_ready(ctx: Context) -> None:
    """An empty database is set up; in any other the rules in use are found. One that another release made is left alone: raises
    WrongSetting, for hubs may run on it."""
    missing = await missing_migrations(ctx.database)
    if not missing:
        await reload_rules(ctx)
        await reload_channels(ctx)
        return
    if len(missing) < len(known_migrations()):
        raise WrongSetting(
            say(
                "the schema is not up to date: run `contact-hub migrate`",
                "数据库结构不是最新：请运行 `contact-hub migrate`",
            )
        )
    await migrate(ctx.database)
    await set_up(ctx)
