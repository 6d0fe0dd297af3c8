"""S94, as far as it goes beyond logs: what anybody on the machine sees of the hub's processes, and what a copy of the database
holds. The programs of Postgres that a copy is made and put back with are found in a folder of the test's: each writes down the
whole list of processes, as it is while it runs, and then does what it does."""

import asyncio
import re
from collections.abc import AsyncIterator
from pathlib import Path

import asyncpg
import pytest

from hub.actions.backup.manifest import DUMP
from hub.actions.errands.webhooks import add_webhook
from hub.actions.people.keys import create_api_key
from hub.model.people import Scope
from storage import backups
from tests.conftest import at_database
from tests.fakes.processes import serving
from tests.fakes.scene import PASSWORD, SYSTEM, a_hub, a_real_agent
from tests.journeys.command import command, environment

OF_THE_DATABASE, KEY = "Wiesenknopf-2026", "Ackerwinde: a key of thirty-two bytes, or more"
TOKEN, MAILBOX = "123456789:AAEtesttoken", "Schafgarbe-2026"
CHANNELS = {
    "bot": {"kind": "telegram", "token": TOKEN, "webhook": True, "base_url": "http://127.0.0.1:9/bot"},
    "support": {
        "kind": "email", "address": "support@shop.example", "imap_host": "127.0.0.1", "imap_port": 9, "smtp_host": "127.0.0.1",
        "smtp_port": 9, "imap_password": MAILBOX, "smtp_password": MAILBOX,
    },
}  # fmt: skip
WRITES_THE_LIST = """#!/bin/sh
if [ "$1" != --version ]; then
    for one in /proc/[0-9]*/cmdline; do tr '\\0' ' ' <"$one"; echo; done >>"{seen}" 2>/dev/null
fi
exec "{tool}" "$@"
"""


@pytest.fixture
async def empty_dsn(postgres: str, database_dsn: str) -> AsyncIterator[str]:
    name = f"{database_dsn.partition('?')[0].rpartition('/')[2]}_copy"
    server = await asyncpg.connect(postgres)
    await server.execute(f"CREATE DATABASE {name} TEMPLATE template0")
    yield at_database(postgres, name)
    await server.execute(f"DROP DATABASE {name} WITH (FORCE)")
    await server.close()


def _with_password(dsn: str) -> str:
    """The server of the tests asks for none."""
    return re.sub(r"//([^:@/]*)(:[^@/]*)?@", rf"//\1:{OF_THE_DATABASE}@", dsn)


async def _tools(postgres: str, folder: Path, seen: Path) -> dict[str, Path]:
    """The real ones. In `folder` are those that write down what they see."""
    connection = await asyncpg.connect(postgres)
    major = connection.get_server_version().major
    await connection.close()
    folder.mkdir()
    tools = {name: backups._find(name, major) for name in ("pg_dump", "pg_restore")}
    for name, tool in tools.items():
        script = folder / name
        script.write_text(WRITES_THE_LIST.format(seen=seen, tool=tool))
        script.chmod(0o755)
    return tools


async def test_s94_no_secret_stands_in_the_list_of_processes_nor_in_a_copy_of_the_database(
    postgres: str, database_dsn: str, empty_dsn: str, tmp_path: Path
) -> None:
    async with a_hub(database_dsn, CHANNELS, secret=KEY.encode()) as ctx:
        await a_real_agent(ctx, "ann")
        _, signs = await add_webhook(ctx, name="erp", url="https://erp.example/", actor=SYSTEM)
        opens = await create_api_key(ctx, name="shop", scopes=[Scope.READ])
    secrets = [OF_THE_DATABASE, KEY, TOKEN, MAILBOX, PASSWORD, signs, opens]
    secrets += [one.encode().hex() for one in secrets]  # as bytes stand in a copy
    seen = tmp_path / "seen"
    tools = await _tools(postgres, tmp_path / "bin", seen)
    path = f"{tmp_path / 'bin'}:{environment()['PATH']}"
    env = {"HUB_SECRET_KEY": KEY, "PATH": path}
    async with serving(
        tmp_path / "hub", _with_password(database_dsn), CHANNELS, secret=KEY, fresh=True
    ) as hub:
        for what, dsn in (("backup", database_dsn), ("restore", empty_dsn)):
            told = {**env, "HUB_DATABASE__DSN": _with_password(dsn)}
            done = await command(what, "copy", cwd=tmp_path, env=told, fresh=True)
            assert done.code == 0, done.said
            assert not [one for one in secrets if one in done.said], what
    listed = seen.read_text("utf-8", "replace")
    for program in (
        "-m hub serve",
        "-m hub backup",
        "-m hub restore",
        "pg_dump --format",
        "pg_restore --no-owner",
    ):
        assert program in listed, f"{program} ran, and was not seen"
    copy = "\n".join(one.read_bytes().decode("utf-8", "replace") for one in (tmp_path / "copy").iterdir())
    dump = tmp_path / "copy" / DUMP
    unpacking = await asyncio.create_subprocess_exec(
        str(tools["pg_restore"]), "--file=-", str(dump), stdout=asyncio.subprocess.PIPE
    )
    unpacked = (await unpacking.communicate())[0].decode("utf-8", "replace")
    assert "https://erp.example/" in unpacked, "it is the copy"
    for place, text in (
        ("list of processes", listed),
        ("copy", copy),
        ("copy, unpacked", unpacked),
        ("log", hub.log.read_text("utf-8")),
    ):
        assert not [one for one in secrets if one in text], place
