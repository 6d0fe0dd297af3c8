"""Options that several commands share."""

from pathlib import Path
from typing import Annotated, TypeAlias

import typer

from hub.cli.speak import say

Config: TypeAlias = Annotated[
    Path | None,
    typer.Option(
        "--config",
        envvar="HUB_CONFIG",
        show_default="config/hub.toml",
        help=say("The settings to read.", "要读取的设置文件。"),
    ),
]
