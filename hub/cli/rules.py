"""`rules`: the rules that hubs go by, as a file and back; who changed them; back to an older version."""

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, TypeVar

import orjson
import tomli_w
import typer
from rich.table import Table

from hub.cli.options import Config
from hub.cli.speak import fail, out, say, telling_trouble
from hub.model.people import Actor, Role
from hub.settings import WrongSetting, read_settings
from routing.rules import RoutingRules, RulesError, load_rules

if TYPE_CHECKING:
    from hub.actions.context import Context
    from hub.actions.rules.dry_run import DryRun, Place

T = TypeVar("T")

rules = typer.Typer(
    no_args_is_help=True,
    help=say("Queues, rules, calendars and targets in use.", "正在使用的队列、规则、日历与服务目标。"),
)

Source = Annotated[
    Path,
    typer.Argument(
        exists=True,
        dir_okay=False,
        help=say("A file like config/routing.toml.", "与 config/routing.toml 同格式的文件。"),
    ),
]
AsJson = Annotated[
    bool, typer.Option("--json", help=say("As JSON, for programs.", "输出 JSON，供程序使用。"))
]
Note = Annotated[str, typer.Option(help=say("Why; kept with the version.", "变更说明，与版本一并保存。"))]
Version = Annotated[int, typer.Argument(min=1, help=say("The number of a version.", "版本号。"))]


@rules.command("show", help=say("Print the rules in use, or a version.", "显示正在使用的规则或某个版本。"))
def show(
    version: Annotated[int, typer.Option(help=say("0: the one in use.", "0 表示正在使用的版本。"))] = 0,
    json: AsJson = False,
    config: Config = None,
) -> None:
    from hub.actions.rules.rulebook import as_document
    from storage import rulebook

    async def work(ctx: "Context") -> dict[str, object]:
        if not version:
            return as_document(ctx.rules)
        found = await ctx.database.read(lambda c: rulebook.document(c, version))
        if found is None:
            raise fail(f"There is no version {version}.", f"没有版本 {version}。")
        return found

    document = _with_rules(config, work)
    typer.echo(
        orjson.dumps(document, option=orjson.OPT_INDENT_2) if json else tomli_w.dumps(document, indent=2)
    )


@rules.command("check", help=say("Say whether a file can be used.", "检查文件是否可用。"))
def check(file: Source) -> None:
    with telling_trouble():
        found = _read(file)
    queues, rules_, calendars, targets = map(len, (found.queue, found.rule, found.calendar, found.target))
    out.print(
        say(
            f"{file}: good. Queues: {queues}, rules: {rules_}, calendars: {calendars}, targets: {targets}.",
            f"{file}：可用。队列 {queues} 个，规则 {rules_} 条，日历 {calendars} 个，服务目标 {targets} 个。",
        ),
        markup=False,
    )


@rules.command(
    "apply", help=say("Go by a file from now on, on every hub.", "立即在所有 hub 上启用文件中的规则。")
)
def apply(file: Source, note: Note = "", config: Config = None) -> None:
    from hub.actions.rules.rulebook import change_rules

    def work(ctx: "Context") -> Awaitable[int]:
        return change_rules(
            ctx,
            document=_read(file),
            base_version=ctx.rulebook.version,
            actor=_actor(),
            origin="command",
            note=note,
        )

    _tell_made(_with_rules(config, work))


@rules.command(
    "restore", help=say("Go back to an older version, as a new one.", "恢复旧版本（生成新版本）。")
)
def restore(version: Version, note: Note = "", config: Config = None) -> None:
    from hub.actions.rules.rulebook import restore_rules

    def work(ctx: "Context") -> Awaitable[int]:
        return restore_rules(
            ctx, version=version, base_version=ctx.rulebook.version, actor=_actor(), note=note
        )

    _tell_made(_with_rules(config, work))


@rules.command("versions", help=say("Who changed them, when and why.", "谁在何时因何变更。"))
def versions(
    limit: Annotated[int, typer.Option(min=1, max=1000)] = 30, json: AsJson = False, config: Config = None
) -> None:
    from storage import rulebook

    rows = _with_rules(config, lambda ctx: ctx.database.read(lambda c: rulebook.versions(c, limit)))
    if json:
        typer.echo(orjson.dumps(rows, option=orjson.OPT_INDENT_2))
        return
    table = Table(
        say("Version", "版本"),
        say("Made", "时间"),
        say("By", "来自"),
        say("Note", "说明"),
        box=None,
        pad_edge=False,
    )
    for row in rows:
        how = {"file": say("the file", "规则文件"), "command": say("command line", "命令行")}.get(
            row.origin, row.author
        )
        back = say(f"back to {row.restores}", f"恢复到 {row.restores}") if row.restores else ""
        table.add_row(
            str(row.version),
            f"{row.made_at:%Y-%m-%d %H:%M} UTC",
            how,
            " · ".join(part for part in (back, row.note) if part),
        )
    out.print(table, markup=False)


@rules.command(
    "dry-run",
    help=say(
        "Say which tickets of the last days would have gone elsewhere by a file, and what would have happened by itself. "
        "Changes nothing.",
        "用文件中的规则试运行近期工单：哪些会分到别处、哪些会被自动处理。不做任何更改。",
    ),
)
def try_rules(
    file: Source,
    days: Annotated[
        int, typer.Option(min=1, max=90, help=say("So many of the last days.", "最近多少天。"))
    ] = 30,
    json: AsJson = False,
    config: Config = None,
) -> None:
    from hub.actions.rules.dry_run import dry_run

    found = _with_rules(config, lambda ctx: dry_run(ctx, _read(file), days))
    if json:
        typer.echo(orjson.dumps(found.to_json(), option=orjson.OPT_INDENT_2))
        return
    out.print(
        say(
            f"Of {found.total} tickets of {days} days {found.changed} would have gone elsewhere. "
            f"Rules would have done something by themselves to {found.automated}.",
            f"近 {days} 天的 {found.total} 个工单中，{found.changed} 个会分到别处，{found.automated} 个会被规则自动处理。",
        ),
        markup=False,
    )
    _tell_otherwise(found)
    _tell_runs(found)
    if found.capped:
        out.print(say("Only the newest are listed.", "仅列出最新的部分。"), markup=False)


def _tell_otherwise(found: "DryRun") -> None:
    if not found.tickets:
        return
    table = Table(say("Ticket", "工单"), say("Now", "现在"), say("Then", "之后"), box=None, pad_edge=False)
    for one in found.tickets:
        table.add_row(one.ticket, *(_place(place) for place in (one.before, one.after)))
    out.print(table, markup=False)


def _tell_runs(found: "DryRun") -> None:
    if not found.automations:
        return
    table = Table(
        say("Rule", "规则"), say("Tickets", "工单数"), say("Times", "次数"), box=None, pad_edge=False
    )
    for one in found.automations:
        table.add_row(one.name, str(one.tickets), str(one.runs))
    out.print(table, markup=False)


def _place(place: "Place") -> str:
    return " · ".join((place.queue, place.priority, *place.skills))


def _read(file: Path) -> RoutingRules:
    try:
        return load_rules(file.read_bytes())
    except RulesError as error:
        raise WrongSetting("\n".join(f"{file}: {part}" for part in str(error).split("; "))) from error


def _actor() -> Actor:
    return Actor(name=say("Command line", "命令行"), role=Role.ADMIN)


def _tell_made(version: int) -> None:
    out.print(say(f"Version {version} is in use.", f"版本 {version} 已启用。"), markup=False)


def _with_rules(config: Path | None, work: "Callable[[Context], Awaitable[T]]") -> T:
    """`work` over the hub's database, which has rules by then: those of the file where it had none."""
    from hub.cli.schema import make_ready
    from hub.wiring import open_installation, postgres

    async def run(dsn: str) -> T:
        async with open_installation(settings, dsn) as ctx:
            await make_ready(ctx)
            return await work(ctx)

    with telling_trouble():
        settings = read_settings(config)
        with postgres(settings) as dsn:
            return asyncio.run(run(dsn))
