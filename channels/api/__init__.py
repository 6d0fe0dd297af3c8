"""The API channel: what another program says on a customer's behalf, and answers posted back to it."""

from typing import Any

from channels.adapter import Capabilities, ChannelAdapter, ChannelKind, Ports, RawItem
from channels.api.settings import ApiSettings
from hub.model.interactions import InboundInteraction


def _open(name: str, settings: Any, ports: Ports) -> ChannelAdapter:
    from channels.api.adapter import ApiAdapter

    return ApiAdapter(name, settings, ports)


def _translate(raw: RawItem, settings: Any) -> InboundInteraction:
    from channels.api.translate import translate

    return translate(raw, settings)


KIND = ChannelKind(
    kind="api",
    settings=ApiSettings,
    capabilities=Capabilities(subject=True, html=True, attachments=True, push=True, repeatable=True),
    open=_open,
    translate=_translate,
    answers=lambda settings: bool(settings.callback_url),
)
