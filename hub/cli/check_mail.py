"""What the doctor says of mailboxes beyond their login: bare lines, and a first start that would take in years."""

import asyncio
import ipaddress
from collections.abc import AsyncIterator

from channels.adapter import ChannelFailure
from channels.email.accounts.oauth import Tokens
from channels.email.mailbox.mailbox import Declined, open_mailbox
from channels.email.settings import EmailSettings
from hub.actions.channel_vault import ChannelVault
from hub.actions.context import Context
from hub.actions.mailboxes import mailbox_health
from hub.cli.checks import Finding, good, warning
from hub.cli.speak import say

MANY_LETTERS = 500
"""So many at the first start are worth a question."""


async def check_mailboxes(ctx: Context) -> AsyncIterator[Finding]:
    """In the order of the settings. A login that fails has been told already."""
    heard = {(one.channel, one.folder) for one in await mailbox_health(ctx)}
    for name in ctx.channels:
        settings = ctx.channel(name).settings
        if isinstance(settings, EmailSettings):
            what = say(f"Mailbox {name}", f"邮箱 {name}")
            for finding in _check_protection(what, settings):
                yield finding
            folders = [one for one in (*settings.folders, *settings.junk_folders) if (name, one) not in heard]
            if folders and not settings.take_days:
                for finding in await _check_first_sight(ctx, name, what, settings, folders):
                    yield finding


def _check_protection(what: str, settings: EmailSettings) -> list[Finding]:
    bare = [
        host
        for host, security in (
            (settings.imap_host, settings.imap_security),
            (settings.smtp_host, settings.smtp_security),
        )
        if security == "none" and not _is_here(host)
    ]
    return [
        warning(
            what,
            say(f"passwords and letters travel in the clear to {host}", f"密码与邮件以明文传送到 {host}"),
            say(
                "Set imap_security and smtp_security to tls or starttls.",
                "请把 imap_security 与 smtp_security 设为 tls 或 starttls。",
            ),
        )
        for host in dict.fromkeys(bare)
    ]


def _is_here(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


async def _check_first_sight(
    ctx: Context, name: str, what: str, settings: EmailSettings, folders: list[str]
) -> list[Finding]:
    try:
        token = ""
        if settings.auth == "oauth2":
            token = await Tokens(name, settings, ChannelVault(ctx, name)).access_token()
        letters = await asyncio.to_thread(_letters, settings, token, folders)
    except (ChannelFailure, Declined):
        return []  # told with the channel's login
    text = say(
        f"not read yet; {letters:,} letters wait in it, all of which are taken in",
        f"尚未读取；其中有 {letters:,} 封邮件，将全部读入",
    )
    if letters <= MANY_LETTERS:
        return [good(what, text)]
    advice = say(
        "To begin with the last two weeks only, set take_days = 14 before the first start; "
        "older letters stay where they are and can be had later (a larger take_days, or `contact-hub mail import`).",
        "如果只想从最近两周开始，请在首次启动前设置 take_days = 14；更早的邮件保留在原处，"
        "以后仍可读入（调大 take_days，或使用 `contact-hub mail import`）。",
    )
    return [warning(what, text, advice)]


def _letters(settings: EmailSettings, token: str, folders: list[str]) -> int:
    box = open_mailbox(settings, token)
    try:
        return sum(box.open(folder, for_reading=True).letters for folder in folders)
    finally:
        box.close()
