"""Web forms: a hosted page that works without JavaScript, the same door for sites and programs."""

from typing import Any

from channels.adapter import Capabilities, ChannelAdapter, ChannelKind, Ports, RawItem
from channels.webform.settings import WebformSettings
from hub.model.interactions import InboundInteraction


def _open(name: str, settings: Any, ports: Ports) -> ChannelAdapter:
    from channels.webform.adapter import WebformAdapter

    return WebformAdapter(name, settings, ports)


def _translate(raw: RawItem, settings: Any) -> InboundInteraction:
    from channels.webform.translate import translate

    return translate(raw, settings)


KIND = ChannelKind(
    kind="webform",
    settings=WebformSettings,
    capabilities=Capabilities(push=True, can_send=False),
    open=_open,
    translate=_translate,
    public=True,
    asks="page",
)
