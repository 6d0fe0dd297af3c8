"""Web chat: a page or a widget on the company's site, joined to the hub by one WebSocket a visitor, or by long poll."""

from typing import Any

from channels.adapter import ChannelAdapter, ChannelKind, Ports, RawItem
from channels.webchat.capabilities import CAPABILITIES
from channels.webchat.settings import WebchatSettings
from hub.model.interactions import InboundInteraction


def _open(name: str, settings: Any, ports: Ports) -> ChannelAdapter:
    from channels.webchat.adapter import WebchatAdapter

    return WebchatAdapter(name, settings, ports)


def _translate(raw: RawItem, settings: Any) -> InboundInteraction:
    from channels.webchat.translate import translate

    return translate(raw, settings)


KIND = ChannelKind(
    kind="webchat",
    settings=WebchatSettings,
    capabilities=CAPABILITIES,
    open=_open,
    translate=_translate,
)
