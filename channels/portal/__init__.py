"""The customer's own page: where whoever has shown that an address is theirs sees their cases and writes to us.

The pages themselves are the hub's (hub/web/portal), for they show more than one conversation. This is what they are set up
with, and how what is written there becomes an entry. Answers go to the address by letter.
"""

from typing import Any

from channels.adapter import Capabilities, ChannelAdapter, ChannelKind, Ports, RawItem
from channels.portal.settings import PortalSettings
from channels.portal.thread import address_of
from hub.model.interactions import InboundInteraction


def _open(name: str, settings: Any, ports: Ports) -> ChannelAdapter:
    from channels.portal.adapter import PortalAdapter

    return PortalAdapter(name, settings, ports)


def _translate(raw: RawItem, settings: Any) -> InboundInteraction:
    from channels.portal.translate import translate

    return translate(raw, settings)


KIND = ChannelKind(
    kind="portal",
    settings=PortalSettings,
    capabilities=Capabilities(push=True, can_send=False),
    open=_open,
    translate=_translate,
    asks="page",
    public=True,
    answered_at=address_of,
)
