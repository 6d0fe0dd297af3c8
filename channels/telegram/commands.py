"""The list of commands that Telegram shows beside the text field, in both languages.

https://core.telegram.org/bots/api#setmycommands: who has neither language sees the English one.
"""

import hashlib

from telegram import BotCommand, BotCommandScopeAllPrivateChats

from channels.adapter import Ports
from channels.telegram.line import Line

_KEY = "commands"


async def set_commands(line: Line, ports: Ports, bot_id: int) -> None:
    """Tell Telegram, where it was not told before. Raises Misconfigured, Unavailable."""
    lists = {"": ports.counter.commands("en"), "zh": ports.counter.commands("zh_CN")}
    mark = hashlib.sha256(f"{bot_id} {lists!r}".encode()).hexdigest()
    if await ports.bookmark.read(_KEY) == mark:
        return
    for language, commands in lists.items():
        shown = [BotCommand(name, what) for name, what in commands]
        scope = BotCommandScopeAllPrivateChats()
        await line.call(line.bot.set_my_commands(shown, scope=scope, language_code=language or None))
    await ports.bookmark.write(_KEY, mark)
