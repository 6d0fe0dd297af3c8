"""`contact-hub route`: simulations on the command line, and why a ticket is where it is."""

import json
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from hub.actions.context import Context
from hub.actions.floor.route import drain
from hub.model.codes import TICKET, show_code
from tests.fakes.bygone import a_few_days
from tests.fakes.scene import a_hub, an_agent, say, ticket
from tests.journeys.command import command

PATIENCE = 110.0


@pytest.fixture
def env(database_dsn: str) -> dict[str, str]:
    return {"HUB_DATABASE__DSN": database_dsn}


@pytest.fixture
async def ctx(database_dsn: str) -> AsyncIterator[Context]:
    async with a_hub(database_dsn) as hub:
        yield hub


async def test_the_reference_week_needs_no_database(tmp_path: Path) -> None:
    done = await command("route", "simulate", "--seeds", "1", "--json", cwd=tmp_path, timeout=PATIENCE)
    assert done.code == 0, done.said
    found = json.loads(done.out)
    assert found["seeds"] == [1]
    assert found["after"] is None
    assert found["before"]["figures"]["in_time_weighted"]["mean"] > 95.0
    assert not (tmp_path / "var").exists()


async def test_the_hubs_own_days_with_other_staff_as_a_table(
    ctx: Context, tmp_path: Path, env: dict[str, str]
) -> None:
    await a_few_days(ctx, days=1)
    (tmp_path / "staff.toml").write_text('[[add]]\nlike = "li"\ncount = 3\n[[sick]]\nname = "wang"\n')
    arguments = (
        "route",
        "simulate",
        "--workload",
        "history",
        "--days",
        "2",
        "--staff",
        "staff.toml",
        "--seeds",
        "1-2",
    )
    english = await command(*arguments, cwd=tmp_path, env=env, timeout=PATIENCE)
    chinese = await command(*arguments, cwd=tmp_path, env={**env, "LANG": "zh_CN.UTF-8"}, timeout=PATIENCE)
    assert (english.code, chinese.code) == (0, 0), english.said + chinese.said
    assert "32 errands, 2 seeds" in english.out
    assert "li (4)" in english.out
    for word in ("In time, weighted %", "not clear", "Priority", "complaint"):
        assert word in english.out
    for word in ("按时率（按重要性加权） %", "优先级", "投诉", "32 项，2 个种子"):
        assert word in chinese.out


@pytest.mark.parametrize(
    ("arguments", "english", "chinese"),
    [
        (("--seeds", "many"), "Expected seeds like 1-5", "随机种子应写作 1-5"),
        (("--staff", "staff.toml"), "There is no agent nobody", "没有名为 nobody 的客服"),
        (("--rules", "rules.toml"), "history only", "历史数据"),
        (("--workload", "history", "--scenario", "storm"), "reference workload", "基准负载"),
    ],
)
async def test_what_cannot_be_asked_is_told(
    tmp_path: Path, env: dict[str, str], arguments: tuple[str, ...], english: str, chinese: str
) -> None:
    (tmp_path / "staff.toml").write_text('[[add]]\nlike = "nobody"\n')
    (tmp_path / "rules.toml").write_text(
        'default_queue = "q"\n[[queue]]\nname = "q"\ntitle_en = "Q"\ntitle_zh = "队"\n'
    )
    for language, words in (("C.UTF-8", english), ("zh_CN.UTF-8", chinese)):
        done = await command("route", "simulate", *arguments, cwd=tmp_path, env={**env, "LANG": language})
        assert done.code == 1, done.said
        assert words in done.err


async def test_days_without_customers_are_told(tmp_path: Path, env: dict[str, str]) -> None:
    done = await command("route", "simulate", "--workload", "history", cwd=tmp_path, env=env)
    assert done.code == 1
    assert "No customer wrote in that time." in done.err


async def test_a_ticket_explains_itself(ctx: Context, tmp_path: Path, env: dict[str, str]) -> None:
    await an_agent(ctx, "li")
    given = await ticket(
        ctx, await say(ctx, text="I want to complain about my bill", who=[("email", "a@b.example", True)])
    )
    await drain(ctx)
    waits = await ticket(ctx, await say(ctx, text="你好，我要投诉", who=[("email", "c@d.example", True)]))
    await ctx.database.run(lambda c: c.execute("UPDATE agent SET presence = 'offline'"))
    first = await command("route", "explain", show_code(TICKET, given["code"]), cwd=tmp_path, env=env)
    second = await command(
        "route", "explain", show_code(TICKET, waits["code"]), cwd=tmp_path, env={**env, "LANG": "zh_CN.UTF-8"}
    )
    assert (first.code, second.code) == (0, 0), first.said + second.said
    assert "Sorted" in first.out and "Assigned" in first.out and "li" in first.out
    assert "the only free agent who fits" in first.out
    assert "目前" in second.out and "“投诉”队列的 1 位成员都不在线" in second.out
    unknown = await command("route", "explain", "T-99999", cwd=tmp_path, env=env)
    assert unknown.code == 1
