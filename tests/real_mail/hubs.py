"""A hub with one inbox on these servers, and what a test asks it."""

import itertools
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from email.message import EmailMessage
from pathlib import Path
from typing import Any

from hub.model.people import Actor
from hub.settings import Delivery, DeskChannels, Settings
from hub.wiring import Hub, run_hub
from storage import views
from tests.conftest import SECRET
from tests.fakes.processes import until
from tests.real_mail.servers import SUPPORT, MailServers

ANN = Actor(name="Ann")
_serial = itertools.count(1)


@asynccontextmanager
async def a_hub(mail: MailServers, dsn: str, folder: Path, **more: Any) -> AsyncIterator[Hub]:
    """`more` are settings of the inbox."""
    settings = Settings(
        data_dir=folder / "var",
        secret_key=SECRET.decode(),  # type: ignore[arg-type]
        web={"port": 0},  # type: ignore[arg-type]
        channels={"support": {"kind": "email", **mail.table(burst_minutes=0, **more)}},
        delivery=Delivery(undo_seconds=0),
        desk_channels=DeskChannels(allow_private=True),
    )
    async with run_hub(settings, dsn, grace=5) as hub:
        yield hub


def a_letter(sender: str, subject: str, text: str, *, to: str = SUPPORT) -> bytes:
    made = EmailMessage()
    made["From"], made["To"], made["Subject"] = f"Lin <{sender}>", to, subject
    made["Message-ID"] = f"<{next(_serial)}@customer.example>"
    made.set_content(text)
    return made.as_bytes()


async def write(hub: Hub, mail: MailServers, sender: str) -> views.TicketRow:
    """The only ticket, once a letter from there has opened it."""
    mail.deliver(a_letter(sender, "Where is my parcel?", "It was due on Monday."), sender=sender)

    async def opened() -> bool:
        return len(await tickets(hub)) == 1

    await until(opened, seconds=20, what="the letter is a ticket")
    return (await tickets(hub))[0]


async def tickets(hub: Hub) -> list[views.TicketRow]:
    return await hub.ctx.database.read(lambda c: views.list_tickets(c, scope="all", agent_id=None))


async def timeline(hub: Hub, ticket: views.TicketRow) -> list[views.TimelineRow]:
    return await hub.ctx.database.read(lambda c: views.ticket_timeline(c, ticket.id))


async def answers(hub: Hub, ticket: views.TicketRow) -> list[str]:
    """How the answers on a ticket fare."""
    return [one.delivery for one in await timeline(hub, ticket) if one.delivery]


async def channel_detail(hub: Hub) -> str:
    """What the inbox says of itself."""
    (channel,) = [one for one in await hub.ctx.database.read(views.list_channels) if one.name == "support"]
    return channel.state_detail
