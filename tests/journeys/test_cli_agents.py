"""`contact-hub agent`: looking at members of staff and changing them, each command in a process of its own."""

import json
from pathlib import Path

import asyncpg
import pytest

from tests.journeys.command import Done, command

PASSWORD = "long enough for everybody"


@pytest.fixture
async def env(database_dsn: str, tmp_path: Path) -> dict[str, str]:
    env = {"HUB_DATABASE__DSN": database_dsn, "HUB_AGENT_PASSWORD": PASSWORD}
    assert (await command("migrate", cwd=tmp_path, env=env)).code == 0
    for login, name in (("mei", "陈小美"), ("bo", "Bo")):
        done = await command(
            "agent", "add", "--login", login, "--name", name, "--skill", "product:2", cwd=tmp_path, env=env
        )
        assert done.code == 0, done.said
    return env


async def test_an_agent_is_changed_where_named_and_shown(tmp_path: Path, env: dict[str, str]) -> None:
    async def agent(*arguments: str) -> Done:
        return await command("agent", *arguments, cwd=tmp_path, env=env)

    changed = await agent(
        "set", "mei", "--skill", "billing=3", "--skill", "product=0", "--capacity", "5", "--live-capacity", "1",
        "--queue", "service", "--language", "zh", "--calendar", "office", "--json",
    )  # fmt: skip
    assert changed.code == 0, changed.said
    shown = json.loads(changed.out)
    assert (shown["name"], shown["skills"], shown["capacity"]) == ("陈小美", {"billing": 3}, 5)
    assert (shown["live_capacity"], shown["queues"], shown["calendar"]) == (1, ["service"], "office")
    assert json.loads((await agent("show", "mei", "--json")).out) == shown
    told = (await agent("show", "mei")).out
    assert "billing=3" in told and "0/5" in told and "office" in told
    everywhere = await agent("set", "mei", "--every-queue", "--calendar", "", "--inactive", "--json")
    back = json.loads(everywhere.out)
    assert (back["queues"], back["calendar"], back["active"], back["skills"]) == (
        [],
        "",
        False,
        {"billing": 3},
    )
    listed = (await agent("list")).out
    assert "mei (shut out)" in listed and "product=2" in listed


async def test_what_cannot_be_is_said_and_nothing_is_changed(tmp_path: Path, env: dict[str, str]) -> None:
    async def agent(*arguments: str) -> Done:
        return await command("agent", *arguments, cwd=tmp_path, env=env)

    for arguments, said in (
        (("set", "nobody", "--capacity", "1"), "There is no agent nobody"),
        (("set", "mei", "--skill", "billing"), "expected NAME=LEVEL"),
        (("set", "mei", "--skill", "cooking=3"), "know no skill cooking"),
        (("set", "mei", "--queue", "a", "--every-queue"), "Either --queue or --every-queue"),
        (("set", "mei", "--queue", "nowhere"), "A queue is unknown"),
        (("hand-over", "mei", "--to", "mei"), "They have these tickets already"),
    ):
        done = await agent(*arguments)
        assert done.code == 1 and said in done.err, (arguments, done.said)
    assert json.loads((await agent("show", "mei", "--json")).out)["version"] == 1
    moved = await agent("hand-over", "mei", "--to", "bo")
    assert moved.code == 0 and "Handed over: 0 tickets, 0 tasks." in moved.out


async def _ask(dsn: str, query: str) -> object:
    connection = await asyncpg.connect(dsn)
    try:
        return await connection.fetchval(query)
    finally:
        await connection.close()


async def test_who_lost_telephone_and_codes_gets_in_by_the_password_alone(
    tmp_path: Path, env: dict[str, str], database_dsn: str
) -> None:
    set_up = (
        "INSERT INTO totp (agent_id, sealed, set_up_at) SELECT id, 'x', now() FROM agent WHERE login = 'mei'"
    )
    await _ask(database_dsn, set_up)
    done = await command("agent", "reset-second-step", "mei", cwd=tmp_path, env=env)
    assert done.code == 0 and "no second step any more" in done.out, done.said
    assert await _ask(database_dsn, "SELECT count(*) FROM totp") == 0
    nobody = await command("agent", "reset-second-step", "nobody", cwd=tmp_path, env=env)
    assert nobody.code != 0 and "There is no agent nobody" in nobody.said
