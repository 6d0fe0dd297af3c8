"""Days that go wrong: the routing benchmark's weeks with something added that its own runs leave out.

`python -m tests.benchmarks.routing_scenarios BENCHMARK.py [--seeds 1-5] [--load 1.0]` prints a table for each scenario, the
production engine beside the strongest other policies, all with the same customers:

- misread: 8 % of the kinds are taken for another one; policies see the wrong kind, weight and promise, the truth is measured;
- sick: a third of the early shift calls in sick on the second day;
- storm: ten times the usual e-mail in one hour of the third day, all of it questions;
- import: 1,500 old e-mails come at once on the fourth morning, as feedback.
"""

import argparse
import copy
import importlib.util
import random
import statistics
import sys
from collections.abc import Callable, Sequence
from multiprocessing import Pool
from pathlib import Path
from types import ModuleType
from typing import Any

from tests.benchmarks.hub_route import HubRoute

SHOWN = (
    ("wsla", "in time, weighted %"),
    ("sla_chat", "chat %"),
    ("sla_complaint", "complaints %"),
    ("abandon", "chats lost %"),
    ("async_wait_p95", "async wait p95 min"),
    ("longest_wait", "longest min"),
    ("wlate", "lateness min"),
    ("jain_util", "fairness"),
)
RIVALS = ("GenesysTuned", "ZendeskSLA", "TaskRouterTuned", "EDFPull", "GcMu", "LeastLoaded")
_bench: ModuleType


def load_benchmark(path: Path) -> ModuleType:
    """The benchmark as a module of the name that its policies are pickled under."""
    spec = importlib.util.spec_from_file_location("routing_sim", path)
    if spec is None or spec.loader is None:
        raise SystemExit(f"{path}: this is not the routing benchmark")
    module = importlib.util.module_from_spec(spec)
    sys.modules["routing_sim"] = module
    spec.loader.exec_module(module)
    return module


class Week:
    """One week's customers and staff; scenarios change it before anybody works."""

    def __init__(self, seed: int, load: float) -> None:
        self.chance = random.Random(seed * 7919 + 1)
        self.specs = _bench.make_roster()
        self.items, self.absences, self.breaks = _bench.make_workload(seed, load, self.specs)
        self.truth: dict[int, tuple[int, float, float, float]] = {}
        self.sick: set[tuple[int, int]] = set()

    def add(self, model: Any, at: float, kind: int) -> None:
        """One more e-mail of a kind, otherwise like another customer's."""
        item = copy.copy(model)
        item.id, item.t, item.ch, item.kind, item.vip, item.owner = (
            len(self.items),
            at,
            _bench.EMAIL,
            kind,
            False,
            -1,
        )
        item.w = _bench.WEIGHT[kind]
        item.sla = _bench.SLA_ASYNC[kind]
        item.dl = at + item.sla
        item.mean = _bench.MEAN_WORK[_bench.EMAIL, kind]
        item.work = item.mean * min(max(self.chance.lognormvariate(-0.18, _bench.WORK_SIGMA), 0.3), 8.0)
        self.items.append(item)


def misread(week: Week) -> None:
    for item in week.items:
        if week.chance.random() < 0.08:
            week.truth[item.id] = (item.kind, item.w, item.sla, item.dl)
            item.kind = (item.kind + week.chance.choice((1, 2))) % 3
            vip = _bench.VIP_WEIGHT if item.vip else 1.0
            item.w = _bench.WEIGHT[item.kind] * vip
            if item.ch != _bench.CHAT:
                item.sla = _bench.SLA_ASYNC[item.kind] * (_bench.VIP_SLA_FACTOR if item.vip else 1.0)
                item.dl = item.t + item.sla
            item.mean = _bench.MEAN_WORK[item.ch, item.kind]


def sick(week: Week) -> None:
    early = [one.id for one in week.specs if one.shift == 0]
    week.sick = {(1, one) for one in week.chance.sample(early, len(early) // 3)}


def storm(week: Week) -> None:
    models = [item for item in week.items if item.ch == _bench.EMAIL]
    usual = len(models) / _bench.NDAYS / 15.0
    for _ in range(int(9 * usual)):
        at = 2 * _bench.DAY + 180.0 + 60.0 * week.chance.random()
        week.add(week.chance.choice(models), at, _bench.QUESTION)


def bulk_import(week: Week) -> None:
    models = [item for item in week.items if item.ch == _bench.EMAIL]
    for _ in range(1500):
        week.add(week.chance.choice(models), 3 * _bench.DAY + 120.0, _bench.FEEDBACK)


SCENARIOS: dict[str, Callable[[Week], None]] = {
    "misread": misread,
    "sick": sick,
    "storm": storm,
    "import": bulk_import,
}


def run_one(job: tuple[str, str, int, float, str]) -> tuple[str, str, dict[str, float]]:
    path, scenario, seed, load, policy = job
    global _bench
    _bench = sys.modules.get("routing_sim") or load_benchmark(Path(path))
    week = Week(seed, load)
    SCENARIOS[scenario](week)

    class Sim(_bench.Sim):  # type: ignore[misc, name-defined]
        def ev_on(self, agent: Any) -> None:
            if (int(self.now // _bench.DAY), agent.id) not in week.sick:
                super().ev_on(agent)

    Sim.__module__ = "routing_sim"
    chosen = HubRoute() if policy == HubRoute.name else getattr(_bench, policy)()
    done = Sim(chosen, week.items, week.absences, week.breaks, week.specs).run()
    for item in week.items:
        if item.id in week.truth:
            item.kind, item.w, item.sla, item.dl = week.truth[item.id]
    return scenario, policy, _bench.measure(done)


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("benchmark", type=Path)
    parser.add_argument("--seeds", default="1-5")
    parser.add_argument("--load", type=float, default=1.0)
    parser.add_argument("--jobs", type=int, default=2)
    asked = parser.parse_args(arguments)
    first, _, last = asked.seeds.partition("-")
    seeds = range(int(first), int(last or first) + 1)
    jobs = [
        (str(asked.benchmark), scenario, seed, asked.load, policy)
        for scenario in SCENARIOS
        for policy in (HubRoute.name, *RIVALS)
        for seed in seeds
    ]
    found: dict[tuple[str, str], list[dict[str, float]]] = {}
    with Pool(asked.jobs) as pool:
        for scenario, policy, figures in pool.imap_unordered(run_one, jobs):
            found.setdefault((scenario, policy), []).append(figures)
    for scenario in SCENARIOS:
        print(f"\n{scenario}, load {asked.load}, seeds {asked.seeds}")
        print(f"{'':18s}" + "".join(f"{title:>21s}" for _, title in SHOWN))
        for policy in (HubRoute.name, *RIVALS):
            runs = found[scenario, policy]
            values = (statistics.fmean(one[key] for one in runs) for key, _ in SHOWN)
            print(f"{policy:18s}" + "".join(f"{value:21.2f}" for value in values))
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
