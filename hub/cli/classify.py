"""`classify`: what a text is and why; learning from corrections; the versions of what was learned; figures on a labelled
file."""

import asyncio
import json
import sys
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, TypeVar

import typer
from rich.table import Table

from hub.cli.options import Config
from hub.cli.speak import fail, locale_of, out, say, telling_trouble
from hub.model.people import Actor, Role
from hub.model.tickets import TicketKind
from hub.settings import read_settings

if TYPE_CHECKING:
    from hub.actions.context import Context
    from routing.classify import Classification
    from routing.learn.judge import Scores

T = TypeVar("T")

classify = typer.Typer(
    no_args_is_help=True,
    help=say("What messages are, and learning from corrections.", "消息分类，以及从人工更正中学习。"),
)

AsJson = Annotated[
    bool, typer.Option("--json", help=say("As JSON, for programs.", "输出 JSON，供程序使用。"))
]
RulesOnly = Annotated[
    bool,
    typer.Option(
        "--rules-only",
        help=say("Without what was learned; needs no database.", "不使用学习结果；无需数据库。"),
    ),
]


@classify.command("text", help=say("Say what a text is, and why.", "判断一段文字的类别并说明原因。"))
def text(
    words: Annotated[
        str,
        typer.Argument(help=say("The text; - reads it from standard input.", "文字；- 表示从标准输入读取。")),
    ],
    subject: Annotated[str, typer.Option(help=say("Its subject.", "主题。"))] = "",
    rules_only: RulesOnly = False,
    as_json: AsJson = False,
    config: Config = None,
) -> None:
    _tell(sys.stdin.read() if words == "-" else words, subject, rules_only, as_json, config)


@classify.command("file", help=say("The same of a text file (UTF-8).", "同上，读取文本文件（UTF-8）。"))
def file(
    path: Annotated[Path, typer.Argument(exists=True, dir_okay=False)],
    subject: Annotated[str, typer.Option(help=say("Its subject.", "主题。"))] = "",
    rules_only: RulesOnly = False,
    as_json: AsJson = False,
    config: Config = None,
) -> None:
    _tell(path.read_text("utf-8", "replace"), subject, rules_only, as_json, config)


@classify.command("train", help=say("Learn from what people said tickets are.", "从人工更正与确认中学习。"))
def train(as_json: AsJson = False, config: Config = None) -> None:
    from hub.actions.apart import ApartFailed
    from hub.actions.learning.learn import learn, methods_here

    async def work(ctx: "Context") -> list[dict[str, Any]]:
        try:
            outcomes = await learn(ctx, actor=_actor(), methods=methods_here())
        except ApartFailed as error:
            raise fail(str(error), f"学习失败：{error}") from error
        return [
            {
                "version": one.version,
                "method": one.trained.method,
                "verdict": one.trained.judgement.verdict.value,
                "in_use": one.in_use,
                "seconds": round(one.trained.seconds, 1),
                "bytes": len(one.trained.document),
                "learned": one.trained.judgement.learned.to_data(),
                "rules": one.trained.judgement.rules.to_data(),
            }
            for one in outcomes
        ]

    made = _with_hub(config, work)
    if as_json:
        typer.echo(json.dumps(made, ensure_ascii=False))
    elif not made:
        out.print(
            say(
                "Nobody has said of any ticket what it is yet: there is nothing to learn from.",
                "还没有任何人工更正或确认，无从学习。",
            ),
            markup=False,
        )
    else:
        _show_trained(made)
    if "tfidf" not in methods_here() and not as_json:
        typer.echo(
            say(
                "Another way to learn needs scikit-learn: pip install 'contact-hub[ml]'",
                "另一种学习方法需要 scikit-learn：pip install 'contact-hub[ml]'",
            ),
            err=True,
        )


@classify.command(
    "models", help=say("Every version, its figures, which is used.", "各版本、指标与使用情况。")
)
def models(
    use: Annotated[
        int | None,
        typer.Option(
            min=0,
            help=say("Use this version from now on; 0: the rules alone.", "启用该版本；0 表示仅用规则。"),
        ),
    ] = None,
    as_json: AsJson = False,
    config: Config = None,
) -> None:
    from hub.actions.learning.learn import use_version
    from storage import classifiers

    async def work(ctx: "Context") -> tuple[list[classifiers.ModelRow], int]:
        if use is not None:
            await use_version(ctx, version=use, actor=_actor())
        rows = await ctx.database.read(classifiers.list_models)
        return rows, await ctx.database.read(classifiers.in_use)

    rows, in_use = _with_hub(config, work)
    if as_json:
        versions = [
            {
                "version": row.version,
                "method": row.method,
                "in_use": row.version == in_use,
                "verdict": row.verdict,
                "examples": row.examples,
                "scores": row.scores,
                "bytes": row.bytes,
                "author": row.author,
                "made_at": row.made_at.isoformat(),
            }
            for row in rows
        ]
        typer.echo(json.dumps({"in_use": in_use, "versions": versions}, ensure_ascii=False))
        return
    table = _table(
        say("Version", "版本"), say("Method", "方法"), say("Examples", "样本"), say("Verdict", "评价"),
        say("Right", "准确率"), say("Complaints found", "投诉召回"), say("(rules)", "（仅规则）"), say("Made", "时间"),
    )  # fmt: skip
    for row in rows:
        learned, rules = row.scores["learned"], row.scores["rules"]
        mark = "→ " if row.version == in_use else ""
        table.add_row(
            f"{mark}{row.version}", row.method, str(row.examples["said"]), _verdict(row.verdict), f"{learned['accuracy']:.1%}",
            f"{learned['recall']:.1%}", f"{rules['accuracy']:.1%} / {rules['recall']:.1%}", f"{row.made_at:%Y-%m-%d %H:%M} UTC",
        )  # fmt: skip
    out.print(table)
    if not in_use:
        out.print(say("In use: the scored rules alone.", "当前仅使用规则。"), markup=False)


@classify.command(
    "score",
    help=say(
        "Figures on a file of labelled messages: one JSON object a line with kind, text, perhaps subject and hint.",
        "用已标注的消息文件评估：每行一个 JSON 对象，含 kind、text，可含 subject、hint。",
    ),
)
def score(
    path: Annotated[Path, typer.Argument(exists=True, dir_okay=False)],
    rules_only: RulesOnly = False,
    as_json: AsJson = False,
    config: Config = None,
) -> None:
    from routing.learn.judge import score as figures
    from routing.learn.train import Example

    examples = [Example(**one) for one in _read_labelled(path)]
    results = _classified([(one.text, one.subject, one.hint) for one in examples], rules_only, config)
    found = figures(examples, [result.kind for result in results])
    uncertain = sum(result.uncertain for result in results)
    flagged = sum(
        result.uncertain for one, result in zip(examples, results, strict=True) if result.kind is not one.kind
    )
    if as_json:
        typer.echo(json.dumps({**found.to_data(), "uncertain": uncertain, "mistakes_flagged": flagged}))
        return
    _show_scores(found, uncertain, flagged)


@classify.command(
    "export",
    help=say(
        "What people said, to train elsewhere: one JSON object a line (as `score` reads it).",
        "导出人工更正与确认，供外部训练：每行一个 JSON 对象（可供 score 读取）。",
    ),
)
def export(config: Config = None) -> None:
    from storage import corrections

    rows = _with_hub(
        config, lambda ctx: ctx.database.read(lambda c: corrections.list_answers(c, after=0, limit=1_000_000))
    )
    for row in reversed(rows):
        one = {
            "kind": row.kind,
            "subject": row.subject,
            "text": row.text,
            "hint": row.hint or "",
            "classified_as": row.from_kind,
        }
        typer.echo(json.dumps(one, ensure_ascii=False))


def _tell(words: str, subject: str, rules_only: bool, as_json: bool, config: Path | None) -> None:
    from routing.explain import explain, to_data

    (result,) = _classified([(words, subject, "")], rules_only, config)
    if as_json:
        typer.echo(json.dumps(to_data(result), ensure_ascii=False))
        return
    out.print(explain(result, locale_of()), markup=False)
    table = _table(
        say("Rule", "规则"), say("Words", "文字"), say("Weight", "权重"), say("Speaks for", "支持")
    )
    for one in result.evidence:
        table.add_row(one.rule, one.matched, f"{one.weight:g}", one.kind)
    if result.evidence:
        out.print(table)
    topics = ", ".join(result.topics) or "–"
    out.print(
        say(
            f"Language {result.language}; topics {topics}; learned version {result.model or 'none'}.",
            f"语言 {result.language}；主题 {topics}；学习版本 {result.model or '无'}。",
        ),
        markup=False,
    )


def _classified(
    messages: Sequence[tuple[str, str, str]], rules_only: bool, config: Path | None
) -> list["Classification"]:
    from routing.classify import classify as by_rules

    found = [by_rules(*message) for message in messages]
    if rules_only:
        return found

    async def work(ctx: "Context") -> list["Classification"]:
        return [
            ctx.learned.refine(result, words, subject)
            for result, (words, subject, _) in zip(found, messages, strict=True)
        ]

    return _with_hub(config, work)


def _read_labelled(path: Path) -> list[dict[str, Any]]:
    """Raises SystemExit naming the line that is wrong."""
    examples = []
    for number, line in enumerate(path.read_text("utf-8").splitlines(), 1):
        if not line.strip():
            continue
        try:
            one = json.loads(line)
            examples.append(
                {
                    "kind": TicketKind(one["kind"]),
                    "text": str(one["text"]),
                    "subject": str(one.get("subject", "")),
                    "hint": str(one.get("hint", "")),
                }
            )
        except (ValueError, KeyError, TypeError) as error:
            raise fail(
                f"{path}:{number}: expected a JSON object with kind and text ({error})",
                f"{path}:{number}：应为含 kind 与 text 的 JSON 对象（{error}）",
            ) from error
    if not examples:
        raise fail(f"{path}: there is no message in it", f"{path}：没有任何消息")
    return examples


def _show_trained(made: Sequence[dict[str, Any]]) -> None:
    table = _table(
        "",
        say("Right", "准确率"),
        say("Complaints found", "投诉召回"),
        say("Of those taken, complaints", "投诉精确率"),
        say("Verdict", "评价"),
    )
    rules = made[0]["rules"]
    table.add_row(say("the rules alone", "仅规则"), *_shares(rules), "")
    for one in made:
        name = say(f"version {one['version']} ({one['method']})", f"版本 {one['version']}（{one['method']}）")
        used = say(", in use now", "，已启用") if one["in_use"] else ""
        table.add_row(name, *_shares(one["learned"]), _verdict(one["verdict"]) + used)
    out.print(table)


def _shares(scores: dict[str, float]) -> tuple[str, str, str]:
    return f"{scores['accuracy']:.1%}", f"{scores['recall']:.1%}", f"{scores['precision']:.1%}"


def _show_scores(found: "Scores", uncertain: int, flagged: int) -> None:
    table = _table("", "")
    wrong = found.examples - found.right
    for name, value in (
        (say("Messages", "消息"), f"{found.examples:g}"),
        (say("Of the right kind", "分类正确"), f"{found.right:g} ({found.accuracy:.1%})"),
        (
            say("Complaints found", "找到的投诉"),
            f"{found.found:g} / {found.complaints:g} ({found.recall:.1%})",
        ),
        (say("Others taken for complaints", "误判为投诉"), f"{found.alarms:g}"),
        (say("Flagged as uncertain", "标记为存疑"), str(uncertain)),
        (say("Mistakes that are flagged", "错误中已标记"), f"{flagged} / {wrong:g}"),
    ):
        table.add_row(name, value)
    out.print(table)


def _verdict(code: str) -> str:
    return {
        "better": say("better", "更好"),
        "no_worse": say("no worse", "不差"),
        "worse": say("worse: not used", "更差：未启用"),
        "too_few": say("too few corrections yet", "更正太少"),
    }.get(code, code)


def _table(*heads: str) -> Table:
    return Table(*heads, box=None, pad_edge=False, show_header=any(heads))


def _actor() -> Actor:
    return Actor(name=say("Command line", "命令行"), role=Role.ADMIN)


def _with_hub(config: Path | None, work: "Callable[[Context], Awaitable[T]]") -> T:
    """`work` over the hub's database, with what was learned there."""
    from hub.actions.learning.learned import reload_learned
    from hub.cli.schema import make_ready
    from hub.wiring import open_installation, postgres

    async def run(dsn: str) -> T:
        async with open_installation(settings, dsn) as ctx:
            await make_ready(ctx)
            await reload_learned(ctx.database, ctx.learned)
            return await work(ctx)

    with telling_trouble():
        settings = read_settings(config)
        with postgres(settings) as dsn:
            return asyncio.run(run(dsn))
