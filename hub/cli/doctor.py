"""`doctor`: looks everything over and says what to do. Never raises; the exit code tells whether something is wrong."""

import asyncio
from datetime import UTC, datetime
from functools import partial

from rich.table import Table
from rich.text import Text

from channels.adapter import ChannelKind
from channels.registry import BrokenKind, load_kinds
from hub.actions.channel_vault import ChannelVault
from hub.actions.channels.desk_channels import reload_channels
from hub.cli.check_company import check_company
from hub.cli.check_mail import check_mailboxes
from hub.cli.check_safety import check_safety
from hub.cli.checks import (
    Finding,
    State,
    check_calendars,
    check_channels,
    check_data_dir,
    check_database,
    check_rules,
    check_secret_key,
    check_web,
    good,
    wrong,
)
from hub.cli.options import Config
from hub.cli.speak import FAILED, out, say
from hub.logs import masked, set_up_logs
from hub.settings import Settings, WrongSetting, read_settings
from hub.wiring import open_installation, postgres
from storage.database import DatabaseUnavailable
from storage.migrate import missing_migrations

_MARKS = {State.GOOD: ("✓", "green"), State.WARNING: ("!", "yellow"), State.WRONG: ("✗", "red")}


def doctor(config: Config = None) -> None:
    """Prints one line for everything looked at."""
    set_up_logs("error")
    findings = _examine(config)
    out.print(_as_table(findings))
    if any(one.state is State.WRONG for one in findings):
        out.print(say("Something is wrong; see above what to do.", "发现问题，处理方法见上。"), style="red")
        raise SystemExit(FAILED)
    if any(one.state is State.WARNING for one in findings):
        out.print(say("No errors; see the warnings.", "没有错误，请留意警告。"), style="yellow")
        return
    out.print(say("All is well.", "一切正常。"), style="green")


def _examine(config: Config) -> list[Finding]:
    what = say("Settings", "设置")
    try:
        settings = read_settings(config)
    except WrongSetting as error:
        advice = say("Correct config/hub.toml or the environment.", "请更正 config/hub.toml 或环境变量。")
        return [wrong(what, line, advice) for line in str(error).splitlines()]
    findings = [good(what, say("read", "已读取")), check_data_dir(settings), check_secret_key(settings)]
    rules = check_rules(settings)
    findings.append(rules)
    if rules.state is State.GOOD:
        findings += check_calendars(settings, datetime.now(UTC).date())
    try:
        kinds = load_kinds()
    except BrokenKind as error:
        advice = say("Repair or uninstall that package.", "请修复或卸载该软件包。")
        return [*findings, wrong(say("Channel kinds", "渠道类型"), str(error), advice)]
    findings += asyncio.run(check_web(settings))
    findings += asyncio.run(check_safety(settings))
    if any(one.state is State.WRONG for one in (rules, *findings[1:3])):
        return findings + asyncio.run(_look_outside(settings, kinds))
    return findings + _look_at_database(settings, kinds)


async def _look_outside(settings: Settings, kinds: dict[str, ChannelKind]) -> list[Finding]:
    return [one async for one in check_channels(settings, kinds, None)]


def _look_at_database(settings: Settings, kinds: dict[str, ChannelKind]) -> list[Finding]:
    what = say("Database", "数据库")
    advice = say(
        "Check database.dsn (HUB_DATABASE__DSN) and that the server runs and lets this machine in.",
        "请检查 database.dsn（HUB_DATABASE__DSN），并确认数据库已启动且允许本机连接。",
    )
    found: list[Finding] = []
    outside: list[Finding] = []
    try:
        # Channels are examined by themselves; a wrong one must not hide how the database is.
        with postgres(settings) as dsn:
            asyncio.run(_gather(settings, kinds, dsn, found, outside))
    except DatabaseUnavailable as error:
        found.append(wrong(what, masked(str(error)), advice))
    except WrongSetting as error:
        found.append(wrong(what, str(error), say("Correct the settings.", "请更正设置。")))
    except Exception as error:  # noqa: BLE001 - the doctor tells, whatever it is
        found.append(wrong(what, masked(f"{type(error).__name__}: {error}"), advice))
    # Logins need no database, except for what is kept in it.
    return found + (outside or asyncio.run(_look_outside(settings, kinds)))


async def _gather(
    settings: Settings,
    kinds: dict[str, ChannelKind],
    dsn: str,
    found: list[Finding],
    outside: list[Finding],
) -> None:
    usable = settings.model_copy(update={"channels": _readable(settings)})
    async with open_installation(usable, dsn) as ctx:
        async for one in check_database(ctx):
            found.append(one)  # noqa: PERF401 - what was found stays when the next check raises
        if await missing_migrations(ctx.database):
            return
        await reload_channels(ctx)
        for name, why in ctx.desk_channels.wrong.items():
            advice = say("Correct it on the page Channels of the desk.", "请在工作台的“渠道”页面更正。")
            found.append(wrong(say(f"Channel {name}", f"渠道 {name}"), why, advice))
        every = settings.model_copy(update={"channels": {**settings.channels, **ctx.desk_channels.tables}})
        outside += [one async for one in check_channels(every, kinds, partial(ChannelVault, ctx))]
        outside += [one async for one in check_mailboxes(ctx)]
        outside += await check_company(ctx)


def _readable(settings: Settings) -> dict[str, dict[str, object]]:
    kinds = load_kinds()
    readable = {}
    for name, table in settings.channels.items():
        given = dict(table)
        kind = kinds.get(given.pop("kind"))
        try:
            if kind is not None:
                kind.settings.model_validate(given)
                readable[name] = table
        except ValueError:
            continue  # told by check_channels
    return readable


def _as_table(findings: list[Finding]) -> Table:
    table = Table(show_header=False, box=None, padding=(0, 1, 0, 0))
    table.add_column(no_wrap=True)
    table.add_column(no_wrap=True, style="bold")
    table.add_column(overflow="fold")
    for one in findings:
        mark, colour = _MARKS[one.state]
        text = Text(one.text)
        if one.advice:
            text.append(f"\n→ {one.advice}", style=colour)
        table.add_row(Text(mark, style=colour), one.what, text)
    return table
