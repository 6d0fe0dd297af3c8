"""`mail parse`: how the hub reads a letter, without a database."""

import json
import re
import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.table import Table
from rich.text import Text

from channels.email.limits import MAX_RAW
from hub.cli.speak import FAILED, err, out, say

WALL_SECONDS = 10.0


class TookTooLong(Exception):
    """The letter was not read within WALL_SECONDS."""


def parse(
    files: Annotated[
        list[Path], typer.Argument(help=say("Letters (.eml).", "邮件文件（.eml）。"), show_default=False)
    ],
    as_json: Annotated[
        bool, typer.Option("--json", help=say("One JSON object a letter, one a line.", "每封信一行 JSON。"))
    ] = False,
) -> None:
    missing = [path for path in files if not path.is_file()]
    for path in files:
        if path in missing:
            err.print(
                say(f"{path}: there is no such file", f"{path}：没有这个文件"), style="red", markup=False
            )
            continue
        found = {"file": str(path)} | read(path)
        if as_json:
            _write_line(found)
        else:
            _show(found)
    if missing:
        raise SystemExit(FAILED)


def read(path: Path) -> dict[str, Any]:
    """What the hub makes of the letter; a letter that cannot be read gives {"error": why}."""
    from channels.email.parse import parse_to_dict

    try:
        with path.open("rb") as file:
            raw = file.read(MAX_RAW + 1)
        with _at_most(WALL_SECONDS):
            # As IMAP would hand it over.
            return parse_to_dict(re.sub(rb"\r?\n", b"\r\n", raw))
    except Exception as error:  # noqa: BLE001 - whatever a letter provokes is told, and the next one is read
        return {"error": f"{type(error).__name__}: {error}"}


@contextmanager
def _at_most(seconds: float) -> Iterator[None]:
    def ring(_number: int, _frame: object) -> None:
        raise TookTooLong(f"not read within {seconds:g} s")

    before = signal.signal(signal.SIGALRM, ring)
    signal.setitimer(signal.ITIMER_REAL, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)


def _write_line(found: dict[str, Any]) -> None:
    try:
        line = json.dumps(found, ensure_ascii=False).encode()
    except UnicodeEncodeError:  # half of a character: JSON can carry it only as an escape
        line = json.dumps(found).encode()
    sys.stdout.buffer.write(line + b"\n")
    sys.stdout.buffer.flush()


def _show(found: dict[str, Any]) -> None:
    table = Table(show_header=False, box=None, padding=(0, 2, 0, 0))
    table.add_column(style="bold", no_wrap=True)
    table.add_column(overflow="fold")
    for key, value in found.items():
        if key == "attachments":
            value = [f"{one['filename'] or '?'} ({one['content_type']}, {one['size']:,} B)" for one in value]
        text = "\n".join(value) if isinstance(value, list) else str(value)
        if text and key != "html":
            table.add_row(key, Text(_printable(text)))
    out.print(table)
    out.print()


def _printable(text: str) -> str:
    """A letter must not speak to the terminal."""
    return "".join(c if c.isprintable() or c in "\n\t" else "�" for c in text)
