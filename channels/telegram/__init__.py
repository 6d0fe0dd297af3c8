"""Telegram: private chats with one bot, heard by polling or by webhook. Only the kind is declared here."""

from collections.abc import Sequence
from typing import Any

from channels.adapter import Bounds, Capabilities, ChannelAdapter, ChannelKind, Ports, RawItem
from channels.telegram.settings import TelegramSettings
from hub.model.interactions import InboundInteraction

CAPABILITIES = Capabilities(
    attachments=True, live=True, bounds=Bounds(piece=4096, file_mb=50), keeps_hours=24
)
"""https://core.telegram.org/bots/api#sendmessage, https://core.telegram.org/bots/api#senddocument,
https://core.telegram.org/bots/api#getting-updates"""


def _open(name: str, settings: Any, ports: Ports) -> ChannelAdapter:
    from channels.telegram.adapter import TelegramAdapter

    return TelegramAdapter(name, settings, ports)


def _translate(raw: RawItem, settings: Any) -> InboundInteraction:
    from channels.telegram.translate import translate

    return translate(raw, settings)


def _join(parts: Sequence[InboundInteraction], part_of: str) -> InboundInteraction:
    from channels.telegram.join import join

    return join(parts, part_of)


KIND = ChannelKind(
    kind="telegram",
    settings=TelegramSettings,
    capabilities=CAPABILITIES,
    open=_open,
    translate=_translate,
    join=_join,
    asks="buttons",
    rating=lambda settings: settings.rating_after_minutes * 60 if settings.ask_rating else None,
)
