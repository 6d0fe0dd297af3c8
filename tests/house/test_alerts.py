"""Each alert that is shipped is raised by what it is for, and none by a hub that is well: asked of Prometheus' own promtool."""

import shutil
import subprocess
from collections import ChainMap
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TypeAlias

import pytest
import yaml  # type: ignore[import-untyped]

RULES = Path(__file__).parents[2] / "config" / "examples" / "prometheus-rules.yaml"
HUBS = ("10.0.0.11:8080", "10.0.0.12:8080")
MINUTES = 40
BOX = {"channel": "support", "folder": "INBOX"}

Told: TypeAlias = dict[tuple[str, tuple[tuple[str, str], ...]], str]
"""By metric and labels its values, as promtool writes them: a first one, what is added to it each minute, for how many."""


def _tells(metric: str, values: str, **labels: str) -> Told:
    return {(metric, tuple(sorted(labels.items()))): values}


def _stays(metric: str, value: float, **labels: str) -> Told:
    return _tells(metric, f"{value}x{MINUTES}", **labels)


WELL: Told = dict(
    ChainMap(
        _stays("up", 1),
        _stays("hub_database_up", 1),
        _stays("hub_raw_oldest_seconds", 1),
        _stays("hub_outbox_oldest_seconds", 20),
        _stays("hub_outbox_replies", 0, state="uncertain"),
        _stays("hub_quarantined", 0),
        _stays("hub_channel_up", 1, channel="support", kind="email", state="up"),
        _stays("hub_channel_gaps", 0),
        _stays("hub_mailbox_heard_seconds", 30, **BOX),
        _stays("hub_mailbox_missing", 0, **BOX),
        _stays("hub_public_pages_shut", 0),
        _stays("hub_space_free_bytes", 100e9),
        _stays("hub_space_reserve_bytes", 2e9),
        _stays("hub_database_bytes", 50e9),
        _stays("hub_database_most_bytes", 100e9),
        _tells("hub_refused_total", f"0+30x{MINUTES}", why="visitor"),
        _tells("hub_automation_waiting", f"1500-10x{MINUTES}"),
        _tells("hub_files_unchecked", "0 3 " * (MINUTES // 2)),
        _stays("hub_webhooks_paused", 0),
        _stays("hub_webhook_calls_oldest_seconds", 30),
        _stays("hub_sent_copies_total", 0, channel="support", outcome="failed"),
        _stays("hub_loop_lag_seconds", 0.01),
        _stays("hub_pool_idle_connections", 4),
        _stays("hub_pool_connections", 10),
        _stays("process_open_fds", 300),
        _stays("process_max_fds", 16384),
    )
)
"""What two hubs tell that are well."""

ILL: Mapping[str, Told] = {
    "HubDown": _stays("up", 0),
    "NoHub": _stays("up", 0),
    "DatabaseAway": _stays("hub_database_up", 0),
    "LettersNotRead": _stays("hub_raw_oldest_seconds", 90),
    "RepliesNotLeaving": _stays("hub_outbox_oldest_seconds", 400),
    "ReplyUncertain": _stays("hub_outbox_replies", 1, state="uncertain"),
    "Quarantine": _stays("hub_quarantined", 1),
    "ChannelDown": _stays("hub_channel_up", 1, channel="support", kind="email", state="misconfigured"),
    "ChannelGap": _stays("hub_channel_gaps", 1),
    "MailboxNotHeard": _stays("hub_mailbox_heard_seconds", 200, **BOX),
    "LettersMissing": _stays("hub_mailbox_missing", 2, **BOX),
    "PublicPagesShut": _stays("hub_public_pages_shut", 1),
    "SpaceGetsShort": _stays("hub_space_free_bytes", 3e9),
    "DatabaseGetsLarge": _stays("hub_database_bytes", 95e9),
    "Flood": _tells("hub_refused_total", f"0+600x{MINUTES}", why="visitor"),
    "RulesBehind": _tells("hub_automation_waiting", f"2000+100x{MINUTES}"),
    "FilesUnchecked": _stays("hub_files_unchecked", 1),
    "WebhookPaused": _stays("hub_webhooks_paused", 1),
    "WebhookCallsWait": _stays("hub_webhook_calls_oldest_seconds", 700),
    "SentCopiesFail": _tells("hub_sent_copies_total", "0x20 1x20", channel="support", outcome="failed"),
    "LoopHeldUp": _stays("hub_loop_lag_seconds", 0.5),
    "PoolUsedUp": _stays("hub_pool_idle_connections", 0),
    "FilesRunOut": _stays("process_open_fds", 16000),
}
"""What both hubs tell, beside what is well, where the alert is meant."""


def _series(told: Told) -> Iterator[dict[str, str]]:
    for (metric, labels), values in told.items():
        for hub in HUBS:
            said = ", ".join(
                f'{name}="{value}"' for name, value in (*labels, ("instance", hub), ("job", "contact-hub"))
            )
            yield {"series": f"{metric}{{{said}}}", "values": values}


def _case(alert: str) -> dict[str, object]:
    """After MINUTES: does this one call, "" for any of them."""
    asked = f'group by (alertname) (ALERTS{{alertstate="firing"{alert and f", alertname={alert!r}"}}})'
    raised = [{"labels": f'{{alertname="{alert}"}}', "value": 1}] if alert else []
    return {
        "name": alert or "well",
        "interval": "1m",
        "input_series": list(_series(WELL | ILL.get(alert, {}))),
        "promql_expr_test": [{"expr": asked, "eval_time": f"{MINUTES - 5}m", "exp_samples": raised}],
    }


@pytest.fixture(scope="module")
def promtool() -> str:
    found = shutil.which("promtool")
    assert found, "tests/install_servers.sh installs it"
    return found


def test_there_is_a_case_for_each_alert() -> None:
    rules = yaml.safe_load(RULES.read_text("utf-8"))["groups"][0]["rules"]
    assert sorted(ILL) == sorted(rule["alert"] for rule in rules)


def test_each_alert_is_raised_by_what_it_is_for_and_none_where_all_is_well(
    promtool: str, tmp_path: Path
) -> None:
    cases = [_case(alert) for alert in ("", *ILL)]
    document = {"rule_files": [str(RULES)], "evaluation_interval": "1m", "tests": cases}
    (tmp_path / "cases.yaml").write_text(yaml.safe_dump(document, sort_keys=False), "utf-8")
    said = subprocess.run(
        [promtool, "test", "rules", tmp_path / "cases.yaml"], capture_output=True, text=True, check=False
    )
    assert said.returncode == 0, said.stdout + said.stderr
