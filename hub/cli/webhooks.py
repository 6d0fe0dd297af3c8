"""`webhook`: programs that rules can call; a trial call that says how it went."""

from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Annotated, TypeVar

import orjson
import typer
from rich.table import Table

from hub.cli.options import Config
from hub.cli.speak import fail, out, say
from hub.cli.staff import with_hub
from hub.model.people import Actor, Role

if TYPE_CHECKING:
    from hub.actions.context import Context
    from storage.webhooks import WebhookRow

T = TypeVar("T")

webhooks = typer.Typer(
    no_args_is_help=True, help=say("Other programs that rules can call.", "规则可调用的其他程序。")
)

Name = Annotated[
    str, typer.Argument(help=say("By which rules call it.", "规则中使用的名称。"), show_default=False)
]
AsJson = Annotated[
    bool, typer.Option("--json", help=say("As JSON, for programs.", "输出 JSON，供程序使用。"))
]
_ADMIN = Actor(name="command line", role=Role.ADMIN)


@webhooks.command("add", help=say("Add one; its secret is shown once.", "添加；密钥仅显示一次。"))
def add(
    name: Name,
    url: Annotated[str, typer.Argument(help=say("Where it is called.", "调用地址。"), show_default=False)],
    config: Config = None,
) -> None:
    from hub.actions.errands.webhooks import add_webhook

    _, secret = with_hub(config, lambda ctx: add_webhook(ctx, name=name, url=url, actor=_ADMIN))
    # The secret alone on standard output, so that a script can take it.
    typer.echo(secret)
    typer.echo(say("Keep it now: it is not shown again.", "请立即保存：此密钥不会再次显示。"), err=True)


@webhooks.command("list", help=say("All of them, and how they are.", "列出全部及其状态。"))
def list_all(json: AsJson = False, config: Config = None) -> None:
    from hub.actions.errands.webhooks import list_webhooks

    rows = with_hub(config, list_webhooks)
    if json:
        typer.echo(orjson.dumps(rows, option=orjson.OPT_INDENT_2))
        return
    table = Table(
        say("Name", "名称"),
        say("State", "状态"),
        say("Waiting", "等待"),
        say("Address", "地址"),
        box=None,
        pad_edge=False,
    )
    for row in rows:
        table.add_row(row.name, _state(row), str(row.waiting), row.url)
    out.print(table, markup=False)


@webhooks.command("test", help=say("Make a trial call now.", "立即进行一次测试调用。"))
def test(name: Name, config: Config = None) -> None:
    from hub.actions.errands.make_calls import try_webhook

    result = _on(config, name, lambda ctx, row: try_webhook(ctx, row.id))
    answer = "" if result.status is None else f" {result.status}"
    if result.trouble is not None:
        raise fail(
            f"{name}: not taken over ({result.trouble}{answer}, {result.took_ms} ms)",
            f"{name}：对方未接收（{result.trouble}{answer}，{result.took_ms} 毫秒）",
        )
    out.print(
        say(f"{name}: taken over ({result.took_ms} ms)", f"{name}：对方已接收（{result.took_ms} 毫秒）"),
        markup=False,
    )


@webhooks.command("on", help=say("Call it again.", "启用。"))
def switch_on(name: Name, config: Config = None) -> None:
    _switch(config, name, enabled=True)


@webhooks.command(
    "off", help=say("Call it no more for now; what waits is kept for a day.", "停用；等待中的调用保留一天。")
)
def switch_off(name: Name, config: Config = None) -> None:
    _switch(config, name, enabled=False)


@webhooks.command("remove", help=say("Call it no more.", "移除。"))
def remove(name: Name, config: Config = None) -> None:
    from hub.actions.errands.webhooks import retire_webhook

    _on(
        config,
        name,
        lambda ctx, row: retire_webhook(ctx, webhook_id=row.id, version=row.version, actor=_ADMIN),
    )
    out.print(say(f"The webhook {name} is removed.", f"Webhook {name} 已移除。"), markup=False)


def _switch(config: Config, name: str, *, enabled: bool) -> None:
    from hub.actions.errands.webhooks import change_webhook

    _on(
        config,
        name,
        lambda ctx, row: change_webhook(
            ctx, webhook_id=row.id, version=row.version, enabled=enabled, actor=_ADMIN
        ),
    )
    state = say("on", "启用") if enabled else say("off", "停用")
    out.print(say(f"The webhook {name} is {state}.", f"Webhook {name} 已{state}。"), markup=False)


def _on(config: Config, name: str, work: "Callable[[Context, WebhookRow], Awaitable[T]]") -> T:
    """Do it to the one of this name."""
    from hub.actions.errands.webhooks import list_webhooks

    async def find(ctx: "Context") -> T:
        for row in await list_webhooks(ctx):
            if row.name == name:
                return await work(ctx, row)
        raise fail(f"There is no webhook {name}.", f"没有名为 {name} 的 Webhook。")

    return with_hub(config, find)


def _state(row: "WebhookRow") -> str:
    if not row.enabled:
        return say("off", "停用")
    if row.paused_at is not None:
        return say("paused", "已暂停")
    return say("failing", "失败中") if row.failures else say("works", "正常")
