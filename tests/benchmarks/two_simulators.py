"""Whether `contact-hub route simulate` sees what the routing benchmark sees: the same customers and the same staff in both.

`python -m tests.benchmarks.two_simulators BENCHMARK.py [--seeds 1-2] [--load 1.0]` prints the figures side by side. Both ask
the production engine; they differ in nothing but the simulator."""

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path
from types import ModuleType
from typing import Any

from routing.simulate.case import Case, Errand, Worker
from routing.simulate.course import Course
from routing.simulate.measure import measure
from routing.situation import Needs, WaitingTicket
from tests.benchmarks.hub_route import QUEUE, HubRoute
from tests.benchmarks.routing_scenarios import load_benchmark

SHOWN = (
    ("in time, weighted %", "in_time_weighted", "wsla"),
    ("chats in time %", "live_in_time", "sla_chat"),
    ("chats lost %", "live_lost", "abandon"),
    ("chat wait mean s", "live_wait_mean", "chat_wait_mean"),
    ("wait mean min", "wait_mean", "async_wait_mean"),
    ("wait p95 min", "wait_p95", "async_wait_p95"),
    ("longest min", "wait_longest", "longest_wait"),
    ("late min", "late", "wlate"),
    ("fairness", "fairness", "jain_util"),
    ("owner kept %", "owner_kept", "sticky"),
    ("put back %", "put_back", "reassign"),
    ("used %", "used", "util"),
)


def as_case(bench: ModuleType, seed: int, load: float) -> Case:
    """The benchmark's week, with its staff, in our words."""
    specs = bench.make_roster()
    items, absences, breaks = bench.make_workload(seed, load, specs)
    policy = HubRoute()
    policy.init(bench.Sim(policy, items, absences, breaks, specs))
    minutes = policy._minutes_an_item * len(items) / bench.NDAYS
    hours = len(bench.PROFILE)
    return Case(
        errands=tuple(_errand(bench, policy, item) for item in items),
        workers=tuple(
            Worker(
                id=spec.id,
                name=f"agent {spec.id}",
                languages=policy._languages[spec.id],
                skills=policy._skills[spec.id],
                queues=frozenset({QUEUE}),
                capacity=policy.cap_async,
                live_capacity=policy.cap_chat,
                shifts=tuple(
                    tuple(day * bench.DAY + at for at in bench.SHIFTS[spec.shift])
                    for day in range(bench.NDAYS + 6)
                ),
                breaks=tuple((at, length) for at, length, agent in breaks if agent == spec.id),
                absences=tuple((at, length) for at, length, agent in absences if agent == spec.id),
            )
            for spec in specs
        ),
        expected={
            day * hours + hour: {
                needs: minutes * share * part / sum(bench.PROFILE) for needs, share in policy._share.items()
            }
            for day in range(bench.NDAYS)
            for hour, part in enumerate(bench.PROFILE)
        },
        live_demand=policy._share,
    )


def _errand(bench: ModuleType, policy: HubRoute, item: Any) -> Errand:
    live = item.ch == bench.CHAT
    needs: Needs = policy._needs[item.cls]
    return Errand(
        ticket=WaitingTicket(
            id=item.id,
            needs=needs,
            since=item.t,
            due=item.dl,
            weight=item.w,
            effort=item.mean,
            live=live,
            owner=item.owner if item.owner >= 0 else None,
        ),
        work=item.work,
        weight=item.w,
        due=item.dl,
        patience=item.patience if live else float("inf"),
        offer=policy.reserve(item),
    )


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("benchmark", type=Path)
    parser.add_argument("--seeds", default="1-2")
    parser.add_argument("--load", type=float, default=1.0)
    asked = parser.parse_args(arguments)
    bench = load_benchmark(asked.benchmark)
    first, _, last = asked.seeds.partition("-")
    for seed in range(int(first), int(last or first) + 1):
        ours = measure(Course(as_case(bench, seed, asked.load)).run()).figures
        specs = bench.make_roster()
        theirs = bench.measure(
            bench.Sim(HubRoute(), *bench.make_workload(seed, asked.load, specs), specs).run()
        )
        print(f"\nseed {seed}, load {asked.load}\n{'':22s}{'here':>10s}{'benchmark':>12s}")
        for title, here, there in SHOWN:
            print(f"{title:22s}{ours[here]:10.3f}{theirs[there]:12.3f}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
