"""The commands under one name. Each is imported with what it needs; what is heavy, only when it runs."""

import typer

from hub.cli.agents import hand_over_all, list_agents, reset_second_step, set_agent, show_agent
from hub.cli.backup import backup, restore
from hub.cli.classify import classify
from hub.cli.demo_seed import seed
from hub.cli.mail_authorise import authorise
from hub.cli.mail_import import import_letters
from hub.cli.mail_parse import parse
from hub.cli.options import Config
from hub.cli.route import route
from hub.cli.rules import rules
from hub.cli.secret_keys import secret_keys
from hub.cli.serve import migrate, serve
from hub.cli.speak import say
from hub.cli.staff import agents, keys
from hub.cli.webhooks import webhooks


def _demo(context: typer.Context, config: Config = None) -> None:
    if context.invoked_subcommand is None:
        from hub.cli.demo import demo

        demo(config)


def _doctor(config: Config = None) -> None:
    from hub.cli.doctor import doctor

    doctor(config)


app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    help=say(
        "Contact Hub: everything a customer says, on one timeline, in the right hands.",
        "Contact Hub：客户的每一句话都汇入同一时间线，并及时交给合适的人。",
    ),
)
app.command(
    "serve", help=say("Run a hub from config/hub.toml and HUB_*.", "按 config/hub.toml 与 HUB_* 运行。")
)(serve)
demo = typer.Typer(
    invoke_without_command=True,
    help=say("Run a hub with sample customers.", "运行带示例客户的演示。"),
)
demo.callback()(_demo)
demo.command("seed", help=say("Make up the past of a large installation.", "生成大量历史数据（示例）。"))(
    seed
)
app.add_typer(demo, name="demo")
app.command("migrate", help=say("Bring the database's schema up to date.", "更新数据库结构。"))(migrate)
app.command("backup", help=say("Copy everything while hubs go on.", "在线备份全部数据。"))(backup)
app.command("restore", help=say("Put a copy into an empty database.", "把备份恢复到空数据库。"))(restore)
app.command("doctor", help=say("Look everything over and say what to do.", "全面检查并给出处理建议。"))(
    _doctor
)
app.add_typer(agents, name="agent")
agents.command("list", help=say("Everybody, with room and skills.", "列出全部客服及其容量与技能。"))(
    list_agents
)
agents.command("show", help=say("Print one agent.", "显示一名客服的资料。"))(show_agent)
agents.command(
    "set", help=say("Change an agent; what is not named stays.", "修改客服；未指明的项保持不变。")
)(set_agent)
agents.command(
    "hand-over",
    help=say("All of an agent's tickets to another one, or back.", "将某客服的全部工单移交或退回队列。"),
)(hand_over_all)
agents.command(
    "reset-second-step",
    help=say("For who lost telephone, key and codes.", "为丢失手机、密钥及恢复码的人重置两步验证。"),
)(reset_second_step)
app.add_typer(keys, name="api-key")
app.add_typer(secret_keys, name="keys")
app.add_typer(rules, name="rules")
app.add_typer(classify, name="classify")
app.add_typer(route, name="route")
app.add_typer(webhooks, name="webhook")

mail = typer.Typer(no_args_is_help=True, help=say("Letters: reading and importing.", "邮件：解析与导入。"))
mail.command("parse", help=say("Show how the hub reads letters.", "显示系统如何解析邮件。"))(parse)
app.add_typer(mail, name="mail")
mail.command("import", help=say("Put letters from files on the timeline.", "把文件中的邮件导入时间线。"))(
    import_letters
)
mail.command(
    "authorise", help=say("Grant the hub access to a mailbox (OAuth 2).", "授权 hub 访问邮箱（OAuth 2）。")
)(authorise)
