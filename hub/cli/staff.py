"""`agent` and `api-key`: who may work at the desk, and which programs may call."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import TYPE_CHECKING, Annotated, TypeVar

import typer

from hub.actions.failures import NotPossible
from hub.cli.options import Config
from hub.cli.speak import fail, is_terminal, out, say, telling_trouble
from hub.model.people import Scope
from hub.settings import read_settings

if TYPE_CHECKING:
    from hub.actions.context import Context

T = TypeVar("T")

agents = typer.Typer(no_args_is_help=True, help=say("Members of staff.", "客服人员。"))
keys = typer.Typer(
    no_args_is_help=True, help=say("Keys of programs that call the API.", "调用 API 的程序所用的密钥。")
)

_PASSWORDS = {
    "weak_password": "密码需为 10 至 256 个字符。",
    "common_password": "该密码容易被猜到：它是常见密码，或由常见词语、日期、键盘上相邻的按键组成。请改用四个互不相关的词。",
    "telling_password": "密码中不能包含登录名、姓名、Contact Hub、收件邮箱的域名或公司常用词。",
    "leaked_password": "该密码出现在已泄露的密码列表中。请改用从未用过的密码。",
}
"""Why a password cannot be chosen, in Chinese."""

Login = Annotated[str, typer.Option(help=say("What they type to log in.", "登录名。"))]


@agents.command("add", help=say("Add a member of staff.", "添加一名客服人员。"))
def add(
    login: Login,
    name: Annotated[str, typer.Option(help=say("As customers see it.", "客户看到的姓名。"))],
    password: Annotated[
        str,
        typer.Option(
            envvar="HUB_AGENT_PASSWORD",
            show_envvar=True,
            help=say("At least 10 characters; asked for when left out.", "至少 10 个字符；省略时会询问。"),
        ),
    ] = "",
    role: Annotated[
        str,
        typer.Option(
            help=say(
                "agent, supervisor, admin or a role of your own.", "agent、supervisor、admin 或自定义角色。"
            )
        ),
    ] = "agent",
    language: Annotated[
        list[str] | None,
        typer.Option(
            help=say(
                "zh or en; may be repeated; none: all that the routing rules offer.",
                "zh 或 en；可重复；省略则为分派规则中的全部语言。",
            )
        ),
    ] = None,
    skill: Annotated[
        list[str] | None,
        typer.Option(help=say("NAME or NAME:LEVEL; may be repeated.", "名称 或 名称:等级；可重复。")),
    ] = None,
    queue: Annotated[
        list[str] | None,
        typer.Option(help=say("May be repeated; none: every queue.", "可重复；省略则负责所有队列。")),
    ] = None,
    capacity: Annotated[
        int, typer.Option(min=0, help=say("Tickets they hold at once.", "同时处理的工单数。"))
    ] = 8,
    live_capacity: Annotated[
        int, typer.Option(min=0, help=say("Live conversations at once.", "同时接待的会话数。"))
    ] = 3,
    calendar: Annotated[
        str,
        typer.Option(help=say("Shifts: a calendar of the rules.", "班次：规则中的日历。")),
    ] = "",
    locale: Annotated[
        str, typer.Option(help=say("Language of their screen: en or zh_CN.", "界面语言：en 或 zh_CN。"))
    ] = "en",
    config: Config = None,
) -> None:
    from hub.actions.people.staff import add_agent

    if locale not in ("en", "zh_CN"):
        raise fail("--locale: expected en or zh_CN", "--locale：应为 en 或 zh_CN")
    secret = password or _ask_password()
    number = with_hub(
        config,
        lambda ctx: _told(
            add_agent(
                ctx,
                login=login,
                name=name,
                password=secret,
                role=role,
                languages=_spoken(ctx, language or ()),
                skills=_levels(skill or []),
                queues=queue or (),
                capacity=capacity,
                live_capacity=live_capacity,
                calendar=calendar,
                locale=locale,
            )
        ),
    )
    out.print(
        say(f"Agent {login} added (number {number}).", f"已添加客服 {login}（编号 {number}）。"), markup=False
    )


@agents.command("password", help=say("Give a member of staff a new password.", "重设客服人员的密码。"))
def password(
    login: Login,
    password: Annotated[str, typer.Option(envvar="HUB_AGENT_PASSWORD", show_envvar=True)] = "",
    config: Config = None,
) -> None:
    from hub.actions.people.staff import set_password

    secret = password or _ask_password()
    with_hub(config, lambda ctx: _told(set_password(ctx, login=login, password=secret)))
    out.print(
        say(
            f"{login} has a new password; whoever was logged in as {login} is logged out.",
            f"{login} 的密码已更新，原有登录均已退出。",
        ),
        markup=False,
    )


@keys.command("create", help=say("Make a key; it is shown once.", "创建密钥；仅显示一次。"))
def create(
    name: Annotated[str, typer.Option(help=say("What the key is for.", "密钥用途。"))],
    scope: Annotated[list[Scope], typer.Option(help=say("May be repeated.", "可重复。"))],
    config: Config = None,
) -> None:
    from hub.actions.people.keys import create_api_key

    key = with_hub(config, lambda ctx: create_api_key(ctx, name=name, scopes=scope))
    # The key alone on standard output, so that a script can take it.
    typer.echo(key)
    typer.echo(say("Keep it now: it is not shown again.", "请立即保存：此密钥不会再次显示。"), err=True)


@keys.command("revoke", help=say("Make a key useless.", "吊销密钥。"))
def revoke(
    name: Annotated[str, typer.Argument(help=say("The key's name.", "密钥名称。"), show_default=False)],
    config: Config = None,
) -> None:
    from hub.actions.people.keys import revoke_api_key

    with_hub(config, lambda ctx: revoke_api_key(ctx, name))
    out.print(say(f"The key {name} is revoked.", f"密钥 {name} 已吊销。"), markup=False)


def with_hub(config: Config, work: "Callable[[Context], Awaitable[T]]") -> T:
    """Do one action over the configured database. Ends with words where that cannot be."""
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
    raise AssertionError("unreachable")


def _ask_password() -> str:
    if not is_terminal():
        raise fail(
            "--password: expected one, or HUB_AGENT_PASSWORD in the environment",
            "--password：请提供密码，或设置环境变量 HUB_AGENT_PASSWORD",
        )
    answer: str = typer.prompt(say("Password", "密码"), hide_input=True, confirmation_prompt=True)
    return answer


async def _told(doing: Awaitable[T]) -> T:
    """The same; a password that cannot be chosen is refused in the language of the command."""
    try:
        return await doing
    except NotPossible as refused:
        if refused.code not in _PASSWORDS:
            raise
        raise NotPossible(say(str(refused), _PASSWORDS[refused.code]), code=refused.code) from refused


def _spoken(ctx: "Context", given: Sequence[str]) -> Sequence[str]:
    """What the agent speaks. Raises NotPossible for a language in which no ticket would ever ask for them."""
    rules = ctx.rules.languages
    usable = dict.fromkeys((*rules.offered, *((rules.fallback,) if rules.fallback else ())))
    for one in given:
        if one not in usable:
            offered = ", ".join(usable)
            raise NotPossible(
                say(
                    f"--language {one}: the routing rules offer {offered}",
                    f"--language {one}：分派规则提供的语言为 {offered}",
                ),
                code="unknown_language",
            )
    return given or rules.offered


def _levels(given: list[str]) -> dict[str, int]:
    levels: dict[str, int] = {}
    for one in given:
        name, _, level = one.partition(":")
        if level and not (level.isascii() and level.isdigit() and int(level) >= 1):
            raise fail(
                f"--skill {one}: expected NAME or NAME:LEVEL, from 1",
                f"--skill {one}：应为 名称 或 名称:等级，从 1 起",
            )
        levels[name] = int(level or 1)
    return levels
