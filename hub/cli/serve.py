"""`serve` and `migrate`: the hub without the sandbox, and its schema alone."""

import asyncio

from hub.cli.options import Config
from hub.cli.speak import out, say, telling_trouble
from hub.cli.stopping import Stop, end_on_sigterm, run_until_stopped
from hub.logs import set_up_logs
from hub.settings import Settings, read_settings

PATIENCE_SECONDS = 28.0


def serve(config: Config = None) -> None:
    """Runs until SIGTERM or Ctrl-C."""
    from hub.wiring import postgres, run_hub

    end_on_sigterm()
    with telling_trouble():
        settings = read_settings(config)
        set_up_logs(settings.log_level)

        async def work(stop: Stop) -> None:
            async with run_hub(settings, dsn):
                stop.begun()
                await stop.wait()

        with postgres(settings) as dsn:
            run_until_stopped(work, patience=PATIENCE_SECONDS)


def migrate(config: Config = None) -> None:
    """Applies what the schema lacks, and writes down channels and queues as the settings have them."""
    from hub.wiring import postgres

    with telling_trouble():
        settings = read_settings(config)
        set_up_logs(settings.log_level)
        with postgres(settings) as dsn:
            applied = asyncio.run(_migrate(settings, dsn))
    for name in applied:
        out.print(say(f"Applied: {name}", f"已应用：{name}"), markup=False)
    out.print(say("The schema is up to date.", "数据库结构已是最新。"))


async def _migrate(settings: Settings, dsn: str) -> list[str]:
    from hub.actions.agreed_keys import keys_in_use
    from hub.actions.installation import set_up
    from hub.wiring import open_installation
    from storage import rulebook
    from storage.migrate import migrate as apply

    async with open_installation(settings, dsn) as ctx:
        applied = await apply(ctx.database)
        if await ctx.database.read(rulebook.newest_version) == 0:
            await set_up(ctx)
        else:  # hubs run on it; their channels and rules are theirs, this command may have been called with other settings
            await ctx.database.run(lambda c: keys_in_use(c, ctx.secret))
        return applied
