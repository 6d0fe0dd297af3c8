"""A bot that serves customers one by one has no business in groups and channels: it says so, once, and leaves."""

from collections.abc import Mapping
from typing import Any

import structlog

from channels.adapter import ChannelFailure, Unavailable
from channels.telegram.line import Doing, Line
from channels.telegram.updates import chat_of, message_of

log = structlog.get_logger(__name__)

_SAID = {
    "en": "I am here to help customers one by one and leave this group now. Please write to me in a private chat.",
    "zh": "我只提供一对一服务，现在退出本群。请私聊我，谢谢。",
}


async def leave_group(line: Line, update: Mapping[str, Any]) -> None:
    """Say why, and go. In a channel, or where it may not speak, it goes without a word. Raises Unavailable: it is asked to once
    more."""
    chat = chat_of(update)
    chat_id = chat.get("id")
    if type(chat_id) is not int:
        return
    try:
        if chat.get("type") != "channel":
            await line.call(line.bot.send_message(chat_id, _SAID[_language(update)]), Doing.SENDING)
    except ChannelFailure as failure:
        log.info("telegram.group_not_told", chat=chat_id, why=str(failure))
    try:
        await line.call(line.bot.leave_chat(chat_id), Doing.FETCHING)
    except Unavailable:
        raise
    except ChannelFailure as failure:  # it is not there any more
        log.info("telegram.group_not_left", chat=chat_id, why=str(failure))


def _language(update: Mapping[str, Any]) -> str:
    """Of whoever let the bot in, or spoke there: a group itself has none."""
    message, _ = message_of(update)
    changed = update.get("my_chat_member")
    sender = (message or (changed if isinstance(changed, dict) else {})).get("from")
    code = sender.get("language_code") if isinstance(sender, dict) else None
    return "zh" if isinstance(code, str) and code.lower().startswith("zh") else "en"
