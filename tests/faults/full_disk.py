"""A Postgres whose tables and log lie on file systems of their own, small enough to be filled: a disk that is really full.

A mount namespace gives them to whoever runs the tests: root, or anybody where the kernel lets people have user namespaces
(man 7 user_namespaces). Nobody else sees them, and they are gone with the process that holds them."""

import contextlib
import errno
import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import NoReturn

import pytest

from tests.conftest import copy_cluster
from tests.faults.cluster import programs

TABLES_MB, LOG_MB = 160, 96
_SETTINGS = (
    "fsync = off", "synchronous_commit = on", "full_page_writes = on", "autovacuum = off", "max_connections = 60",
    "max_wal_size = 1GB", "min_wal_size = 32MB", "listen_addresses = ''",
)  # fmt: skip
_HOLD = """
set -e
mount -t tmpfs -o size=$1m,mode=0755 tmpfs "$3/tables"
mount -t tmpfs -o size=$2m,mode=0755 tmpfs "$3/log"
[ "$(id -u)" = "$4" ] || [ "$5" = no ] || chown "$4:$4" "$3/tables" "$3/log"
echo held
read _
"""


class FullDisk:
    """`tables` and `log`: the two file systems, as seen from here. `dsn`: the server's own database."""

    def __init__(self, folder: Path, holder: int, owner: os.stat_result) -> None:
        self._folder, self._holder, self._owner = folder, holder, owner
        self._server: subprocess.Popen[bytes] | None = None
        self.tables = Path(f"/proc/{holder}/root{folder}/tables")
        self.log = Path(f"/proc/{holder}/root{folder}/log")
        self.dsn = f"postgresql://postgres@/postgres?host={folder}/line"

    @property
    def runs(self) -> bool:
        return self._server is not None and self._server.poll() is None

    def start(self) -> None:
        with (self._folder / "said").open("ab") as sink:
            self._server = subprocess.Popen(
                [
                    *self._inside(),
                    str(programs() / "postgres"), "-D", str(self._folder / "data"), "-k", str(self._folder / "line"),
                ],
                stdin=subprocess.DEVNULL, stdout=sink, stderr=sink, cwd="/",
            )  # fmt: skip

    def stop(self) -> None:
        if self._server is not None:
            self._server.terminate()
            try:
                self._server.wait(30)
            except subprocess.TimeoutExpired:
                self._server.kill()
                self._server.wait()

    def said(self) -> str:
        return (self._folder / "said").read_text("utf-8", "replace")

    @staticmethod
    def fill(where: Path) -> None:
        """Until not one page more fits."""
        with (where / "filler").open("ab", buffering=0) as sink:
            for size in (1 << 20, 1 << 12):
                try:
                    while True:
                        sink.write(b"\0" * size)
                except OSError as full:
                    if full.errno != errno.ENOSPC:
                        raise

    @staticmethod
    def free(where: Path) -> None:
        (where / "filler").unlink()

    def _inside(self) -> list[str]:
        user, group = str(self._owner.st_uid), str(self._owner.st_gid)
        enter = ["nsenter", "--target", str(self._holder), "--mount"]
        if os.geteuid() == 0:
            return [*enter, "--", "setpriv", "--reuid", user, "--regid", group, "--clear-groups"]
        # In its namespace whoever made it is root, as which Postgres does not run: one more, in which they are themselves.
        return [
            *enter, "--user", "--preserve-credentials", "--",
            "unshare", "--user", f"--map-user={user}", f"--map-group={group}",
        ]  # fmt: skip


def _do_without() -> NoReturn:
    """A container may forbid it. What Postgres says of a full disk is then tried by its words alone, in test_intake: enough on
    somebody's own machine, but what CI lets pass has been tried."""
    why = "F20, F21: no disk was full, for this machine gives no file system of one's own (unshare, mount)."
    if os.environ.get("CI") == "true":
        pytest.fail(why)
    pytest.skip(why)


@contextlib.contextmanager
def on_small_disks(ready: Path) -> Iterator[FullDisk]:
    """A copy of a cluster whose log lies on a small file system, with another for a tablespace; not started yet."""
    folder = Path(tempfile.mkdtemp(prefix="hub-full-"))
    folder.chmod(0o755)
    copy_cluster(ready, folder / "data")
    owner = (folder / "data").stat()
    for name in ("tables", "log", "line"):
        (folder / name).mkdir()
    root = os.geteuid() == 0
    if root:
        os.chown(folder / "line", owner.st_uid, owner.st_gid)
    holder = subprocess.Popen(
        [
            "unshare", *(["--mount"] if root else ["--user", "--map-root-user", "--mount"]), "sh", "-c", _HOLD, "hold",
            str(TABLES_MB), str(LOG_MB), str(folder), str(owner.st_uid), "yes" if root else "no",
        ],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE,
    )  # fmt: skip
    assert holder.stdin is not None and holder.stdout is not None
    server = FullDisk(folder, holder.pid, owner)
    try:
        if holder.stdout.readline() != b"held\n":
            _do_without()
        subprocess.run(["cp", "-a", str(folder / "data/pg_wal"), str(server.log / "pg_wal")], check=True)
        shutil.rmtree(folder / "data/pg_wal")
        (folder / "data/pg_wal").symlink_to(folder / "log/pg_wal")
        settings = folder / "data/postgresql.auto.conf"
        settings.write_text("".join(f"{line}\n" for line in _SETTINGS))
        yield server
    finally:
        server.stop()
        holder.stdin.close()
        holder.stdout.close()
        holder.wait(30)
        shutil.rmtree(folder)
