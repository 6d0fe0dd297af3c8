"""E-mail: an inbox read by IMAP, answered by SMTP. Only the kind is declared here; everything heavy is
imported on use."""

from typing import Any

from channels.adapter import Capabilities, ChannelAdapter, ChannelKind, Inbox, Ports, RawItem
from channels.email.settings import EmailSettings
from hub.model.interactions import InboundInteraction


def _open(name: str, settings: Any, ports: Ports) -> ChannelAdapter:
    from channels.email.adapter import EmailAdapter

    return EmailAdapter(name, settings, ports)


def _translate(raw: RawItem, settings: Any) -> InboundInteraction:
    from channels.email.translate import translate

    return translate(raw, settings)


def _get_ready() -> None:
    from channels.email.get_ready import get_ready

    get_ready()


def _answer_id(settings: Any, random: str, token: str) -> str:
    from channels.email.compose import new_message_id

    return new_message_id(settings.address.rpartition("@")[2], random, token)


def _inbox(settings: Any) -> Inbox:
    return Inbox(
        address=settings.address,
        is_own=settings.is_own,
        name=settings.display_name,
        signature=settings.signature,
        quote_history=settings.quote_history,
        burst_minutes=settings.burst_minutes,
        acknowledge=settings.acknowledge,
        is_staff=settings.is_staff,
    )


KIND = ChannelKind(
    kind="email",
    settings=EmailSettings,
    capabilities=Capabilities(subject=True, html=True, attachments=True, copies=True),
    open=_open,
    translate=_translate,
    heavy=True,
    get_ready=_get_ready,
    answer_id=_answer_id,
    inbox=_inbox,
    consents=lambda settings: settings.auth == "oauth2",
    asks="letter",
)
