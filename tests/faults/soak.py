"""The long fault run: `make soak MINUTES=10 HUBS=3 SEED=1 RATE=20 REPORT=var/soak`. Exit code 1 when an invariant or a bound of
the gate is broken; with `--gate` (`make soak GATE=1`) also where the run was too short to say of one.

It runs from a copy of the code, made at its beginning: hubs that begin again in the middle are the same that began."""

import argparse
import asyncio
import json
import shutil
import subprocess
import sys
import tempfile
from dataclasses import asdict
from pathlib import Path

import tests
from storage.database import Database
from storage.migrate import migrate
from tests.faults.cluster import Cluster, own_cluster
from tests.faults.crash_points import busy_points
from tests.faults.figures import gate, passes, work_out
from tests.faults.pauses import without_looking_through_what_stays
from tests.faults.plan import make_plan
from tests.faults.report import page
from tests.faults.run import Result, run_faults

COPIED = ("hub", "channels", "routing", "storage", "config", "tests", "pyproject.toml")


def main() -> int:
    given = argparse.ArgumentParser(description=__doc__)
    given.add_argument("--minutes", type=float, default=10)
    given.add_argument("--hubs", type=int, default=3)
    given.add_argument("--seed", type=int, default=1)
    given.add_argument("--rate", type=float, default=20, help="operations a second")
    given.add_argument("--every", type=float, default=5, help="seconds from fault to fault")
    given.add_argument(
        "--gate", action="store_true", help="a line of which the run cannot say that it holds does not"
    )
    given.add_argument("--report", type=Path, default=Path("var/soak"))
    given.add_argument(
        "--folder", type=Path, help="where everything of the run is: set by the copy's own start"
    )
    asked = given.parse_args()
    if asked.folder is not None:
        return _run(asked)
    with tempfile.TemporaryDirectory(prefix="hub-soak-") as folder:
        Path(folder).chmod(0o755)
        code = copy_code(Path(folder) / "code")
        again = [*sys.argv[1:], "--report", str(asked.report.resolve()), "--folder", folder]
        return subprocess.run(
            [sys.executable, "-m", "tests.faults.soak", *again], cwd=code, check=False
        ).returncode


def copy_code(code: Path) -> Path:
    """The program and its tests as they are now, to be run from there."""
    here = Path(next(iter(tests.__path__))).parent
    code.mkdir()
    for name in COPIED:
        if (here / name).is_dir():
            shutil.copytree(here / name, code / name, ignore=shutil.ignore_patterns("__pycache__", ".*"))
        else:
            shutil.copy(here / name, code / name)
    return code


def _run(asked: argparse.Namespace) -> int:
    asked.report.mkdir(parents=True, exist_ok=True)
    try:
        with own_cluster(asked.folder / "postgres") as cluster:
            result = asyncio.run(_soak(asked, cluster))
    finally:
        for log in asked.folder.glob("hub*/log"):  # also of a run that came to no end
            shutil.copy(log, asked.report / f"{log.parent.name}.log")
    figures = work_out(result)
    bounds = gate(result, figures)
    said = f"make soak MINUTES={asked.minutes:g} HUBS={asked.hubs} SEED={asked.seed} RATE={asked.rate:g} EVERY={asked.every:g}"
    title = f"{asked.minutes:g} minutes of faults, {asked.hubs} hubs, seed {asked.seed}"
    said += " GATE=1" if asked.gate else ""
    (asked.report / "index.html").write_text(
        page(result, figures, title=title, asked=said, gated=asked.gate), "utf-8"
    )
    verdict = {name: found for name, found in asdict(result.verdict).items() if name != "timelines"}
    summed = asdict(figures)
    (asked.report / "figures.json").write_text(
        json.dumps(
            {"gate": [asdict(one) for one in bounds], "verdict": verdict, "figures": summed},
            indent=1,
            default=str,
        ),
        "utf-8",
    )
    for one in bounds:
        mark = {True: "holds", False: "DOES NOT HOLD", None: "too short to say"}[one.holds]
        print(f"{one.what}: {one.found} ({one.wanted}): {mark}")
    for wrong in result.verdict.wrong[:50]:
        print("broken:", wrong[:500])
    print(f"seed {asked.seed}; report: {asked.report / 'index.html'}")
    if asked.gate and any(one.holds is None for one in bounds):
        print("the gate is not passed: the run was too short to say of every line that it holds")
    return 0 if passes(bounds, gated=asked.gate) else 1


async def _soak(asked: argparse.Namespace, cluster: Cluster) -> Result:
    await cluster.say("CREATE DATABASE soak")
    dsn = cluster.dsn.replace("/postgres?", "/soak?", 1)
    database = await Database.open(dsn, max_size=2)
    await migrate(database)
    await database.close()
    seconds = asked.minutes * 60
    # The last hub is never killed: how its memory grows can be seen.
    plan = make_plan(
        asked.seed,
        seconds=seconds,
        every=asked.every,
        hubs=asked.hubs,
        points=busy_points(),
        spared=asked.hubs - 1,
    )
    async with without_looking_through_what_stays():
        return await run_faults(
            asked.folder, dsn, plan, seed=asked.seed, seconds=seconds, rate=asked.rate, hubs=asked.hubs, cluster=cluster,
            ledger=asked.report / "ledger.jsonl",
        )  # fmt: skip


if __name__ == "__main__":
    sys.exit(main())
