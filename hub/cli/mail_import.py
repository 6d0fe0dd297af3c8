"""`mail import`: letters from files onto the timeline. Safe to repeat: a letter is known by its bytes and its content."""

import asyncio
import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn
from rich.table import Table

from channels.adapter import NotAccepted, RawItem
from hub.actions.context import Context
from hub.cli.letters import MOST_KEPT, Shelf, find_letters
from hub.cli.options import Config
from hub.cli.speak import FAILED, err, fail, out, say, telling_trouble
from hub.settings import Settings, WrongSetting, read_settings
from storage.database import DatabaseUnavailable

OWN_CHANNEL = "import"
_MOST_ITEMS = 50
_MOST_BYTES = 8 * 1024 * 1024
_SHOWN = 10


@dataclass(slots=True)
class Tally:
    """What became of the letters."""

    new: int = 0
    known: int = 0
    quarantined: list[tuple[str, str]] = field(default_factory=list)


def import_letters(
    path: Annotated[
        Path,
        typer.Argument(
            help=say("A letter, an mbox, or a folder of them.", "一封邮件、一个 mbox 或其所在文件夹。")
        ),
    ],
    channel: Annotated[
        str,
        typer.Option(
            help=say(
                "The e-mail channel they came by; needed when there are several.",
                "所属邮件渠道；有多个时必填。",
            )
        ),
    ] = "",
    config: Config = None,
) -> None:
    from hub.wiring import postgres

    try:
        shelf = find_letters(path)
    except FileNotFoundError:
        raise fail(f"{path}: there is no such file or folder", f"{path}：没有这个文件或文件夹") from None
    if not len(shelf):
        raise fail(f"{path}: there is no letter in it", f"{path}：其中没有邮件")
    with telling_trouble():
        settings = read_settings(config)
        with postgres(settings) as dsn:
            settings = asyncio.run(_with_desk_channels(settings, dsn))
            name, settings = choose_channel(settings, channel)
            tally = asyncio.run(_import(settings, dsn, name, shelf))
    _show(tally, shelf, name)
    if shelf.too_large:
        raise SystemExit(FAILED)


async def _with_desk_channels(settings: Settings, dsn: str) -> Settings:
    """With those that were set up at the desk, as if they stood in the file."""
    from hub.actions.channels.desk_channels import open_every_channel
    from hub.cli.schema import make_ready
    from hub.wiring import open_installation

    async with open_installation(settings, dsn) as ctx:
        await make_ready(ctx)
        await open_every_channel(ctx)
        return settings.model_copy(update={"channels": {**ctx.channels}})


def choose_channel(settings: Settings, wanted: str) -> tuple[str, Settings]:
    """The channel, and settings that have it: where no inbox is configured, one that only keeps what is imported."""
    inboxes = [name for name, table in settings.channels.items() if table.get("kind") == "email"]
    there_is = ", ".join(inboxes) or say("none", "无")
    if wanted and wanted not in inboxes:
        raise WrongSetting(
            say(
                f"--channel: expected an e-mail channel; there is {there_is}",
                f"--channel：应为邮件渠道；现有：{there_is}",
            )
        )
    if not wanted and len(inboxes) > 1:
        raise WrongSetting(
            say(
                f"--channel: needed, there are several: {there_is}",
                f"--channel：有多个邮件渠道，请指定：{there_is}",
            )
        )
    if wanted or inboxes:
        return wanted or inboxes[0], settings
    # Its servers are never called: nothing opens this channel.
    table = {
        "kind": "email",
        "address": "import@localhost",
        "imap_host": "localhost",
        "smtp_host": "localhost",
    }
    return OWN_CHANNEL, settings.model_copy(update={"channels": {**settings.channels, OWN_CHANNEL: table}})


async def _import(settings: Settings, dsn: str, name: str, shelf: Shelf) -> Tally:
    from hub.actions.installation import report_channel
    from hub.cli.schema import make_ready
    from hub.wiring import open_installation

    tally = Tally()
    async with open_installation(settings, dsn) as opened:
        await make_ready(opened)
        # Read here and at once, not by whoever serves: a hub that serves may not know this channel.
        email = replace(opened.kinds["email"], heavy=False)
        ctx = replace(opened, kinds={**opened.kinds, "email": email}, memo={})
        with _bar() as bar:
            task = bar.add_task(say("Importing", "正在导入"), total=len(shelf))
            batch: list[tuple[str, RawItem]] = []
            for where, raw in shelf:
                batch.append((where, _item(raw, where)))
                if len(batch) >= _MOST_ITEMS or sum(len(item.content) for _, item in batch) > _MOST_BYTES:
                    await _hand_in(ctx, name, batch, tally)
                    bar.advance(task, len(batch))
                    batch = []
            await _hand_in(ctx, name, batch, tally)
            bar.advance(task, len(batch))
        if name == OWN_CHANNEL:
            await report_channel(ctx, name, "retired")
    return tally


def _item(raw: bytes, where: str) -> RawItem:
    from channels.email.mailbox.items import content_key

    return RawItem(
        external_key=f"import:{hashlib.sha256(raw).hexdigest()}",
        content=raw,
        received_at=datetime.now(UTC),
        content_key=content_key(raw),
        meta={"imported_from": where[-300:]},
    )


async def _hand_in(ctx: Context, name: str, batch: Sequence[tuple[str, RawItem]], tally: Tally) -> None:
    from hub.actions.receive import accept_items

    try:
        kept = await accept_items(ctx, name, [item for _, item in batch])
    except NotAccepted as error:
        raise DatabaseUnavailable(str(error)) from error
    for (where, _), one in zip(batch, kept, strict=True):
        if one.duplicate:
            tally.known += 1
        elif one.quarantined:
            tally.quarantined.append((where, one.quarantined))
        else:
            tally.new += 1


def _bar() -> Progress:
    return Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeRemainingColumn(),
        console=err,
        disable=not err.is_terminal,
    )


def _show(tally: Tally, shelf: Shelf, name: str) -> None:
    table = Table(show_header=False)
    table.add_column()
    table.add_column(justify="right")
    table.add_row(say("New", "新增"), f"{tally.new:,}")
    table.add_row(say("There already", "已存在"), f"{tally.known:,}")
    table.add_row(say("Quarantined", "已隔离"), f"{len(tally.quarantined):,}")
    if shelf.skipped:
        table.add_row(say("Files that are no letters", "非邮件文件"), f"{len(shelf.skipped):,}")
    if shelf.too_large:
        table.add_row(say("Too large to keep", "过大，未保留"), f"{len(shelf.too_large):,}")
    out.print(say(f"Imported into the channel {name}:", f"已导入渠道 {name}："), markup=False)
    out.print(table)
    for where, why in tally.quarantined[:_SHOWN]:
        out.print(f"  {where}: {why}", markup=False)
    if tally.quarantined:
        out.print(
            say(
                "Quarantined letters are kept with their bytes: see System at the desk, or GET /api/v1/quarantine.",
                "被隔离的邮件已原样保留：请在工作台“系统”页查看，或调用 GET /api/v1/quarantine。",
            ),
            markup=False,
        )
    for where in shelf.too_large[:_SHOWN]:
        most = MOST_KEPT // 1024**2
        err.print(
            say(f"{where}: larger than {most} MB; not imported", f"{where}：超过 {most} MB，未导入"),
            style="red",
            markup=False,
        )
