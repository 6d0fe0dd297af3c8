"""The live test of an inbox over real servers: the hub's letter to itself leaves by Postfix, comes in by Dovecot, and is closed
as a test; where a server stands in the way, it is said in words."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from channels.adapter import Misconfigured
from hub.actions.channels.check_channel import check_channel, check_settings
from hub.actions.channels.probe import begin_probe, last_probe
from hub.actions.people.staff import add_agent
from hub.model.people import Actor, Role
from hub.wiring import Hub
from storage import views
from tests.fakes.processes import until
from tests.real_mail.hubs import a_hub, timeline
from tests.real_mail.servers import SUPPORT, MailServers


@pytest.fixture
async def hub(mail: MailServers, database_dsn: str, tmp_path: Path) -> AsyncIterator[Hub]:
    async with a_hub(mail, database_dsn, tmp_path) as hub:
        yield hub


async def test_the_hub_writes_to_itself_and_watches_the_letter_arrive(hub: Hub, mail: MailServers) -> None:
    number = await add_agent(hub.ctx, login="root", name="Rui", password="correct horse", role=Role.ADMIN)
    root = Actor(name="Rui", agent_id=number, role=Role.ADMIN)
    assert await check_channel(hub.ctx, "support") == SUPPORT
    codes: list[int] = []
    for _ in range(2):  # a second one is another ticket, not an answer to the first
        await begin_probe(hub.ctx, name="support", actor=root, language="zh_CN")

        async def over() -> bool:
            probe = await last_probe(hub.ctx, "support")
            return probe is not None and probe.ended_at is not None

        await until(over, seconds=30, what="the test is over")
        probe = await last_probe(hub.ctx, "support")
        assert probe is not None and probe.error == ""
        assert probe.sent_at and probe.arrived_at and probe.filed_at
        assert probe.started_at < probe.sent_at and probe.arrived_at <= probe.filed_at
        assert probe.queue_title_en and probe.ticket_status == "closed"
        assert probe.ticket_code is not None and probe.ticket_code not in codes
        codes.append(probe.ticket_code)
        code = probe.ticket_code
        ticket = await hub.ctx.database.read(lambda c, code=code: views.get_ticket(c, code))  # type: ignore[misc]
        assert ticket is not None and ticket.tags == ["test"] and ticket.assignee_id is None
        (entry,) = await timeline(hub, ticket)
        assert entry.subject == "Contact Hub 测试邮件" and entry.direction == "in"

    wrong = hub.ctx.channel("support")
    settings = wrong.settings.model_copy(update={"imap_password": type(wrong.settings.imap_password)("no")})  # type: ignore[attr-defined]
    with pytest.raises(Misconfigured, match="refused the login"):
        await check_settings(hub.ctx, "support", wrong.kind, settings)
