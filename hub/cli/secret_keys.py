"""`keys`: changing the installation's key, while hubs run."""

from datetime import datetime, timedelta
from typing import TYPE_CHECKING

import typer
from rich.table import Table

from hub.cli.options import Config
from hub.cli.speak import FAILED, err, out, say
from hub.cli.staff import with_hub
from hub.model.people import Actor, Role

if TYPE_CHECKING:
    from hub.actions.reseal import KeyReport

secret_keys = typer.Typer(
    no_args_is_help=True,
    help=say("The installation's key, and changing it.", "系统密钥及其更换。"),
)

_SHELVES = {
    "channel_secrets": ("Access granted by mail providers", "邮箱授权"),
    "channel_configs": ("Passwords of channels of the desk", "工作台渠道的密码"),
    "webhooks": ("Secrets of webhooks", "Webhook 密钥"),
    "totps": ("Authenticator apps", "身份验证器"),
    "pending_totps": ("Authenticator apps being set up", "正在设置的身份验证器"),
}


@secret_keys.command(
    "show", help=say("What is sealed with which key; changes nothing.", "显示各密钥的使用情况，不做更改。")
)
def show(config: Config = None) -> None:
    from hub.actions.reseal import look_at_keys

    _tell(with_hub(config, look_at_keys), done=False)


@secret_keys.command(
    "reseal",
    help=say("Seal everything with the present key; may be repeated.", "用当前密钥重新加密；可重复运行。"),
)
def reseal_all(config: Config = None) -> None:
    from hub.actions.reseal import reseal

    actor = Actor(name="command line", role=Role.ADMIN)
    _tell(with_hub(config, lambda ctx: reseal(ctx, actor)), done=True)


def _tell(report: "KeyReport", *, done: bool) -> None:
    others = ", ".join(report.known[1:]) or say("none", "无")
    out.print(
        say(
            f"Key: {report.own}. Also believed: {others}. In use: {', '.join(report.in_use)}.",
            f"当前密钥：{report.own}。仍接受：{others}。使用中：{'、'.join(report.in_use)}。",
        ),
        markup=False,
    )
    table = Table(
        say("Sealed", "加密内容"),
        say("All", "总数"),
        say("Sealed anew", "已重新加密") if done else say("With another key", "使用其他密钥"),
        say("Opened by no key", "无法解密"),
        box=None,
        pad_edge=False,
    )
    for shelf in report.shelves:
        table.add_row(say(*_SHELVES[shelf.name]), str(shelf.total), str(shelf.other), str(len(shelf.lost)))
    out.print(table, markup=False)
    if report.since is not None:
        _tell_what_is_out(report, report.since)
    if lost := [name for shelf in report.shelves for name in shelf.lost]:
        err.print(
            say(
                f"No key that is known here opens what belongs to: {', '.join(lost)}. Set these up anew.",
                f"以下对象的加密内容无法用任何已知密钥解密，请重新设置：{'、'.join(lost)}",
            ),
            style="red",
            markup=False,
        )
        raise SystemExit(FAILED)


def _tell_what_is_out(report: "KeyReport", since: datetime) -> None:
    """What lies with others and cannot be made anew: until when it needs the key before, and what becomes of it without."""

    def until(days: float) -> str:
        return f"{since + timedelta(days=days):%Y-%m-%d %H:%M} UTC"

    out.print(
        say(
            f"On {since:%Y-%m-%d %H:%M} UTC all that is stored was under the present key. What is out needs the one before:",
            f"{since:%Y-%m-%d %H:%M} UTC 起，存储内容已全部使用当前密钥。以下在外内容仍依赖旧密钥：",
        ),
        markup=False,
    )
    lines = [
        say(
            f"pages of forms that are open in browsers: until {until(7)}",
            f"浏览器中打开的表单页面：至 {until(7)}",
        ),
        say(
            "answers to letters sent before: without end; without the key they find their ticket by their references",
            "对此前所发邮件的回复：无期限；移除旧密钥后改按邮件引用关系匹配工单",
        ),
        say(
            "links from a ticket into a messenger: without end; without the key they open a new conversation",
            "由工单进入即时通讯的链接：无期限；移除旧密钥后将开启新会话",
        ),
        say(
            f"browsers that know who logged in: until {until(365)}; without the key they count as new ones",
            f"已识别的登录浏览器：至 {until(365)}；移除旧密钥后视为新浏览器",
        ),
    ]
    if report.chat_days:
        lines.insert(
            1,
            say(
                f"chats in browsers: until {until(report.chat_days)}",
                f"浏览器中的聊天：至 {until(report.chat_days)}",
            ),
        )
    if report.code_agents:
        lines.append(
            say(
                f"recovery codes of {report.code_agents} agents: until they make new ones; without the key they are void",
                f"{report.code_agents} 名客服的恢复码：直至重新生成；移除旧密钥后失效",
            )
        )
    for line in lines:
        out.print(f"  · {line}", markup=False)
