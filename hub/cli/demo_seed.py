"""`demo seed`: a large installation's past, made up, to look round in and to measure with."""

import asyncio
import secrets
from typing import Annotated

import typer
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from hub.actions.failures import NotPossible
from hub.cli.options import Config
from hub.cli.speak import err, fail, out, say, telling_trouble
from hub.settings import Settings, read_settings


def seed(
    interactions: Annotated[
        int,
        typer.Option(min=1, max=20_000_000, help=say("So many entries of timelines.", "要生成的互动条数。")),
    ] = 10_000,
    number: Annotated[
        int,
        typer.Option(
            "--seed", help=say("The same number makes the same past.", "相同的数字生成相同的数据。")
        ),
    ] = 1,
    force: Annotated[
        bool,
        typer.Option(
            "--force",
            help=say(
                "Also where there are customers already; there is no way back.",
                "即使已有客户数据也执行；无法撤销。",
            ),
        ),
    ] = False,
    config: Config = None,
) -> None:
    """Over the configured database, or the embedded one below data_dir."""
    from hub.wiring import postgres

    with telling_trouble():
        settings = read_settings(config)
        password = secrets.token_urlsafe(9)
        with postgres(settings) as dsn:
            try:
                tickets = asyncio.run(_fill(settings, dsn, interactions, number, force, password))
            except NotPossible as error:
                if error.code != "not_empty":
                    raise
                raise fail(
                    "There are customers or tickets here already. Made-up ones would stand among them for good; with --force "
                    "they will.",
                    "此处已有客户或工单。示例数据将与真实数据混在一起且无法撤销；如确要如此，请加上 --force。",
                ) from error
    out.print(
        say(
            f"{interactions:,} interactions in {tickets:,} tickets. Log in as seed-anna or seed-lin with: {password}",
            f"已生成 {interactions:,} 条互动、{tickets:,} 张工单。示例客服（seed-lin、seed-anna 等）的登录密码：{password}",
        ),
        markup=False,
    )


async def _fill(
    settings: Settings, dsn: str, interactions: int, number: int, force: bool, password: str
) -> int:
    from hub.actions.installation import set_up
    from hub.sandbox.seeding.fill import fill
    from hub.wiring import open_installation
    from storage.migrate import migrate

    bar = Progress(
        TextColumn(say("Writing", "正在写入")),
        BarColumn(),
        MofNCompleteColumn(),
        TimeRemainingColumn(),
        console=err,
    )
    async with open_installation(settings, dsn) as ctx:
        await migrate(ctx.database)
        await set_up(ctx)
        with bar:
            task = bar.add_task("", total=interactions)
            return await fill(
                ctx,
                interactions=interactions,
                number=number,
                force=force,
                password=password,
                progress=lambda done, _all: bar.update(task, completed=done),
            )
