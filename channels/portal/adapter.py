"""The open portal channel. Customers come by the hub's own pages; nothing leaves by it."""

import asyncio

from channels.adapter import Accept, Capabilities, Leaving, Ports, Receipt, Refused
from channels.portal.settings import PortalSettings
from hub.model.interactions import OutboundInteraction


class PortalAdapter:
    """See channels.adapter.ChannelAdapter for what each method promises."""

    capabilities = Capabilities(push=True, can_send=False)

    def __init__(self, name: str, settings: PortalSettings, ports: Ports) -> None:
        self.name = name
        self._ports = ports

    async def check(self) -> None:
        """It has no credentials."""

    async def address(self) -> str:
        """Where customers sign in."""
        return f"{self._ports.public_url}/portal"

    async def receive(self, accept: Accept) -> None:
        """Customers come by the hub's pages. Returns only when cancelled."""
        await asyncio.Event().wait()

    async def send(self, message: OutboundInteraction, leaving: Leaving) -> Receipt:
        raise Refused("The customer's own page has no way of its own to the customer. Answer by e-mail.")

    async def close(self) -> None:
        """Nothing is held."""
