"""Telegram: private chats with one bot, heard by polling or by webhook. Only the kind is declared here."""

from typing import Any

from channels.adapter import Capabilities, ChannelAdapter, ChannelKind, Ports, RawItem
from channels.telegram.settings import TelegramSettings
from hub.model.interactions import InboundInteraction


def _open(name: str, settings: Any, ports: Ports) -> ChannelAdapter:
    from channels.telegram.adapter import TelegramAdapter

    return TelegramAdapter(name, settings, ports)


def _translate(raw: RawItem, settings: Any) -> InboundInteraction:
    from channels.telegram.translate import translate

    return translate(raw, settings)


KIND = ChannelKind(
    kind="telegram",
    settings=TelegramSettings,
    capabilities=Capabilities(attachments=True, live=True),
    open=_open,
    translate=_translate,
)
