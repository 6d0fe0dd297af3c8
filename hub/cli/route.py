"""`route`: other rules, staff and days tried with the very engine; and why a ticket is where it is."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import orjson
import typer
from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn
from rich.table import Table
from rich.text import Text

from hub.cli.options import Config
from hub.cli.route_words import FIGURES, LABELS, STEPS, UNITS, VALUES, VERDICTS, chosen, say_trouble
from hub.cli.speak import FAILED, err, fail, locale_of, out, say
from hub.cli.staff import with_hub

if TYPE_CHECKING:
    from hub.actions.context import Context
    from routing.simulate.question import Question

route = typer.Typer(no_args_is_help=True, help=say("How tickets find their agents.", "工单如何分配给客服。"))


class Workload(StrEnum):
    REFERENCE = "reference"
    HISTORY = "history"


class Scenario(StrEnum):
    MISREAD = "misread"
    SICK = "sick"
    STORM = "storm"
    IMPORT = "import"


@route.command(
    "simulate",
    help=say(
        "Try other rules, other staff or more customers before you make a change.",
        "在正式变更之前，试算不同的规则、人员或客户量。",
    ),
)
def simulate(
    workload: Annotated[
        Workload,
        typer.Option(
            help=say(
                "Made-up weeks of a contact centre of 32, or this hub's own days.",
                "32 人客服中心的模拟周，或本系统的历史数据。",
            )
        ),
    ] = Workload.REFERENCE,
    days: Annotated[
        int, typer.Option(min=1, max=92, help=say("Of the history: how many.", "历史数据的天数。"))
    ] = 28,
    rules: Annotated[
        Path | None,
        typer.Option(
            exists=True,
            dir_okay=False,
            help=say(
                "Rules to try, like config/routing.toml.", "要试算的规则文件，格式同 config/routing.toml。"
            ),
        ),
    ] = None,
    staff: Annotated[
        Path | None,
        typer.Option(
            exists=True,
            dir_okay=False,
            help=say(
                "Changes of staff to try; see docs/simulation.md.",
                "要试算的人员变更，见 docs/simulation.md。",
            ),
        ),
    ] = None,
    load: Annotated[
        float, typer.Option(min=0.1, max=5.0, help=say("Times the customers.", "客户量倍数。"))
    ] = 1.0,
    scenario: Annotated[
        Scenario | None,
        typer.Option(help=say("A week that goes wrong (reference).", "异常情景（仅基准负载）。")),
    ] = None,
    seeds: Annotated[
        str,
        typer.Option(
            help=say(
                "1-5 or 1,4,9: several tell chance from effect.", "1-5 或 1,4,9：多个种子可区分偶然与效果。"
            )
        ),
    ] = "1-5",
    json: Annotated[
        bool, typer.Option("--json", help=say("As JSON, for programs.", "输出 JSON，供程序使用。"))
    ] = False,
    config: Config = None,
) -> None:
    from routing.simulate.question import answer, read_question
    from routing.simulate.staff import load_staff

    with _told():
        question = read_question(
            {
                "workload": workload.value,
                "days": days,
                "load": load,
                "seeds": seeds,
                "scenario": scenario.value if scenario is not None else "",
                "staff": load_staff(staff.read_bytes()).model_dump(exclude_defaults=True) if staff else {},
                "rules": _rules_of(rules) if rules is not None else None,
            }
        )
        if workload is Workload.HISTORY:
            found = _of_history(question, config)
        else:
            with _progress() as tell:
                found = answer(question, tell=tell)
    if json:
        typer.echo(orjson.dumps(found, option=orjson.OPT_INDENT_2))
    else:
        _show(question, found)


@route.command("explain", help=say("Why a ticket is where it is.", "说明工单为何在当前位置。"))
def explain(
    ticket: Annotated[
        str,
        typer.Argument(help=say("Its number, such as T-10019.", "工单号，如 T-10019。"), show_default=False),
    ],
    config: Config = None,
) -> None:
    from hub.actions.floor.route import why_waiting
    from hub.model.codes import TICKET, read_code
    from routing.retell import retell
    from storage import views

    try:
        code = read_code(TICKET, ticket)
    except ValueError as error:
        raise fail(f"{ticket}: this is no number of a ticket", f"{ticket}：不是有效的工单号") from error

    async def look(ctx: "Context") -> tuple[list[views.DecisionRow], list[views.QueueRow], Any] | None:
        found = await ctx.database.read(lambda c: views.get_ticket(c, code))
        if found is None:
            return None
        number = found.id
        decisions = await ctx.database.read(lambda c: views.ticket_decisions(c, number))
        queues = await ctx.database.read(views.list_queues)
        return decisions, queues, await why_waiting(ctx, code)

    seen = with_hub(config, look)
    if seen is None:
        raise fail(f"There is no ticket {ticket}.", f"没有工单 {ticket}。")
    decisions, queues, waits = seen
    titles = {one.name: one.title_zh if locale_of() == "zh_CN" else one.title_en for one in queues}
    for one in reversed(decisions):
        moment = f"{one.decided_at:%Y-%m-%d %H:%M} UTC"
        out.print(Text(f"{chosen(STEPS.get(one.step, (one.step, one.step)))} · {moment}", style="bold"))
        _tell(retell(one.why, locale_of(), titles))
    if waits is not None:
        out.print(Text(say("Now", "目前"), style="bold"))
        _tell(retell(waits, locale_of(), titles))


def _of_history(question: "Question", config: Config) -> dict[str, Any]:
    """What happened is read first; the database is let go before the long part begins."""
    from hub.actions.simulation.history import USUAL, read_past
    from routing.rules import RoutingRules
    from routing.simulate.past import Past
    from routing.simulate.question import Known, answer

    async def read(ctx: "Context") -> tuple[Past, RoutingRules]:
        return await read_past(ctx, question.days), ctx.rules

    past, in_use = with_hub(config, read)
    with _progress() as tell:
        return answer(question, Known(past=past, in_use=in_use, usual=USUAL), tell=tell)


def _rules_of(file: Path) -> dict[str, Any]:
    from routing.rules import RulesError, load_rules

    try:
        return load_rules(file.read_bytes()).model_dump(mode="json", exclude_defaults=True)
    except RulesError as error:
        from routing.simulate.trouble import CannotSimulate

        raise CannotSimulate("wrong_rules", detail=f"{file}: {error}") from error


@contextmanager
def _told() -> Iterator[None]:
    from routing.simulate.trouble import CannotSimulate

    try:
        yield
    except CannotSimulate as error:
        err.print(say_trouble(error), style="red", markup=False)
        raise SystemExit(FAILED) from error


@contextmanager
def _progress() -> Iterator[Callable[[float], None]]:
    """A bar on standard error, where that is a terminal."""
    columns = (TextColumn("{task.description}"), BarColumn(), TimeRemainingColumn())
    with Progress(*columns, console=err, transient=True, disable=not err.is_terminal) as bar:
        task = bar.add_task(say("Simulating", "模拟中"), total=1.0)
        yield lambda share: bar.update(task, completed=share)


def _tell(told: "list[Any]") -> None:
    for one in told:
        if one.head:
            out.print(Text(f"  {one.head}"))
        for reason in one.reasons:
            out.print(Text(f"  – {reason}"))


# ── the result as tables ────────────────────────────────────────────────────────────────────────────────────────────
def _show(question: "Question", found: Mapping[str, Any]) -> None:
    before, after = found["before"], found["after"]
    seeds = len(found["seeds"])
    out.print(
        Text(
            say(f"{before['errands']:,} errands, {seeds} seeds", f"{before['errands']:,} 项，{seeds} 个种子")
        )
    )
    out.print(_figures(found))
    if after is not None and seeds < 2:
        out.print(
            Text(
                say(
                    "One seed alone cannot tell chance from effect: try --seeds 1-5.",
                    "单个种子无法区分偶然与效果，请用 --seeds 1-5。",
                ),
                style="yellow",
            )
        )
    for label, values in before["by"].items():
        out.print()
        out.print(_by(label, values, after["by"].get(label, {}) if after is not None else None))
    out.print()
    out.print(_agents(before["agents"], after["agents"] if after is not None else None))


def _figures(found: Mapping[str, Any]) -> Table:
    after = found["after"]
    columns = [say("Figure", "指标"), say("Now", "现状") if after is not None else say("Result", "结果")]
    columns += [say("Then", "变更后"), say("Difference", "差异"), ""] if after is not None else []
    table = _table(*columns)
    for name, words in FIGURES.items():
        row = [
            Text(f"{chosen(words)} {chosen(UNITS[words[2]])}".strip()),
            Text(_spread(name, found["before"])),
        ]
        if after is not None:
            difference = found["differences"][name]
            verdict = VERDICTS[difference["verdict"]]
            row += [
                Text(_spread(name, after)),
                Text(f"{difference['mean']:+.{_digits(name)}f}"),
                Text(chosen(verdict), style=verdict[2]),
            ]
        table.add_row(*row)
    return table


def _by(label: str, before: Mapping[str, Any], after: Mapping[str, Any] | None) -> Table:
    in_time = say("in time %", "按时率 %")
    columns = [chosen(LABELS.get(label, (label, label))), say("errands", "数量"), in_time]
    table = _table(*columns, *([say("then %", "变更后 %")] if after is not None else []))
    for value in dict.fromkeys([*before, *(after or {})]):
        mine = before.get(value)
        row = [
            chosen(VALUES.get(value, (value, value))),
            f"{(mine or (after or {})[value])['errands']:,.0f}",
            f"{mine['in_time']:.2f}" if mine else "–",
        ]
        if after is not None:
            row.append(f"{after[value]['in_time']:.2f}" if value in after else "–")
        table.add_row(*map(Text, row))
    return table


def _agents(before: list[Mapping[str, Any]], after: list[Mapping[str, Any]] | None) -> Table:
    used, done = say("at work %", "工时利用率 %"), say("done", "完成数")
    table = _table(
        say("Agent", "客服"), used, done, *([say("then %", "变更后 %"), done] if after is not None else [])
    )
    mine = {one["name"]: one for one in before}
    theirs = {one["name"]: one for one in after or ()}
    for name in dict.fromkeys([*mine, *theirs]):
        sides = [mine.get(name)] if after is None else [mine.get(name), theirs.get(name)]
        cells = [
            text
            for side in sides
            for text in ([f"{side['used']:.1f}", f"{side['done']:.0f}"] if side else ["–", "–"])
        ]
        table.add_row(Text(name), *map(Text, cells))
    return table


def _table(first: str, *others: str) -> Table:
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0))
    table.add_column(first)
    for one in others:
        table.add_column(one, justify="right")
    return table


def _spread(name: str, side: Mapping[str, Any]) -> str:
    """The mean of the seeds, and half of what lies between the least and the most."""
    figure, digits = side["figures"][name], _digits(name)
    around = (figure["most"] - figure["least"]) / 2.0
    return f"{figure['mean']:,.{digits}f}" + (f" ±{around:,.{digits}f}" if around else "")


def _digits(name: str) -> int:
    """Figures behind the point that mean something."""
    return {"fairness": 3, "unserved": 0}.get(name, 2 if FIGURES[name][2] == "%" or name == "late" else 1)
