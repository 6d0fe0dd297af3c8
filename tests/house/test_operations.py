"""The files for those who run the hub say what is true of this program: metrics, settings, commands, limits."""

import json
import re
import shutil
import subprocess
import tomllib
from pathlib import Path

import pytest
import yaml  # type: ignore[import-untyped]

from hub.settings import Settings
from hub.web.bodies import MOST_BODY
from hub.web.lines import KEEP_ALIVE

ROOT = Path(__file__).parents[2]
EXAMPLES = ROOT / "config" / "examples"
# What prometheus_client tells of every process, and what Prometheus makes itself.
OF_ANY_PROCESS = {
    "process_open_fds", "process_max_fds", "process_resident_memory_bytes", "process_cpu_seconds_total", "up",
}  # fmt: skip
_NAME = re.compile(r"\b(?:hub|process)_[a-z_]+\b")


def metrics() -> set[str]:
    """All that /metrics has, under the names by which Prometheus finds them. Pages and documents name the same."""
    gauges = re.findall(r'"(hub_[a-z_]+)"', (ROOT / "hub/web/ops.py").read_text("utf-8"))
    counters = re.findall(r'"(hub_[a-z_]+)"', (ROOT / "hub/actions/metrics.py").read_text("utf-8"))
    return {*gauges, *(f"{name}_total" for name in counters)}


def test_every_metric_of_the_rules_and_dashboards_and_documents_exists() -> None:
    known = metrics() | OF_ANY_PROCESS
    assert len(known) > 25
    rules = yaml.safe_load((EXAMPLES / "prometheus-rules.yaml").read_text("utf-8"))
    asked = [rule["expr"] for group in rules["groups"] for rule in group["rules"]]
    dashboard = json.loads((EXAMPLES / "grafana-dashboard.json").read_text("utf-8"))
    shown = [target["expr"] for panel in dashboard["panels"] for target in panel["targets"]]
    for expression in (*asked, *shown):
        names = set(_NAME.findall(expression)) or {"up"} & set(re.findall(r"\w+", expression))
        assert names and names <= known, expression
    operations = (ROOT / "docs/operations.md").read_text("utf-8")
    told = set(re.findall(r"`(hub_[a-z_]+)", operations))
    assert told <= known, told - known


def test_every_metric_that_a_person_should_look_at_has_an_alert() -> None:
    operations = (
        (ROOT / "docs/operations.md").read_text("utf-8").partition("| metric |")[2].partition("\n\n")[0]
    )
    rules = (EXAMPLES / "prometheus-rules.yaml").read_text("utf-8")
    # How long customers may wait is the company's own promise, what departments owe is not for whoever runs it, and how many
    # files wait says more than by how much the next look into one of them is late.
    missing = set(re.findall(r"`(hub_[a-z_]+)", operations)) - set(_NAME.findall(rules))
    assert missing == {"hub_ticket_oldest_seconds", "hub_tasks_overdue", "hub_files_unchecked_seconds"}


def test_what_to_do_about_each_alert_is_told() -> None:
    rules = yaml.safe_load((EXAMPLES / "prometheus-rules.yaml").read_text("utf-8"))["groups"][0]["rules"]
    operations = (ROOT / "docs/operations.md").read_text("utf-8")
    told = operations.partition("| alert | what to do |")[2].partition("\n\n")[0]
    named = re.findall(r"[A-Z][A-Za-z]+", " ".join(re.findall(r"(?m)^\| ([^|]+) \|", told)))
    assert sorted(named) == sorted(rule["alert"] for rule in rules)
    sections = re.findall(r"(?m)^\*\*(.+)\.\*\*", operations)
    assert {one for one in re.findall(r"\*([A-Z][^*]+)\*", told) if one not in sections} <= {"Rules"}


def test_each_alert_says_how_bad_it_is_and_what_is_wrong() -> None:
    rules = yaml.safe_load((EXAMPLES / "prometheus-rules.yaml").read_text("utf-8"))["groups"][0]["rules"]
    assert len({rule["alert"] for rule in rules}) == len(rules) > 15
    for rule in rules:
        assert rule["labels"]["severity"] in ("page", "look"), rule["alert"]
        assert len(rule["annotations"]["summary"]) > 20, rule["alert"]


def test_panels_do_not_lie_on_each_other() -> None:
    panels = json.loads((EXAMPLES / "grafana-dashboard.json").read_text("utf-8"))["panels"]
    taken = [
        (place["x"] + x, place["y"] + y)
        for place in (panel["gridPos"] for panel in panels)
        for x in range(place["w"])
        for y in range(place["h"])
    ]
    assert len(taken) == len(set(taken)) and max(x for x, _ in taken) < 24
    assert len({panel["id"] for panel in panels}) == len(panels)


def test_settings_that_are_named_exist() -> None:
    names = set()
    for file in EXAMPLES.iterdir():
        names |= set(re.findall(r"\bHUB_[A-Z_]+\b", file.read_text("utf-8")))
    assert len(names) > 5
    for name in names - {"HUB_DATABASE_PASSWORD", "HUB_CONFIG"}:
        first, *rest = name.removeprefix("HUB_").lower().split("__")
        fields = Settings.model_fields
        assert first in fields, name
        if rest and first != "channels":
            table = fields[first].annotation
            assert table is not None and rest[0] in table.model_fields, name


def test_limits_of_the_proxy_fit_those_of_the_hub() -> None:
    nginx = (EXAMPLES / "nginx.conf").read_text("utf-8")
    told = re.search(r"client_max_body_size (\d+)m", nginx)
    kept = re.search(r"keepalive_timeout (\d+)s", nginx)
    assert told and int(told[1]) * 1024**2 == MOST_BODY
    assert kept and int(kept[1]) < KEEP_ALIVE, "it is the proxy that closes"
    assert re.search(r"proxy_set_header Upgrade\s", nginx) and "location = /metrics" in nginx
    assert nginx.count("{") == nginx.count("}")


def test_container_files_name_what_is_there() -> None:
    compose = yaml.safe_load((EXAMPLES / "compose.yaml").read_text("utf-8"))
    hub = compose["services"]["hub"]
    assert (EXAMPLES / hub["build"]["context"] / hub["build"]["dockerfile"]).is_file()
    copied = re.findall(r"^COPY (?!--from)(.+) \S+$", (EXAMPLES / "Containerfile").read_text("utf-8"), re.M)
    for name in " ".join(copied).split():
        assert (ROOT / name).exists(), name
    build = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["tool"]["hatch"]["build"]["targets"]
    for package in build["wheel"]["packages"]:
        assert package in " ".join(copied).split(), f"{package} is not in the image"


def test_the_unit_is_one_that_systemd_understands(tmp_path: Path) -> None:
    unit = (EXAMPLES / "contact-hub.service").read_text("utf-8")
    for wanted in ("NoNewPrivileges=yes", "ProtectSystem=strict", "CapabilityBoundingSet=", "KillMode=mixed"):
        assert wanted in unit.splitlines(), wanted
    verify = shutil.which("systemd-analyze")
    if verify is None:
        # Machines without systemd read it all the same: every line is a section, a setting or a comment.
        assert all(re.fullmatch(r"\[\w+\]|[A-Z]\w*=.*|#.*|", line) for line in unit.splitlines())
        return
    here = tmp_path / "contact-hub.service"
    here.write_text(re.sub(r"(?m)^ExecStart=\S+", "ExecStart=/bin/true", unit), "utf-8")
    said = subprocess.run([verify, "verify", "--man=no", here], capture_output=True, text=True, check=False)
    assert "contact-hub.service" not in said.stderr, said.stderr


@pytest.mark.parametrize("name", sorted(file.name for file in EXAMPLES.iterdir()))
def test_the_documents_name_every_example(name: str) -> None:
    assert name in (ROOT / "docs/operations.md").read_text("utf-8")
