"""Who used the processors: the hub with its children, this load generator, Postgres, and whoever else is on the machine."""

import time
from dataclasses import dataclass
from pathlib import Path

import psutil

_IDLE = ("idle", "iowait", "guest", "guest_nice")
"""Guests are counted in user and nice already."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Cpu:
    """Seconds of processor time so far; `everybody` is the whole machine's, `at` the clock's."""

    hub: float
    client: float
    postgres: float
    everybody: float
    at: float

    def per_item(self, before: "Cpu", n: int) -> dict[str, float]:
        """Microseconds of each for one item, since `before`; and how many cores others kept busy meanwhile, which is how
        far the figure beside it can be trusted."""
        used = {who: getattr(self, who) - getattr(before, who) for who in ("hub", "client", "postgres")}
        others = self.everybody - before.everybody - sum(used.values())
        per_item = {f"{who}_us": seconds / n * 1e6 for who, seconds in used.items()}
        return per_item | {"others_cores": max(others, 0.0) / (self.at - before.at)}


def cpu_of(hub: int | None, data: Path) -> Cpu:
    """So far. `hub`: its process, None where it runs in this one. `data`: the folder of the Postgres server."""
    postmaster = int((data / "postmaster.pid").read_text().split()[0])
    own = _seconds(psutil.Process(), family=False)
    machine = psutil.cpu_times()._asdict()
    return Cpu(
        # The server is a child of nobody here; the reading process is one of the hub's.
        hub=_seconds(psutil.Process(hub), family=True),
        client=0.0 if hub is None else own,
        postgres=_seconds(psutil.Process(postmaster), family=True),
        everybody=sum(seconds for kind, seconds in machine.items() if kind not in _IDLE),
        at=time.monotonic(),
    )


def _seconds(process: psutil.Process, *, family: bool) -> float:
    """`family`: with the children that live and those that were."""
    times = process.cpu_times()
    used = float(times.user + times.system)
    if not family:
        return used
    used += float(times.children_user + times.children_system)
    for child in process.children():
        try:
            used += _seconds(child, family=True)
        except psutil.NoSuchProcess:
            continue  # it ended just now; the next look finds it among its parent's past children
    return used
