"""Loopback: a channel with no outside, for demonstrations and tests, and the example to copy.

A channel is a package of four small files:

- `settings.py`   a pydantic model: what an administrator may say about one account;
- `translate.py`  a pure function from the raw item to the hub's normal form;
- `adapter.py`    everything that does I/O: hears, sends, checks;
- `__init__.py`   the ChannelKind, and nothing that is slow to import.

Copy the folder, name it in the entry-point group `contact_hub.channels` of your package, and run
`tests/contract` over it.
"""

from typing import Any

from channels.adapter import Capabilities, ChannelAdapter, ChannelKind, Ports, RawItem
from channels.loopback.settings import LoopbackSettings
from hub.model.interactions import InboundInteraction


def _open(name: str, settings: Any, ports: Ports) -> ChannelAdapter:
    from channels.loopback.adapter import LoopbackAdapter

    return LoopbackAdapter(name, settings, ports)


def _translate(raw: RawItem, settings: Any) -> InboundInteraction:
    from channels.loopback.translate import translate

    return translate(raw, settings)


KIND = ChannelKind(
    kind="loopback",
    settings=LoopbackSettings,
    capabilities=Capabilities(subject=True),
    open=_open,
    translate=_translate,
)
