"""The commands of an administrator, each in a process of its own."""

import os
import stat
from pathlib import Path

import asyncpg
import pytest

from storage.embedded import embedded_postgres
from tests.conftest import RULES, at_database
from tests.journeys.command import command

PASSWORD = "long enough for everybody"


@pytest.fixture
def env(database_dsn: str) -> dict[str, str]:
    return {"HUB_DATABASE__DSN": database_dsn}


async def test_the_help_speaks_both_languages(tmp_path: Path) -> None:
    english = await command("--help", cwd=tmp_path, fresh=True)
    chinese = await command("--help", cwd=tmp_path, env={"LANG": "zh_CN.UTF-8"})
    assert (english.code, chinese.code) == (0, 0)
    for name in ("serve", "demo", "migrate", "doctor", "agent", "api-key", "mail"):
        assert name in english.out and name in chinese.out
    assert "sample customers" in english.out
    assert "示例客户" in chinese.out


async def test_migrate_brings_an_empty_database_up_to_date_once(tmp_path: Path, postgres: str) -> None:
    server = await asyncpg.connect(postgres)
    await server.execute(f"CREATE DATABASE empty_{os.getpid()}")
    env = {"HUB_DATABASE__DSN": at_database(postgres, f"empty_{os.getpid()}")}
    try:
        first = await command("migrate", cwd=tmp_path, env=env)
        second = await command("migrate", cwd=tmp_path, env=env)
    finally:
        await server.execute(f"DROP DATABASE empty_{os.getpid()} WITH (FORCE)")
        await server.close()
    assert first.code == 0 and "Applied: 0001_timeline" in first.out
    assert second.code == 0 and "Applied" not in second.out


async def test_without_a_dsn_a_command_uses_the_embedded_database_and_stops_it(tmp_path: Path) -> None:
    # A language that this machine has no locale for must not matter.
    done = await command("migrate", cwd=tmp_path, env={"LANG": "xx_YY.UTF-8"})
    assert done.code == 0, done.said
    assert not (tmp_path / "var/postgres/postmaster.pid").exists()
    assert stat.S_IMODE((tmp_path / "var/secret.key").stat().st_mode) == 0o600


def test_a_killed_user_of_the_embedded_database_does_not_keep_it_running(tmp_path: Path) -> None:
    data = tmp_path / "postgres"
    with embedded_postgres(data):
        pass
    (data / ".handle_pids.json").write_text("[999999999]")
    with embedded_postgres(data):
        assert (data / "postmaster.pid").exists()
    assert not (data / "postmaster.pid").exists()


async def test_an_agent_is_added_once_and_can_be_given_a_new_password(
    tmp_path: Path, env: dict[str, str]
) -> None:
    await command("migrate", cwd=tmp_path, env=env)
    arguments = (
        "agent", "add", "--login", "Mei", "--name", "陈小美", "--role", "supervisor", "--language", "zh",
        "--language", "en", "--skill", "billing:3", "--queue", "complaints", "--capacity", "5",
    )  # fmt: skip
    no_password = await command(*arguments, cwd=tmp_path, env=env)
    with_password = {**env, "HUB_AGENT_PASSWORD": PASSWORD}
    added = await command(*arguments, cwd=tmp_path, env=with_password)
    again = await command(*arguments, cwd=tmp_path, env=with_password)
    changed = await command("agent", "password", "--login", "mei", cwd=tmp_path, env=with_password)
    nobody = await command("agent", "password", "--login", "nobody", cwd=tmp_path, env=with_password)
    assert no_password.code == 1 and "HUB_AGENT_PASSWORD" in no_password.err
    assert added.code == 0 and "Mei" in added.out, added.said
    assert again.code == 1 and "There is an agent mei already" in again.err
    assert changed.code == 0, changed.said
    assert nobody.code == 1 and "There is no agent nobody" in nobody.err
    connection = await asyncpg.connect(env["HUB_DATABASE__DSN"])
    row = await connection.fetchrow("SELECT login, name, role, languages, skills, capacity FROM agent")
    await connection.close()
    assert row is not None
    assert tuple(row) == ("mei", "陈小美", "supervisor", ["zh", "en"], '{"billing": 3}', 5)


@pytest.mark.parametrize(
    ("options", "says"),
    [
        (("--password", "short"), "10 to 256 characters"),
        (("--password", "password123"), "The password is easy to guess"),
        (("--skill", "dancing"), "no skill dancing"),
        (("--skill", "billing:0"), "NAME:LEVEL"),
        (("--language", "xx"), "--language xx: the routing rules offer zh, en"),
        (("--queue", "nowhere"), "A queue is unknown"),
        (("--locale", "fr"), "en or zh_CN"),
        (("--role", "king"), "There is no role king"),
    ],
)
async def test_a_wrong_agent_is_refused_in_words(
    tmp_path: Path, env: dict[str, str], options: tuple[str, ...], says: str
) -> None:
    await command("migrate", cwd=tmp_path, env=env)
    base = ("agent", "add", "--login", "x", "--name", "X", "--password", PASSWORD)
    done = await command(*base, *options, cwd=tmp_path, env=env)
    assert done.code != 0 and says in done.err and "Traceback" not in done.err, done.said


async def test_a_key_is_printed_once_alone_and_can_be_revoked(tmp_path: Path, env: dict[str, str]) -> None:
    create = ("api-key", "create", "--name", "shop", "--scope", "ingest", "--scope", "read")
    made = await command(*create, cwd=tmp_path, env=env)
    again = await command(*create, cwd=tmp_path, env=env)
    revoked = await command("api-key", "revoke", "shop", cwd=tmp_path, env=env)
    assert made.code == 0 and made.out.startswith("chk_") and len(made.out.split()) == 1, made.said
    assert again.code == 1 and "already" in again.err
    assert revoked.code == 0
    connection = await asyncpg.connect(env["HUB_DATABASE__DSN"])
    stored = await connection.fetch("SELECT * FROM api_key")
    await connection.close()
    assert made.out.strip() not in str(stored)


@pytest.mark.parametrize(
    ("wrong", "names", "expects"),
    [
        ({"HUB_WEB__PORT": "many"}, "web.port", "integer"),
        ({"HUB_WEB__PORTS": "1"}, "web.ports", "no such setting"),
        ({"HUB_DATADIR": "x"}, "HUB_DATADIR", "no such setting"),
        ({"HUB_LOG_LEVEL": "loud"}, "log_level", "debug, info, warning or error"),
        ({"HUB_SECRET_KEY": "short"}, "secret_key", "32 characters"),
        ({"HUB_CHANNELS__X__KIND": "pigeon"}, "channels.x.kind", "telegram"),
        ({"HUB_CHANNELS__X__KIND": "telegram"}, "channels.x.token", "required"),
        ({"HUB_ROUTING_RULES": "none.toml"}, "routing_rules", "none.toml"),
        ({"HUB_WEB__TRUSTED_PROXIES": '["the proxy"]'}, "web.trusted_proxies", "addresses or networks"),
        ({"HUB_DATABASE__DSN": "not a dsn"}, "database.dsn", "postgresql://user:password@host"),
        ({"HUB_WEB__HOST": "no.such.host.invalid"}, "web.host", "no address"),
    ],
)
async def test_a_wrong_setting_stops_the_start_and_is_named(
    tmp_path: Path, env: dict[str, str], wrong: dict[str, str], names: str, expects: str
) -> None:
    done = await command("serve", cwd=tmp_path, env={**env, "HUB_WEB__PORT": "0", **wrong})
    assert done.code == 2, done.said
    assert names in done.err and expects in done.err and "Traceback" not in done.err, done.err


async def test_wrong_files_are_named(tmp_path: Path, env: dict[str, str]) -> None:
    (tmp_path / "broken.toml").write_text("[web\n")
    rules = tmp_path / "config/routing.toml"
    rules.parent.mkdir()
    rules.write_text('default_queue = "nowhere"\n')
    broken = await command("serve", "--config", "broken.toml", cwd=tmp_path, env=env)
    absent = await command("serve", "--config", "absent.toml", cwd=tmp_path, env=env)
    bad_rules = await command("serve", cwd=tmp_path, env=env)
    assert (broken.code, absent.code, bad_rules.code) == (2, 2, 2)
    assert "broken.toml" in broken.err
    assert "absent.toml: there is no such file" in absent.err
    assert "config/routing.toml" in bad_rules.err and "queue" in bad_rules.err


async def test_the_key_of_another_installation_is_refused_and_changes_nothing(
    tmp_path: Path, env: dict[str, str]
) -> None:
    first = await command("migrate", cwd=tmp_path, env={**env, "HUB_SECRET_KEY": "k" * 40})
    other = await command("migrate", cwd=tmp_path, env={**env, "HUB_SECRET_KEY": "x" * 40})
    assert first.code == 0, first.said
    assert other.code == 2 and "secret_key" in other.err


async def test_migrate_beside_hubs_with_other_settings_takes_no_channel_and_no_rules_from_them(
    tmp_path: Path, env: dict[str, str]
) -> None:
    theirs = tmp_path / "config" / "routing.toml"
    theirs.parent.mkdir()
    theirs.write_bytes(RULES.read_bytes().replace(b'fallback = ""', b'fallback = "en"'))
    form = {"HUB_SECRET_KEY": "k" * 40, "HUB_CHANNELS__FORM__KIND": "webform"}
    begun = await command("migrate", cwd=tmp_path, env={**env, **form})
    assert begun.code == 0, begun.said
    connection = await asyncpg.connect(env["HUB_DATABASE__DSN"])
    before = await connection.fetch("SELECT version FROM rulebook")
    done = await command("migrate", cwd=tmp_path.parent, env={**env, "HUB_SECRET_KEY": "k" * 40})
    assert done.code == 0, done.said
    assert await connection.fetchval("SELECT state FROM channel WHERE name = 'form'") not in (None, "retired")
    assert await connection.fetch("SELECT version FROM rulebook") == before
    await connection.close()


async def test_an_absent_database_is_told_with_a_way_out(tmp_path: Path) -> None:
    env = {"HUB_DATABASE__DSN": "postgresql://hub:opensesame@127.0.0.1:1/hub", "HUB_WEB__PORT": "0"}
    done = await command("serve", cwd=tmp_path, env=env)
    assert done.code == 1
    assert "database does not answer" in done.err and "contact-hub doctor" in done.err
    assert "opensesame" not in done.said and "Traceback" not in done.err


async def test_a_package_of_somebody_else_in_our_place_is_named(tmp_path: Path) -> None:
    intruder = tmp_path / "elsewhere" / "storage"
    intruder.mkdir(parents=True)
    (intruder / "__init__.py").write_text("raise RuntimeError('must not be imported')")
    done = await command("--help", cwd=tmp_path, env={"PYTHONPATH": str(intruder.parent)})
    assert done.code == 3
    assert str(intruder) in done.err and "Traceback" not in done.err
