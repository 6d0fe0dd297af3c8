"""`demo`: the hub over the sandbox world, and a word of welcome."""

import fcntl
import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from hub.cli.options import Config
from hub.cli.speak import fail, locale_of, out, say, telling_trouble
from hub.cli.stopping import Stop, end_on_sigterm, run_until_stopped
from hub.logs import set_up_logs
from hub.sandbox.demo import CHAT, FORM, STAFF, Demo, run_demo
from hub.settings import read_settings
from hub.wiring import postgres

PATIENCE_SECONDS = 8.0


def demo(config: Config = None) -> None:
    """Runs until Ctrl-C. Data are kept under data_dir (var/) and found again at the next start."""
    end_on_sigterm()
    with telling_trouble():
        settings = read_settings(config)
        # A demo's customers must never write to a real database.
        database = settings.database.model_copy(update={"dsn": None})
        settings = settings.model_copy(update={"database": database})
        # Whoever looks on wants to read the welcome, not the ordinary run of things.
        set_up_logs("warning" if settings.log_level == "info" else settings.log_level)

        async def work(stop: Stop) -> None:
            async with run_demo(settings, dsn, locale=locale_of()) as running:
                out.print(welcome(running, settings.data_dir), markup=False)
                stop.begun()
                await stop.wait()
                out.print(say("Stopping…", "正在停止…"))

        with _alone(settings.data_dir):
            out.print(say("Starting the database…", "正在启动数据库…"))
            with postgres(settings) as dsn:
                run_until_stopped(work, patience=PATIENCE_SECONDS)
        out.print(
            say(
                "Stopped. The data are kept; the next start goes on with them.",
                "已停止。数据已保留，下次启动将继续使用。",
            )
        )


def welcome(demo: Demo, data_dir: Path) -> str:
    """Where to go and how to get in."""
    first, *others = STAFF
    body = json.dumps(
        {
            "sender": {
                "name": say("Mei Tan", "陈小美"),
                "identities": [{"kind": "email", "value": "mei@mail.example"}],
            },
            "subject": say("My order has not come", "订单还没到"),
            "text": say("Where is my order TW-20500?", "请问订单 TW-20500 到哪里了？"),
        },
        ensure_ascii=False,
    )
    rows = (
        (say("Desk", "工作台"), f"{demo.url}/desk"),
        (say("Login", "登录名"), first.login),
        (say("Password", "密码"), demo.password),
        (
            say("Colleagues", "其他同事"),
            ", ".join(one.login for one in others) + say(" (same password)", "（密码相同）"),
        ),
        (say("Form page", "网页表单"), f"{demo.url}/forms/{FORM}"),
        (say("Chat page", "在线客服"), f"{demo.url}/chat/{CHAT}"),
        (say("Help pages", "帮助中心"), f"{demo.url}/help"),
        (say("API", "API 文档"), f"{demo.url}/api/v1/docs"),
        (say("API key", "API 密钥"), demo.api_key),
    )
    wide = max(_columns(label) for label, _ in rows)
    lines = [f"  {label}{' ' * (wide - _columns(label))}  {value}" for label, value in rows]
    title = (
        say("Contact Hub is running.", "Contact Hub 已启动。")
        if demo.new
        else say(
            "Contact Hub is running again, with the data of last time.",
            "Contact Hub 已启动，沿用上次的数据。",
        )
    )
    return "\n".join(
        (
            "",
            title,
            "",
            *lines,
            "",
            say("Hand something in by the API:", "通过 API 提交一条消息："),
            f"  curl -sS {demo.url}/api/v1/interactions -H 'Authorization: Bearer {demo.api_key}' \\",
            f"    -H 'Content-Type: application/json' -d '{body}'",
            "",
            say(
                "Sample customers write by e-mail, form, chat and Telegram from now on; log in to be given their tickets.",
                "示例客户即将通过邮件、表单、在线客服和 Telegram 来信；登录后工单会自动分配给您。",
            ),
            say(f"Data: {data_dir}/ · Stop: Ctrl-C", f"数据目录：{data_dir}/ · 停止：Ctrl-C"),
            "",
        )
    )


def _columns(text: str) -> int:
    """Of a terminal: a Chinese character takes two."""
    return sum(2 if ord(character) > 0x2E7F else 1 for character in text)


@contextmanager
def _alone(data_dir: Path) -> Iterator[None]:
    """One demo at a time over these data: a second one would share the mailbox's bookmarks with another world."""
    data_dir.mkdir(parents=True, exist_ok=True)
    with (data_dir / "demo.lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            raise fail(
                f"A demo is running over {data_dir}/ already. Stop it first, or choose another folder: HUB_DATA_DIR=…",
                f"{data_dir}/ 上已有一个演示在运行。请先停止它，或另选目录：HUB_DATA_DIR=…",
            ) from error
        yield
