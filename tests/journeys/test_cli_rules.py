"""`contact-hub rules`: the rules as a file and back, versions, and back to an older one; a hub that runs follows."""

import json
import tomllib
from pathlib import Path

import aiohttp
import tomli_w

from routing.rules import load_rules
from tests.fakes.clocks import SHIPPED
from tests.journeys.command import command, running


def environment(dsn: str) -> dict[str, str]:
    return {
        "HUB_DATABASE__DSN": dsn, "HUB_WEB__PORT": "0", "HUB_SECRET_KEY": "a key of thirty-two bytes for tests",
    }  # fmt: skip


def changed(folder: Path) -> Path:
    path = folder / "new.toml"
    repairs = {"name": "repairs", "title_en": "Repairs", "title_zh": "维修"}
    path.write_text(tomli_w.dumps({**SHIPPED, "queue": [*SHIPPED["queue"], repairs]}), "utf-8")
    return path


async def test_out_changed_in_and_back(database_dsn: str, tmp_path: Path) -> None:
    env = environment(database_dsn)
    shown = await command("rules", "show", cwd=tmp_path, env=env)
    assert shown.code == 0 and load_rules(tomllib.loads(shown.out)) == load_rules(SHIPPED)

    applied = await command(
        "rules", "apply", str(changed(tmp_path)), "--note", "repairs come to us now", cwd=tmp_path, env=env
    )
    assert applied.code == 0 and "Version 2 is in use." in applied.out
    assert '"repairs"' in (await command("rules", "show", "--json", cwd=tmp_path, env=env)).out
    old = await command("rules", "show", "--version", "1", cwd=tmp_path, env=env)
    assert "repairs" not in old.out

    back = await command("rules", "restore", "1", cwd=tmp_path, env={**env, "LC_ALL": "zh_CN.UTF-8"})
    assert back.code == 0 and "版本 3 已启用。" in back.out
    listed = json.loads((await command("rules", "versions", "--json", cwd=tmp_path, env=env)).out)
    assert [(one["version"], one["origin"], one["restores"]) for one in listed] == [
        (3, "restored", 1), (2, "command", None), (1, "file", None),
    ]  # fmt: skip
    table = await command("rules", "versions", cwd=tmp_path, env=env)
    assert "repairs come to us now" in table.out and "back to 1" in table.out


async def test_what_is_wrong_is_named_and_nothing_changes(database_dsn: str, tmp_path: Path) -> None:
    wrong = tmp_path / "wrong.toml"
    wrong.write_text(tomli_w.dumps({**SHIPPED, "default_queue": "nowhere"}), "utf-8")
    for verb in ("check", "apply"):
        said = await command("rules", verb, str(wrong), cwd=tmp_path, env=environment(database_dsn))
        assert said.code == 2 and "no queue is called 'nowhere'" in said.err
    good = await command("rules", "check", str(changed(tmp_path)), cwd=tmp_path)
    assert good.code == 0 and "Queues: 5" in good.out
    none = await command("rules", "show", "--version", "9", cwd=tmp_path, env=environment(database_dsn))
    assert none.code == 1 and "There is no version 9." in none.err


async def test_a_hub_that_runs_goes_by_what_is_applied(database_dsn: str, tmp_path: Path) -> None:
    env = environment(database_dsn)
    async with running("serve", cwd=tmp_path, env=env) as hub:
        ready = await hub.wait_for("hub.ready")
        applied = await command("rules", "apply", str(changed(tmp_path)), cwd=tmp_path, env=env)
        assert applied.code == 0
        await hub.wait_for("rules.changed")
        url = next(part for part in ready.split('"') if part.startswith("http"))
        async with aiohttp.ClientSession() as browser, browser.get(f"{url}/healthz") as answer:
            assert answer.status == 200
