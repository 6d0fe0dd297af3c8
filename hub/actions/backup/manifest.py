"""What a copy says of itself, so that it can be told whether it is whole. Pure."""

from datetime import datetime
from typing import Literal

from pydantic import BaseModel, ConfigDict, ValidationError

NAME = "manifest.json"
DUMP = "database.dump"
KEY = "secret.key"


class NotACopy(Exception):
    """The folder holds no copy of ours, or one of a release that this program does not know."""


class Manifest(BaseModel):
    """`rows`: of each table, counted in the snapshot that was copied. `files`, `file_bytes`: what customers and agents
    attached. `key`: fingerprints of the keys of the installation that were in use: one, or several parted by blanks."""

    model_config = ConfigDict(extra="ignore")

    format: Literal[1] = 1
    made_at: datetime
    program: str
    server: str
    migrations: list[str]
    key: str
    dump_bytes: int
    dump_sha256: str
    rows: dict[str, int]
    files: int
    file_bytes: int


def read_manifest(text: bytes) -> Manifest:
    """Raises NotACopy."""
    try:
        return Manifest.model_validate_json(text)
    except ValidationError as error:
        raise NotACopy(f"{NAME}: {error.errors()[0]['msg']}") from error
