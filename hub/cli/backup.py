"""`backup` and `restore`: a copy of everything, and everything out of a copy."""

import asyncio
import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer

from hub.actions.backup.hear_again import HeardAgain
from hub.actions.backup.hold import Held
from hub.actions.backup.manifest import KEY, Manifest, NotACopy
from hub.actions.backup.put_back import CannotPutBack, NotTheSame, PutBack, check_copy, key_of, put_back
from hub.actions.backup.take import CannotWrite, take_backup
from hub.cli.options import Config
from hub.cli.speak import FAILED, err, out, say, telling_trouble
from hub.settings import Settings, read_settings
from storage.backups import NoTool, ToolFailed

_MOST_NAMED = 20


def backup(
    folder: Annotated[
        Path | None,
        typer.Argument(
            help=say(
                "Where to; made, and must not be there. Without one: backup-<time> here.",
                "目标文件夹（自动创建，不得已存在）；默认在当前目录生成 backup-<时间>。",
            )
        ),
    ] = None,
    with_key: Annotated[
        bool,
        typer.Option(
            "--with-key",
            help=say(
                "Put the installation's key into the copy too: whoever has the folder can then open everything.",
                "同时保存密钥：拿到该文件夹的人即可解开全部内容。",
            ),
        ),
    ] = False,
    config: Config = None,
) -> None:
    """A copy of the database, files included, while hubs go on working; it is there whole or not at all."""
    from hub.wiring import open_installation, postgres

    target = folder or Path(f"backup-{datetime.now(UTC):%Y%m%dT%H%M%SZ}")

    async def work(settings: Settings, dsn: str) -> Manifest:
        async with open_installation(settings, dsn) as ctx:
            return await take_backup(ctx, dsn, target, with_key=with_key)

    with telling_trouble(), _telling_of_copies():
        settings = read_settings(config)
        with postgres(settings) as dsn:
            made = asyncio.run(work(settings, dsn))
    rows = sum(made.rows.values())
    out.print(
        say(
            f"{target}: {rows:,} rows and {made.files:,} files, {made.dump_bytes:,} bytes.",
            f"{target}：{rows:,} 行数据、{made.files:,} 个文件，共 {made.dump_bytes:,} 字节。",
        ),
        markup=False,
    )
    if not with_key:
        out.print(
            say(
                "The key is not in it (--with-key): keep data_dir/secret.key or HUB_SECRET_KEY elsewhere; nothing opens "
                "without it.",
                "副本不含密钥（可加 --with-key）：请另行妥善保存 data_dir/secret.key 或 HUB_SECRET_KEY，否则无法恢复加密内容。",
            ),
            markup=False,
        )


def restore(
    folder: Annotated[
        Path, typer.Argument(help=say("A copy that `backup` made.", "由 backup 生成的文件夹。"))
    ],
    check: Annotated[
        bool,
        typer.Option("--check", help=say("Only look whether the copy is whole.", "仅检查副本是否完整。")),
    ] = False,
    config: Config = None,
) -> None:
    """Into an empty database; everything is compared with what it was. Start no hub before it has ended."""
    from hub.wiring import open_installation, postgres

    with telling_trouble(), _telling_of_copies():
        if check:
            _tell_of(folder, asyncio.run(check_copy(folder)))
            return
        settings = read_settings(config)
        _bring_key(settings, folder)

        async def work(dsn: str) -> PutBack:
            async with open_installation(settings, dsn) as ctx:
                return await put_back(ctx, dsn, folder)

        with postgres(settings) as dsn:
            done = asyncio.run(work(dsn))
    _tell_of(folder, done.manifest)
    out.print(
        say(
            "Everything is there: each table and each file was compared.",
            "已全部恢复：每张表、每个文件均已核对。",
        ),
        markup=False,
    )
    for name in done.migrated:
        out.print(say(f"Applied: {name}", f"已应用：{name}"), markup=False)
    _tell_of_held(done.held)
    _tell_of_heard(done.heard_again, done.manifest)


def _tell_of_held(held: Held) -> None:
    """What a person has to decide on."""
    if held.replies:
        _tell(
            f"Replies that were on their way wait for a person (System page: send again, or put away), on {len(held.replies)} "
            f"tickets: {_named(held.replies)}",
            f"以下 {len(held.replies)} 张工单有当时正在发送的回复，可能已送达，请在“系统”页面人工决定重发或放弃："
            f"{_named(held.replies)}",
        )
    if held.drafts:
        _tell(
            f"{held.drafts} scheduled replies were due since and are their authors' drafts again.",
            f"有 {held.drafts} 条定时回复在此期间已到时间，现已退回为作者的草稿。",
        )
    if held.chats:
        _tell(
            f"Answers in chats that the customer may not have seen were not sent on by letter, on {len(held.chats)} tickets: "
            f"{_named(held.chats)}",
            f"以下 {len(held.chats)} 张工单的在线聊天中有客户可能未看到的答复，未再以邮件补发，请人工查看："
            f"{_named(held.chats)}",
        )
    if held.customers:
        _tell(
            f"{held.customers} customers were still to be told of an incident and were not (System page, then the incident's "
            f"own page: tell them after all): {_named(held.incidents)}",
            f"有 {held.customers} 位客户当时尚待收到故障事件通知，现未发送，请到“系统”页面及故障事件页面人工决定是否补发："
            f"{_named(held.incidents)}",
        )
    if held.surveys:
        _tell(
            f"Customers were due to be asked how they liked it, about {held.surveys} tickets; nobody is asked (the ticket "
            "has a button).",
            f"有 {held.surveys} 张工单在此期间已到满意度调查时间，未再自动询问（可在工单上手动发送）。",
        )
    if held.rules:
        _tell(
            "Rules that were due to answer, to call another program or to end the work left a note instead, on "
            f"{len(held.rules)} tickets: {_named(held.rules)}",
            f"以下 {len(held.rules)} 张工单有到期的规则本应答复客户、调用其他程序或结束工单，现仅留下备注，请人工决定："
            f"{_named(held.rules)}",
        )
    if held.side_letters:
        _tell(
            f"{held.side_letters} letters with codes or links were not sent; whoever wants one asks again.",
            f"有 {held.side_letters} 封验证码或链接邮件未发送，客户可重新申请。",
        )


def _tell_of_heard(heard: HeardAgain, manifest: Manifest) -> None:
    """What came in since the copy was made: what comes again, and what does not."""
    for one in heard.done_folders:
        _tell(
            f"Mailbox {one.channel}: letters that arrived on {one.since} or later and were moved to {one.folder} are read once "
            "more when a hub hears it; what is known is not doubled.",
            f"邮箱 {one.channel}：系统启动后会重新读取“{one.folder}”文件夹中 {one.since} 及以后收到的邮件，已有的不会重复。",
        )
    if heard.lost:
        moment = f"{manifest.made_at:%Y-%m-%d %H:%M}"
        _tell(
            f"What customers said after {moment} UTC by these channels is in no copy and cannot be had again: "
            f"{', '.join(heard.lost)}",
            f"{moment} UTC 之后客户通过以下渠道发来的内容不在副本中，也无法重新获取：{'、'.join(heard.lost)}",
        )


def _named(numbers: Sequence[str]) -> str:
    return " ".join(numbers[:_MOST_NAMED]) + (" …" if len(numbers) > _MOST_NAMED else "")


def _tell(english: str, chinese: str) -> None:
    out.print(say(english, chinese), markup=False)


def _tell_of(folder: Path, manifest: Manifest) -> None:
    moment = f"{manifest.made_at:%Y-%m-%d %H:%M:%S}"
    out.print(
        say(
            f"{folder}: made at {moment} UTC by {manifest.program} on Postgres {manifest.server}; whole.",
            f"{folder}：由 {manifest.program} 版于 {moment} UTC 在 Postgres {manifest.server} 上生成，完整无误。",
        ),
        markup=False,
    )


def _bring_key(settings: Settings, folder: Path) -> None:
    """A new machine has no key yet; the copy may have it."""
    key, place = key_of(folder), settings.data_dir / KEY
    if key is None or place.exists() or (settings.secret_key and settings.secret_key.get_secret_value()):
        return
    place.parent.mkdir(parents=True, exist_ok=True)
    handle = os.open(place, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(handle, "wb") as file:
        file.write(key)


@contextmanager
def _telling_of_copies() -> Iterator[None]:
    try:
        yield
    except (CannotWrite, NotACopy, CannotPutBack, NotTheSame, NoTool, ToolFailed) as error:
        first = _FIRST[type(error)]
        err.print(say(*first), style="red", markup=False)
        for line in str(error).splitlines():
            err.print(f"  {line}", markup=False)
        raise SystemExit(FAILED) from error


_FIRST = {
    CannotWrite: ("No copy was made.", "未生成副本。"),
    NotACopy: ("This copy cannot be used. Nothing was changed.", "该副本不可用，未做任何更改。"),
    CannotPutBack: ("Nothing was changed.", "未做任何更改。"),
    NotTheSame: (
        "What was put back differs from what was copied. Do not start a hub on it.",
        "恢复的内容与副本不一致，请勿在其上启动系统。",
    ),
    NoTool: ("A program of Postgres is missing. Nothing was changed.", "缺少 Postgres 工具，未做任何更改。"),
    ToolFailed: (
        "Postgres's own program failed; nothing of it was kept.",
        "Postgres 工具执行失败，未保留任何内容。",
    ),
}
