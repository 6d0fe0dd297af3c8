"""`mail authorise`: has a person grant the hub access to a mailbox (OAuth 2), and keeps what they granted."""

import asyncio
import threading
from typing import TYPE_CHECKING, Annotated, Any

import typer

from channels.adapter import ChannelFailure
from hub.cli.options import Config
from hub.cli.speak import FAILED, err, fail, is_terminal, out, say, telling_trouble
from hub.settings import read_settings

if TYPE_CHECKING:
    from channels.email.settings import EmailSettings
    from hub.actions.context import Context


def authorise(
    channel: Annotated[str, typer.Argument(help=say("The channel's name.", "渠道名称。"))],
    port: Annotated[
        int,
        typer.Option(
            help=say(
                "Where the browser comes back to on this machine; 0: any free port.",
                "浏览器返回本机时使用的端口；0 表示任意空闲端口。",
            )
        ),
    ] = 0,
    config: Config = None,
) -> None:
    """Exit code 1 when access was not granted, or the mailbox does not open with it."""
    from channels.email.settings import EmailSettings
    from hub.wiring import open_installation, postgres

    async def work(dsn: str) -> None:
        from hub.actions.channels.desk_channels import open_every_channel
        from hub.cli.schema import make_ready

        async with open_installation(settings, dsn) as ctx:
            await make_ready(ctx)
            await open_every_channel(ctx)
            given = _settings_of(ctx, channel, EmailSettings)
            await _authorise(ctx, channel, given, port)

    with telling_trouble():
        settings = read_settings(config)
        try:
            with postgres(settings) as dsn:
                asyncio.run(work(dsn))
        except ChannelFailure as failure:
            err.print(str(failure), style="red", markup=False)
            raise SystemExit(FAILED) from failure


def _settings_of(ctx: "Context", channel: str, kind: "type[EmailSettings]") -> "EmailSettings":
    try:
        given = ctx.channel(channel).settings
    except KeyError:
        there_are = ", ".join(sorted(ctx.channels)) or "-"
        raise fail(
            f"There is no channel {channel!r}; there is: {there_are}",
            f"没有渠道 {channel!r}；现有：{there_are}",
        ) from None
    if not isinstance(given, kind) or given.auth != "oauth2":
        raise fail(
            f'The channel {channel!r} logs in with a password; set auth = "oauth2" first.',
            f'渠道 {channel!r} 使用密码登录；请先设置 auth = "oauth2"。',
        )
    return given


async def _authorise(ctx: "Context", channel: str, settings: "EmailSettings", port: int) -> None:
    from channels.email.accounts.oauth import endpoints, keep_tokens
    from hub.actions.ports import make_ports

    where = endpoints(settings)
    if where.device:
        answer = await _by_device(settings)
    elif where.authorise:
        answer = await _by_browser(settings, port)
    else:
        raise fail(
            "Set oauth_device_url or oauth_authorise_url of this provider.",
            "请设置该服务商的 oauth_device_url 或 oauth_authorise_url。",
        )
    if not answer.get("refresh_token"):
        raise fail(
            "The provider granted access for an hour only (no refresh token). Check the scope: offline access is needed.",
            "服务商只授予了约一小时的访问权限（没有 refresh token）。请检查 scope：需要离线访问权限。",
        )
    ports = make_ports(ctx, channel)
    await keep_tokens(ports.vault, answer)
    out.print(say("Granted, and kept.", "已获授权并保存。"), style="green")
    adapter = ctx.channel(channel).kind.open(channel, settings, ports)
    try:
        await adapter.check()
    finally:
        await adapter.close()
    out.print(
        say(
            "The mailbox opens. Running hubs use it from now on.", "邮箱可以打开。运行中的 hub 即刻开始使用。"
        ),
        style="green",
    )


async def _by_device(settings: "EmailSettings") -> dict[str, Any]:
    from channels.email.accounts.authorise import by_device

    def show(address: str, code: str) -> None:
        out.print(
            say(
                f"Open {address} on any device, log in as a person who may use {settings.mailbox_user}, and type: {code}",
                f"请在任意设备上打开 {address}，以有权使用 {settings.mailbox_user} 的账号登录，并输入：{code}",
            ),
            markup=False,
        )

    return await by_device(settings, show)


async def _by_browser(settings: "EmailSettings", port: int) -> dict[str, Any]:
    from channels.email.accounts.authorise import browser_visit

    async with browser_visit(settings, port) as visit:
        out.print(
            say(
                f"Open this address in a browser and log in as a person who may use {settings.mailbox_user}:",
                f"请在浏览器中打开以下地址，并以有权使用 {settings.mailbox_user} 的账号登录：",
            ),
            markup=False,
        )
        out.print(visit.address, markup=False)
        out.print(
            say(
                "If the browser runs on another machine, its last page will not load: paste the address of that page here.",
                "如果浏览器在另一台机器上，最后的页面将无法打开：请把该页面的地址粘贴到这里。",
            ),
            markup=False,
        )
        if is_terminal():
            loop = asyncio.get_running_loop()
            threading.Thread(target=_read_pasted, args=(loop, visit.paste), daemon=True).start()
        return await visit.answer()


def _read_pasted(loop: asyncio.AbstractEventLoop, paste: Any) -> None:
    """In a thread of its own, which ends with the command: nobody may paste anything."""
    while True:
        try:
            line = input()
        except EOFError:
            return
        loop.call_soon_threadsafe(paste, line)
