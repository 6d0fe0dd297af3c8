"""The long fault run: `make soak MINUTES=10 HUBS=3 SEED=1 RATE=20 REPORT=var/soak`. Exit code 1 when an invariant is broken."""

import argparse
import asyncio
import json
import shutil
import sys
import tempfile
from dataclasses import asdict
from pathlib import Path

from storage.database import Database
from storage.migrate import migrate
from tests.faults.cluster import Cluster, own_cluster
from tests.faults.crash_points import busy_points
from tests.faults.figures import work_out
from tests.faults.plan import make_plan
from tests.faults.report import page
from tests.faults.run import Result, run_faults


def main() -> int:
    given = argparse.ArgumentParser(description=__doc__)
    given.add_argument("--minutes", type=float, default=10)
    given.add_argument("--hubs", type=int, default=3)
    given.add_argument("--seed", type=int, default=1)
    given.add_argument("--rate", type=float, default=20, help="operations a second")
    given.add_argument("--every", type=float, default=5, help="seconds from fault to fault")
    given.add_argument("--report", type=Path, default=Path("var/soak"))
    asked = given.parse_args()
    asked.report.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="hub-soak-") as folder:
        Path(folder).chmod(0o755)
        with own_cluster(Path(folder) / "postgres") as cluster:
            result = asyncio.run(_soak(asked, Path(folder), cluster))
        for seat in result.seats:
            shutil.copy(seat.folder / "log", asked.report / f"hub{seat.number}.log")
    figures = work_out(result)
    said = f"make soak MINUTES={asked.minutes:g} HUBS={asked.hubs} SEED={asked.seed} RATE={asked.rate:g}"
    title = f"{asked.minutes:g} minutes of faults, {asked.hubs} hubs, seed {asked.seed}"
    (asked.report / "index.html").write_text(page(result, figures, title=title, asked=said), "utf-8")
    figures_and_more = {"verdict": asdict(result.verdict), "figures": asdict(figures)}
    (asked.report / "figures.json").write_text(json.dumps(figures_and_more, indent=1, default=str), "utf-8")
    result.ledger.write(asked.report / "ledger.jsonl")
    print(json.dumps(figures_and_more, indent=1, default=str)[:6000])
    print(f"seed {asked.seed}; report: {asked.report / 'index.html'}")
    return 1 if result.verdict.wrong else 0


async def _soak(asked: argparse.Namespace, folder: Path, cluster: Cluster) -> Result:
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
    return await run_faults(
        folder, dsn, plan, seed=asked.seed, seconds=seconds, rate=asked.rate, hubs=asked.hubs, cluster=cluster
    )


if __name__ == "__main__":
    sys.exit(main())
