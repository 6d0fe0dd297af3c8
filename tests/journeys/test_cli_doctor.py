"""The doctor finds what is wrong, says what to do, and never falls over."""

import socket
from collections.abc import Iterator
from contextlib import closing
from datetime import date
from pathlib import Path

import pytest

from hub.cli.checks import State, check_calendars
from hub.sandbox.mail_world import SUPPORT, SUPPORT_PASSWORD, MailWorld
from hub.settings import Settings
from tests.conftest import RULES
from tests.journeys.command import command


@pytest.fixture
def taken() -> Iterator[int]:
    """A port on which something listens that is no hub and never answers."""
    with closing(socket.create_server(("127.0.0.1", 0))) as server:
        yield server.getsockname()[1]


@pytest.fixture
def env(database_dsn: str, tmp_path: Path) -> dict[str, str]:
    """Without public holidays: whether those of this year are known depends on the year."""
    rules = tmp_path / "routing.toml"
    rules.write_text(RULES.read_text("utf-8").replace('holidays = "CN"', 'holidays = ""'), "utf-8")
    return {"HUB_DATABASE__DSN": database_dsn, "HUB_WEB__PORT": "0", "HUB_ROUTING_RULES": str(rules)}


def inbox(mail: MailWorld, password: str = SUPPORT_PASSWORD) -> str:
    return (
        f'[channels.support]\nkind = "email"\naddress = "{SUPPORT}"\nimap_host = "127.0.0.1"\n'
        f'imap_port = {mail.imap_port}\nimap_security = "none"\nimap_password = "{password}"\n'
        f'smtp_host = "127.0.0.1"\nsmtp_port = {mail.smtp_port}\nsmtp_security = "none"\n'
        f'smtp_user = "{SUPPORT}"\nsmtp_password = "{password}"\n'
    )


async def test_a_good_installation(tmp_path: Path, env: dict[str, str], plain_dsn: str) -> None:
    env = {**env, "HUB_DATABASE__DSN": plain_dsn}
    async with MailWorld() as mail:
        config = tmp_path / "hub.toml"
        config.write_text(inbox(mail))
        with_config = {**env, "HUB_CONFIG": str(config), "HUB_AGENT_PASSWORD": "long enough for all"}
        await command("migrate", cwd=tmp_path, env=with_config)
        await command("agent", "add", "--login", "a", "--name", "A", cwd=tmp_path, env=with_config)
        done = await command("doctor", cwd=tmp_path, env=with_config)
        chinese = await command("doctor", cwd=tmp_path, env={**with_config, "LANG": "zh_CN.UTF-8"})
    assert done.code == 0, done.said
    for what in (
        "Disk space",
        "Secret key",
        "Routing rules",
        "Channel support",
        "Database",
        "Database role",
        "Clock",
        "Schema",
    ):
        assert f"✓ {what}" in done.out, done.out
    assert "✗" not in done.out and "All is well." in done.out
    assert "the login works" in done.out
    assert chinese.code == 0 and "✓ 数据库" in chinese.out and "一切正常" in chinese.out


async def test_everything_wrong_is_found_in_one_go(tmp_path: Path, env: dict[str, str], taken: int) -> None:
    async with MailWorld() as mail:
        (tmp_path / "hub.toml").write_text(
            inbox(mail, "wrong")
            + '[channels.bird]\nkind = "pigeon"\n[channels.bot]\nkind = "telegram"\n'
            + f'[channels.other]\nkind = "telegram"\ntoken = "1:abcdefgh"\nbase_url = "http://127.0.0.1:{taken}/bot"\n'
            + "timeout_seconds = 1\n"
        )
        env |= {"HUB_WEB__PORT": str(taken), "HUB_CONFIG": "hub.toml"}
        key = tmp_path / "var/secret.key"
        key.parent.mkdir()
        key.write_text("k" * 64)
        key.chmod(0o644)
        done = await command("doctor", cwd=tmp_path, env=env)
    assert done.code == 1
    for what, says in (
        ("Secret key", "chmod 600"),
        ("Web", "Choose another web.port"),
        ("Channel support", "Check imap_user and imap_password"),
        ("Channel bird", "Choose one of api, email"),
        ("Channel bot", "channels.bot.token"),
        ("Channel other", "Check the address and the network"),
    ):
        assert f"✗ {what}" in done.out and says in done.out, done.out
    assert "Traceback" not in done.said and SUPPORT_PASSWORD not in done.said


async def test_a_wrong_setting_an_absent_and_an_empty_database(tmp_path: Path, env: dict[str, str]) -> None:
    wrong = await command("doctor", cwd=tmp_path, env={**env, "HUB_WEB__PORT": "x"})
    absent = await command(
        "doctor",
        cwd=tmp_path,
        env={**env, "HUB_DATABASE__DSN": "postgresql://hub:opensesame@127.0.0.1:1/hub"},
    )
    empty = await command("doctor", cwd=tmp_path, env={"HUB_WEB__PORT": "0"})
    malformed = await command("doctor", cwd=tmp_path, env={**env, "HUB_DATABASE__DSN": "not a dsn"})
    assert (wrong.code, absent.code, empty.code, malformed.code) == (1, 1, 0, 1)
    assert "database.dsn" in malformed.out and "does not answer" not in malformed.out
    assert "web.port" in wrong.out
    assert "✗ Database" in absent.out and "HUB_DATABASE__DSN" in absent.out
    assert "opensesame" not in absent.said
    assert "✓ Database" in empty.out and "set up at the first start" in empty.out


async def test_a_warning_is_no_error_and_not_all_is_well(tmp_path: Path, env: dict[str, str]) -> None:
    env |= {"HUB_SECRET_KEY": "k" * 40, "HUB_CHANNELS__FORM__KIND": "webform"}
    await command("migrate", cwd=tmp_path, env=env)
    done = await command("doctor", cwd=tmp_path, env=env)
    assert done.code == 0 and "! Staff" in done.out, done.said
    assert "No errors; see the warnings." in done.out and "All is well" not in done.out
    # Nobody logs in to a form.
    assert "✓ Channel form" in done.out and "the login works" not in done.out


async def test_a_role_that_may_do_more_than_a_hub_needs_is_told(tmp_path: Path, env: dict[str, str]) -> None:
    done = await command("doctor", cwd=tmp_path, env=env)
    assert done.code == 0 and "! Database role" in done.out and "CREATEROLE" in done.out, done.out


async def test_the_doctor_leaves_the_installation_as_it_is(tmp_path: Path, env: dict[str, str]) -> None:
    key = {"HUB_SECRET_KEY": "k" * 40}
    await command("migrate", cwd=tmp_path, env=env | key | {"HUB_CHANNELS__FORM__KIND": "webform"})
    other = await command("doctor", cwd=tmp_path, env=env | {"HUB_SECRET_KEY": "x" * 40})
    before = await command("doctor", cwd=tmp_path, env=env | key)
    assert other.code == 1 and "✗ Installation" in other.out and "secret_key" in other.out
    assert before.code == 0, before.said


def test_make_up_days_that_are_not_known_yet_are_told_before_they_are_needed(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("LC_ALL", "C")
    settings = Settings(routing_rules=RULES)
    assert list(check_calendars(settings, date(2026, 12, 17))) == []
    found = list(check_calendars(settings, date(2089, 12, 18)))
    assert [(one.state, one.what) for one in found] == [(State.WARNING, "Calendar office")] * 2
    assert "make-up days (CN) of 2090 are not known" in found[1].text
