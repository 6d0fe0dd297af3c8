"""`agent list`, `show`, `set` and `reset-second-step`: what members of staff can do, how much, where and when. Adding them is
in hub.cli.staff."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated

import orjson
import typer
from rich.table import Table

from hub.cli.options import Config
from hub.cli.speak import fail, out, say
from hub.cli.staff import with_hub
from hub.model.people import Actor, Role
from storage import agents as stored

if TYPE_CHECKING:
    from hub.actions.context import Context
    from hub.actions.people.hand_over import Handed

Login = Annotated[str, typer.Argument(help=say("The agent's login.", "客服的登录名。"), show_default=False)]
AsJson = Annotated[
    bool, typer.Option("--json", help=say("As JSON, for programs.", "输出 JSON，供程序使用。"))
]


def list_agents(json: AsJson = False, config: Config = None) -> None:
    people = with_hub(config, lambda ctx: ctx.database.read(stored.list_details))
    if json:
        typer.echo(orjson.dumps(people, option=orjson.OPT_INDENT_2))
        return
    table = Table(
        say("Login", "登录名"),
        say("Name", "姓名"),
        say("Role", "角色"),
        say("Room", "容量"),
        say("Skills", "技能"),
        say("Queues", "队列"),
        box=None,
        pad_edge=False,
    )
    for one in people:
        table.add_row(
            one.login if one.active else say(f"{one.login} (shut out)", f"{one.login}（已停用）"),
            one.name,
            one.role,
            f"{one.load}/{one.capacity} + {one.live_load}/{one.live_capacity}",
            ", ".join(f"{skill}={level}" for skill, level in sorted(one.skills.items())),
            ", ".join(one.queues) or say("all", "全部"),
        )
    out.print(table, markup=False)


def show_agent(login: Login, json: AsJson = False, config: Config = None) -> None:
    from hub.actions.people.change_agent import agent_of_login

    _tell(with_hub(config, lambda ctx: agent_of_login(ctx, login)), json)


def set_agent(
    login: Login,
    name: Annotated[str | None, typer.Option(help=say("As customers see it.", "客户看到的姓名。"))] = None,
    role: Annotated[
        str | None,
        typer.Option(
            help=say(
                "agent, supervisor, admin or a role of your own.", "agent、supervisor、admin 或自定义角色。"
            )
        ),
    ] = None,
    language: Annotated[
        list[str] | None,
        typer.Option(help=say("All that they speak; may be repeated.", "可用的全部语言；可重复。")),
    ] = None,
    skill: Annotated[
        list[str] | None,
        typer.Option(
            help=say(
                "NAME=LEVEL, from 1 to 5; 0 takes it away; may be repeated.",
                "名称=等级（1 至 5）；0 表示去掉；可重复。",
            )
        ),
    ] = None,
    queue: Annotated[
        list[str] | None,
        typer.Option(help=say("All that they work on; may be repeated.", "负责的全部队列；可重复。")),
    ] = None,
    every_queue: Annotated[
        bool, typer.Option("--every-queue", help=say("Every queue.", "负责所有队列。"))
    ] = False,
    capacity: Annotated[
        int | None, typer.Option(min=0, help=say("Tickets they hold at once.", "同时处理的工单数。"))
    ] = None,
    live_capacity: Annotated[
        int | None,
        typer.Option(min=0, help=say("Live conversations at once.", "同时接待的会话数。")),
    ] = None,
    calendar: Annotated[
        str | None,
        typer.Option(
            help=say('Shifts: a calendar of the rules; "" for none.', "班次：规则中的日历；空字符串表示无。")
        ),
    ] = None,
    locale: Annotated[
        str | None,
        typer.Option(help=say("Language of their screen: en or zh_CN.", "界面语言：en 或 zh_CN。")),
    ] = None,
    active: Annotated[
        bool | None,
        typer.Option("--active/--inactive", help=say("Whether they may log in.", "是否可以登录。")),
    ] = None,
    json: AsJson = False,
    config: Config = None,
) -> None:
    from hub.actions.people.change_agent import AgentChange, agent_of_login, change_agent

    if queue and every_queue:
        raise fail("Either --queue or --every-queue.", "--queue 与 --every-queue 只能选其一。")
    levels = _levels(skill or ())

    async def work(ctx: "Context") -> stored.AgentDetails:
        agent = await agent_of_login(ctx, login)
        skills = {name: level for name, level in {**agent.skills, **levels}.items() if level}
        change = AgentChange(
            name=name,
            role=role,
            locale=locale,
            languages=language or None,
            skills=skills if levels else None,
            capacity=capacity,
            live_capacity=live_capacity,
            calendar=calendar,
            queues=() if every_queue else queue or None,
            active=active,
        )
        # What was read is what is changed: whoever was quicker is not undone.
        return await change_agent(
            ctx, agent_id=agent.id, change=change, actor=_actor(), version=agent.version
        )

    _tell(with_hub(config, work), json)


def reset_second_step(login: Login, config: Config = None) -> None:
    from hub.actions.people.change_agent import agent_of_login
    from hub.actions.signin.of_others import reset_second_step

    async def work(ctx: "Context") -> None:
        agent = await agent_of_login(ctx, login)
        await reset_second_step(ctx, agent_id=agent.id, actor=_actor())

    with_hub(config, work)
    out.print(
        say(
            f"{login} has no second step any more and is logged out everywhere; the password alone lets them in.",
            f"{login} 的两步验证已重置，所有设备均已退出；现在仅凭密码即可登录。",
        ),
        markup=False,
    )


def hand_over_all(
    login: Login,
    to: Annotated[
        str, typer.Option(help=say("Their login; left out: the queues.", "接手者登录名；省略则退回队列。"))
    ] = "",
    config: Config = None,
) -> None:
    from hub.actions.people.change_agent import agent_of_login
    from hub.actions.people.hand_over import hand_over_all as everything

    async def work(ctx: "Context") -> "Handed":
        agent = await agent_of_login(ctx, login)
        heir = (await agent_of_login(ctx, to)).id if to else None
        return await everything(ctx, from_agent=agent.id, to_agent=heir, actor=_actor())

    moved: Handed = with_hub(config, work)
    said = say(
        f"Handed over: {moved.tickets} tickets, {moved.tasks} tasks.",
        f"已移交 {moved.tickets} 张工单、{moved.tasks} 项任务。",
    )
    out.print(said, markup=False)


def _actor() -> Actor:
    return Actor(name=say("Command line", "命令行"), role=Role.ADMIN)


def _levels(given: Sequence[str]) -> dict[str, int]:
    levels = {}
    for one in given:
        name, _, level = one.partition("=")
        if not (name and level.isascii() and level.isdigit() and int(level) <= 5):
            raise fail(
                f"--skill {one}: expected NAME=LEVEL, from 1 to 5, or 0 to take it away",
                f"--skill {one}：应为 名称=等级（1 至 5），0 表示去掉",
            )
        levels[name] = int(level)
    return levels


def _tell(agent: stored.AgentDetails, json: bool) -> None:
    if json:
        typer.echo(orjson.dumps(agent, option=orjson.OPT_INDENT_2))
        return
    nothing = say("none", "无")
    rows = {
        say("Login", "登录名"): agent.login,
        say("Name", "姓名"): agent.name,
        say("Role", "角色"): agent.role,
        say("May log in", "可登录"): say("yes", "是") if agent.active else say("no", "否"),
        say("Presence", "状态"): agent.presence,
        say("Languages", "语言"): ", ".join(agent.languages) or nothing,
        say("Skills", "技能"): ", ".join(f"{name}={level}" for name, level in sorted(agent.skills.items()))
        or nothing,
        say("Queues", "队列"): ", ".join(agent.queues) or say("all", "全部"),
        say("Tickets", "工单"): f"{agent.load}/{agent.capacity}",
        say("Live", "会话"): f"{agent.live_load}/{agent.live_capacity}",
        say("Shifts", "班次"): agent.calendar or nothing,
        say("Version", "版本"): str(agent.version),
    }
    table = Table.grid(padding=(0, 2))
    for name, value in rows.items():
        table.add_row(name, value)
    out.print(table, markup=False)
