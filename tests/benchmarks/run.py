"""`python -m tests.benchmarks.run [names…] [--quick]`: a line about the machine, then one JSON line for each figure."""

import argparse
import asyncio
import os
import platform
import sys
import tempfile
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from importlib import import_module
from importlib.metadata import version
from pathlib import Path
from typing import TypeAlias

import asyncpg
import orjson
import psutil

from hub.logs import set_up_logs
from storage.embedded import NoEmbeddedPostgres, embedded_postgres
from tests.benchmarks.figure import BenchmarkFailed, Figure
from tests.benchmarks.stage import Stage

NAMES = (
    "ingest_api",
    "ingest_chat",
    "ingest_backlog",
    "ingest_letters",
    "latency_single",
    "reply_smtp",
    "push_screen",
    "route_choice",
    "route_drain",
    "idle_memory",
)
LONG = ("mailbox_backlog", "desk_at_scale", "form_flood", "many_hubs")
"""Those that take minutes; run only where they are named."""
LETTERS_VARIABLE = "HUB_BENCH_LETTERS"
_PACKAGES = ("aiohttp", "asyncpg", "orjson", "pydantic", "aiosmtplib", "embedded-postgres")

Measure: TypeAlias = Callable[[Stage], AsyncIterator[Figure]]


def main(arguments: Sequence[str] | None = None) -> int:
    """The exit code: 0 when everything could be measured, whatever the figures are."""
    asked = _parse(arguments)
    set_up_logs("error")
    with tempfile.TemporaryDirectory(prefix="hub-bench-") as name:
        scratch = Path(name)
        scratch.chmod(0o755)  # run as root, the server has a user of its own
        data = (asked.keep or scratch) / "postgres"
        try:
            with embedded_postgres(data) as dsn:
                stage = Stage(
                    dsn=dsn,
                    data=data,
                    scratch=scratch,
                    quick=asked.quick,
                    letters=asked.letters,
                    interactions=asked.interactions,
                )
                return asyncio.run(_run(stage, asked.names or NAMES))
        except NoEmbeddedPostgres as error:
            print(f"bench: {error}", file=sys.stderr)
            return 2


def _parse(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m tests.benchmarks.run", description=__doc__, allow_abbrev=False
    )
    parser.add_argument(
        "names",
        nargs="*",
        metavar="name",
        help=f"which to run; all: {', '.join(NAMES)}; more: {', '.join(LONG)}",
    )
    parser.add_argument("--quick", action="store_true", help="one short round of each")
    # Taken out of the environment: a hub refuses settings that it does not know.
    from_environment = os.environ.pop(LETTERS_VARIABLE, "")
    parser.add_argument(
        "--letters",
        type=Path,
        default=Path(from_environment) if from_environment else None,
        help=f"folder of .eml files for ingest_letters (or {LETTERS_VARIABLE}); without one, the tests' own",
    )
    parser.add_argument(
        "--keep",
        type=Path,
        default=None,
        help="folder in which Postgres and the past of desk_at_scale stay for the next run; without one, nothing stays",
    )
    parser.add_argument(
        "--interactions",
        type=int,
        default=1_000_000,
        help="how long the past of desk_at_scale is; ten million take half an hour to make up, and 22 GB",
    )
    asked = parser.parse_args(arguments)
    if unknown := sorted(set(asked.names) - {*NAMES, *LONG}):
        parser.error(f"there is no benchmark {', '.join(unknown)}; there is {', '.join((*NAMES, *LONG))}")
    if asked.letters is not None and not asked.letters.is_dir():
        parser.error(f"{asked.letters}: there is no such folder")
    return asked


async def _run(stage: Stage, names: Sequence[str]) -> int:
    failed = 0
    await stage.prepare()
    _say(orjson.dumps(await _machine(stage)))
    for name in names:
        measure: Measure = import_module(f"tests.benchmarks.{name}").measure
        try:
            async for figure in measure(stage):
                _say(figure.line())
        except BenchmarkFailed as error:
            failed += 1
            _say(orjson.dumps({"name": name, "failed": str(error)}))
    return 1 if failed else 0


async def _machine(stage: Stage) -> Mapping[str, object]:
    connection = await asyncpg.connect(stage.dsn)
    durable = {
        name: await connection.fetchval(f"SHOW {name}")
        for name in ("fsync", "synchronous_commit", "full_page_writes")
    }
    postgres = await connection.fetchval("SHOW server_version")
    await connection.close()
    return {
        "machine": {
            "processor": _processor(),
            "cores": psutil.cpu_count(),
            "memory_mb": psutil.virtual_memory().total // 2**20,
            "system": f"{platform.system()} {platform.machine()}",
            "load_average": [round(load, 2) for load in psutil.getloadavg()],
        },
        "versions": {
            "python": platform.python_version(),
            "postgres": postgres,
            **{package: version(package) for package in _PACKAGES},
        },
        "postgres": durable,
        "rounds": stage.rounds,
    }


def _processor() -> str:
    info = Path("/proc/cpuinfo")
    if info.is_file():
        for line in info.read_text().splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    return platform.processor()


def _say(line: bytes) -> None:
    sys.stdout.buffer.write(line + b"\n")
    sys.stdout.buffer.flush()


if __name__ == "__main__":
    raise SystemExit(main())
