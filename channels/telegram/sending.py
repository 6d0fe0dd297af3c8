"""One piece of an answer over the line. What its failures mean is in line.py."""

from collections.abc import Coroutine, Sequence
from typing import Any

from telegram import (
    InlineKeyboardButton,
    InlineKeyboardMarkup,
    InputFile,
    InputMediaPhoto,
    KeyboardButton,
    Message,
    ReplyKeyboardMarkup,
    ReplyKeyboardRemove,
)

from channels.adapter import CounterReply
from channels.telegram.compose import As, Piece, split_text
from channels.telegram.line import Doing, Line
from hub.model.interactions import Choice, OutboundAttachment


async def send_piece(line: Line, chat_id: int, piece: Piece, choices: Sequence[Choice] = ()) -> list[int]:
    """Send it; returns the numbers of the messages that it became. Raises what Line.call does."""
    markup = keyboard([tuple(choices)]) if choices else None
    bot, text = line.bot, piece.text or None
    if not piece.files:
        said = bot.send_message(chat_id, piece.text, reply_markup=markup)
        return [(await line.call(said, Doing.SENDING)).message_id]
    if len(piece.files) > 1:
        media = [InputMediaPhoto(file.data, filename=file.filename) for file in piece.files]
        sent = await line.call(bot.send_media_group(chat_id, media, caption=text), Doing.SENDING)
        return [message.message_id for message in sent]
    file = _input(piece.files[0])
    asked: Coroutine[Any, Any, Message]
    match piece.shown:
        case As.PHOTO:
            asked = bot.send_photo(chat_id, file, caption=text, reply_markup=markup)
        case As.VOICE:
            asked = bot.send_voice(chat_id, file, caption=text, reply_markup=markup)
        case As.AUDIO:
            asked = bot.send_audio(chat_id, file, caption=text, reply_markup=markup)
        case As.VIDEO:
            asked = bot.send_video(chat_id, file, caption=text, reply_markup=markup)
        case As.DOCUMENT:
            asked = bot.send_document(
                chat_id, file, caption=text, disable_content_type_detection=True, reply_markup=markup
            )
    return [(await line.call(asked, Doing.SENDING)).message_id]


async def say(line: Line, chat_id: int, reply: CounterReply) -> None:
    """What the hub itself answers. Raises what Line.call does."""
    markup: InlineKeyboardMarkup | ReplyKeyboardMarkup | ReplyKeyboardRemove = ReplyKeyboardRemove()
    if reply.choices:
        markup = keyboard(reply.choices)
    elif reply.ask_phone:
        button = KeyboardButton(reply.ask_phone, request_contact=True)
        markup = ReplyKeyboardMarkup([[button]], resize_keyboard=True, one_time_keyboard=True)
    pieces = split_text(reply.text)
    for piece in pieces:
        last = piece is pieces[-1]
        sending = line.bot.send_message(chat_id, piece, reply_markup=markup if last else None)
        await line.call(sending, Doing.SENDING)


def keyboard(rows: Sequence[Sequence[Choice]]) -> InlineKeyboardMarkup:
    """Buttons below a message. A row of more than eight is too narrow for a telephone, and becomes two."""
    shown = [part for row in rows for part in _halves(row)]
    return InlineKeyboardMarkup(
        [[InlineKeyboardButton(one.label, callback_data=one.data) for one in row] for row in shown]
    )


def _halves(row: Sequence[Choice]) -> list[Sequence[Choice]]:
    middle = -(-len(row) // 2)
    return [row] if len(row) <= 8 else [row[:middle], row[middle:]]


def _input(file: OutboundAttachment) -> InputFile:
    return InputFile(file.data, filename=file.filename)
