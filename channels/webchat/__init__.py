"""Web chat: a page or a widget on the company's site, joined to the hub by one WebSocket a visitor, or by long poll."""

from typing import Any

from channels.adapter import ChannelAdapter, ChannelKind, Parting, Ports, RawItem
from channels.webchat.capabilities import CAPABILITIES
from channels.webchat.settings import WebchatSettings
from hub.model.interactions import InboundInteraction


def _open(name: str, settings: Any, ports: Ports) -> ChannelAdapter:
    from channels.webchat.adapter import WebchatAdapter

    return WebchatAdapter(name, settings, ports)


def _translate(raw: RawItem, settings: Any) -> InboundInteraction:
    from channels.webchat.translate import translate

    return translate(raw, settings)


def _parting(name: str, settings: Any) -> Parting:
    return Parting(
        go_on_by=settings.go_on_by,
        go_on_seconds=settings.go_on_minutes * 60,
        resolve_seconds=None if settings.resolve_minutes is None else settings.resolve_minutes * 60,
        resume=f"/chat/{name}#key={{key}}",
    )


KIND = ChannelKind(
    kind="webchat",
    settings=WebchatSettings,
    capabilities=CAPABILITIES,
    open=_open,
    translate=_translate,
    asks="page",
    rating=lambda settings: settings.rating,
    parting=_parting,
    public=True,
)
